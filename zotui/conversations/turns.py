"""Turns: what a door writes when a person says something, stops it, runs it again or answers a question."""

from collections.abc import AsyncIterator, Sequence

import msgspec

from zotui.conversations import branches, grants, reads
from zotui.conversations.closing import halt
from zotui.conversations.grants import ALWAYS, IN_CHAT
from zotui.conversations.noting import note_call
from zotui.conversations.records import Given, Message, Question, Remembered, Spent, ToolCallRecord, Turn, TurnOptions
from zotui.conversations.requests import Request, again, edited, request
from zotui.errors import NotFound, UsageError
from zotui.store import Reader, Store, Transaction, now_ms
from zotui.text import clean, one_line


class TurnView(msgspec.Struct, frozen=True):
    """A turn as it stands: its row, its messages so far, an open question, what it has spent; and once it is over, what it was
    told of the memory."""

    turn: Turn
    messages: list[Message]
    question: Question | None
    spent: Spent
    remembered: tuple[Remembered, ...] = ()

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.turn.status not in ("queued", "running", "waiting")

    @property
    def replies(self) -> list[Message]:
        """The assistant's messages."""
        return [message for message in self.messages if message.role == "assistant"]

    @property
    def output(self) -> str:
        """The text of the last reply."""
        return self.replies[-1].content if self.replies else ""

    @property
    def tool_calls(self) -> list[ToolCallRecord]:
        """All tool calls, in order."""
        return [call for message in self.messages for call in message.tool_calls]


ALLOWING = ("allow once", "allow", "yes", "y")
DENYING = ("deny", "no", "n")
"""Answers to whether a call may run; all others are a no with words."""
EDITED, INSTEAD = "edit the command first", "allow: "
"""A choice that leads to an answer which begins so: the command behind it is what may run, once."""


class Turns:
    """The doors' way to the agent: rows."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def submit(
        self,
        text: str,
        *,
        conversation: str | None = None,
        model: str = "",
        options: TurnOptions | None = None,
        own: bool = False,
        images: Sequence[tuple[str, bytes]] = (),
        files: Sequence[Given] = (),
    ) -> Turn:
        """Write a turn; acknowledged when this returns. A new conversation where none is named.

        It waits while an earlier turn of the same conversation runs. ``own``: only workers of this process may
        take it, as long as this process lives. ``images`` (name, bytes) and ``files`` go with it. Raises UsageError for an
        empty or oversized text and for what is no image, NotFound.
        """
        asked = request(text, model, options, images, files)
        return await self._store.write(lambda db: self._put(db, asked, conversation, own))

    async def again(self, turn_id: str) -> Turn:
        """Put the request of an ended turn once more, as a new turn of the same conversation. Raises NotFound."""

        def put(db: Transaction) -> Turn:
            return self._put(db, again(db, turn_id), viewed(db, turn_id).turn.conv_id)

        return await self._store.write(put)

    async def edit(
        self,
        conversation: str,
        message: str,
        text: str,
        *,
        options: TurnOptions | None = None,
        own: bool = False,
        files: Sequence[Given] = (),
    ) -> Turn:
        """Put an earlier request of the person in other words: in a branch that leaves before it, with its files and
        these. It runs as it did but for the ``options`` that are not as usual. Raises NotFound, and UsageError for a
        message that is no request."""
        new = request(text, "", options, files=files)

        def put(db: Transaction) -> Turn:
            row = db.execute(
                "SELECT role, turn_id FROM messages WHERE id = ? AND conv_id = ?", (message, conversation)
            ).get
            if row is None or row[0] != "user":
                raise UsageError("only a request of yours can be edited", "zotui chats show ID lists them")
            branch = branches.fork(db, conversation, message, before=True)
            asked = edited(again(db, row[1]) if row[1] else None, new)  # what came from elsewhere has no turns
            return self._put(db, asked, branch, own)

        return await self._store.write(put)

    def _put(self, db: Transaction, asked: Request, conversation: str | None, own: bool = False) -> Turn:
        turn = asked.put(db, conversation, self._store.owner if own else None)
        branches.adopt(db, turn.conv_id)
        return turn

    async def steer(self, turn_id: str) -> None:
        """A queued turn goes first, and what runs or waits in its conversation stops; one that is not queued any more is
        left as it is. Raises NotFound."""

        def put(db: Transaction) -> None:
            turn = reads.turn(db, turn_id)
            if turn is None:
                raise NotFound(f"no turn {turn_id}")
            if turn.status != "queued":
                return
            db.execute(
                "UPDATE turns SET priority = 1 + (SELECT max(priority) FROM turns WHERE lane = ?1 AND status = 'queued')"
                " WHERE id = ?2",
                (turn.conv_id, turn_id),
            )
            for one in reads.turns(db, turn.conv_id, only_open=True):
                if one.status != "queued":
                    halt(db, one.id, "steered")

        await self._store.write(put)

    async def stop(self, turn_id: str) -> bool:
        """Stop a turn: at once where it is queued or waiting, else its worker is asked to. False if it was over."""

        return await self._store.write(lambda db: halt(db, turn_id, "stopped"))

    async def stop_conversation(self, conversation: str) -> int:
        """Stop whatever runs, waits or is queued in a conversation; how many turns that was."""
        turns = await self._store.read(lambda db: reads.turns(db, conversation, only_open=True))
        return sum([await self.stop(turn.id) for turn in reversed(turns)])

    async def stop_everything(self) -> int:
        """Stop whatever runs, waits or is queued, in all conversations at once; how many turns that was."""

        def put(db: Transaction) -> int:
            rows = db.execute("SELECT id FROM turns WHERE status IN ('queued','running','waiting') ORDER BY id DESC")
            return sum([halt(db, turn, "stopped") for (turn,) in rows.fetchall()])

        return await self._store.write(put)

    async def view(self, turn_id: str) -> TurnView:
        """The turn as it stands now. Raises NotFound."""
        return await self._store.read(lambda db: viewed(db, turn_id))

    async def follow(self, turn_id: str) -> AsyncIterator[TurnView]:
        """The turn as it stands, again each time it has changed, until it is over."""
        async with self._store.watch("turns", "messages", "parts", "tool_calls", "approvals") as watch:
            last: TurnView | None = None
            while True:
                view = await self.view(turn_id)
                if view != last:
                    yield view
                if view.over:
                    return
                last = view
                await watch.wait()

    async def questions(self, conversation: str | None = None) -> list[Question]:
        """The open questions, oldest first: of one conversation or of all."""
        where = "AND t.conv_id = ?" if conversation else ""
        values = (conversation,) if conversation else ()
        return await self._store.read(
            lambda db: [
                _question(row)
                for row in db.execute(
                    f"{_QUESTIONS} WHERE a.status = 'waiting' {where} ORDER BY a.id", values
                ).fetchall()
            ]
        )

    async def answer(self, question_id: str, answer: str | None) -> None:
        """Answer an open question, or decline it with None; its turn goes on. Raises NotFound, UsageError."""
        text = None if answer is None else clean(answer).strip()
        if text == "":
            raise UsageError("an answer cannot be empty")

        def put(db: Transaction) -> None:
            row = db.execute(
                "SELECT id, kind, tool_call_id, turn_id, grants FROM approvals"
                " WHERE status = 'waiting' AND substr(id, -length(?1)) = ?1",
                (question_id,),
            ).fetchall()
            if len(row) != 1 or not question_id:
                raise NotFound(f"no open question {one_line(question_id, 40)!r}", "zotui approvals list shows them")
            found, kind, call, turn_id, patterns = row[0]
            now = now_ms()
            for_good = kind == "approval" and text in (IN_CHAT, ALWAYS)
            if for_good:
                self._grant(db, turn_id, call, msgspec.json.decode(patterns, type=list[str]), text == ALWAYS)
            if instead := kind == "approval" and (text or "").startswith(INSTEAD):
                self._replace(db, call, (text or "").removeprefix(INSTEAD).strip())
            if kind == "approval" and text == EDITED:
                raise UsageError("the command is missing", f"answer “{INSTEAD}COMMAND”")
            allowed = for_good or instead or (kind == "approval" and text in ALLOWING)
            denied = text is None or (kind == "approval" and not allowed)
            status, reason = ("cancelled", "denied") if denied else ("done", None)
            db.execute(
                "UPDATE approvals SET status = ?, reason = ?, answer = ?, finished_at = ? WHERE id = ?",
                (status, reason, text, now, found),
            )
            if allowed:  # this call, with these arguments, once
                db.execute("UPDATE tool_calls SET status = 'queued' WHERE id = ?", (call,))
            else:
                result, summary = _declined(kind, text) if denied else (text, one_line(text or "", 40))
                db.execute(
                    "UPDATE tool_calls SET status = ?, reason = ?, result = ?, summary = ?, finished_at = ? WHERE id = ?",
                    (status, reason, result, summary, now, call),
                )
            if kind == "approval":
                note_call(db, call, "allowed" if allowed else "denied")
            if not db.execute("SELECT 1 FROM approvals WHERE turn_id = ? AND status = 'waiting'", (turn_id,)).get:
                db.execute("UPDATE turns SET status = 'queued' WHERE id = ? AND status = 'waiting'", (turn_id,))

        await self._store.write(put)

    def _grant(self, db: Transaction, turn: str, call: str, patterns: Sequence[str], always: bool) -> None:
        """Allow the like of a call from now on. Raises UsageError where that cannot be said of it."""
        if not patterns:
            raise UsageError("this call can only be allowed once", f"answer “{ALLOWING[0]}” or “{DENYING[0]}”")
        grants.add(db, patterns, None if always else viewed(db, turn).turn.conv_id, call)

    def _replace(self, db: Transaction, call: str, command: str) -> None:
        """Have a call run this command instead of its own. Raises UsageError where it runs none."""
        row = db.execute("SELECT arguments FROM tool_calls WHERE id = ?", (call,)).get
        arguments = msgspec.json.decode(row)
        if not isinstance(arguments.get("command"), str):
            raise UsageError(
                "this call runs no command that could be another", f"answer “{ALLOWING[0]}” or “{DENYING[0]}”"
            )
        arguments["command"] = command
        db.execute("UPDATE tool_calls SET arguments = ? WHERE id = ?", (msgspec.json.encode(arguments).decode(), call))

    async def recent_inputs(self, limit: int = 200) -> list[tuple[str, list[str]]]:
        """What the person said last, newest first, over all conversations; each with the paths of its files."""
        rows = await self._store.read(
            lambda db: db.execute(
                "SELECT input, (SELECT json_group_array(path) FROM attachments WHERE turn_id = turns.id)"
                " FROM turns ORDER BY id DESC LIMIT ?",
                (limit,),
            ).fetchall()
        )
        return [(said, msgspec.json.decode(paths, type=list[str])) for said, paths in rows]


def _declined(kind: str, text: str | None) -> tuple[str, str]:
    """What the model and the person are told of a question that was not answered, or a call that was not allowed."""
    if kind == "question":
        return "The person declined to answer.", "declined"
    words = "" if text is None or text in DENYING else f" They say: {text}"
    return f"error: the person denied this call; it did not run.{words}", "denied"


def viewed(db: Reader, turn_id: str) -> TurnView:
    """The turn as it stands in this snapshot. Raises NotFound."""
    turn = reads.turn(db, turn_id)
    if turn is None:
        raise NotFound(f"no turn {turn_id}")
    question = open_question(db, turn.conv_id, turn_id)
    spent = reads.spent(db, "turn_id", turn_id)
    remembered = reads.remembered(db, turn_id) if turn.finished_at is not None else ()
    return TurnView(turn, reads.turn_messages(db, turn_id), question, spent, remembered)


def open_question(db: Reader, conversation: str, turn_id: str | None = None) -> Question | None:
    """The oldest open question of a conversation, or of one of its turns."""
    row = db.execute(
        f"{_QUESTIONS} WHERE a.status = 'waiting' AND t.conv_id = ?1 AND (?2 IS NULL OR t.id = ?2) ORDER BY a.id LIMIT 1",
        (conversation, turn_id),
    ).get
    return _question(row) if row else None


_QUESTIONS = (
    "SELECT a.id, a.kind, a.turn_id, t.conv_id, a.text, a.choices, a.status, a.answer, a.created_at,"
    " CASE WHEN a.kind = 'approval' AND json_valid(c.arguments) AND json_type(c.arguments, '$.command') = 'text'"
    " THEN json_extract(c.arguments, '$.command') ELSE '' END"
    " FROM approvals a JOIN turns t ON t.id = a.turn_id JOIN tool_calls c ON c.id = a.tool_call_id"
)


def _question(row: tuple[object, ...]) -> Question:
    values = list(row)
    values[5] = msgspec.json.decode(str(values[5]), type=list[str])
    return msgspec.convert(dict(zip(Question.__struct_fields__, values, strict=True)), Question)
