"""What a running turn writes into the file. Every write holds the turn's fence: a worker that was taken for dead
can write nothing more."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from zotui.agent.context import Part
from zotui.agent.ending import Notify, tell_end, unheard, wind_up
from zotui.agent.inspection import noted
from zotui.agent.knowledge import mark_cited
from zotui.agent.learning import Learn
from zotui.conversations import taint
from zotui.conversations.closing import close_open_rows, seal_parts
from zotui.conversations.noting import note_call
from zotui.conversations.records import Turn
from zotui.conversations.turns import TurnView, viewed
from zotui.errors import StoreFull
from zotui.models import gate, ledger
from zotui.models.ledger import Cost
from zotui.models.provider import ToolCall, Usage
from zotui.policy.conditions import Judged
from zotui.store import Store, Transaction, new_id, now_ms
from zotui.store.work import check, finish
from zotui.text import clean, one_line
from zotui.toolbox import Ask

log = logging.getLogger(__name__)

T = TypeVar("T")
FULL_DISK_PAUSE_S = 1.0


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """How a message came to be: who wrote it, after whom (``note``), at what cost, from what.

    ``sent`` is the request's body, packed by ``zotui.agent.inspection``; ``parts`` those of its system message, ``rules``
    what became of the person's rules, ``remembered`` why memories were in it.
    """

    model: str
    note: str = ""
    usage_id: str | None = None
    usage: Usage | None = None
    cost: Cost = Cost(None)
    opaque: dict[str, Any] | None = None
    sent: bytes = b""
    parts: Sequence[Part] = ()
    rules: Sequence[Judged] = ()
    remembered: str = ""


class Journal:
    """The record of one turn, kept under one fence. All methods raise Fenced when the turn is somebody else's."""

    def __init__(
        self, store: Store, turn: str, fence: int, notify: Notify = unheard, learn: Learn | None = None
    ) -> None:
        self._store = store
        self._notify = notify
        self._learn = learn
        self.turn = turn
        self.fence = fence

    async def begin(self) -> TurnView:
        """The turn as it stands; its request becomes a message when it is first begun."""

        def begin(db: Transaction) -> TurnView:
            view = viewed(db, self.turn)
            if view.messages:
                return view
            turn = view.turn
            _add_message(db, turn, "user", turn.input, "done")
            return viewed(db, self.turn)

        return await self._write(begin)

    async def view(self) -> TurnView:
        """The turn as it stands."""
        return await self._store.read(lambda db: viewed(db, self.turn))

    async def open_message(self, model: str) -> str:
        """A new message of the assistant, still empty; its id."""

        def put(db: Transaction) -> str:
            return _add_message(db, viewed(db, self.turn).turn, "assistant", "", "running", model)

        return await self._write(put, durable=False)

    async def add(self, message: str, parts: list[tuple[str, str]]) -> None:
        """Append streamed parts ``(kind, text)``. Survives a kill; the seal makes it survive a power cut."""

        def put(db: Transaction) -> None:
            for kind, text in parts:
                db.execute("INSERT INTO parts(message_id, kind, text) VALUES (?, ?, ?)", (message, kind, text))

        await self._write(put, durable=False)

    async def seal(
        self,
        message: str,
        *,
        status: str = "done",
        reason: str | None = None,
        calls: list[ToolCall] | None = None,
        raw: str = "",
        answered: Answered | None = None,
    ) -> None:
        """End a streamed message: what came is its content, the model's calls are queued, the ledger's row is closed."""

        def put(db: Transaction) -> None:
            seal_parts(db, message, status, reason)
            if calls:
                self._queue(db, message, calls)
            if raw:
                db.execute("UPDATE messages SET raw = ? WHERE id = ?", (clean(raw), message))
            if answered is not None:
                self._note(db, message, status, answered)
            db.execute(
                "UPDATE conversations SET updated_at = ? WHERE id = (SELECT conv_id FROM turns WHERE id = ?)",
                (now_ms(), self.turn),
            )

        await self._write(put)

    def _queue(self, db: Transaction, message: str, calls: list[ToolCall]) -> None:
        """The calls of an answer, to be run."""
        packed = [{"id": clean(call.id), "name": clean(call.name), "arguments": clean(call.raw)} for call in calls]
        db.execute("UPDATE messages SET tools = ? WHERE id = ?", (msgspec.json.encode(packed).decode(), message))
        for position, call in enumerate(calls):
            arguments = call.raw if call.arguments is None else msgspec.json.encode(call.arguments).decode()
            name = one_line(call.name, 100)
            db.execute(
                "INSERT INTO tool_calls(id, message_id, turn_id, position, call_id, name, arguments, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (new_id(), message, self.turn, position, clean(call.id), name, clean(arguments), now_ms()),
            )

    def _note(self, db: Transaction, message: str, status: str, answered: Answered) -> None:
        """Who answered, what it used, what it wants back, and what it was sent."""
        opaque = msgspec.json.encode(answered.opaque).decode() if answered.opaque else None
        db.execute(
            "UPDATE messages SET model = ?, note = ?, opaque = ? WHERE id = ?",
            (answered.model, clean(answered.note), opaque, message),
        )
        if answered.usage_id:
            ledger.end(db, answered.usage_id, status, None, answered.usage, answered.cost)
            if status == "done":
                gate.well(db, answered.model)
        if answered.sent:
            parts = noted(answered.parts, answered.rules, answered.remembered)
            db.execute(
                "INSERT OR REPLACE INTO requests(conv_id, model, parts, sent, created_at)"
                " SELECT conv_id, ?, ?, ?, ? FROM turns WHERE id = ?",
                (answered.model, parts, answered.sent, now_ms(), self.turn),
            )

    async def answering(self, message: str, model: str, note: str) -> None:
        """Another model than was asked first answers."""
        await self._write(
            lambda db: db.execute(
                "UPDATE messages SET model = ?, note = ? WHERE id = ?", (model, clean(note), message)
            ),
            durable=False,
        )

    async def correct(self, text: str) -> None:
        """Tell the model, as a message of the system, what is wrong with its answer."""

        def put(db: Transaction) -> None:
            _add_message(db, viewed(db, self.turn).turn, "system", text, "done")

        await self._write(put)

    async def start_call(self, call: str, effect: str) -> None:
        """A tool call begins; on disk before it does, unless it only reads."""

        def put(db: Transaction) -> None:
            db.execute(
                "UPDATE tool_calls SET status = 'running', effect = ?, started_at = ? WHERE id = ?",
                (effect, now_ms(), call),
            )
            if effect != "read":
                note_call(db, call, "started")

        await self._write(put, durable=effect != "read")

    async def progress(self, call: str, text: str) -> None:
        """What a running call has put out so far."""
        await self._write(
            lambda db: db.execute(
                "UPDATE tool_calls SET result = ? WHERE id = ? AND status = 'running'", (clean(text), call)
            ),
            durable=False,
        )

    async def end_call(
        self, call: str, status: str, result: str, summary: str, reason: str | None = None, taints: str = ""
    ) -> None:
        """A tool call's outcome. ``taints``: whose words are in it, where they are neither the person's nor ours."""

        def put(db: Transaction) -> None:
            db.execute(
                "UPDATE tool_calls SET status = ?, reason = ?, result = ?, summary = ?, finished_at = ? WHERE id = ?",
                (status, reason, result, summary, now_ms(), call),
            )
            note_call(db, call, status)
            if taints:
                taint.mark(db, viewed(db, self.turn).turn.conv_id, taints)

        await self._write(put)

    async def refuse_unattended(self, call: str, text: str) -> None:
        """A call needed the person's leave, and nobody was there: the person hears of it."""
        await self._write(lambda db: self._notify(db, "denied", text, f"chat:{viewed(db, self.turn).turn.conv_id}"))

    async def tainted_by(self) -> str:
        """Whose words taint the conversation; empty where none do."""
        return await self._store.read(lambda db: taint.cause(db, viewed(db, self.turn).turn.conv_id))

    async def ask(self, call: str, question: Ask, kind: str = "question", grants: Sequence[str] = ()) -> None:
        """A tool call waits for the person's answer, or, of kind ``approval``, for leave to run; ``grants`` are the patterns
        that the person may allow for good."""

        def put(db: Transaction) -> None:
            db.execute("UPDATE tool_calls SET status = 'waiting' WHERE id = ?", (call,))
            db.execute(
                "INSERT INTO approvals(id, kind, tool_call_id, turn_id, text, choices, grants, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    new_id(),
                    kind,
                    call,
                    self.turn,
                    clean(question.text),
                    msgspec.json.encode([one_line(choice, 200) for choice in question.choices]).decode(),
                    msgspec.json.encode(grants).decode(),
                    now_ms(),
                ),
            )

            if kind == "approval":
                note_call(db, call, "asked")
            turn = viewed(db, self.turn).turn
            self._notify(db, "question", question.text, f"chat:{turn.conv_id}")

        await self._write(put)

    async def park(self) -> bool:
        """Wait for answers, held by nobody; False when they have all come meanwhile. A turn to stop ends instead."""

        def put(db: Transaction) -> bool:
            if db.execute("SELECT stop FROM turns WHERE id = ?", (self.turn,)).get:
                finish(db, "turns", self.turn, self.fence, "cancelled", "stopped")
                close_open_rows(db, self.turn, "cancelled", "stopped")
                return True
            waiting = db.execute(
                "SELECT 1 FROM approvals WHERE turn_id = ? AND status = 'waiting' LIMIT 1", (self.turn,)
            ).get
            if waiting:
                finish(db, "turns", self.turn, self.fence, "waiting", "question")
            return bool(waiting)

        return await self._write(put)

    async def finish(self, status: str, reason: str | None = None, error: str | None = None) -> None:
        """End the turn, and whatever it left open; the person is told of what they may not see."""

        def put(db: Transaction) -> None:
            finish(db, "turns", self.turn, self.fence, status, reason, error=error)
            tell_end(db, self.turn, self._notify)
            left = status if status in ("cancelled", "interrupted", "failed") else "interrupted"
            close_open_rows(db, self.turn, left, reason or "")
            if status == "done":
                mark_cited(db, viewed(db, self.turn))
            if status == "done" and self._learn is not None:
                try:
                    self._learn(db, self.turn)
                except Exception:  # the answer is there, whatever could be learned from it
                    log.exception("what turn %s says", self.turn)

        await self._write(put)

    async def give_up(self, why: str) -> None:
        """This process ends: hand the turn back where that is safe, else mark it with what came."""
        await self._write(lambda db: wind_up(db, self.turn, self.fence, why, self._notify))

    async def _write(self, do: Callable[[Transaction], T], *, durable: bool = True) -> T:
        def fenced(db: Transaction) -> T:
            check(db, "turns", self.turn, self.fence)
            return do(db)

        while True:
            try:
                return await self._store.write(fenced, durable=durable)
            except StoreFull:  # nothing is lost: it is still in memory, and room may come
                await asyncio.sleep(FULL_DISK_PAUSE_S)


def _add_message(db: Transaction, turn: Turn, role: str, content: str, status: str, model: str = "") -> str:
    message, now = new_id(), now_ms()
    db.execute(
        "INSERT INTO messages(id, conv_id, turn_id, position, role, content, status, model, created_at, finished_at)"
        " VALUES (?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM messages WHERE conv_id = ?), ?, ?, ?, ?, ?, ?)",
        (
            message,
            turn.conv_id,
            turn.id,
            turn.conv_id,
            role,
            content,
            status,
            model,
            now,
            None if status == "running" else now,
        ),
    )
    db.execute("UPDATE conversations SET updated_at = ? WHERE id = ?", (now, turn.conv_id))
    return message
