"""An answer of Anthropic's Messages, put together from the events of a stream or from one message.

Blocks of thinking come signed, and must come back unchanged and in order with the tool calls they led to.
"""

from collections.abc import Mapping
from typing import Any

from zotui.models.calls import Calls
from zotui.models.document import count, dicts, string
from zotui.models.faults import Host
from zotui.models.pieces import Text, joined
from zotui.models.provider import Event, Finished, FinishReason, ReasoningDelta, TextDelta, Usage

FINISH: dict[str, FinishReason] = {
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
    "pause_turn": "pause",
}
"""Anything else ("end_turn", "stop_sequence", what is new) is "stop"."""

REQUIRED: tuple[str, ...] = ("thinking", "redacted_thinking")
"""Blocks that must come back as they were."""

FIELDS: dict[str, str] = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "partial_json",
}
"""Where a delta has its text."""

STARTS: dict[str, str] = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "thinking"}
"""What a block is that goes on without having begun."""


class _Block:
    """A block that is being put together: how it began, and what came to it since."""

    def __init__(self, start: Mapping[str, Any]) -> None:
        self.start = dict(start)
        self.type = string(start.get("type"))
        self._pieces: dict[str, list[str]] = {}

    def add(self, name: str, text: str) -> None:
        """More of one of its fields."""
        self._pieces.setdefault(name, []).append(text)

    def kept(self) -> dict[str, Any] | None:
        """It as it must come back; None for one that says nothing, or that only its server can run."""
        whole = self.start | {
            name: joined(string(self.start.get(name)) + "".join(pieces)) for name, pieces in self._pieces.items()
        }
        match self.type:
            case "tool_use":
                return {"type": "tool_use", "id": string(whole.get("id"))}
            case "text":
                text = string(whole.get("text"))
                return {"type": "text", "text": text} if text.strip() else None
            case "thinking" | "redacted_thinking":
                return whole
        return None


class Answer:
    """One answer that is being put together from the events of a stream, or from one message."""

    def __init__(self, host: Host) -> None:
        self.finish = ""
        self.moved = False
        self.over = False
        self.opaque: dict[str, Any] | None = None
        self._host = host
        self._started = False
        self._blocks: dict[int, _Block] = {}
        self._text, self._thought = Text(), Text()
        self._calls = Calls()
        self._inputs: dict[int, Any] = {}  # what calls began with, until more of them comes
        self._usage: dict[str, int] = {}

    def take(self, document: Mapping[str, Any], type_: str = "") -> list[Event]:
        """What one event adds. Raises ProviderError if it reports an error."""
        self.moved = False  # by a ping, the end of a block, or something new
        match string(document.get("type")) or type_:
            case "content_block_delta":
                delta = document.get("delta")
                return self._delta(_index(document), delta) if isinstance(delta, dict) else []
            case "content_block_start":
                block = document.get("content_block")
                return self._start(_index(document), block) if isinstance(block, dict) else []
            case "message_start":
                self.moved, self._started = not self._started, True
                self._count(document.get("message"))
            case "message_delta":  # some gateways send several, and not all with a reason
                self._count(document)
                delta = document.get("delta")
                reason = string(delta.get("stop_reason")) if isinstance(delta, dict) else ""
                self.finish, self.moved = reason or self.finish, bool(reason)
            case "message_stop":
                self.over = bool(self.finish)
            case "message":  # the whole of it: streaming was ignored
                self._count(document)
                events = [e for i, block in enumerate(dicts(document.get("content"))) for e in self._start(i, block)]
                self.finish, self.moved = string(document.get("stop_reason")) or "end_turn", True
                return events
            case "error":
                if not self.finish:
                    raise self._host.refusal(document, None, {})
            case "" if "error" in document or "detail" in document:
                raise self._host.refusal(document, None, {})
        return []

    def _start(self, index: int, block: Mapping[str, Any]) -> list[Event]:
        """A block begins, and may hold all there is of it."""
        self.moved = True
        kept = self._blocks[index] = _Block(block)
        match kept.type:
            case "text":
                return self._say(string(block.get("text")))
            case "thinking":
                return self._think(string(block.get("thinking")))
            case "tool_use":
                self._calls.add({"index": index, "id": block.get("id"), "function": {"name": block.get("name")}})
                self._inputs[index] = block.get("input")
        return []

    def _delta(self, index: int, delta: Mapping[str, Any]) -> list[Event]:
        """A block goes on."""
        kind = string(delta.get("type"))
        field = FIELDS.get(kind)
        if field is None:  # a citation, or something new
            self.moved = True
            return []
        text = string(delta.get(field))
        if not text:
            return []
        self.moved = True
        block = self._blocks.get(index)
        if block is None:
            block = self._blocks[index] = _Block({"type": STARTS.get(kind, "")})
        if kind == "input_json_delta":
            if block.type == "tool_use":  # and not what the server runs itself
                self._inputs.pop(index, None)
                self._calls.add({"index": index, "function": {"arguments": text}})
            return []
        block.add(field, text)
        if kind == "text_delta":
            return self._say(text)
        return self._think(text) if kind == "thinking_delta" else []

    def _say(self, text: str) -> list[Event]:
        shown = self._text.feed(text)
        return [TextDelta(shown)] if shown else []

    def _think(self, text: str) -> list[Event]:
        shown = self._thought.feed(text)
        return [ReasoningDelta(shown)] if shown else []

    def _count(self, document: object) -> None:
        """Usage, the last word of each figure."""
        usage = document.get("usage") if isinstance(document, dict) else None
        for name in ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"):
            if (found := count(usage, (name,))) is not None:
                self._usage[name] = found

    def end(self) -> list[Event]:
        """The last events: the tool calls, usage and why it ended."""
        events: list[Event] = []
        if thought := self._thought.finish():
            events.append(ReasoningDelta(thought))
        if text := self._text.finish():
            events.append(TextDelta(text))
        for index, given in self._inputs.items():
            self._calls.add({"index": index, "function": {"arguments": given or None}})
        reason = FINISH.get(self.finish, "stop")
        calls, _ = self._calls.finish(cut=reason == "length")
        kept = [block for _, found in sorted(self._blocks.items()) if (block := found.kept())]
        if any(block["type"] in REQUIRED for block in kept):
            self.opaque = {"content": kept}
        events += calls
        if self._usage:
            events.append(self._used())
        if reason in ("stop", "tool_calls"):
            reason = "tool_calls" if calls else "stop"
        events.append(Finished(reason))
        return events

    def _used(self) -> Usage:
        """Here cached tokens stand beside the input tokens; a Usage has them among these."""
        read, written = (self._usage.get(f"cache_{how}_input_tokens") for how in ("read", "creation"))
        fresh = self._usage.get("input_tokens")
        return Usage(
            input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
            output_tokens=self._usage.get("output_tokens"),
            cached_tokens=read,
            cache_write_tokens=written,
        )


def _index(document: Mapping[str, Any]) -> int:
    return count(document, ("index",)) or 0
