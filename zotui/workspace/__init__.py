"""The workspace: the folder the agent reads, and files kept in the database."""

from zotui.workspace.files import Files, StoredFile
from zotui.workspace.folder import Folder
from zotui.workspace.instructions import Instruction, Instructions

__all__ = ["Files", "Folder", "Instruction", "Instructions", "StoredFile"]
