"""What was done to the workspace, and taken back: checkpoints of turns, copies of what they changed, a file's history."""

from zotui.workspace.undo.checkpoints import Checkpoints
from zotui.workspace.undo.moving import Undone
from zotui.workspace.undo.records import Checkpoint, FileChange
from zotui.workspace.undo.state import State

__all__ = ["Checkpoint", "Checkpoints", "FileChange", "State", "Undone"]
