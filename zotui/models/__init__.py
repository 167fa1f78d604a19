"""Who answers: providers of models, behind one protocol and typed events.

``open_provider`` needs no home and no database. Importing this opens nothing and loads no HTTP.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from zotui.models.provider import (
    ErrorKind,
    Event,
    Finished,
    FinishReason,
    ModelInfo,
    Provider,
    ProviderError,
    ReasoningDelta,
    Stream,
    TextDelta,
    ToolCall,
    Usage,
)

if TYPE_CHECKING:
    from zotui.secret import Secret

__all__ = [
    "ErrorKind",
    "Event",
    "FinishReason",
    "Finished",
    "ModelInfo",
    "Provider",
    "ProviderError",
    "ReasoningDelta",
    "Stream",
    "TextDelta",
    "ToolCall",
    "Usage",
    "open_provider",
]

DIALECTS = {
    "openai": "zotui.models.openai:OpenAI",
    "anthropic": "zotui.models.anthropic:Anthropic",
    "ollama": "zotui.models.ollama:Ollama",
    "zo": "zotui.models.zo:Zo",
}
"""Where each dialect is; imported when it is first used."""


def open_provider(dialect: str, base_url: str, key: "str | Secret | None" = None, **options: Any) -> Provider:
    """A provider that speaks ``dialect`` at ``base_url``; nothing is sent yet.

    Options: ``retries``, ``backoff_s``, ``max_retry_after_s``, ``first_event_timeout_s``, ``idle_timeout_s``; ``extra``
    and ``headers`` go with every request. Raises ProviderError ("unsupported") for a dialect that is not there.
    """
    if dialect not in DIALECTS:
        raise ProviderError("unsupported", f"no dialect {dialect!r}", hint=f"there is: {', '.join(DIALECTS)}")
    module, _, name = DIALECTS[dialect].partition(":")
    from zotui.models.server import Server

    return Server(getattr(import_module(module), name)(base_url), base_url=base_url, key=key, **options)
