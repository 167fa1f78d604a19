"""Summaries: what a model reads instead of older turns. A view over them: no message changes, and it can be undone.

A summary is proposed, looked at, and applied or dropped by the person; a sequel is one that a new conversation begins
with. They are written by the agent's worker.
"""

from typing import Any, Literal

import msgspec

from zotui.conversations.records import Status, columns
from zotui.errors import NotFound, UsageError
from zotui.store import Reader, Store, Transaction, new_id, now_ms
from zotui.text import one_line

KEPT_TURNS = 2  # the last ones, which are never summarised
LEAST_TURNS = 3  # fewer are not worth it
Purpose = Literal["compact", "sequel"]


class SummaryLine(msgspec.Struct, frozen=True):
    """A line and the positions of the messages that it stands for; ``verbatim``: the person's own words, which hold."""

    text: str
    first: int
    last: int
    verbatim: bool = False


class Summary(msgspec.Struct, frozen=True):
    """A summary of the messages of the positions ``first_position`` to ``last_position``.

    Status waiting: proposed; done: it applies (a sequel is made); cancelled: dropped or undone (``reason``).
    """

    id: str
    conv_id: str
    first_position: int
    last_position: int
    purpose: Purpose
    sequel_id: str | None
    model: str
    tokens_before: int
    tokens_after: int
    error: str | None
    status: Status
    reason: str | None
    created_at: int
    finished_at: int | None
    lines: list[SummaryLine] = []

    @property
    def state(self) -> str:
        """Whether it applies, in words."""
        words = {"waiting": "proposed", "done": "applies", "queued": "to be written", "running": "is being written"}
        return words.get(self.status, self.reason or self.status)


Found = list[Summary]


class Summaries:
    """The doors' way to summaries: rows."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def propose(self, conversation: str, *, own: bool = False) -> str:
        """Have the older turns summarised, to be looked at; the summary's id. Raises UsageError where that makes no sense
        yet, NotFound."""
        door = self._store.owner if own else None
        return await self._store.write(lambda db: queue(db, conversation, "compact", door))

    async def sequel(self, conversation: str, *, own: bool = False) -> str:
        """Have a new conversation begun with a summary of the whole; the summary's id. Raises UsageError, NotFound."""
        door = self._store.owner if own else None
        return await self._store.write(lambda db: queue(db, conversation, "sequel", door))

    async def of(self, conversation: str) -> Found:
        """The summaries of a conversation, oldest first."""
        return await self._store.read(lambda db: of(db, conversation))

    async def find(self, summary: str) -> Summary:
        """One summary. Raises NotFound."""
        return await self._store.read(lambda db: found(db, summary))

    async def written(self, summary: str) -> Summary:
        """The summary as soon as it is written, or was not. Raises NotFound."""
        async with self._store.watch("summaries") as watch:
            while (one := await self.find(summary)).status in ("queued", "running"):
                await watch.wait()
        return one

    async def apply(self, summary: str) -> None:
        """From now on the model reads it instead of its turns. Raises NotFound, UsageError."""

        def put(db: Transaction) -> None:
            one = found(db, summary)
            if one.purpose != "compact" or one.status not in ("waiting", "cancelled") or not one.lines:
                raise UsageError(f"this summary cannot apply: it {_is(one)}")
            for other in applied(db, one.conv_id):
                if other.first_position <= one.last_position and one.first_position <= other.last_position:
                    raise UsageError("another summary stands for some of these turns", "undo that one first")
            self._set(db, one, "done", None)

        await self._store.write(put)

    async def dismiss(self, summary: str) -> None:
        """Drop a proposal. Raises NotFound, UsageError."""

        def put(db: Transaction) -> None:
            one = found(db, summary)
            if one.status not in ("waiting", "queued"):
                raise UsageError(f"this summary cannot be dropped: it {_is(one)}")
            self._set(db, one, "cancelled", "dismissed")

        await self._store.write(put)

    async def undo(self, summary: str) -> None:
        """The model reads the turns again. Raises NotFound, UsageError."""

        def put(db: Transaction) -> None:
            one = found(db, summary)
            if one.purpose != "compact" or one.status != "done":
                raise UsageError(f"there is nothing to undo: this summary {_is(one)}")
            self._set(db, one, "cancelled", "undone")

        await self._store.write(put)

    @staticmethod
    def _set(db: Transaction, one: Summary, status: str, reason: str | None) -> None:
        db.execute(
            "UPDATE summaries SET status = ?, reason = ?, finished_at = ? WHERE id = ?",
            (status, reason, now_ms(), one.id),
        )


def _is(one: Summary) -> str:
    return {"waiting": "is only proposed", "done": "applies already"}.get(one.status, one.state)


def found(db: Reader, summary: str) -> Summary:
    """One summary, by its id or an end of it. Raises NotFound."""
    rows = db.execute(f"{_SELECT} WHERE id = ?1 OR substr(id, -length(?1)) = ?1 LIMIT 2", (summary,)).fetchall()
    if len(rows) != 1 or not summary:
        raise NotFound(f"no summary {one_line(summary, 40)!r}", "zotui chats summary ID shows them")
    return _summary(rows[0])


def of(db: Reader, conversation: str) -> list[Summary]:
    """The summaries of a conversation, oldest first."""
    rows = db.execute(f"{_SELECT} WHERE conv_id = ? ORDER BY id", (conversation,)).fetchall()
    return [_summary(row) for row in rows]


def applied(db: Reader, conversation: str) -> list[Summary]:
    """Those that the model reads, in the order of what they stand for."""
    rows = db.execute(
        f"{_SELECT} WHERE conv_id = ? AND purpose = 'compact' AND status = 'done' ORDER BY first_position",
        (conversation,),
    ).fetchall()
    return [_summary(row) for row in rows]


def queue(db: Transaction, conversation: str, purpose: Purpose, door: str | None = None) -> str:
    """Write that a summary is wanted; its id. Raises UsageError, NotFound."""
    if db.execute("SELECT 1 FROM conversations WHERE id = ? AND deleted_at IS NULL", (conversation,)).get is None:
        raise NotFound(f"no conversation {one_line(conversation, 40)!r}", "zotui chats list shows them")
    lane = f"{purpose}:{conversation}"
    open_ = db.execute(
        "SELECT status FROM summaries WHERE lane = ? AND status IN ('queued','running','waiting') LIMIT 1", (lane,)
    ).get
    if open_ is not None:
        raise UsageError("one is proposed already" if open_ == "waiting" else "one is being written already")
    first, last = span(db, conversation, purpose)
    made = new_id()
    db.execute(
        "INSERT INTO summaries(id, conv_id, first_position, last_position, purpose, lane, door, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (made, conversation, first, last, purpose, lane, door, now_ms()),
    )
    return made


def span(db: Reader, conversation: str, purpose: Purpose) -> tuple[int, int]:
    """The positions to be summarised: whole turns behind what is summarised already, without the last ones. Of a sequel:
    all that is over. Raises UsageError where that is too little."""
    end = db.execute(
        "SELECT coalesce(min(m.position), 1 << 62) FROM messages m JOIN turns t ON t.id = m.turn_id"
        " WHERE m.conv_id = ? AND t.status IN ('queued','running','waiting')",
        (conversation,),
    ).get
    start = 0 if purpose == "sequel" else max((one.last_position for one in applied(db, conversation)), default=0)
    requests = [
        position
        for (position,) in db.execute(
            "SELECT position FROM messages WHERE conv_id = ? AND role = 'user' AND position > ? AND position < ?"
            " ORDER BY position",
            (conversation, start, end),
        ).fetchall()
    ]
    if purpose == "sequel":
        if not requests:
            raise UsageError("nothing was said here that could be summarised")
        end = db.execute(
            "SELECT max(position) + 1 FROM messages WHERE conv_id = ? AND position < ?", (conversation, end)
        ).get
    elif len(requests) < LEAST_TURNS + KEPT_TURNS:
        raise UsageError(
            f"{len(requests)} turns are too few to be summarised",
            f"the last {KEPT_TURNS} stay as they are, and {LEAST_TURNS} more are needed",
        )
    else:
        end = requests[-KEPT_TURNS]
    first = db.execute(
        "SELECT min(position) FROM messages WHERE conv_id = ? AND position > ?", (conversation, start)
    ).get
    return int(first), int(end) - 1


_SELECT = f"SELECT {columns(Summary, 'summaries')} FROM summaries"


def _summary(row: tuple[Any, ...]) -> Summary:
    values = dict(zip(Summary.__struct_fields__, row, strict=True))
    return msgspec.convert(values | {"lines": msgspec.json.decode(row[-1])}, Summary)
