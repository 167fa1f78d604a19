"""A conversation as a file: JSON lines, or Markdown that people read; both come back byte for byte.

Ids stay out, so that a file that was imported and exported again is the same. The first record is the conversation,
then comes one for each message; a turn stands with its first message.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Literal

import msgspec

import zotui.images
from zotui.conversations import reads
from zotui.conversations.records import Message, Status, ToolCallRecord, Turn
from zotui.errors import NotFound, UsageError
from zotui.store import Reader, Store, Transaction, blobs, new_id
from zotui.text import clean, one_line

VERSION = 1
Moment = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]  # ms since 1970, as far as calendars go
Ended = Literal["done", "failed", "cancelled", "interrupted", "skipped"]


class FileRecord(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A file that went with a request; ``content`` is base64 in the file."""

    name: str
    media_type: str
    content: bytes
    text: str | None = None
    path: str = ""


class CallRecord(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A tool call and its outcome."""

    call_id: str
    name: str
    arguments: str
    status: Ended
    created_at: Moment
    effect: str = ""
    reason: str | None = None
    result: str | None = None
    summary: str = ""
    started_at: Moment | None = None
    finished_at: Moment | None = None


class TurnRecord(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A turn. ``input`` is left out where it is the content of the message that it stands with."""

    status: Ended
    created_at: Moment
    input: str | None = None
    model: str = ""
    options: str = "{}"
    reason: str | None = None
    error: str | None = None
    started_at: Moment | None = None
    finished_at: Moment | None = None


class MessageRecord(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A message. ``turn`` numbers the turns of the file from 1; 0 is none. ``begins``: the turn whose first it is."""

    role: Literal["system", "user", "assistant"]
    content: str
    created_at: Moment
    turn: int = 0
    begins: TurnRecord | None = None
    model: str = ""
    status: Literal["done", "failed", "cancelled", "interrupted"] = "done"
    reason: str | None = None
    finished_at: Moment | None = None
    note: str = ""
    reasoning: str = ""
    raw: str | None = None
    opaque: str | None = None
    calls: list[CallRecord] = []
    files: list[FileRecord] = []


class ChatRecord(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The conversation. ``zotui`` is the version of this format."""

    zotui: int
    title: str
    created_at: Moment
    updated_at: Moment
    model: str = ""


Record = ChatRecord | MessageRecord


async def records(store: Store, conversation: str, *, reasoning: bool = False) -> AsyncIterator[Record]:
    """A conversation's records, read page by page. Without ``reasoning`` what the model thought stays out.

    Raises NotFound.
    """
    chat = await store.read(lambda db: reads.conversation(db, conversation))
    if chat is None:
        raise NotFound(f"no conversation {one_line(conversation, 40)!r}", "zotui chats list shows them")
    yield ChatRecord(VERSION, chat.title, chat.created_at, chat.updated_at, chat.model)
    numbers: dict[str, int] = {}
    position = 0
    while True:
        page, position = await store.read(lambda db, after=position: _page(db, conversation, after, numbers, reasoning))  # type: ignore[misc]
        if not page:
            return
        for record in page:
            yield record


def _page(
    db: Reader, conversation: str, after: int, numbers: dict[str, int], reasoning: bool
) -> tuple[list[MessageRecord], int]:
    rows = db.execute(
        "SELECT position FROM messages WHERE conv_id = ? AND position > ? ORDER BY position LIMIT ?",
        (conversation, after, reads.PAGE),
    ).fetchall()
    if not rows:
        return [], after
    last = int(rows[-1][0])
    found = reads.messages(db, conversation, before=last + 1, limit=len(rows))
    return [_message(db, message, numbers, reasoning) for message in found], last


def _message(db: Reader, message: Message, numbers: dict[str, int], reasoning: bool) -> MessageRecord:
    begins = None
    if message.turn_id and message.turn_id not in numbers:
        turn = reads.turn(db, message.turn_id)
        if turn is not None:
            numbers[turn.id] = len(numbers) + 1
            begins = _turn(turn, message)
    files = [
        FileRecord(
            file.name,
            file.media_type,
            db.execute("SELECT content FROM blobs WHERE hash = ?", (file.content,)).get,
            file.text,
            file.path,
        )
        for file in message.attachments
    ]
    return MessageRecord(
        message.role,
        message.content,
        message.created_at,
        numbers.get(message.turn_id or "", 0),
        begins,
        message.model,
        _ended(message.status),  # type: ignore[arg-type]
        message.reason,
        message.finished_at,
        message.note,
        message.reasoning if reasoning else "",
        message.raw,
        message.opaque if reasoning else None,
        [_call(call) for call in message.tool_calls],
        files,
    )


def _turn(turn: Turn, message: Message) -> TurnRecord:
    return TurnRecord(
        _ended(turn.status),
        turn.created_at,
        None if turn.input == message.content else turn.input,
        turn.model,
        turn.options,
        turn.reason,
        turn.error,
        turn.started_at,
        turn.finished_at,
    )


def _call(call: ToolCallRecord) -> CallRecord:
    return CallRecord(
        call.call_id, call.name, call.arguments, _ended(call.status), call.created_at, call.effect, call.reason,
        call.result, call.summary, call.started_at, call.finished_at,
    )  # fmt: skip


def _ended(status: Status) -> Ended:
    """What is still open is over in a file."""
    if status == "queued" or status == "running" or status == "waiting":
        return "interrupted"
    return status


def to_json(record: Record) -> str:
    """A record as a line of JSON."""
    return msgspec.json.encode(record).decode() + "\n"


def from_json(text: str) -> Iterator[Record]:
    """The records of JSON lines. Raises UsageError that names the line."""
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        yield decoded(line, ChatRecord if number == 1 else MessageRecord, number)


def decoded(line: str, kind: type[Record], number: int) -> Record:
    """A line of JSON as a record. Raises UsageError that names the line."""
    try:
        record = msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise UsageError(f"line {number} is not what zotui exports: {one_line(str(error), 120)}") from None
    if isinstance(record, ChatRecord) and record.zotui != VERSION:
        raise UsageError(f"line {number}: version {record.zotui} of this format is not known", "upgrade zotui")
    return record


def put(db: Transaction, found: list[Record]) -> str:
    """Write a conversation from its records; its id. Raises UsageError for records that do not fit together."""
    chat, *messages = found
    if not isinstance(chat, ChatRecord):
        raise UsageError("the file does not begin with a conversation")
    made = new_id()
    db.execute(
        "INSERT INTO conversations(id, title, model, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
        (made, one_line(chat.title, 200), one_line(chat.model, 200), chat.created_at, chat.updated_at),
    )
    turns: dict[int, str] = {}
    for position, record in enumerate(messages, 1):
        assert isinstance(record, MessageRecord)
        if record.begins is not None:
            turns[record.turn] = _put_turn(db, made, record, record.begins)
        if record.turn and record.turn not in turns:
            raise UsageError(f"message {position} belongs to turn {record.turn}, which never begins")
        _put_message(db, made, record, turns.get(record.turn), position)
    return made


def _put_turn(db: Transaction, chat: str, record: MessageRecord, turn: TurnRecord) -> str:
    made = new_id()
    said = record.content if turn.input is None else turn.input
    values = (
        made, chat, chat, _kept(said), turn.model, turn.options, turn.status, _kept(turn.reason), _kept(turn.error),
        turn.created_at, turn.started_at, turn.finished_at,
    )  # fmt: skip
    db.execute(
        "INSERT INTO turns(id, conv_id, lane, input, model, options, status, reason, error, created_at, started_at,"
        " finished_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
        values,
    )
    return made


def _put_message(db: Transaction, chat: str, record: MessageRecord, turn: str | None, position: int) -> None:
    message = new_id()
    packed = [{"id": call.call_id, "name": call.name, "arguments": call.arguments} for call in record.calls]
    tools = clean(msgspec.json.encode(packed).decode()) if packed else None
    values = (
        message, chat, turn, position, record.role, _kept(record.content), _kept(record.reasoning), tools,
        _kept(record.raw), record.model, record.status, _kept(record.reason), record.created_at, record.finished_at,
        _kept(record.opaque), _kept(record.note),
    )  # fmt: skip
    db.execute(
        "INSERT INTO messages(id, conv_id, turn_id, position, role, content, reasoning, tools, raw, model, status, reason,"
        " created_at, finished_at, opaque, note) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        values,
    )
    if (record.calls or record.files) and turn is None:
        raise UsageError(f"message {position} has calls or files, but belongs to no turn")
    for place, call in enumerate(record.calls):
        db.execute(
            "INSERT INTO tool_calls(id, message_id, turn_id, position, call_id, name, arguments, effect, status, reason,"
            " result, summary, created_at, started_at, finished_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                new_id(), message, turn, place, _kept(call.call_id), one_line(call.name, 100), _kept(call.arguments),
                call.effect, call.status, _kept(call.reason), _kept(call.result), _kept(call.summary), call.created_at,
                call.started_at, call.finished_at,
            ),
        )  # fmt: skip
    for place, file in enumerate(record.files):
        if file.text is None:
            zotui.images.checked(file.name, file.content)
        db.execute(
            "INSERT INTO attachments(id, turn_id, position, name, media_type, size, content, text, path)"
            " VALUES (?,?,?,?,?,?,?,?,?)",
            (
                new_id(), turn, place, one_line(file.name, 200), one_line(file.media_type, 100), len(file.content),
                blobs.keep(db, file.content), _kept(file.text), file.path,
            ),
        )  # fmt: skip


def _kept(text: str | None) -> str | None:
    return None if text is None else clean(text)
