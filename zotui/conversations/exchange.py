"""A conversation as a file: JSON lines, or Markdown that people read; both come back byte for byte.

Ids stay out, so that a file that was imported and exported again is the same. The first record is the conversation,
then comes one for each message; a turn stands with its first message.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from zotui.errors import UsageError
from zotui.text import one_line

VERSION = 1
LATEST = 253_402_300_799_999  # ms since 1970, as far as calendars go
Moment = Annotated[int, msgspec.Meta(ge=0, le=LATEST)]
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
    """A message. ``turn`` numbers the turns of the file from 1; 0 is none. ``begins``: the turn whose first it is.
    ``tools`` is what another program kept of its tool calls."""

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
    tools: str | None = None
    calls: list[CallRecord] = []
    files: list[FileRecord] = []


class ChatRecord(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The conversation. ``zotui`` is the version of this format; ``memory``: whether it knows what is remembered."""

    zotui: int
    title: str
    created_at: Moment
    updated_at: Moment
    model: str = ""
    memory: bool = True


Record = ChatRecord | MessageRecord
Line = tuple[int, Record]
"""A record and the line of the file that it begins in."""


def to_json(record: Record) -> str:
    """A record as a line of JSON."""
    return msgspec.json.encode(record).decode() + "\n"


def from_json(text: str) -> Iterator[Line]:
    """The records of JSON lines. Raises UsageError that names the line."""
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        yield number, decoded(line, ChatRecord if number == 1 else MessageRecord, number)


def decoded(line: str, kind: type[Record], number: int) -> Record:
    """A line of JSON as a record. Raises UsageError that names the line."""
    try:
        record = msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise UsageError(f"line {number} is not what zotui exports: {one_line(str(error), 120)}") from None
    if isinstance(record, ChatRecord) and record.zotui != VERSION:
        raise UsageError(f"line {number}: version {record.zotui} of this format is not known", "upgrade zotui")
    return record
