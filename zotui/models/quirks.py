"""What is known of servers that speak OpenAI's chat completions: what differs between them is a row of a table."""

from typing import NamedTuple

from zotui.models.provider import ErrorKind, FinishReason


class Quirk(NamedTuple):
    """What one provider does otherwise.

    ``drop`` names request fields it refuses, ``echo`` fields of its messages that it wants back with the tool
    calls they led to, ``id_prefix`` what stands before the names in its list of models.
    """

    host: str
    source: str
    drop: tuple[str, ...] = ()
    echo: tuple[str, ...] = ()
    id_prefix: str = ""


QUIRKS = (
    Quirk(
        "api.mistral.ai",  # 422 extra_forbidden; usage comes unasked
        source="https://github.com/openai/openai-agents-python/issues/442",
        drop=("stream_options",),
    ),
    Quirk(
        "api.deepseek.com",  # 400 unless the reasoning before a tool call comes back with it
        source="https://github.com/Zoo-Code-Org/Zoo-Code/issues/201",
        echo=("reasoning_content",),
    ),
    Quirk(
        "generativelanguage.googleapis.com",  # lists models/NAME, answers to NAME
        source="https://github.com/chatboxai/chatbox/issues/2318",
        id_prefix="models/",
    ),
)

REFUSABLE = ("stream_options", "response_format")
"""Request fields that are left out from then on where an error names them."""

OPAQUE = ("reasoning_details",)
"""Fields of messages that every server that sends them wants back, like those to ``echo`` (OpenRouter)."""

OPAQUE_IN_CALL = ("extra_content",)
"""The same of one tool call: Gemini's ``thought_signature``."""

USAGE_PATHS: tuple[tuple[str | int, ...], ...] = (
    ("usage",),
    ("x_groq", "usage"),  # https://github.com/Portkey-AI/gateway/issues/1072
)  # and in the choice: Moonshot, https://github.com/earendil-works/pi/issues/2017
CACHED_PATHS: tuple[tuple[str | int, ...], ...] = (
    ("prompt_tokens_details", "cached_tokens"),
    ("prompt_cache_hit_tokens",),  # DeepSeek
    ("cached_tokens",),  # Moonshot
)
WINDOW_PATHS: tuple[tuple[str | int, ...], ...] = (
    ("context_window",),  # Groq
    ("context_length",),  # OpenRouter, Together
    ("max_model_len",),  # vLLM
    ("max_context_length",),  # Mistral, LM Studio
    ("meta", "n_ctx_train"),  # llama.cpp
)
REASONING = ("reasoning_content", "reasoning")
"""DeepSeek and llama.cpp; OpenRouter, vLLM and Groq. Some send both, with the same text."""

FINISH: dict[str, FinishReason] = {
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",  # Mistral
    "content_filter": "content_filter",
    "safety": "content_filter",  # Gemini
    "sensitive": "content_filter",  # Zhipu
    "refusal": "refusal",
}
"""Anything else is "stop": a reason nobody has heard of is still an end."""

FAILED: dict[str, ErrorKind] = {
    "error": "server",  # OpenRouter
    "abort": "truncated",  # vLLM, SGLang
    "insufficient_system_resource": "overloaded",  # DeepSeek
    "malformed_function_call": "tool_use_failed",  # Gemini: https://github.com/googleapis/python-genai/issues/1836
}
"""Reasons to finish that are faults."""


def quirk_of(host: str) -> Quirk:
    """The row of a host; an empty one where nothing is known of it."""
    return next((row for row in QUIRKS if row.host == host), Quirk("", ""))
