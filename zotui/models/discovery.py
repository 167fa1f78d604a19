"""What could answer: keys in the environment, model servers on this machine.

A port is not a product, so each server is told by what it says. Nothing found here is ever used unasked, and a
probe carries no key.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import msgspec

from zotui.models.registry import BUILT_IN
from zotui.text import one_line


class Found(msgspec.Struct, frozen=True):
    """Something that could answer: in words, and the line of ``config.toml`` that connects it."""

    what: str
    line: str


async def discover() -> list[Found]:
    """Keys in the environment first, then servers on loopback; under a second."""
    probes = [
        _ollama(),
        _openai_like("LM Studio", 1234, "lmstudio"),
        *(_openai_like("", port, "") for port in (8080, 8000, 8081, 4000)),
    ]
    servers = await asyncio.gather(*probes)
    return _keys() + [found for found in servers if found]


def _keys() -> list[Found]:
    return [
        Found(f"{row.key.removeprefix('env:')} is set", f'model = "{name}"')
        for name, row in BUILT_IN.items()
        if row.key.startswith("env:") and os.environ.get(row.key.removeprefix("env:"))
    ]


async def _ollama() -> Found | None:
    host = os.environ.get("OLLAMA_HOST") or "127.0.0.1:11434"
    base = host if "://" in host else f"http://{host}"
    if not await _json(f"{base}/api/version", lambda body: isinstance(body.get("version"), str)):
        return None
    tags = await _json(f"{base}/api/tags", lambda body: isinstance(body.get("models"), list))
    names = [
        one_line(str(model.get("name")), 60)
        for model in (tags or {}).get("models", [])
        if isinstance(model, dict)
    ]
    return Found(
        f"Ollama at {base} with {_some(names)}",
        f'model = "ollama/{names[0]}"' if names else 'model = "ollama"',
    )


async def _openai_like(product: str, port: int, provider: str) -> Found | None:
    base = f"http://127.0.0.1:{port}/v1"
    body = await _json(f"{base}/models", lambda body: isinstance(body.get("data"), list))
    if body is None:
        return None
    names = [one_line(str(model.get("id")), 60) for model in body["data"] if isinstance(model, dict)]
    what = f"{product or 'an OpenAI-compatible server'} at {base} with {_some(names)}"
    model = f"/{names[0]}" if names else ""
    if provider:
        return Found(what, f'model = "{provider}{model}"')
    return Found(what, f'model = "local{model}" and [providers.local] base_url = "{base}"')


async def _json(url: str, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
    from zotui.http import probe

    answer = await probe(url)
    if answer is None or answer[0] != 200:
        return None
    try:
        body = msgspec.json.decode(answer[1])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return body if isinstance(body, dict) and fits(body) else None


def _some(names: list[str]) -> str:
    return (
        ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        if names
        else "no model"
    )
