"""Ollama's own dialect, ``/api/chat``: https://github.com/ollama/ollama/blob/main/docs/api.md.

It does what its ``/v1`` cannot: the window is sized to the request (4096 tokens otherwise, and the start of a long
conversation is cut off in silence), and each model's window and abilities are told.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult

from zotui.models.calls import Calls, new_call_id
from zotui.models.catalogue import info_of
from zotui.models.dialect import Request, arguments_of, images, plain, split_address
from zotui.models.document import at, count, dicts, string
from zotui.models.faults import Host
from zotui.models.pieces import Text, Think
from zotui.models.provider import Event, Finished, FinishReason, ModelInfo, ReasoningDelta, Usage
from zotui.secret import Secret

LEAST_WINDOW = 8192
ROOM = 2048  # tokens for the answer
_BYTES_A_TOKEN = 3  # a low estimate: too large a window costs memory, too small a one costs the conversation
FINISH: dict[str, FinishReason] = {"length": "length"}


class Ollama:
    """A server that speaks ``/api/chat``."""

    server = "an Ollama server"
    framing = "lines"
    endpoint = "/api/chat"
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
        messages = [_message(message, request.messages) for message in request.messages]
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
        windows = [described[name] for name in described if name.endswith(".context_length")] if described else []
        abilities = at(document, ("capabilities",))
        if not isinstance(abilities, list):
            return info
        if abilities and "completion" not in abilities:
            return None
        return ModelInfo(
            id=info.id,
            context_window=count({"window": windows[0]}, ("window",)) if windows else None,
            vision="vision" in abilities,
            tools="tools" in abilities,
            reasoning="thinking" in abilities,
        )


def window(request: Request) -> int:
    """A window in tokens that holds the request and an answer: a power of two, so that it seldom changes.

    Each change has Ollama load the model anew.
    """
    said = sum(len(plain(message.get("content")).encode("utf-8", "replace")) for message in request.messages)
    needed = (said + len(str(request.tools))) // _BYTES_A_TOKEN + ROOM
    return max(LEAST_WINDOW, 1 << (needed - 1).bit_length())


def _message(message: Mapping[str, Any], messages: Any) -> dict[str, Any]:
    sent: dict[str, Any] = {"role": message["role"], "content": plain(message.get("content"))}
    if pictures := images(message.get("content")):
        sent["images"] = [data for _, data in pictures]
    if calls := dicts(message.get("tool_calls")):
        sent["tool_calls"] = [
            {"function": {"name": call["function"]["name"], "arguments": arguments_of(call)}} for call in calls
        ]
    if message["role"] == "tool":
        sent["tool_name"] = next(
            (
                call["function"]["name"]
                for other in messages
                for call in dicts(other.get("tool_calls"))
                if call.get("id") == message["tool_call_id"]
            ),
            "",
        )
    return sent


class Answer:
    """One answer that is being put together from lines of JSON."""

    opaque: dict[str, Any] | None = None

    def __init__(self, host: Host) -> None:
        self.finish = ""
        self.moved = False
        self.over = False
        self._host = host
        self._text, self._thought, self._think = Text(), Text(), Think()
        self._calls = Calls()
        self._usage: Usage | None = None

    def take(self, document: Mapping[str, Any], type_: str = "") -> list[Event]:
        """What one line adds. Raises ProviderError if it reports an error."""
        self.moved = False
        if document.get("error") and not self.finish:
            raise self._host.refusal(document, None, {})
        events: list[Event] = []
        message = document.get("message")
        if isinstance(message, dict):
            self.moved = True
            if thought := self._thought.feed(string(message.get("thinking"))):
                events.append(ReasoningDelta(thought))
            if text := string(message.get("content")):
                events += self._think.feed(self._text.feed(text))
            for call in dicts(message.get("tool_calls")):  # always whole, and seldom with an id
                function = call.get("function")
                if isinstance(function, dict):
                    self._calls.add({**call, "id": call.get("id") or new_call_id(), "index": None})
        if document.get("done") is True:
            self.finish, self.over, self.moved = string(document.get("done_reason")) or "stop", True, True
            counts = [count(document, (name,)) for name in ("prompt_eval_count", "eval_count")]
            if counts != [None, None]:
                self._usage = Usage(input_tokens=counts[0], output_tokens=counts[1])
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
        events += calls
        events += [self._usage] if self._usage else []
        events.append(Finished("tool_calls" if calls and reason == "stop" else reason))
        return events
