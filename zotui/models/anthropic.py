"""Anthropic's Messages dialect: https://docs.anthropic.com/en/api/messages-streaming.

Content is a list of blocks. Thinking comes signed, and must come back unchanged with the tool calls it led to.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import SplitResult

from zotui.models.calls import Calls
from zotui.models.catalogue import info_of
from zotui.models.dialect import Request, arguments_of, image, images, name_of, plain, versioned
from zotui.models.document import count, dicts, string
from zotui.models.faults import Host
from zotui.models.pieces import Text, joined
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

BEGINNING = {"role": "user", "content": [{"type": "text", "text": "(The conversation so far.)"}]}
"""What is put before an answer that is the first message: the first must be the user's."""

FIELDS: dict[str, str] = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "partial_json",
}
"""Where a delta has its text."""

STARTS: dict[str, str] = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "thinking"}
"""What a block is that goes on without having begun."""


class Anthropic:
    """A server that speaks Messages."""

    server = "a server of Anthropic's Messages"
    framing = "events"
    endpoint = "/messages"
    refusable = ("cache_control", "output_config")
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
        """The request, with marks for the cache unless the server refuses them."""
        limits = known("anthropic", request.model)
        mark = {} if "cache_control" in request.refused else CACHED
        messages = _messages(request.messages)
        _mark_last(messages, mark)
        document: dict[str, Any] = {
            "model": request.model,
            "max_tokens": (limits and limits.max_output) or MAX_OUTPUT,
            "messages": messages,
            "stream": True,
        }
        if system := _system(request.messages, mark):
            document["system"] = system
        if request.tools:
            tools = [_tool(tool["function"]) for tool in request.tools]
            document["tools"] = [*tools[:-1], tools[-1] | mark]
        if request.schema is not None:
            document["output_config"] = {"format": {"type": "json_schema", "schema": request.schema}}
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


def _system(messages: Iterable[Mapping[str, Any]], mark: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The system text: what lasts, then what changes, each marked."""
    blocks: list[tuple[bool, str]] = []
    for message in messages:
        if message["role"] == "system":
            content = message["content"]
            parts = dicts(content) if isinstance(content, list) else [{"text": content}]
            blocks += [(part.get("name") in LASTING, text) for part in parts if (text := string(part.get("text")))]
    lasting = 0
    while lasting < len(blocks) and blocks[lasting][0]:
        lasting += 1
    texts = ["".join(text for _, text in found) for found in (blocks[:lasting], blocks[lasting:])]
    return [{"type": "text", "text": text, **mark} for text in texts if text.strip()]


def _messages(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The conversation: roles alternate, results of tools are the user's, no block is empty."""
    found: list[dict[str, Any]] = []
    ids = _Ids()
    for message in messages:
        role = message["role"]
        if role == "system":
            continue
        if role == "tool":
            role, blocks = "user", [_result(message, ids)]
        elif role == "assistant":
            blocks = _said(message, ids)
        else:
            blocks = _blocks(message["content"])
        if found and found[-1]["role"] == role:
            found[-1]["content"] += blocks
        elif blocks:
            found.append({"role": role, "content": blocks})
    return [BEGINNING, *found] if found and found[0]["role"] == "assistant" else found


def _mark_last(messages: list[dict[str, Any]], mark: Mapping[str, Any]) -> None:
    """Mark the end of the conversation; the block is not ours alone, and thinking may not be marked."""
    if messages and messages[-1]["content"][-1].get("type") not in REQUIRED:
        *before, last = messages[-1]["content"]
        messages[-1] = {**messages[-1], "content": [*before, last | mark]}


class _Ids:
    """The ids of tool calls as they may be sent: of letters, digits, "_" and "-", and none of them twice.

    A conversation may have begun elsewhere, where they are "functions.ls:0", or "call_0" in each turn:
    https://github.com/maximhq/bifrost/issues/5097.
    """

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._sent: dict[str, str] = {}  # by the id of the call, the last one's

    def of_call(self, id_: str) -> str:
        """The id of a call."""
        sent = fit = re.sub(r"[^A-Za-z0-9_-]", "_", id_) or "call"
        number = 1
        while sent in self._used:
            number += 1
            sent = f"{fit}_{number}"
        self._used.add(sent)
        self._sent[id_] = sent
        return sent

    def of_result(self, id_: str) -> str:
        """The id of the call that a result is for."""
        return self._sent.get(id_) or self.of_call(id_)


def _result(message: Mapping[str, Any], ids: _Ids) -> dict[str, Any]:
    """What a tool gave; blocks only where there are images in it."""
    content = message["content"]
    given: object = _blocks(content) if images(content) else plain(content)
    return {"type": "tool_result", "tool_use_id": ids.of_result(message["tool_call_id"]), "content": given}


def _said(message: Mapping[str, Any], ids: _Ids) -> list[dict[str, Any]]:
    """An answer of the assistant as blocks: in the order they came where thinking was among them."""
    uses = {
        call["id"]: {
            "type": "tool_use",
            "id": ids.of_call(call["id"]),
            "name": name_of(call),
            "input": arguments_of(call),
        }
        for call in dicts(message.get("tool_calls"))
    }
    kept = dicts((message.get("opaque") or {}).get("content"))
    if kept:
        blocks = [
            uses.pop(string(block.get("id")), None) if block.get("type") == "tool_use" else block for block in kept
        ]
        return [*(block for block in blocks if block), *uses.values()]
    return [*_text(plain(message.get("content"))), *uses.values()]


def _blocks(content: object) -> list[dict[str, Any]]:
    """Content as blocks, in its order."""
    if not isinstance(content, list):
        return _text(plain(content))
    found: list[dict[str, Any]] = []
    for part in dicts(content):
        if picture := image(part):
            kind, data = picture
            found.append({"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}})
        else:
            found += _text(string(part.get("text")))
    return found


def _text(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}] if text.strip() else []


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
