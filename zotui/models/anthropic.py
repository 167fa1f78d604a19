"""Anthropic's Messages dialect: https://docs.anthropic.com/en/api/messages-streaming.

Content is a list of blocks. Thinking comes signed, and must come back unchanged with the tool calls it led to.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import SplitResult

from zotui.models.anthropic_answer import REQUIRED, Answer
from zotui.models.catalogue import info_of
from zotui.models.dialect import Request, arguments_of, image, images, name_of, plain, versioned
from zotui.models.document import dicts, string
from zotui.models.faults import Host
from zotui.models.prices import known
from zotui.models.provider import ModelInfo
from zotui.secret import Secret

VERSION = "2023-06-01"
MAX_OUTPUT = 8192
"""Tokens that are asked for of a model whose limit is not known; the field is required."""

CACHED = {"cache_control": {"type": "ephemeral"}}
"""Marks the end of what may be cached. Four are allowed: tools, the lasting system text, all of it, the conversation."""

LASTING = frozenset({"persona", "character", "instructions", "skills"})
"""Parts of the system message that stay the same from turn to turn."""

BEGINNING = {"role": "user", "content": [{"type": "text", "text": "(The conversation so far.)"}]}
"""What is put before an answer that is the first message: the first must be the user's."""


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
