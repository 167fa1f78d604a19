"""A conversation as Markdown that people read and that can be read back.

What people see is the text. A comment before each message holds the rest of it, and how many lines the text has, so
that nothing in a text can be taken for the next message.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from zotui.conversations.exchange import CallRecord, ChatRecord, Line, MessageRecord, Record, decoded
from zotui.errors import UsageError
from zotui.text import one_line, size

_CHAT, _MESSAGE, _CALL, _END = "<!-- zotui:chat ", "<!-- zotui:message ", "<!-- zotui:call ", " -->"
_WHO = {"user": "you", "assistant": "zo", "system": "note"}


def to_markdown(record: Record) -> str:
    """A record as a passage of Markdown."""
    if isinstance(record, ChatRecord):
        title = one_line(record.title, 200) or "(no title)"
        return f"{_comment(_CHAT, record)}\n# {title}\n\n"
    lines = record.content.split("\n")
    rest = msgspec.to_builtins(record)
    rest["content"], rest["calls"] = "", []
    rest["lines"], rest["with"] = len(lines), len(record.calls)
    head = [_comment(_MESSAGE, rest), f"## {_heading(record)}", ""]
    files = [f"▣ {file.name} · {size(len(file.content))}" for file in record.files]
    calls = [line for call in record.calls for line in _call(call)]
    return "\n".join([*head, *lines, "", *files, *calls]) + "\n"


def _comment(kind: str, value: object) -> str:
    """A comment that no text within can end: in JSON a minus may be written as its number."""
    return kind + msgspec.json.encode(value).decode().replace("--", "\\u002d\\u002d") + _END


def _heading(record: MessageRecord) -> str:
    when = datetime.fromtimestamp(record.created_at / 1000, UTC).strftime("%Y-%m-%d %H:%M")
    return " · ".join(part for part in (_WHO[record.role], record.model, when) if part)


def _call(call: CallRecord) -> list[str]:
    """A tool call: its comment, then arguments and result, folded."""
    arguments = call.arguments.split("\n")
    result = [] if call.result is None else call.result.split("\n")
    rest = msgspec.to_builtins(call)
    rest["arguments"], rest["lines"] = "", [len(arguments), len(result)]
    rest.pop("result", None)
    fence = _fence(call.arguments + (call.result or ""))
    return [
        _comment(_CALL, rest),
        f"<details><summary>{_escaped(call.name)} {_escaped(one_line(call.summary, 80))}</summary>",
        "",
        fence,
        *arguments,
        fence,
        "",
        fence,
        *result,
        fence,
        "",
        "</details>",
        "",
    ]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")


def _fence(text: str) -> str:
    """A fence longer than any in the text."""
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return "`" * max(3, longest + 1)


class _Lines:
    """The lines of a file, taken one after the other."""

    def __init__(self, text: str) -> None:
        self._lines = text.removesuffix("\n").split("\n")
        self.at = 0

    def __bool__(self) -> bool:
        return self.at < len(self._lines)

    def take(self, count: int = 1) -> list[str]:
        """The next lines. Raises UsageError where there are not so many."""
        taken = self._lines[self.at : self.at + count]
        if len(taken) < count or count < 0:
            raise UsageError(f"line {self.at + 1}: the file ends too soon, or was changed by hand")
        self.at += count
        return taken

    def comment(self, kind: str) -> str:
        """The JSON of the comment in the next line. Raises UsageError where it is none of this kind."""
        line = self.take()[0]
        if not (line.startswith(kind) and line.endswith(_END)):
            raise UsageError(f"line {self.at}: {kind.split()[1]} expected; was it changed by hand?")
        return line[len(kind) : -len(_END)]


def from_markdown(text: str) -> Iterator[Line]:
    """The records of a Markdown file that was exported. Raises UsageError that names the line."""
    lines = _Lines(text)
    yield 1, decoded(lines.comment(_CHAT), ChatRecord, lines.at)
    lines.take(2)
    while lines:
        at = lines.at + 1
        yield at, _read_message(lines)


def _read_message(lines: _Lines) -> MessageRecord:
    rest, at = _object(lines.comment(_MESSAGE), lines.at), lines.at
    lines.take(2)
    count, calls = _number(rest.pop("lines", None), at), _number(rest.pop("with", None), at)
    rest["content"] = "\n".join(lines.take(count))
    lines.take(1 + len(_list(rest.get("files", []), at)))
    rest["calls"] = [_read_call(lines) for _ in range(calls)]
    return _converted(rest, MessageRecord, at)


def _read_call(lines: _Lines) -> dict[str, object]:
    rest, at = _object(lines.comment(_CALL), lines.at), lines.at
    counts = [_number(count, at) for count in _list(rest.pop("lines", None), at)]
    if len(counts) != 2:
        raise UsageError(f"line {at} is not what zotui exports")
    lines.take(3)
    rest["arguments"] = "\n".join(lines.take(counts[0]))
    lines.take(3)
    result = lines.take(counts[1])
    rest["result"] = "\n".join(result) if counts[1] else None
    lines.take(4)
    return rest


def _object(line: str, at: int) -> dict[str, object]:
    try:
        return msgspec.json.decode(line, type=dict[str, object])
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"line {at} is not what zotui exports: {one_line(str(error), 120)}") from None


def _number(value: object, at: int) -> int:
    if not isinstance(value, int) or value < 0:
        raise UsageError(f"line {at} is not what zotui exports: how many lines follow?")
    return value


def _list(value: object, at: int) -> list[object]:
    if not isinstance(value, list):
        raise UsageError(f"line {at} is not what zotui exports")
    return value


def _converted(value: dict[str, object], kind: type[MessageRecord], at: int) -> MessageRecord:
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise UsageError(f"line {at} is not what zotui exports: {one_line(str(error), 120)}") from None
