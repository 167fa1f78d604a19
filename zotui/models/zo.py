"""Zo's dialect, ``/zo/ask``: as documented (https://docs.zocomputer.com/api), and as seen.

Zo has tools, a memory, a persona and conversations of its own. What it is sent is what was said: all of it at first,
then, as long as its last answer stands before the new words, the new words in its conversation. Text may come in
deltas, in parts that are told again as they grow, or whole at the end: each character is shown once.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult

from zotui.models.dialect import Request, plain, split_address
from zotui.models.document import at, count, decoded, dicts, string
from zotui.models.faults import Host
from zotui.models.pieces import Text
from zotui.models.provider import Event, Finished, ModelInfo, Persona, ProviderError, ReasoningDelta, TextDelta
from zotui.models.retelling import EACH_TIME, guiding, retold
from zotui.secret import Secret

OWN_KEY = "zo_sk_"
"""How a person's key begins; the token that Zo's own boxes have goes without "Bearer"."""

BUSY_S = 2.5
"""How long its clients wait where the conversation still answers somebody else (409)."""

TEXT, THOUGHT = ("", "text"), "thinking"
"""Kinds of parts that are shown; others are Zo's own tools at work."""

EVENT = "Event"
"""How the names of events about parts and tools end: whatever they are, Zo is at work."""


class Zo:
    """A Zo computer."""

    server = "Zo"
    framing = "events"
    endpoint = "/zo/ask"
    refusable = ("memory_mode",)
    listing = ("/models/available", "models")
    personas = ("/personas/available", "personas")
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

    def persona(self, item: object) -> Persona | None:
        """One persona of the list; a request has it by ``extra = { persona_id = … }``."""
        id_, name, prompt, model = (string(at(item, (field,))) for field in ("id", "name", "prompt", "model"))
        return Persona(id=id_, name=name, prompt=prompt, model=model) if id_ else None

    def model(self, item: object) -> ModelInfo | None:
        """One model of the list."""
        name = string(at(item, ("model_name",)))
        return ModelInfo(id=name, context_window=count(item, ("context_window",))) if name else None


def _said(request: Request) -> tuple[str, str]:
    """What to say, and in which of Zo's conversations. Raises ProviderError ("unsupported") for images."""
    messages = [message for message in request.messages if message["role"] != "system"]
    places = [place for place, message in enumerate(messages) if message["role"] == "assistant"]
    kept = (messages[places[-1]].get("opaque") or {}) if places else {}
    conversation = string(kept.get("conversation_id"))
    new = messages[places[-1] + 1 :] if conversation else messages
    if any(part.get("type") == "image_url" for message in new for part in dicts(message.get("content"))):
        raise ProviderError(
            "unsupported",
            "Zo cannot be sent images, and there is one in this conversation",
            hint="choose another model for it, or start a conversation without images",
        )
    if conversation:
        now = guiding(request.messages, EACH_TIME)
        return "\n\n".join([*now, *(plain(message.get("content")) for message in new)]), conversation
    return retold(request.messages).text, ""


class _Part:
    """A part of the answer, as far as it was told."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._pieces: list[str] = []

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._pieces)

    def add(self, text: str) -> None:
        """More of it."""
        self._pieces.append(text)


class Answer:
    """One answer that is being put together from the events of a stream, or from one document."""

    def __init__(self, host: Host, conversation: str) -> None:
        self.finish = ""
        self.moved = False
        self.over = False
        self.opaque: dict[str, Any] | None = None
        self._host = host
        self._conversation = conversation
        self._started = False
        self._parts: dict[int, _Part] = {}
        self._in_parts = False  # text came in parts: pieces of it that come besides tell it again
        self._shown: list[str] = []  # the text so far
        self._thoughts: list[str] = []
        self._text, self._thought = Text(), Text()

    def take(self, document: Mapping[str, Any], type_: str = "") -> list[Event]:
        """What one event adds. Raises ProviderError if it reports an error."""
        type_ = type_ or string(document.get("event")) or string(document.get("type"))
        inner = document.get("data")
        if isinstance(inner, dict) and not {"content", "output", "message"} & document.keys():
            document = inner
        self._conversation = string(document.get("conversation_id")) or self._conversation
        part = document.get("part")
        events: list[Event] = []
        self.moved = type_.endswith(EVENT)
        match type_:
            case "FrontendModelResponse":
                events = self._response(document)
                self.moved, self._started = bool(events) or not self._started, True
            case "PartStartEvent" if isinstance(part, dict):
                events = self._told(_index(document), part, start=True)
            case "PartDeltaEvent":
                text = string(at(document, ("delta", "content_delta")))
                events = self._more(_index(document), text)
            case "PartEndEvent" if isinstance(part, dict):
                events = self._told(_index(document), part)
            case "End":
                events = self._end(document)
            case "Error" | "error":
                raise self._host.refusal(document, None, {})
            case "" | "message" if "output" in document:
                events = self._end(document)
            case "" | "message" if "error" in document or "detail" in document:
                raise self._host.refusal(document, None, {})
        return events

    def _response(self, document: Mapping[str, Any]) -> list[Event]:
        """A piece of text; or all parts so far."""
        if parts := dicts(document.get("parts")):
            return [event for place, part in enumerate(parts) for event in self._told(place, part)]
        text = string(document.get("content"))
        if not self._in_parts:
            return self._say(text)
        shown = "".join(self._shown)
        return self._say(text[len(shown) :]) if text.startswith(shown) else []

    def _told(self, place: int, part: Mapping[str, Any], *, start: bool = False) -> list[Event]:
        """A part, as far as it goes: what was not shown of it yet.

        After a tool has run parts are counted from the start again, so one that does not go on from the last is new.
        """
        kind, text = string(part.get("part_kind")), string(part.get("content"))
        shown = self._thoughts if kind == THOUGHT else self._shown
        known = self._parts.get(place)
        before = known.text if known and (known.kind == THOUGHT) == (kind == THOUGHT) else ""
        if known is None and kind in TEXT and not self._in_parts:  # it may have begun as pieces of text
            before = "".join(shown)
        again = known is None and self._in_parts and not before  # perhaps: in a list of all there were
        if not start and text and (again or not text.startswith(before)) and _same(text, shown):
            self._parts[place] = known or _Part(kind)
            return []
        before = before if text.startswith(before) else ""
        new = self._parts[place] = _Part(kind)
        new.add(before)
        self._in_parts = self._in_parts or bool(before and kind in TEXT)
        return self._more(place, text[len(before) :])

    def _more(self, place: int, text: str) -> list[Event]:
        """A part goes on."""
        part = self._parts.setdefault(place, _Part("text"))
        part.add(text)
        if part.kind == THOUGHT:
            self._thoughts.append(text)
            thought = self._thought.feed(text)
            return [ReasoningDelta(thought)] if thought else []
        if part.kind not in TEXT:
            return []
        self._in_parts = self._in_parts or bool(text)
        return self._say(text)

    def _end(self, document: Mapping[str, Any]) -> list[Event]:
        """The end, which may hold the whole answer, or an object where one was asked for."""
        self.finish, self.over, self.moved = "end", True, True
        output, shown = document.get("output"), "".join(self._shown)
        if output is None:
            return []
        if not isinstance(output, str):
            if shown.strip() and decoded(shown.encode("utf-8", "replace")) == output:
                return []
            output = json.dumps(output, ensure_ascii=False, separators=(",", ":"))
        if output.startswith(shown):
            return self._say(output[len(shown) :])
        return [] if _same(output, self._shown) else self._say(f"\n\n{output}")

    def _say(self, text: str) -> list[Event]:
        self._shown.append(text)
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


def _same(text: str, shown: Sequence[str]) -> bool:
    """Whether a text was shown already, if with other spaces."""
    return "".join(text.split()) in "".join("".join(shown).split())


def _index(document: Mapping[str, Any]) -> int:
    return count(document, ("index",)) or 0
