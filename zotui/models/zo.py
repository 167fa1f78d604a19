"""Zo's dialect, ``/zo/ask``: as documented (https://docs.zocomputer.com/api), and as seen.

Zo has tools, a memory, a persona and conversations of its own. What it is sent is what was said: all of it at first,
then, as long as its last answer stands before the new words, the new words in its conversation. Text may come in
deltas, in parts that are told again as they grow, or whole at the end: each character is shown once.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult

import msgspec

from zotui.models.dialect import Request, plain, split_address
from zotui.models.document import at, count, dicts, string
from zotui.models.faults import Host
from zotui.models.pieces import Text
from zotui.models.provider import Event, Finished, ModelInfo, ReasoningDelta, TextDelta
from zotui.secret import Secret

OWN_KEY = "zo_sk_"
"""How a person's key begins; the token that Zo's own boxes have goes without "Bearer"."""

BUSY_S = 2.5
"""How long its clients wait where the conversation still answers somebody else (409)."""

NOT_TOLD = frozenset({"persona", "skills"})
"""Parts of the system message that are about this computer's own tools."""


class Zo:
    """A Zo computer."""

    server = "Zo"
    framing = "events"
    endpoint = "/zo/ask"
    refusable = ("memory_mode",)
    listing = ("/models/available", "models")
    busy: Mapping[int, float] = {409: BUSY_S}

    def __init__(self, base_url: str = "") -> None:
        """All hosts speak it alike."""

    def base(self, address: str) -> SplitResult:
        """The address without the endpoint."""
        parts = split_address(address)
        return parts._replace(path=parts.path.rstrip("/").removesuffix(self.endpoint))

    def headers(self, key: Secret) -> dict[str, str | Secret]:
        """The key, in the form it has."""
        if not key:
            return {}
        return {"authorization": Secret(f"Bearer {key.reveal()}") if key.reveal().startswith(OWN_KEY) else key}

    def body(self, request: Request) -> dict[str, Any]:
        """The request. The model "default" is Zo's own choice."""
        said, conversation = _said(request)
        document: dict[str, Any] = {"input": said, "stream": True}
        if conversation:
            document["conversation_id"] = conversation
        if request.model not in ("", "default"):
            document["model_name"] = request.model
        if request.schema is not None:
            document["output_format"] = request.schema
        return document

    def answer(self, host: Host, headers: Mapping[str, str]) -> "Answer":
        """An answer that is to be put together."""
        return Answer(host, headers.get("x-conversation-id", ""))

    def model(self, item: object) -> ModelInfo | None:
        """One model of the list."""
        name = string(at(item, ("model_name",)))
        return ModelInfo(id=name, context_window=count(item, ("context_window",))) if name else None


def _said(request: Request) -> tuple[str, str]:
    """What to say, and in which of Zo's conversations."""
    messages = [message for message in request.messages if message["role"] != "system"]
    for place in range(len(messages) - 1, -1, -1):
        if messages[place]["role"] == "assistant":
            conversation = string((messages[place].get("opaque") or {}).get("conversation_id"))
            if conversation:
                return "\n\n".join(plain(message["content"]) for message in messages[place + 1 :]), conversation
            break
    told = [text for message in request.messages if message["role"] == "system" for text in _told(message["content"])]
    if len(messages) == 1:
        return "\n\n".join([*told, plain(messages[0]["content"])]), ""
    names = {"user": "Person", "assistant": "You", "tool": "Tool result"}
    earlier = [f"{names[message['role']]}: {plain(message['content'])}" for message in messages[:-1]]
    last = plain(messages[-1]["content"]) if messages else ""
    return "\n\n".join([*told, "The conversation so far:", *earlier, "Now answer this:", last]), ""


def _told(content: object) -> list[str]:
    """Of the system message, what concerns another computer too."""
    if not isinstance(content, list):
        return [string(content).strip()] if content else []
    return [part["text"].strip() for part in content if part.get("name") not in NOT_TOLD]


class Answer:
    """One answer that is being put together from the events of a stream, or from one document."""

    def __init__(self, host: Host, conversation: str) -> None:
        self.finish = ""
        self.moved = False
        self.over = False
        self.opaque: dict[str, Any] | None = None
        self._host = host
        self._conversation = conversation
        self._shown: dict[int, str] = {}  # by the index of a part, what was shown of it
        self._thoughts: set[int] = set()  # parts that are reasoning
        self._plain = ""  # what was shown that belongs to no part
        self._text, self._thought = Text(), Text()

    def take(self, document: Mapping[str, Any], type_: str = "") -> list[Event]:
        """What one event adds. Raises ProviderError if it reports an error."""
        inner = document.get("data")
        if isinstance(inner, dict) and not {"content", "output", "message"} & document.keys():
            document = inner
        self._conversation = string(document.get("conversation_id")) or self._conversation
        self.moved = True
        match type_:
            case "FrontendModelResponse":
                return self._response(document)
            case "PartStartEvent":
                part = document.get("part")
                return self._grown(_index(document), part) if isinstance(part, dict) else []
            case "PartDeltaEvent":
                return self._more(_index(document), string(at(document, ("delta", "content_delta"))))
            case "End":
                return self._end(document)
            case "Error" | "error":
                raise self._host.refusal(document, None, {})
            case "" | "message" if "output" in document:
                return self._end(document)
            case "" | "message" if "error" in document or "detail" in document:
                raise self._host.refusal(document, None, {})
        self.moved = False
        return []

    def _response(self, document: Mapping[str, Any]) -> list[Event]:
        """A piece of text; or all parts so far."""
        parts = dicts(document.get("parts"))
        if parts:
            return [event for place, part in enumerate(parts) for event in self._grown(place, part)]
        text = string(document.get("content"))
        if self._shown:  # told in parts already; only what goes beyond them is new
            shown = self._all
            return self._say(text.removeprefix(shown)) if text.startswith(shown) else []
        self._plain += text
        return self._say(text)

    def _grown(self, place: int, part: Mapping[str, Any]) -> list[Event]:
        """A part, told from its start: what was not shown of it yet."""
        text = string(part.get("content"))
        shown = self._shown.get(place, "")
        if not text.startswith(shown):
            return []
        if self._plain and not self._shown and text.startswith(self._plain):  # began as plain text
            shown, self._plain = self._plain, ""
        self._shown[place] = text
        if part.get("part_kind") == "thinking":
            self._thoughts.add(place)
        return self._say(text[len(shown) :], thought=place in self._thoughts)

    def _more(self, place: int, text: str) -> list[Event]:
        """A part goes on."""
        self._shown[place] = self._shown.get(place, "") + text
        return self._say(text, thought=place in self._thoughts)

    def _end(self, document: Mapping[str, Any]) -> list[Event]:
        """The end, which may hold the whole answer."""
        self.finish, self.over = "end", True
        output = document.get("output")
        if output is None or isinstance(output, str):
            shown = self._all
            return self._say((output or "").removeprefix(shown)) if (output or "").startswith(shown) else []
        return [] if self._all else self._say(msgspec.json.encode(output).decode())

    @property
    def _all(self) -> str:
        """The text shown so far, without thoughts."""
        told = [text for place, text in sorted(self._shown.items()) if place not in self._thoughts]
        return self._plain + "".join(told)

    def _say(self, text: str, *, thought: bool = False) -> list[Event]:
        if thought:
            shown = self._thought.feed(text)
            return [ReasoningDelta(shown)] if shown else []
        shown = self._text.feed(text)
        return [TextDelta(shown)] if shown else []

    def end(self) -> list[Event]:
        """The last events."""
        if self._conversation:
            self.opaque = {"conversation_id": self._conversation}
        events: list[Event] = []
        if thought := self._thought.finish():
            events.append(ReasoningDelta(thought))
        if text := self._text.finish():
            events.append(TextDelta(text))
        return [*events, Finished("stop")]


def _index(document: Mapping[str, Any]) -> int:
    return count(document, ("index",)) or 0
