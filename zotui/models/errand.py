"""One turn of an agent on the command line: its process, its deadlines, and what it prints as events."""

import contextlib
import os
import shutil
from asyncio import get_running_loop, timeout_at
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

import msgspec

from zotui.models.child import Child, environment
from zotui.models.command import CommandLine, CommandRow
from zotui.models.complaints import Complaints, SessionLost, telling
from zotui.models.document import decoded
from zotui.models.faults import Host
from zotui.models.provider import Event, ProviderError
from zotui.models.retelling import Told, resumed, retold
from zotui.models.sse import LONGEST
from zotui.models.turn import RAW_CHARS, Trace, Turn, merged
from zotui.secret import Secret

GRACE_S = 5.0
"""How long an agent may take to write its session away once it has answered."""


NOISES = 10_000
"""How many lines on end may be no JSON."""

_BLANK = b"\xef\xbb\xbf \t\r\n"


class Answer(Protocol):
    """One answer, put together from the documents an agent prints."""

    over: bool
    """Whether it is whole."""
    moved: bool
    """Whether the last document brought it on."""
    complaint: str
    """What was last reported that need not be the end."""
    opaque: dict[str, Any] | None
    """Once ended: what its session is found by."""

    def take(self, document: Mapping[str, Any]) -> list[Event]:
        """What one document adds. Raises ProviderError if it reports the end of all trying."""
        ...

    def end(self) -> list[Event]:
        """The last events of a whole answer."""
        ...


def errand(
    line: CommandLine, model: str, messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any] | None
) -> Turn:
    """One turn; the process is started when it is iterated."""
    host = Host(line.row.title, Secret(""))
    trace = Trace(host)
    return Turn(_batches(line, model, messages, schema, trace, Complaints(line.row, host)), trace)


async def _batches(
    line: CommandLine,
    model: str,
    messages: Sequence[Mapping[str, Any]],
    schema: Mapping[str, Any] | None,
    trace: Trace,
    complaints: Complaints,
) -> AsyncGenerator[list[Event], None]:
    """The events of a turn: in its session, or, where that is lost, with all that was said."""
    told = resumed(messages, schema)
    if told is not None:
        try:
            async with contextlib.aclosing(_attempt(line, model, told, trace, complaints)) as batches:
                async for events in batches:
                    yield events
            return
        except SessionLost as error:
            if error.partial:
                raise
    async with contextlib.aclosing(_attempt(line, model, retold(messages, schema), trace, complaints)) as batches:
        async for events in batches:
            yield events


async def _attempt(
    line: CommandLine, model: str, told: Told, trace: Trace, complaints: Complaints
) -> AsyncGenerator[list[Event], None]:
    """One process and its answer."""
    trace.sent = told.text.encode("utf-8", "replace")
    shown = False
    child = await _started(line, model, told, trace.sent, complaints)
    try:
        line.running.add(child)
        answer = _answer(line.row, complaints, told.kept)
        printed = Printed(trace, complaints)
        clock = get_running_loop().time
        limit = line.first_event_timeout_s
        deadline = clock() + limit
        while not (answer.over or printed.ended):
            try:
                async with timeout_at(deadline):
                    chunk = await child.read()
            except TimeoutError:
                quoting = answer.complaint or telling(child.complaint)
                raise complaints.error("timeout", f"printed nothing new for {limit:g} s", quoting=quoting) from None
            events: list[Event] = []
            moved = False
            try:
                for document in printed.documents(chunk):
                    events += answer.take(document)
                    moved = moved or answer.moved
                    if answer.over:
                        break
            except ProviderError:
                if events:  # what came before the fault is shown
                    shown = True
                    yield merged(events)
                raise
            if events:
                shown = True
                yield merged(events)
            if moved:  # unlike what only says that it is still there
                limit = line.idle_timeout_s
                deadline = clock() + limit
        status = await child.exit(GRACE_S)
        if not answer.over:
            raise _unfinished(answer, printed, child, status, complaints)
        events = answer.end()
        trace.opaque = answer.opaque
        yield merged(events)
    except ProviderError as error:
        error.partial = shown
        raise
    finally:
        try:
            await child.end()
        finally:
            line.running.discard(child)


async def _started(line: CommandLine, model: str, told: Told, given: bytes, complaints: Complaints) -> Child:
    """The process, with its input."""
    row = line.row
    env = environment(os.environ, row.environment)
    program = _program(row, env)
    if not program:
        hint = "install it, so that `{program}` is on your PATH, or choose another model"
        raise complaints.error("connection", "is not installed", hint=hint)
    if not model.isprintable():
        raise complaints.error("model_not_found")
    try:
        return await Child.start(row.words(program, model, told.session), cwd=line.cwd, env=env, given=given)
    except OSError as error:
        raise complaints.error("connection", quoting=f"{error.strerror}: {error.filename}") from None


def _program(row: CommandRow, env: Mapping[str, str]) -> str:
    """Where the program is, whatever folder it is run in; empty where it is not."""
    found = shutil.which(row.program, path=env.get("PATH"))
    return os.path.abspath(found) if found else ""


def _answer(row: CommandRow, complaints: Complaints, kept: Mapping[str, Any]) -> Answer:
    module, _, name = row.answer.partition(":")
    answer: Answer = getattr(import_module(module), name)(complaints, kept)
    return answer


def _unfinished(
    answer: Answer, printed: "Printed", child: Child, status: int | None, complaints: Complaints
) -> ProviderError:
    """The error where the output ended and the answer had not."""
    words = answer.complaint or telling(child.complaint)
    if status:
        saying = f"failed (exit {status})" if status > 0 else f"was killed (signal {-status})"
        return complaints.refusal(words or printed.noise, saying=saying)
    if answer.complaint:
        return complaints.refusal(words)
    if printed.count:
        return complaints.error("truncated", quoting=words)
    words = printed.noise or words
    kind = complaints.kind(words)
    return complaints.refusal(words, kind=kind if kind != "server" else "protocol")


class Printed:
    """What an agent prints: JSON, a document a line; and now and then a line that is none."""

    def __init__(self, trace: Trace, complaints: Complaints) -> None:
        self.ended = False
        self.count = 0
        """How many documents there were."""
        self.noise = ""
        """The last line that was none."""
        self._noisy = self._noises = 0  # bytes in such lines on end, and how many
        self._trace = trace
        self._complaints = complaints
        self._held = bytearray()  # the start of a line

    def documents(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        """The documents that ``chunk`` makes whole; an empty one is the end. Raises ProviderError."""
        self.ended = not chunk
        head, newline, rest = chunk.rpartition(b"\n") if chunk else (b"", b"\n", b"")
        if newline:
            lines = (bytes(self._held) + head).split(b"\n")
            self._held[:] = rest
            for line in lines:
                document = self._document(line.strip(_BLANK))
                if document is not None:
                    yield document
        else:
            self._held += rest
        if len(self._held) > LONGEST:
            raise self._endless()

    def _document(self, line: bytes) -> dict[str, Any] | None:
        """The document on a line, if one is on it."""
        if not line:
            return None
        self._trace.tail.add(line[-4 * RAW_CHARS :])
        if line.startswith(b"{"):
            try:
                document = msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                document = decoded(line)  # halves of surrogate pairs
            if isinstance(document, dict):
                self.count += 1
                self._noisy = self._noises = 0
                return document
        self.noise = line[:1000].decode("utf-8", "replace")
        self._noisy, self._noises = self._noisy + len(line), self._noises + 1
        if self._noisy > LONGEST or self._noises > NOISES:
            raise self._endless()
        return None

    def _endless(self) -> ProviderError:
        return self._complaints.error("protocol", "prints without an end", quoting=self.noise)
