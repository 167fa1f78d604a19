"""What a dialect is: how one kind of server is asked, and how its answers are put together."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable
from urllib.parse import SplitResult, urlsplit

import msgspec

from zotui.models.document import at, dicts, string
from zotui.models.faults import Host
from zotui.models.provider import Event, ModelInfo, Persona, ProviderError
from zotui.secret import Secret

Framing = Literal["events", "lines"]
"""How documents stand in a body: server-sent events, or one JSON document a line."""

IMAGE_HINT = "attach the file, not its address"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One turn to ask for, in the shapes that ``zotui.models.provider`` describes.

    ``refused`` are those of the dialect's refusable fields that this server has refused.
    """

    model: str
    messages: Sequence[Mapping[str, Any]]
    tools: Sequence[Mapping[str, Any]] = ()
    schema: Mapping[str, Any] | None = None
    refused: Collection[str] = ()


class Answer(Protocol):
    """One answer, put together from the documents of its body."""

    finish: str
    """The reason given, once there is one."""
    moved: bool
    """Whether the last document brought the answer on, rather than only kept the connection alive."""
    over: bool
    """Whether nothing more will follow."""
    opaque: dict[str, Any] | None
    """Once ended: what the server wants back with the message."""

    def take(self, document: Mapping[str, Any], type_: str = "") -> list[Event]:
        """What one document adds. Raises ProviderError if it reports an error."""
        ...

    def end(self) -> list[Event]:
        """The last events of a whole answer: what was held back, the tool calls, usage and why it ended."""
        ...


class Dialect(Protocol):
    """One kind of server."""

    server: str
    """What such a server is called: "an OpenAI-compatible server"."""
    framing: Framing
    endpoint: str
    """Where a turn is asked for, behind the base address."""
    refusable: Collection[str]
    """Request fields that are left out from then on where an error names them."""
    listing: Sequence[str]
    """Where models are listed, and by what names the list may go in the document."""
    busy: Mapping[int, float]
    """Statuses that only mean "not now", and how many seconds to wait then."""

    def base(self, address: str) -> SplitResult:
        """What endpoints are appended to."""
        ...

    def headers(self, key: Secret) -> dict[str, str | Secret]:
        """What shows that the key is ours, and what the dialect asks for besides."""
        ...

    def body(self, request: Request) -> dict[str, Any]:
        """The document that asks for a turn. Raises ProviderError ("unsupported") for what cannot be said."""
        ...

    def answer(self, host: Host, headers: Mapping[str, str]) -> Answer:
        """An answer to be put together; ``headers`` are those it came with."""
        ...

    def model(self, item: object) -> ModelInfo | None:
        """One item of the list of models; None where it is none, or one that does not chat."""
        ...


@runtime_checkable
class Embedding(Protocol):
    """A dialect in which texts can be had as vectors."""

    embeddings: str
    """Where, behind the base address: a document of ``model`` and ``input``, answered by ``embeddings`` or ``data``."""


@runtime_checkable
class Detailing(Protocol):
    """A dialect whose servers tell more of each model than their list does."""

    details: str
    """Where one is asked for with ``{"model": id}``."""

    def detailed(self, info: ModelInfo, document: object) -> ModelInfo | None:
        """A model with what was told of it; None for one that does not chat."""
        ...


@runtime_checkable
class Impersonating(Protocol):
    """A dialect whose servers have personas."""

    personas: Sequence[str]
    """Where they are listed, and by what name the list goes in the document."""

    def persona(self, item: object) -> Persona | None:
        """One item of that list; None where it is none."""
        ...


def split_address(base_url: str) -> SplitResult:
    """An address in its parts; what cannot be one stays whole: the request will say what is wrong."""
    try:
        return urlsplit(base_url.strip())._replace(fragment="")
    except ValueError:
        return SplitResult("", "", base_url.strip(), "", "")


def versioned(base_url: str, endpoint: str) -> SplitResult:
    """The base of an address: with ``/v1`` unless another version, or the whole endpoint, is given."""
    parts = split_address(base_url)
    path = parts.path.rstrip("/")
    root = path.removesuffix(endpoint)
    if root == path and not re.search(r"/v\d", path):
        root += "/v1"
    return parts._replace(path=root)


def plain(content: object) -> str:
    """The text of a message's content, its other parts left out."""
    if isinstance(content, list):
        return "".join(string(part.get("text")) for part in dicts(content))
    return string(content)


def image(part: Mapping[str, Any]) -> tuple[str, str] | None:
    """The media type and the base64 of a part that is an image; None for another part.

    Raises ProviderError ("unsupported") for an image that is not in the message itself.
    """
    if part.get("type") != "image_url":
        return None
    url = string(at(part, ("image_url", "url")))
    head = re.match(r"data:([\w/+.-]+)(?:;[^;,]*)*;base64,", url, re.IGNORECASE)
    if head is None:
        raise ProviderError("unsupported", "an image that is not in the message itself cannot be sent", hint=IMAGE_HINT)
    return head[1].lower(), url[head.end() :]


def images(content: object) -> list[tuple[str, str]]:
    """The images of a message's content: media type and base64. Raises ProviderError ("unsupported")."""
    return [found for part in dicts(content) if (found := image(part))]


def arguments_of(call: Mapping[str, Any]) -> dict[str, Any]:
    """A tool call's arguments as an object; what is none is put into one, so that it can be sent back at all."""
    raw = string(call["function"].get("arguments"))
    try:
        found = json.loads(raw.strip() or "{}")
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {"_raw": raw}


def name_of(call: Mapping[str, Any]) -> str:
    """A tool call's name as it may be sent back: a model may call what no tool is named, or nothing at all.

    With such a name in its history a conversation is refused from then on, by OpenAI, Anthropic and Bedrock:
    https://github.com/pydantic/pydantic-ai/issues/4585.
    """
    return re.sub(r"[^A-Za-z0-9_-]", "_", string(call["function"].get("name")))[:64] or "unknown"
