"""A model's answer as it comes: cleaned, and written into the file in small batches."""

import asyncio
import contextlib

from zotui.agent.context import Context
from zotui.agent.inspection import packed
from zotui.agent.journal import Answered, Journal
from zotui.models.provider import Finished, ProviderError, ReasoningDelta, TextDelta, ToolCall, Usage
from zotui.models.router import Routed
from zotui.text import Cleaner

BATCH_S = 0.06  # streamed parts are written at most this often; the first at once
LONGEST = 4_000_000  # characters; no model's answer is as long, but a server may never stop


class Answer:
    """A model's answer as it comes, cleaned and written in small batches."""

    def __init__(self, journal: Journal, message: str, routed: Routed) -> None:
        self._journal = journal
        self._message = message
        self._routed = routed
        self._first = routed.model
        self._cleaners = {"text": Cleaner(), "reasoning": Cleaner()}
        self._waiting: list[tuple[str, str]] = []
        self._more = asyncio.Event()
        self._ended = asyncio.Event()
        self._length = 0
        self.said = False
        self.calls: list[ToolCall] = []
        self.usage: Usage | None = None
        self.reason = ""

    async def take(self) -> None:
        """Read the whole answer. What came is in the file, whatever ends it. Raises as a router's stream does."""
        pen = asyncio.create_task(self._write_batches())
        try:
            async for event in self._routed:
                if self._routed.model != self._first:  # not who was asked first
                    self._first = self._routed.model
                    await self._journal.answering(self._message, self._first, self._note)
                match event:
                    case TextDelta(text):
                        self._put("text", text)
                    case ReasoningDelta(text):
                        self._put("reasoning", text)
                    case ToolCall():
                        self.calls.append(event)
                    case Usage():
                        self.usage = event
                    case Finished(reason):
                        self.reason = reason
                if self._length > LONGEST:
                    raise ProviderError(
                        "protocol", f"{self._first} does not stop: {self._length:,} characters came", partial=True
                    )
                if pen.done():  # the turn was given to another worker
                    break
        finally:
            await self._routed.aclose()
            for kind, cleaner in self._cleaners.items():
                self._keep(kind, cleaner.finish())
            self._ended.set()
            self._more.set()
            await asyncio.shield(pen)
        self.calls = _distinct(self.calls)

    @property
    def raw_if_blank(self) -> str:
        """The server's last raw words when the answer has neither text nor calls."""
        return "" if self.said or self.calls else self._routed.last_raw[-4000:]

    async def answered(self, context: Context) -> Answered:
        """How the message came to be."""
        routed = self._routed
        sent = await asyncio.to_thread(packed, routed.sent) if routed.sent else b""  # it may be full of pictures
        return Answered(
            model=routed.model,
            note=self._note,
            usage_id=routed.usage_id,
            usage=self.usage,
            cost=routed.cost,
            opaque=routed.opaque,
            sent=sent,
            parts=context.parts,
            rules=context.rules,
            remembered=context.remembered,
        )

    @property
    def _note(self) -> str:
        """Who did not answer."""
        return "\n".join(self._routed.passed_over)

    def _put(self, kind: str, text: str) -> None:
        self._keep(kind, self._cleaners[kind].feed(text))

    def _keep(self, kind: str, text: str) -> None:
        if not text:
            return
        self.said = self.said or kind == "text"
        self._length += len(text)
        if self._waiting and self._waiting[-1][0] == kind:
            self._waiting[-1] = (kind, self._waiting[-1][1] + text)
        else:
            self._waiting.append((kind, text))
        self._more.set()

    async def _write_batches(self) -> None:
        """Write what waits: the first at once, then a batch at a time, the last when the answer has ended."""
        while not self._ended.is_set() or self._waiting:
            await self._more.wait()
            self._more.clear()
            parts, self._waiting = self._waiting, []
            if parts:
                await self._journal.add(self._message, parts)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BATCH_S):
                    await self._ended.wait()


def _distinct(calls: list[ToolCall]) -> list[ToolCall]:
    """No two calls of one answer share an id: a result belongs to one call."""
    seen: set[str] = set()
    distinct = []
    for number, call in enumerate(calls):
        identity = call.id if call.id and call.id not in seen else f"{call.id or 'call'}-{number}"
        seen.add(identity)
        distinct.append(call if identity == call.id else ToolCall(identity, call.name, call.arguments, call.raw))
    return distinct
