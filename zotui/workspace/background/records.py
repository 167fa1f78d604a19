"""The rows of commands in the background, and of what is wanted of them."""

import contextlib
import os
from collections.abc import Callable, Collection, Sequence

from msgspec import Struct, convert

from zotui.errors import NotFound, UsageError
from zotui.sandbox import Outcome
from zotui.store import Reader, Transaction, new_id, now_ms
from zotui.store.owner import lease_clock_ms
from zotui.store.work import LEASE_MS, lost
from zotui.text import one_line

KEPT_MS = 30 * 86_400_000  # how long the row of one that has ended stays
LONGEST_INPUT = 100_000  # characters that it is fed at once
Notify = Callable[[Transaction, str, str, str], object]
"""Writes a notice within a transaction: its kind, text, place."""


def unheard(db: Transaction, kind: str, text: str, place: str) -> None:
    """A notice for nobody."""


class Origin(Struct, frozen=True):
    """Which call began a command."""

    conversation: str
    turn: str
    call: str


class BackgroundCommand(Struct, frozen=True):
    """A command in the background, as its row has it; running, or ended.

    ``fed``: it has an input; ``path``: the file of what it puts out, of which the model has been told ``seen`` bytes; ``size``
    is known at its end. ``said`` tells how it ended, where ``exit_code`` does not. Times in milliseconds since 1970.
    """

    id: str
    conv_id: str
    turn_id: str
    call_id: str
    command: str
    fed: bool
    tainted: bool
    status: str
    reason: str | None
    said: str
    exit_code: int | None
    path: str
    size: int
    seen: int
    heard: bool
    started_at: int
    finished_at: int | None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.status != "running"

    @property
    def name(self) -> str:
        """The end of its id, enough to name it by."""
        return self.id[-8:]

    @property
    def end(self) -> str:
        """How it ended, in words."""
        if not self.over:
            return "running"
        code = f"exit code {self.exit_code}" if self.exit_code else ""
        return f"{self.status}: {', '.join(filter(None, (code, self.said)))}" if code or self.said else self.status


def put_out(one: BackgroundCommand) -> int:
    """How many bytes are in its file by now. Blocks."""
    with contextlib.suppress(OSError):
        return os.stat(one.path).st_size
    return one.size


def found(db: Reader, where: str, values: Sequence[object] = ()) -> list[BackgroundCommand]:
    """The commands for which a condition holds, and their order."""
    names = BackgroundCommand.__struct_fields__
    rows = db.execute(f"SELECT {', '.join(names)} FROM commands WHERE {where}", values).fetchall()
    return [convert(dict(zip(names, row, strict=True)), BackgroundCommand, strict=False) for row in rows]


def named(db: Reader, name: str, conversation: str | None = None) -> BackgroundCommand:
    """The command of an id, or of an end of it that fits only one. Raises NotFound."""
    where = "substr(id, -length(?1)) = ?1 AND (?2 IS NULL OR conv_id = ?2) LIMIT 2"
    match = found(db, where, (name, conversation)) if name else []
    if len(match) != 1:
        raise NotFound(f"no command {one_line(name, 40)!r} in the background", "zotui commands list shows them")
    return match[0]


def begin(
    db: Transaction, owner: str, origin: Origin, command: str, path: str, *, fed: bool, tainted: bool, began: int
) -> str:
    """Write down one that goes on; its id. Those that ended long ago go."""
    id_ = new_id()
    db.execute("DELETE FROM commands WHERE finished_at < ?", (now_ms() - KEPT_MS,))
    db.execute(
        "INSERT INTO commands(id, conv_id, turn_id, call_id, command, fed, tainted, status, path, owner, lease_until, started_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, ?, ?)",
        (
            id_,
            origin.conversation,
            origin.turn,
            origin.call,
            command,
            fed,
            tainted,
            path,
            owner,
            lease_clock_ms() + LEASE_MS,
            began,
        ),
    )
    return id_


def ask(db: Transaction, id_: str, kind: str, content: str = "") -> None:
    """Want something of one that runs: that it be fed, that its input end, that it stop. Raises UsageError."""
    one = next(iter(found(db, "id = ?", (id_,))), None)
    if one is None or one.over:
        raise UsageError(f"the command has ended ({one.end})" if one else "the command is gone", "start another")
    if kind != "stop" and not one.fed:
        raise UsageError("the command has no input", "one that is begun in the background has")
    if len(content) > LONGEST_INPUT:
        raise UsageError(f"more than {LONGEST_INPUT:,} characters at once", "put them into a file of the workspace")
    db.execute(
        "INSERT INTO command_inputs(command_id, kind, content, created_at) VALUES (?, ?, ?, ?)",
        (id_, kind, content, now_ms()),
    )


def taken(db: Transaction, ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """Take away what is wanted of these commands: of which, the kind, the content, in order. Nothing of it stays in the
    file: it may be a password."""
    places = ", ".join("?" * len(ids))
    rows = db.execute(
        f"DELETE FROM command_inputs WHERE command_id IN ({places}) RETURNING id, command_id, kind, content", ids
    ).fetchall()
    return [row[1:] for row in sorted(rows)]


def ids_of(db: Reader, owner: str) -> set[str]:
    """Those that an owner holds."""
    rows = db.execute("SELECT id FROM commands WHERE owner = ? AND status = 'running'", (owner,)).fetchall()
    return {id_ for (id_,) in rows}


def any_wanted(db: Reader, owner: str) -> bool:
    """Whether anything is wanted of this owner's commands."""
    query = "SELECT 1 FROM command_inputs i JOIN commands c ON c.id = i.command_id WHERE c.owner = ? LIMIT 1"
    return db.execute(query, (owner,)).get is not None


def judged(outcome: Outcome, *, leaving: bool) -> tuple[str, str | None]:
    """Status and reason of one that ended so; ``leaving``: because its process goes."""
    match outcome.reason:
        case "stopped":
            return ("interrupted", "shutdown") if leaving else ("cancelled", "stopped")
        case "":
            return ("done", None) if outcome.exit_code == 0 else ("failed", "exit_code")
    return "failed", outcome.reason


def finish(
    db: Transaction,
    id_: str,
    owner: str,
    status: str,
    reason: str | None,
    notify: Notify,
    *,
    said: str = "",
    exit_code: int | None = None,
    size: int = 0,
) -> None:
    """End one that runs; the person is told where it went wrong, or where its turn is over. Nothing happens to one that is
    somebody else's by now."""
    db.execute(
        "UPDATE commands SET status = ?, reason = ?, said = ?, exit_code = ?, size = ?, owner = NULL, lease_until = NULL,"
        " finished_at = ? WHERE id = ? AND owner IS ? AND status = 'running'",
        (status, reason, said, exit_code, size, now_ms(), id_, owner),
    )
    if not db.changes():
        return
    db.execute("DELETE FROM command_inputs WHERE command_id = ?", (id_,))
    [one] = found(db, "id = ?", (id_,))
    open_turn = "SELECT 1 FROM turns WHERE id = ? AND status IN ('queued','running','waiting')"
    wrong = status in ("failed", "interrupted")
    if wrong or (status == "done" and db.execute(open_turn, (one.turn_id,)).get is None):
        kind = "failure" if wrong else "command"
        notify(db, kind, f"in the background: {one_line(one.command, 80)}: {one.end}", f"chat:{one.conv_id}")


def left(db: Reader, owner: str, held: Collection[str] = ()) -> list[str]:
    """Those that nobody holds any more."""
    return [id_ for id_, _ in lost(db, "commands", owner, held)]


def settle(db: Transaction, owner: str, notify: Notify, held: Collection[str] = ()) -> None:
    """Mark those that nobody holds any more: they died with the process that did."""
    for id_ in left(db, owner, held):
        [one] = found(db, "id = ?", (id_,))
        who = db.execute("SELECT owner FROM commands WHERE id = ?", (id_,)).get
        said = "the process that held it is gone"
        finish(db, id_, who, "interrupted", "lost", notify, said=said, size=put_out(one))
