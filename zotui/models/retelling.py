"""A conversation as one text, for those who take words and have a memory, tools and sessions of their own."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from zotui.models.dialect import images, plain
from zotui.models.document import dicts, string
from zotui.models.provider import ProviderError

NOT_TOLD = frozenset({"persona", "skills"})
"""Parts of the system message that are about this computer's own tools."""

EACH_TIME = frozenset({"character", "AGENTS.md", "rules"})
"""Parts of the system message that may be others than when a session began: they are told again with each request."""

SPEAKERS = {"user": "Person", "assistant": "You", "tool": "Tool result"}
"""Who said what, where the conversation so far is told."""

_SESSION = re.compile(r"[A-Za-z0-9][\w.-]{0,127}")  # it becomes a word of a command line, and must be no option


class Told(NamedTuple):
    """What to say; where ``session`` is not empty, in it. ``kept`` is all that was kept with the last answer."""

    text: str
    session: str = ""
    kept: Mapping[str, Any] = {}


def resumed(messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any] | None = None) -> Told | None:
    """Only the new words, where the last answer names the session that they go on in.

    Raises ProviderError ("unsupported") for an image.
    """
    places = [place for place, message in enumerate(messages) if message["role"] == "assistant"]
    kept = messages[places[-1]].get("opaque") if places else None
    session = string(kept.get("session")) if isinstance(kept, Mapping) else ""
    text = "\n\n".join(_words(message, shown=True) for message in messages[places[-1] + 1 :]) if session else ""
    if not text.strip() or not _SESSION.fullmatch(session):
        return None
    first = guiding(messages, EACH_TIME)
    return Told(_with("\n\n".join([*first, text]), schema), session, kept or {})


def retold(messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any] | None = None) -> Told:
    """The whole conversation. Raises ProviderError ("unsupported") where its last words show an image."""
    first = guiding(messages)
    said = [message for message in messages if message["role"] != "system"]
    last = _words(said[-1], shown=True) if said else ""
    if len(said) > 1:
        earlier = [f"{SPEAKERS[message['role']]}: {words}" for message in said[:-1] if (words := _words(message))]
        last = "\n\n".join(["The conversation so far:", *earlier, "Now answer this:", last])
    return Told(_with("\n\n".join([*first, last]), schema))


def _with(text: str, schema: Mapping[str, Any] | None) -> str:
    """Words that ask for JSON where it is wanted."""
    if schema is None:
        return text
    return (
        f"{text}\n\nAnswer with JSON of this schema, and with nothing else:\n{json.dumps(schema, ensure_ascii=False)}"
    )


def _words(message: Mapping[str, Any], *, shown: bool = False) -> str:
    """The text of a message. ``shown``: it is what is to be answered, with all that is in it."""
    content = message.get("content")
    seen = images(content)
    if seen and shown:
        raise ProviderError("unsupported", "a command line cannot be shown images", hint="choose another model")
    return plain(content) + "\n[an image was here]" * len(seen)


def guiding(messages: Sequence[Mapping[str, Any]], only: Collection[str] | None = None) -> list[str]:
    """Of the system message, what concerns another computer too; of that, the parts of these names only."""
    contents = [message["content"] for message in messages if message["role"] == "system"]
    parts = [part for one in contents for part in (dicts(one) if isinstance(one, list) else [{"text": one}])]
    told = [part for part in parts if part.get("name") not in NOT_TOLD and (only is None or part.get("name") in only)]
    return [text for part in told if (text := string(part.get("text")).strip())]
