"""The records of a file as a new conversation: looked at whole first, then written in one transaction."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

import zotui.images
from zotui.conversations.exchange import CallRecord, ChatRecord, FileRecord, Line, MessageRecord, TurnRecord
from zotui.conversations.records import TurnOptions
from zotui.errors import UsageError
from zotui.store import Transaction, blobs, new_id
from zotui.text import clean, one_line


class Conversation(msgspec.Struct, frozen=True):
    """A conversation that can be written as it is."""

    chat: ChatRecord
    messages: Sequence[MessageRecord]


def checked(lines: Iterable[Line]) -> Conversation:
    """A file's records, if they fit together. Raises UsageError that names the line."""
    chat: ChatRecord | None = None
    messages: list[MessageRecord] = []
    begun: set[int] = set()
    for number, record in lines:
        if isinstance(record, ChatRecord):
            chat = record
            continue
        if why := _amiss(record, begun):
            raise UsageError(f"line {number}: {why}")
        messages.append(record)
    assert chat is not None, "readers begin with it"
    return Conversation(chat, messages)


def _amiss(record: MessageRecord, begun: set[int]) -> str:
    """What is wrong with a message that follows these turns; empty where nothing is."""
    if record.begins is not None:
        if record.turn < 1 or record.turn in begun:
            return f"turn {record.turn} cannot begin here"
        begun.add(record.turn)
        if not _is_json(record.begins.options, TurnOptions):
            return "the options of the turn are not known"
    if record.turn and record.turn not in begun:
        return f"turn {record.turn} never begins"
    if record.calls and record.role != "assistant":
        return "calls belong to an answer"
    if record.files and not (record.begins and record.role == "user"):
        return "files belong to the request that begins a turn"
    if record.opaque is not None and not _is_json(record.opaque, dict[str, Any]):
        return "opaque is no JSON object"
    for file in record.files:
        try:
            _media_type(file)
        except UsageError as error:
            return str(error)
    return ""


def _is_json(text: str, kind: Any) -> bool:
    try:
        msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return False
    return True


def _media_type(file: FileRecord) -> str:
    """What kind of file it is; of an image what its bytes say. Raises UsageError."""
    if file.text is None:
        return zotui.images.checked(one_line(file.name, 60), file.content)
    return one_line(file.media_type, 100)


def put(db: Transaction, found: Conversation) -> str:
    """Write it; its id."""
    chat, made = found.chat, new_id()
    db.execute(
        "INSERT INTO conversations(id, title, model, created_at, updated_at, memory) VALUES (?, ?, ?, ?, ?, ?)",
        (made, one_line(chat.title, 200), one_line(chat.model, 200), chat.created_at, chat.updated_at, chat.memory),
    )
    turns: dict[int, str] = {}
    for position, record in enumerate(found.messages, 1):
        if record.begins is not None:
            turns[record.turn] = _put_turn(db, made, record, record.begins)
        _put_message(db, made, record, turns.get(record.turn), position)
    return made


def _put_turn(db: Transaction, chat: str, record: MessageRecord, turn: TurnRecord) -> str:
    made = new_id()
    said = record.content if turn.input is None else turn.input
    db.execute(
        "INSERT INTO turns(id, conv_id, lane, input, model, options, status, reason, error, created_at, started_at,"
        " finished_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            made, chat, chat, clean(said), one_line(turn.model, 200), clean(turn.options), turn.status,
            _clean(turn.reason), _clean(turn.error), turn.created_at, turn.started_at, turn.finished_at,
        ),
    )  # fmt: skip
    return made


def _put_message(db: Transaction, chat: str, record: MessageRecord, turn: str | None, position: int) -> None:
    message = new_id()
    packed = [
        {"id": clean(call.call_id), "name": call.name, "arguments": clean(call.arguments)} for call in record.calls
    ]
    tools = clean(msgspec.json.encode(packed).decode()) if packed else _clean(record.tools)
    db.execute(
        "INSERT INTO messages(id, conv_id, turn_id, position, role, content, reasoning, tools, raw, model, status, reason,"
        " created_at, finished_at, opaque, note) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            message, chat, turn, position, record.role, clean(record.content), clean(record.reasoning), tools,
            _clean(record.raw), one_line(record.model, 200), record.status, _clean(record.reason), record.created_at,
            record.finished_at, _clean(record.opaque), clean(record.note),
        ),
    )  # fmt: skip
    for place, call in enumerate(record.calls):
        _put_call(db, message, turn or "", place, call)
    for place, file in enumerate(record.files):
        _put_file(db, turn, place, file)


def _put_call(db: Transaction, message: str, turn: str, place: int, call: CallRecord) -> None:
    db.execute(
        "INSERT INTO tool_calls(id, message_id, turn_id, position, call_id, name, arguments, effect, status, reason,"
        " result, summary, created_at, started_at, finished_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            new_id(), message, turn, place, clean(call.call_id), one_line(call.name, 100), clean(call.arguments),
            one_line(call.effect, 40), call.status, _clean(call.reason), _clean(call.result), clean(call.summary),
            call.created_at, call.started_at, call.finished_at,
        ),
    )  # fmt: skip


def _put_file(db: Transaction, turn: str | None, place: int, file: FileRecord) -> None:
    db.execute(
        "INSERT INTO attachments(id, turn_id, position, name, media_type, size, content, text, path)"
        " VALUES (?,?,?,?,?,?,?,?,?)",
        (
            new_id(), turn, place, one_line(file.name, 200), _media_type(file), len(file.content),
            blobs.keep(db, file.content), _clean(file.text), clean(file.path),
        ),
    )  # fmt: skip


def _clean(text: str | None) -> str | None:
    return None if text is None else clean(text)
