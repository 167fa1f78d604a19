"""What turns did to files: taken back, done again, looked at; and the log of what was done at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zotui.errors import UsageError
from zotui.text import one_line
from zotui.tui.acts.conversation import chat_of

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.tui.desk import Desk
    from zotui.workspace.undo import FileChange, Undone

NAMED = 5  # paths that a sentence names


async def undo_files(desk: Desk, words: str = "") -> None:
    """Take back what the last turn here did to files, once the person has seen which those are."""
    await _move(desk, undoing=True)


async def redo_files(desk: Desk, words: str = "") -> None:
    """Do again what was undone last here."""
    await _move(desk, undoing=False)


async def files(desk: Desk, words: str = "") -> None:
    """Go to the files of the workspace; with a path, show that one."""
    from zotui.tui.panes.files import FilesPane
    from zotui.tui.places import go

    await desk.ready()
    if words:
        await go(desk, f"file:{words}")
    else:
        desk.go_to(desk.query_one(FilesPane))


async def timeline(desk: Desk, words: str = "") -> None:
    """What happened to a file; one of its states can be brought back."""
    from zotui.tui.dialogs import Prompt
    from zotui.tui.timeline import Timeline

    computer = await desk.ready()
    path = words or await desk.app.push_screen_wait(Prompt("A file of the workspace", ""))
    if not path:
        return
    undone = await desk.app.push_screen_wait(Timeline(computer, path.strip()))
    if undone is not None:
        desk.tell(told(undone, "brought back"))


async def allowed(desk: Desk, words: str = "") -> None:
    """What the person allowed for more than once."""
    from zotui.tui.allowed_view import AllowedView

    desk.app.push_screen(AllowedView(await desk.ready()))


async def audit(desk: Desk, words: str = "") -> None:
    """The audit log."""
    from zotui.tui.audit_view import AuditView

    desk.app.push_screen(AuditView(await desk.ready()))


async def _move(desk: Desk, *, undoing: bool) -> None:
    from zotui.tui.dialogs import Confirm

    computer, chat = await chat_of(desk)
    move = computer.checkpoints.undo if undoing else computer.checkpoints.redo
    question = await _question(computer, chat.id, undoing)
    if not await desk.app.push_screen_wait(Confirm(question, "Undo" if undoing else "Redo")):
        return
    try:
        undone = await move(chat.id)
    except UsageError as error:
        if "changed since" not in error.message:
            raise
        forced = await desk.app.push_screen_wait(Confirm(f"{error.message}.\n\nTake that back, too?", "All the same"))
        if not forced:
            return
        undone = await move(chat.id, force=True)
    desk.tell(told(undone, "undone" if undoing else "done again"))


async def _question(computer: Computer, chat: str, undoing: bool) -> str:
    """What would be moved, in words. Raises UsageError where nothing would."""
    await computer.checkpoints.settle_left()
    found = await computer.checkpoints.last(chat, undone=not undoing)
    if found is None:
        raise UsageError("no turn of this conversation has changed a file" if undoing else "nothing was undone here")
    changes = await computer.checkpoints.changes(found.id)
    paths = [one.path for one in changes]
    words = "Undo what the last turn did to" if undoing else "Do again what was undone of"
    lines = [
        f"{words} {_paths(len(paths))}?",
        "",
        *(f"  {one_line(one.path, 50)}: {becomes(one, undoing)}" for one in changes[:NAMED]),
    ]
    if len(paths) > NAMED:
        lines.append(f"  and {len(paths) - NAMED:,} more")
    if found.gaps and undoing:
        lines += ["", f"Not copied, and lost if it was changed: {', '.join(found.gaps)}"]
    return "\n".join(lines)


def becomes(change: FileChange, undoing: bool) -> str:
    """What becomes of a path when a change is undone, or done again."""
    wanted, there = (change.before, change.after) if undoing else (change.after, change.before)
    return (
        "is deleted"
        if wanted is None
        else "comes back"
        if there is None
        else "as it was before"
        if undoing
        else "changes"
    )


def told(undone: Undone, done: str) -> str:
    """What became of it, in a sentence."""
    left = f"; left: {'; '.join(undone.left[:NAMED])}" if undone.left else ""
    return f"{done}: {_paths(len(undone.paths))}{left}"


def _paths(count: int) -> str:
    return "1 path" if count == 1 else f"{count:,} paths"
