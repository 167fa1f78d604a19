"""Taking back what the last turn did to files, and doing it again."""

import contextlib
import threading
from collections.abc import Sequence
from typing import NamedTuple

from zotui.errors import StoreFull, UsageError
from zotui.store import Reader, Store, Transaction, audit, now_ms
from zotui.text import one_line
from zotui.workspace.undo import records
from zotui.workspace.undo.looks import Looks
from zotui.workspace.undo.records import Checkpoint
from zotui.workspace.undo.restoring import Restoring, may_be_restored
from zotui.workspace.undo.scan import Looked
from zotui.workspace.undo.state import State, packed

NOTHING_DONE, NOTHING_UNDONE = "no turn that could be undone has changed a file", "nothing was undone"
NAMED = 5  # paths that a sentence names


class Undone(NamedTuple):
    """What was taken back, or done again: how many paths, and what could not be, a line each."""

    checkpoint: Checkpoint
    paths: list[str]
    left: list[str]


class Step(NamedTuple):
    """One path: what should stand there now, and what shall."""

    path: str
    was: State | None
    wanted: State | None


def last(db: Reader, conversation: str | None, *, undone: bool) -> Checkpoint | None:
    """What undoing would take back, or doing again what was ``undone``; of a conversation or of all."""
    where = _LAST_UNDONE if undone else _LAST_DONE
    found = records.checkpoints(db, where, (conversation,))
    return found[0] if found else None


class Move:
    """One undo, or redo; it blocks."""

    def __init__(self, store: Store, looks: Looks, restoring: Restoring, undoing: bool) -> None:
        self._store = store
        self._looks = looks
        self._restoring = restoring
        self._undoing = undoing

    def make(self, conversation: str | None, force: bool, off: threading.Event) -> Undone:
        """Move the last checkpoint that can be.

        Raises UsageError, and StoreFull where the disk is full: then every path is what it was or what it shall be, and
        the same can be done again.
        """
        checkpoint = self._store.read_now(lambda db: self._last(db, conversation))
        steps = self._store.read_now(lambda db: self._steps(db, checkpoint))
        if others := self._changed_since(steps):
            if not force:
                raise UsageError(f"changed since by something else: {_named(others)}", "--force takes that back too")
            # what is there now is kept, so that this can be taken back as well
            self._looks.look(others, off, lambda db, _: self._overtake(db, checkpoint, others), attributed=False)
        paths = [step.path for step in steps]
        left = self._restoring.restore({step.path: step.wanted for step in steps})
        if full := self._restoring.no_room:
            with contextlib.suppress(StoreFull):
                self._looks.look(paths, off, lambda db, looked: None, attributed=False)
            raise StoreFull(
                f"no room left on the disk: {len(full):,} of {len(paths):,} paths stayed as they were: {_named(sorted(full))}",
                f"free some space, then {self._name} again: that does the rest",
            )

        def put(db: Transaction, looked: Looked) -> None:
            self._note(db, checkpoint, paths, left)

        try:
            self._looks.look(paths, off, put, attributed=False)
        except StoreFull as error:
            raise StoreFull(
                f"{error.message}: the files are as they shall be, but that could not be noted",
                f"free some space, then {self._name} again",
            ) from None
        return Undone(checkpoint, paths, left)

    @property
    def _name(self) -> str:
        return "undo" if self._undoing else "redo"

    def _last(self, db: Reader, conversation: str | None) -> Checkpoint:
        if records.checkpoints(db, "status = 'open' AND (?1 IS NULL OR conv_id = ?1)", (conversation,)):
            raise UsageError("a turn is at work on files", "stop it first, or wait for its end")
        found = last(db, conversation, undone=not self._undoing)
        if found is None:
            raise UsageError(NOTHING_DONE if self._undoing else NOTHING_UNDONE)
        return found

    def _steps(self, db: Reader, checkpoint: Checkpoint) -> list[Step]:
        return [
            Step(one.path, *((one.after, one.before) if self._undoing else (one.before, one.after)))
            for one in records.changes(db, "c.id = ?", (checkpoint.id,))
            if may_be_restored(one.path, one.before, one.after)
        ]

    def _changed_since(self, steps: Sequence[Step]) -> list[str]:
        """The paths at which something else stands than the turn left there."""
        return [
            path
            for path, was, wanted in steps
            if not (_alike(now := self._restoring.state(path), was) or _alike(now, wanted))
        ]

    def _overtake(self, db: Transaction, checkpoint: Checkpoint, paths: Sequence[str]) -> None:
        """What stands at these paths now is what the checkpoint comes back to."""
        column = "after" if self._undoing else "before"
        for path in paths:
            db.execute(
                f"UPDATE file_changes SET {column} = ? WHERE checkpoint_id = ? AND path = ?",
                (packed(self._restoring.state(path)), checkpoint.id, path),
            )

    def _note(self, db: Transaction, checkpoint: Checkpoint, paths: Sequence[str], left: Sequence[str]) -> None:
        db.execute(
            "UPDATE checkpoints SET status = ?, undone_at = ? WHERE id = ?",
            ("undone" if self._undoing else "done", now_ms() if self._undoing else None, checkpoint.id),
        )
        audit.add(
            db,
            self._name,
            _named(paths),
            conversation=checkpoint.conversation,
            turn=checkpoint.turn,
            details={"left": left[:50]},
        )


_LAST_DONE = "status = 'done' AND (?1 IS NULL OR conv_id = ?1) ORDER BY id DESC LIMIT 1"
_LAST_UNDONE = "status = 'undone' AND (?1 IS NULL OR conv_id = ?1) ORDER BY undone_at DESC, id LIMIT 1"


def _alike(now: State | None, then: State | None) -> bool:
    """Whether a path is as it was: its kind, and what it holds as far as that is known."""
    if now is None or then is None:
        return now is then
    if now.kind != then.kind or now.target != then.target:
        return False
    return now.hash == then.hash if now.hash and then.hash else now.size == then.size


def _named(paths: Sequence[str]) -> str:
    shown = ", ".join(one_line(path, 80) for path in paths[:NAMED])
    return shown + (f" and {len(paths) - NAMED:,} more" if len(paths) > NAMED else "")
