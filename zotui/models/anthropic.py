"""Anthropic's Messages dialect: https://docs.anthropic.com/en/api/messages-streaming.

Content is a list of blocks. Thinking comes signed, and must come back unchanged with the tool calls it led to.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import SplitResult

from zotui.models.calls import Calls
from zotui.models.catalogue import info_of
from zotui.models.dialect import Request, arguments_of, images, plain, versioned
from zotui.models.document import count, dicts, string
from zotui.models.faults import Host
from zotui.models.pieces import Text
from zotui.models.prices import known
from zotui.models.provider import (
    Event,
    Finished,
    FinishReason,
    ModelInfo,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from zotui.secret import Secret

VERSION = "2023-06-01"
MAX_OUTPUT = 8192
"""Tokens that are asked for of a model whose limit is not known; the field is required."""

FINISH: dict[str, FinishReason] = {
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
    "pause_turn": "pause",
}
"""Anything else ("end_turn", "stop_sequence", what is new) is "stop"."""

CACHED = {"cache_control": {"type": "ephemeral"}}
"""Marks the end of what may be cached. Four are allowed: tools, the lasting system text, all of it, the conversation."""

LASTING = frozenset({"persona", "instructions", "skills"})
"""Parts of the system message that stay the same from turn to turn."""

REQUIRED: tuple[str, ...] = ("thinking", "redacted_thinking")
"""Blocks that must come back as they were."""


class Anthropic:
    """A server that speaks Messages."""

    server = "a server of Anthropic's Messages"
    framing = "events"
    endpoint = "/messages"
    refusable = ("cache_control",)
    listing = ("/models", "data")
    busy: Mapping[int, float] = {}

    def __init__(self, base_url: str = "") -> None:
        """All hosts speak it alike."""

    def base(self, address: str) -> SplitResult:
        """The address with ``/v1``, unless it has a version of its own."""
        return versioned(address, self.endpoint)

    def headers(self, key: Secret) -> dict[str, str | Secret]:
        """The key in a header of its own."""
        return {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})

    def body(self, request: Request) -> dict[str, Any]:
        """The request, with marks for the cache."""
        limits = known("anthropic", request.model)
        document: dict[str, Any] = {
            "model": request.model,
            "max_tokens": (limits and limits.max_output) or MAX_OUTPUT,
            "messages": _messages(request.messages),
            "stream": True,
        }
        if system := _system(request.messages):
            document["system"] = system
        if request.tools:
            tools = [_tool(tool["function"]) for tool in request.tools]
            tools[-1] |= CACHED
            document["tools"] = tools
        return document

    def answer(self, host: Host, headers: Mapping[str, str]) -> "Answer":
        """An answer that is to be put together."""
        return Answer(host)

    def model(self, item: object) -> ModelInfo | None:
        """One model of the list."""
        return info_of(item, "")


def _tool(function: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": function["name"],
        "description": function.get("description", ""),
        "input_schema": function.get("parameters") or {"type": "object", "properties": {}},
    }


def _system(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The system text: what lasts, then what changes, each marked."""
    blocks: list[tuple[bool, str]] = []
    for message in messages:
        if message["role"] == "system":
            content = message["content"]
            parts = content if isinstance(content, list) else [{"text": content}]
            blocks += [(part.get("name") in LASTING, part["text"]) for part in parts if part["text"]]
    lasting = 0
    while lasting < len(blocks) and blocks[lasting][0]:
        lasting += 1
    texts = ["".join(text for _, text in found) for found in (blocks[:lasting], blocks[lasting:])]
    return [{"type": "text", "text": text, **CACHED} for text in texts if text]


def _messages(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The conversation: roles alternate, results of tools are the user's, no block is empty."""
    found: list[dict[str, Any]] = []
    for message in messages:
        role = message["role"]
        if role == "system":
            continue
        if role == "tool":
            result = {
                "type": "tool_result",
                "tool_use_id": message["tool_call_id"],
                "content": plain(message["content"]),
            }
            role, blocks = "user", [result]
        elif role == "assistant":
            blocks = _said(message)
        else:
            blocks = [
                {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}
                for kind, data in images(message["content"])
            ] + _text(plain(message["content"]))
        if found and found[-1]["role"] == role:
            found[-1]["content"] += blocks
        elif blocks:
            found.append({"role": role, "content": blocks})
    if found and found[-1]["content"][-1].get("type") not in REQUIRED:
        found[-1]["content"][-1] |= CACHED
    return found


def _said(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An answer of the assistant as blocks: in the order they came where thinking was among them."""
    calls = {call["id"]: call for call in message.get("tool_calls") or []}
    uses = {
        id_: {"type": "tool_use", "id": id_, "name": call["function"]["name"], "input": arguments_of(call)}
        for id_, call in calls.items()
    }
    kept = (message.get("opaque") or {}).get("content")
    if kept:
        blocks = [uses.pop(block["id"], None) if block["type"] == "tool_use" else block for block in kept]
        return [*(block for block in blocks if block), *uses.values()]
    return [*_text(plain(message.get("content"))), *uses.values()]


def _text(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}] if text.strip() else []


class Answer:
    """One answer that is being put together from the events of a stream, or from one message."""

    def __init__(self, host: Host) -> None:
        self.finish = ""
        self.moved = False
        self.over = False
        self.opaque: dict[str, Any] | None = None
        self._host = host
        self._blocks: dict[int, dict[str, Any]] = {}
        self._text, self._thought = Text(), Text()
        self._calls = Calls()
        self._usage: dict[str, int] = {}

    def take(self, document: Mapping[str, Any], type_: str = "") -> list[Event]:
        """What one event adds. Raises ProviderError if it reports an error."""
        self.moved = True
        match string(document.get("type")) or type_:
            case "content_block_delta":
                return self._delta(document)
            case "content_block_start":
                block = document.get("content_block")
                return self._start(_index(document), block) if isinstance(block, dict) else []
            case "message_start":
                self._count(document.get("message"))
            case "message_delta":
                self._count(document)
                delta = document.get("delta")
                self.finish = string(delta.get("stop_reason")) if isinstance(delta, dict) else self.finish
            case "message_stop":
                self.over = bool(self.finish)
            case "message":  # the whole of it: streaming was ignored
                self._count(document)
                events = [e for i, block in enumerate(dicts(document.get("content"))) for e in self._start(i, block)]
                self.finish = string(document.get("stop_reason")) or "end_turn"
                return events
            case "error":
                if not self.finish:
                    raise self._host.refusal(document, None, {})
            case "" if "error" in document or "detail" in document:
                raise self._host.refusal(document, None, {})
            case _:
                self.moved = False  # a ping, the end of a block, or something new
        return []

    def _start(self, index: int, block: Mapping[str, Any]) -> list[Event]:
        """A block begins, and may hold all there is of it."""
        kept = self._blocks[index] = dict(block)
        match block.get("type"):
            case "text":
                return self._say(kept, "")
            case "thinking":
                thought = self._thought.feed(string(block.get("thinking")))
                return [ReasoningDelta(thought)] if thought else []
            case "tool_use":
                function = {"name": block.get("name"), "arguments": block.get("input") or None}
                self._calls.add({"index": index, "id": block.get("id"), "function": function})
        return []

    def _delta(self, document: Mapping[str, Any]) -> list[Event]:
        """A block goes on."""
        index, delta = _index(document), document.get("delta")
        if not isinstance(delta, dict):
            return []
        block = self._blocks.setdefault(index, {"type": "text", "text": ""})
        match delta.get("type"):
            case "text_delta":
                return self._say(block, string(delta.get("text")))
            case "thinking_delta":
                thought = string(delta.get("thinking"))
                block["thinking"] = string(block.get("thinking")) + thought
                thought = self._thought.feed(thought)
                return [ReasoningDelta(thought)] if thought else []
            case "signature_delta":
                block["signature"] = string(block.get("signature")) + string(delta.get("signature"))
            case "input_json_delta":
                self._calls.add({"index": index, "function": {"arguments": string(delta.get("partial_json"))}})
        return []

    def _say(self, block: dict[str, Any], text: str) -> list[Event]:
        """Text: what a block began with, or more of it."""
        new = text or string(block.get("text"))
        block["text"] = string(block.get("text")) + text
        shown = self._text.feed(new)
        return [TextDelta(shown)] if shown else []

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
        reason = FINISH.get(self.finish, "stop")
        calls, _ = self._calls.finish(cut=reason == "length")
        blocks = [_kept(block) for _, block in sorted(self._blocks.items())]
        if any(block["type"] in REQUIRED for block in blocks if block):
            self.opaque = {"content": [block for block in blocks if block]}
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


def _kept(block: dict[str, Any]) -> dict[str, Any] | None:
    """A block as it must come back; None for one that says nothing, or that only its server can run."""
    match block.get("type"):
        case "tool_use":
            return {"type": "tool_use", "id": string(block.get("id"))}
        case "text":
            return {"type": "text", "text": block["text"]} if string(block.get("text")).strip() else None
        case "thinking" | "redacted_thinking":
            return block
    return None
