"""Ollama's own dialect, ``/api/chat``: https://github.com/ollama/ollama/blob/main/docs/api.md.

It does what its ``/v1`` cannot: the window is sized to the request (4096 tokens otherwise, and the start of a long
conversation is cut off in silence), and each model's window and abilities are told.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult

import msgspec

from zotui.models.calls import Calls, new_call_id
from zotui.models.catalogue import info_of
from zotui.models.dialect import Request, arguments_of, images, name_of, plain, split_address
from zotui.models.document import at, count, dicts, string
from zotui.models.faults import Host
from zotui.models.pieces import Text, Think, joined
from zotui.models.provider import Event, Finished, FinishReason, ModelInfo, ReasoningDelta, Usage
from zotui.secret import Secret

LEAST_WINDOW = 8192
ROOM = 2048  # tokens for the answer
IMAGE = 2048  # tokens for an image: 256 to some thousands, by the model
_BYTES_A_TOKEN = 3  # a low estimate: too large a window costs memory, too small a one costs the conversation
FINISH: dict[str, FinishReason] = {"length": "length"}
THOUGHTS = ("thinking", "reasoning_content")
"""Where a message has the model's reasoning: Ollama, and aimock."""


class Ollama:
    """A server that speaks ``/api/chat``."""

    server = "an Ollama server"
    framing = "lines"
    endpoint = "/api/chat"
    embeddings = "/api/embed"
    refusable = ("think", "format")
    listing = ("/api/tags", "models")
    details = "/api/show"
    busy: Mapping[int, float] = {}

    def __init__(self, base_url: str = "") -> None:
        """All hosts speak it alike."""

    def base(self, address: str) -> SplitResult:
        """The address without the path of an endpoint, this dialect's or OpenAI's."""
        parts = split_address(address)
        return parts._replace(path=re.sub(r"/(api(/chat)?|v1(/chat/completions)?)/?$|/$", "", parts.path))

    def headers(self, key: Secret) -> dict[str, str | Secret]:
        """A bearer token, for servers behind a gateway."""
        return {"authorization": Secret(f"Bearer {key.reveal()}")} if key else {}

    def body(self, request: Request) -> dict[str, Any]:
        """The request, with a window that holds it."""
        names: dict[str, str] = {}  # by the id of a call, the last one's
        messages = [_message(message, names) for message in request.messages]
        document: dict[str, Any] = {"model": request.model, "messages": messages, "stream": True}
        if request.tools:
            document["tools"] = list(request.tools)
        if request.schema is not None:
            document["format"] = request.schema
        return document | {"options": {"num_ctx": window(request)}}

    def answer(self, host: Host, headers: Mapping[str, str]) -> "Answer":
        """An answer that is to be put together."""
        return Answer(host)

    def model(self, item: object) -> ModelInfo | None:
        """One model of the list."""
        return info_of(item, "")

    def detailed(self, info: ModelInfo, document: object) -> ModelInfo | None:
        """A model with what ``/api/show`` says of it; None for one that only embeds."""
        described = at(document, ("model_info",))
        names = [name for name in described if name.endswith(".context_length")] if isinstance(described, dict) else []
        info = msgspec.structs.replace(info, context_window=count(described, *((name,) for name in names)))
        abilities = at(document, ("capabilities",))
        if not isinstance(abilities, list) or not abilities:
            return info
        if "completion" not in abilities:
            return None
        return msgspec.structs.replace(
            info, vision="vision" in abilities, tools="tools" in abilities, reasoning="thinking" in abilities
        )


def window(request: Request) -> int:
    """A window in tokens that holds the request and an answer: a power of two, so that it seldom changes.

    Each change has Ollama load the model anew.
    """
    texts = [str(request.tools), str(request.schema or "")]
    pictures = 0
    for message in request.messages:
        texts.append(plain(message.get("content")))
        texts += [string(call["function"].get("arguments")) for call in dicts(message.get("tool_calls"))]
        pictures += len(images(message.get("content")))
    said = sum(len(text.encode("utf-8", "replace")) for text in texts)
    needed = said // _BYTES_A_TOKEN + IMAGE * pictures + ROOM
    return max(LEAST_WINDOW, 1 << (needed - 1).bit_length())


def _message(message: Mapping[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """A message; what its calls are named is noted for the results."""
    sent: dict[str, Any] = {"role": message["role"], "content": plain(message.get("content"))}
    if pictures := images(message.get("content")):
        sent["images"] = [data for _, data in pictures]
    if thought := string((message.get("opaque") or {}).get("thinking")):
        sent["thinking"] = thought
    if calls := dicts(message.get("tool_calls")):
        names.update({string(call.get("id")): name_of(call) for call in calls})
        sent["tool_calls"] = [{"function": {"name": name_of(call), "arguments": arguments_of(call)}} for call in calls]
    if message["role"] == "tool":
        sent["tool_name"] = names.get(message["tool_call_id"], "")
    return sent


class Answer:
    """One answer that is being put together from lines of JSON."""

    def __init__(self, host: Host) -> None:
        self.finish = ""
        self.moved = False
        self.over = False
        self.opaque: dict[str, Any] | None = None
        self._host = host
        self._started = False
        self._text, self._thought, self._think = Text(), Text(), Think()
        self._thoughts: list[str] = []
        self._calls = Calls()
        self._ids: set[str] = set()
        self._usage: Usage | None = None

    def take(self, document: Mapping[str, Any], type_: str = "") -> list[Event]:
        """What one line adds. Raises ProviderError if it reports an error."""
        self.moved = False
        if document.get("error") and not self.finish:
            raise self._host.refusal(document, None, {})
        message = document.get("message")
        events = self._message(message) if isinstance(message, dict) else []
        if document.get("done") is True:
            self.finish, self.over, self.moved = string(document.get("done_reason")) or "stop", True, True
            counts = [count(document, (name,)) for name in ("prompt_eval_count", "eval_count")]
            if counts != [None, None]:
                self._usage = Usage(input_tokens=counts[0], output_tokens=counts[1])
        return events

    def _message(self, message: Mapping[str, Any]) -> list[Event]:
        """What more of the message adds."""
        events: list[Event] = []
        self.moved, self._started = not self._started, True
        if thought := next((text for name in THOUGHTS if (text := string(message.get(name)))), ""):
            self.moved = True
            self._thoughts.append(thought)
            if shown := self._thought.feed(thought):
                events.append(ReasoningDelta(shown))
        if text := string(message.get("content")):
            self.moved = True
            events += self._think.feed(self._text.feed(text))
        for call in dicts(message.get("tool_calls")):  # always whole, and seldom with an id
            function = call.get("function")
            if isinstance(function, dict):
                self.moved = True
                id_ = string(call.get("id"))
                id_ = new_call_id() if id_ in ("", *self._ids) else id_
                self._ids.add(id_)
                self._calls.add({"id": id_, "function": function})
        return events

    def end(self) -> list[Event]:
        """The last events: the tool calls, usage and why it ended."""
        events: list[Event] = []
        if thought := self._thought.finish():
            events.append(ReasoningDelta(thought))
        events += self._think.feed(self._text.finish())
        events += self._think.finish()
        reason = FINISH.get(self.finish, "stop")
        calls, _ = self._calls.finish(cut=reason == "length")
        if calls and self._thoughts:  # wanted back with them: https://github.com/ollama/ollama-python/issues/533
            self.opaque = {"thinking": joined("".join(self._thoughts))}
        events += calls
        events += [self._usage] if self._usage else []
        events.append(Finished("tool_calls" if calls and reason == "stop" else reason))
        return events
