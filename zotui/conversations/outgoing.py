"""A conversation's rows as the records of a file, page by page."""

from collections.abc import AsyncIterator
from typing import overload

from zotui.conversations import reads
from zotui.conversations.exchange import (
    LATEST,
    VERSION,
    CallRecord,
    ChatRecord,
    Ended,
    FileRecord,
    MessageRecord,
    Record,
    TurnRecord,
)
from zotui.conversations.records import Attachment, Message, Status, ToolCallRecord, Turn
from zotui.errors import NotFound
from zotui.store import Reader, Store
from zotui.text import clean, one_line


async def records(store: Store, conversation: str, *, reasoning: bool = False) -> AsyncIterator[Record]:
    """A conversation's records, read page by page. Without ``reasoning`` what the model thought stays out.

    Raises NotFound.
    """
    chat = await store.read(lambda db: reads.conversation(db, conversation))
    if chat is None:
        raise NotFound(f"no conversation {one_line(conversation, 40)!r}", "zotui chats list shows them")
    yield ChatRecord(
        VERSION,
        one_line(chat.title, 200),
        _moment(chat.created_at),
        _moment(chat.updated_at),
        one_line(chat.model, 200),
        await store.read(lambda db: reads.remembers(db, conversation)),
    )
    page = Page(conversation, reasoning)
    while found := await store.read(page.read):
        for record in found:
            yield record


class Page:
    """Reads a conversation a page at a time, and numbers its turns."""

    def __init__(self, conversation: str, reasoning: bool) -> None:
        self._conversation = conversation
        self._reasoning = reasoning
        self._after = 0
        self._turns: dict[str, int] = {}

    def read(self, db: Reader) -> list[MessageRecord]:
        """The next records; none at the end."""
        rows = db.execute(
            "SELECT position, tools FROM messages WHERE conv_id = ? AND position > ? ORDER BY position LIMIT ?",
            (self._conversation, self._after, reads.PAGE),
        ).fetchall()
        if not rows:
            return []
        self._after = int(rows[-1][0])
        found = reads.messages(db, self._conversation, before=self._after + 1, limit=len(rows))
        return [self._message(db, message, tools) for message, (_, tools) in zip(found, rows, strict=True)]

    def _message(self, db: Reader, message: Message, tools: str | None) -> MessageRecord:
        begins = None
        if message.turn_id and message.turn_id not in self._turns:
            turn = reads.turn(db, message.turn_id)
            if turn is not None:
                self._turns[turn.id] = len(self._turns) + 1
                begins = _turn(turn, message)
        status = _ended(message.status)
        return MessageRecord(
            message.role,
            clean(message.content),
            _moment(message.created_at),
            self._turns.get(message.turn_id or "", 0),
            begins,
            one_line(message.model, 200),
            "done" if status == "skipped" else status,
            _clean(message.reason),
            _moment(message.finished_at),
            clean(message.note),
            clean(message.reasoning) if self._reasoning else "",
            _clean(message.raw),
            _clean(message.opaque) if self._reasoning else None,
            None if message.tool_calls else _clean(tools),
            [_call(call) for call in message.tool_calls],
            [_file(db, file) for file in message.attachments] if begins else [],
        )


def _turn(turn: Turn, message: Message) -> TurnRecord:
    return TurnRecord(
        _ended(turn.status),
        _moment(turn.created_at),
        None if turn.input == message.content else clean(turn.input),
        one_line(turn.model, 200),
        clean(turn.options),
        _clean(turn.reason),
        _clean(turn.error),
        _moment(turn.started_at),
        _moment(turn.finished_at),
    )


def _call(call: ToolCallRecord) -> CallRecord:
    return CallRecord(
        clean(call.call_id),
        one_line(call.name, 100),
        clean(call.arguments),
        _ended(call.status),
        _moment(call.created_at),
        one_line(call.effect, 40),
        _clean(call.reason),
        _clean(call.result),
        clean(call.summary),
        _moment(call.started_at),
        _moment(call.finished_at),
    )


def _file(db: Reader, file: Attachment) -> FileRecord:
    content = db.execute("SELECT content FROM blobs WHERE hash = ?", (file.content,)).get
    return FileRecord(
        one_line(file.name, 200), one_line(file.media_type, 100), content, _clean(file.text), clean(file.path)
    )


@overload
def _moment(ms: int) -> int: ...
@overload
def _moment(ms: int | None) -> int | None: ...
def _moment(ms: int | None) -> int | None:
    """A time as far as calendars go: a file of another program may hold any number."""
    return None if ms is None else min(max(ms, 0), LATEST)


def _clean(text: str | None) -> str | None:
    return None if text is None else clean(text)


def _ended(status: Status) -> Ended:
    """What is still open is over in a file."""
    if status == "queued" or status == "running" or status == "waiting":
        return "interrupted"
    return status
