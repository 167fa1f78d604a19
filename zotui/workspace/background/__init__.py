"""Commands that go on in the background: rows by which they are watched, fed and stopped, and who holds them."""

from zotui.workspace.background.commands import Commands
from zotui.workspace.background.keeper import Keeper
from zotui.workspace.background.records import BackgroundCommand, Origin, put_out

__all__ = ["BackgroundCommand", "Commands", "Keeper", "Origin", "put_out"]
