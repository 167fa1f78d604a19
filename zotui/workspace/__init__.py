"""The workspace: the folder the agent reads, and files kept in the database."""

from zotui.workspace.files import Files, StoredFile
from zotui.workspace.folder import Folder

__all__ = ["Files", "Folder", "StoredFile"]
