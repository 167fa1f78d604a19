"""Turns: what a door writes when a person says something, stops it, runs it again or answers a question."""

from collections.abc import AsyncIterator, Sequence

import msgspec

import zotui.images
from zotui.conversations import chats
from zotui.conversations.records import Message, Question, Spent, ToolCallRecord, Turn, TurnOptions
from zotui.errors import NotFound, UsageError
from zotui.store import Reader, Store, Transaction, blobs, new_id, now_ms
from zotui.text import clean, one_line, size

LONGEST_INPUT = 1_000_000  # characters; a longer text belongs in a file of the workspace


class TurnView(msgspec.Struct, frozen=True):
    """A turn as it stands: its row, its messages so far, an open question, what it has spent."""

    turn: Turn
    messages: list[Message]
    question: Question | None
    spent: Spent

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
    ) -> Turn:
        """Write a turn; acknowledged when this returns. A new conversation where none is named.

        It waits while an earlier turn of the same conversation runs. ``own``: only workers of this process may
        take it, as long as this process lives. ``images`` (name, bytes) are shown with it. Raises UsageError for an
        empty or oversized text and for what is no image, NotFound.
        """
        text = checked(text)
        if len(images) > zotui.images.MOST:
            raise UsageError(f"{len(images)} images are too many, a request may show {zotui.images.MOST}")
        if (total := sum(len(content) for _, content in images)) > zotui.images.MOST_BYTES:
            raise UsageError(
                f"the images are {size(total)} together, a request may show {size(zotui.images.MOST_BYTES)}",
                "show fewer, or make them smaller",
            )
        shown = [(one_line(name, 200), zotui.images.checked(name, content), content) for name, content in images]
        packed = msgspec.json.encode(options or TurnOptions()).decode()

        def put(db: Transaction) -> Turn:
            if conversation is None:
                chat = chats.created(db, one_line(text, chats.TITLE_LENGTH), model)
            else:
                chat = conversation
                row = db.execute("SELECT title, model FROM conversations WHERE id = ?", (chat,)).get
                if row is None:
                    raise NotFound(f"no conversation {one_line(chat, 40)!r}", "zotui chats list shows them")
                if not row[0]:
                    db.execute(
                        "UPDATE conversations SET title = ? WHERE id = ?",
                        (one_line(text, chats.TITLE_LENGTH), chat),
                    )
            turn_id = new_id()
            db.execute(
                "INSERT INTO turns(id, conv_id, lane, input, model, options, door, created_at) VALUES (?,?,?,?,?,?,?,?)",
                (turn_id, chat, chat, text, model, packed, self._store.owner if own else None, now_ms()),
            )
            for position, (name, kind, content) in enumerate(shown):
                db.execute(
                    "INSERT INTO attachments(id, turn_id, position, name, media_type, size, content) VALUES (?,?,?,?,?,?,?)",
                    (new_id(), turn_id, position, name, kind, len(content), blobs.keep(db, content)),
                )
            turn = chats.turn(db, turn_id)
            assert turn is not None
            return turn

        return await self._store.write(put)

    async def again(self, turn_id: str) -> Turn:
        """Put the request of an ended turn once more, as a new turn of the same conversation. Raises NotFound."""
        turn = await self._store.read(lambda db: chats.turn(db, turn_id))
        if turn is None:
            raise NotFound(f"no turn {turn_id}")
        options = msgspec.json.decode(turn.options, type=TurnOptions)
        images = await self._store.read(lambda db: shown_with(db, turn_id))
        return await self.submit(
            turn.input, conversation=turn.conv_id, model=turn.model, options=options, images=images
        )

    async def stop(self, turn_id: str) -> bool:
        """Stop a turn: at once where it is queued or waiting, else its worker is asked to. False if it was over."""

        def halt(db: Transaction) -> bool:
            turn = chats.turn(db, turn_id)
            if turn is None or turn.status not in ("queued", "running", "waiting"):
                return False
            if turn.status == "running":
                db.execute("UPDATE turns SET stop = 1 WHERE id = ?", (turn_id,))
                return True
            now = now_ms()
            db.execute(
                "UPDATE turns SET status = 'cancelled', reason = 'stopped', owner = NULL, finished_at = ? WHERE id = ?",
                (now, turn_id),
            )
            close_open_rows(db, turn_id, "cancelled", "stopped")
            return True

        return await self._store.write(halt)

    async def stop_conversation(self, conversation: str) -> int:
        """Stop whatever runs, waits or is queued in a conversation; how many turns that was."""
        turns = await self._store.read(lambda db: chats.turns(db, conversation, only_open=True))
        return sum([await self.stop(turn.id) for turn in reversed(turns)])

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
                "SELECT id, tool_call_id, turn_id FROM approvals WHERE status = 'waiting' AND substr(id, -length(?1)) = ?1",
                (question_id,),
            ).fetchall()
            if len(row) != 1 or not question_id:
                raise NotFound(f"no open question {one_line(question_id, 40)!r}", "zotui approvals list shows them")
            found, call, turn_id = row[0]
            now = now_ms()
            status, reason = ("cancelled", "denied") if text is None else ("done", None)
            db.execute(
                "UPDATE approvals SET status = ?, reason = ?, answer = ?, finished_at = ? WHERE id = ?",
                (status, reason, text, now, found),
            )
            result = "The person declined to answer." if text is None else text
            db.execute(
                "UPDATE tool_calls SET status = ?, reason = ?, result = ?, summary = ?, finished_at = ? WHERE id = ?",
                (status, reason, result, one_line(text or "declined", 40), now, call),
            )
            if not db.execute("SELECT 1 FROM approvals WHERE turn_id = ? AND status = 'waiting'", (turn_id,)).get:
                db.execute("UPDATE turns SET status = 'queued' WHERE id = ? AND status = 'waiting'", (turn_id,))

        await self._store.write(put)

    async def recent_inputs(self, limit: int = 200) -> list[str]:
        """What the person said last, newest first, over all conversations."""
        return await self._store.read(
            lambda db: [
                text for (text,) in db.execute("SELECT input FROM turns ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
            ]
        )


def shown_with(db: Reader, turn_id: str) -> list[tuple[str, bytes]]:
    """The images of a turn: name and bytes."""
    return db.execute(
        "SELECT a.name, b.content FROM attachments a JOIN blobs b ON b.hash = a.content WHERE turn_id = ? ORDER BY position",
        (turn_id,),
    ).fetchall()


def checked(text: str) -> str:
    """A person's message, clean. Raises UsageError where it is empty or too long."""
    text = clean(text).strip("\n")
    if not text.strip():
        raise UsageError("the message is empty", "say something")
    if len(text) > LONGEST_INPUT:
        raise UsageError(
            f"the message is {size(len(text.encode()))} long, the limit is {size(LONGEST_INPUT)}",
            "put it in a file of the workspace and name that",
        )
    return text


def close_open_rows(db: Transaction, turn_id: str, status: str, reason: str) -> None:
    """End what a turn left open: its streaming message with what came, its tool calls, its questions."""
    now = now_ms()
    for (message,) in db.execute(
        "SELECT id FROM messages WHERE turn_id = ? AND status = 'running'", (turn_id,)
    ).fetchall():
        seal_parts(db, message, status, reason)
    db.execute(
        "UPDATE tool_calls SET status = ?, reason = ?, finished_at = ? WHERE turn_id = ?"
        " AND status IN ('queued','running','waiting')",
        (status, reason, now, turn_id),
    )
    db.execute(
        "UPDATE usage SET status = ?, reason = ?, finished_at = ? WHERE turn_id = ? AND status = 'running'",
        (status, reason, now, turn_id),
    )
    db.execute(
        "UPDATE approvals SET status = 'cancelled', reason = ?, finished_at = ? WHERE turn_id = ? AND status = 'waiting'",
        (reason, now, turn_id),
    )


def seal_parts(db: Transaction, message: str, status: str, reason: str | None) -> None:
    """Turn a streaming message's parts into its content: from now on it does not change."""
    parts = db.execute("SELECT kind, text FROM parts WHERE message_id = ? ORDER BY n", (message,)).fetchall()
    db.execute(
        "UPDATE messages SET content = ?, reasoning = ?, status = ?, reason = ?, finished_at = ? WHERE id = ?",
        (
            "".join(text for kind, text in parts if kind == "text"),
            "".join(text for kind, text in parts if kind == "reasoning"),
            status,
            reason,
            now_ms(),
            message,
        ),
    )
    db.execute("DELETE FROM parts WHERE message_id = ?", (message,))


def viewed(db: Reader, turn_id: str) -> TurnView:
    """The turn as it stands in this snapshot. Raises NotFound."""
    turn = chats.turn(db, turn_id)
    if turn is None:
        raise NotFound(f"no turn {turn_id}")
    question = open_question(db, turn.conv_id, turn_id)
    return TurnView(turn, chats.turn_messages(db, turn_id), question, chats.spent(db, "turn_id", turn_id))


def open_question(db: Reader, conversation: str, turn_id: str | None = None) -> Question | None:
    """The oldest open question of a conversation, or of one of its turns."""
    row = db.execute(
        f"{_QUESTIONS} WHERE a.status = 'waiting' AND t.conv_id = ?1 AND (?2 IS NULL OR t.id = ?2) ORDER BY a.id LIMIT 1",
        (conversation, turn_id),
    ).get
    return _question(row) if row else None


_QUESTIONS = (
    "SELECT a.id, a.kind, a.turn_id, t.conv_id, a.text, a.choices, a.status, a.answer, a.created_at"
    " FROM approvals a JOIN turns t ON t.id = a.turn_id"
)


def _question(row: tuple[object, ...]) -> Question:
    values = list(row)
    values[5] = msgspec.json.decode(str(values[5]), type=list[str])
    return msgspec.convert(dict(zip(Question.__struct_fields__, values, strict=True)), Question)
