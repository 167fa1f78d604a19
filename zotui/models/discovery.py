"""What could answer: keys in the environment, model servers on this machine.

A port is not a product, so each server is told by what it says. Nothing found here is ever used unasked, and a
probe carries no key.
"""

import asyncio
import json
import os
import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from zotui.addresses import is_here
from zotui.models.registry import BUILT_IN
from zotui.text import one_line

OLLAMA_PORT = 11434


class Places(msgspec.Struct, frozen=True):
    """Where to look: the hosts that are this machine, and the ports on which model servers are usually found."""

    hosts: tuple[str, ...] = ("127.0.0.1", "[::1]")
    ollama: int = OLLAMA_PORT
    lm_studio: int = 1234
    others: tuple[int, ...] = (8080, 8000, 8081, 4000)


class Found(msgspec.Struct, frozen=True):
    """Something that could answer: in words, and the lines of ``config.toml`` that connect it.

    ``model`` is what would be the default then; ``base_url`` where its provider is, empty for a built-in one as it is.
    """

    what: str
    model: str
    base_url: str = ""

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self.model.partition("/")[0]

    @property
    def command(self) -> str:
        """What to run to connect it."""
        at = ["--at", self.base_url] if self.base_url else []
        return shlex.join(["zotui", "models", "default", self.model, *at])

    @property
    def line(self) -> str:
        """What to write into ``config.toml``; a name that somebody else's server gave stays within its quotes."""
        model = f"model = {_quoted(self.model)}"
        return (
            f"{model}\n\n[providers.{self.provider}]\nbase_url = {_quoted(self.base_url)}" if self.base_url else model
        )


HERE = Places()


async def discover(places: Places = HERE, environment: Mapping[str, str] = os.environ) -> list[Found]:
    """Keys in the environment first, then servers on loopback; in little more than a second."""
    told = environment.get("OLLAMA_HOST", "").strip()
    named = ollama_address(told) if told else ""
    # Nothing else than this machine is ever looked at unasked.
    ollamas = [named] if is_here(named) else [f"http://{host}:{places.ollama}" for host in places.hosts]
    probes = [
        _first(*map(_ollama, ollamas)),
        _first(*(_lm_studio(f"http://{host}:{places.lm_studio}") for host in places.hosts)),
        *(_first(*(_openai_like(f"http://{host}:{port}/v1") for host in places.hosts)) for port in places.others),
    ]
    servers = await asyncio.gather(*probes)
    return _keys(environment) + [found for found in servers if found]


def ollama_address(host: str) -> str:
    """The address that OLLAMA_HOST names, read as Ollama reads it; a server's "any address" is this machine."""
    scheme, _, rest = host.rpartition("://")
    rest = rest.rpartition("@")[2]
    rest = f"[{rest}]" if rest.count(":") > 1 and "[" not in rest else rest
    try:
        parts = urlsplit(f"//{rest}")
        name, port = parts.hostname or "127.0.0.1", parts.port
    except ValueError:
        name, port = "127.0.0.1", None
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(name, name)
    port = port or {"http": 80, "https": 443}.get(scheme, OLLAMA_PORT)
    return f"{scheme or 'http'}://{f'[{name}]' if ':' in name else name}:{port}"


def _keys(environment: Mapping[str, str]) -> list[Found]:
    named = [(name, next((v for v in row.env if environment.get(v, "").strip()), "")) for name, row in BUILT_IN.items()]
    return [Found(f"{variable} is set", name) for name, variable in named if variable]


async def _first(*probes: Any) -> Found | None:
    """What the first of these found, asked all at once."""
    return next((found for found in await asyncio.gather(*probes) if found), None)


async def _ollama(base: str) -> Found | None:
    if not isinstance((await _json(f"{base}/api/version")).get("version"), str):
        return None
    names = _names((await _json(f"{base}/api/tags")).get("models"), "name")
    return _found(f"Ollama at {base}", "ollama", names, base)


async def _lm_studio(base: str) -> Found | None:
    """LM Studio has a list of its own beside OpenAI's, with the state of each model; the loaded ones come first."""
    models = (await _json(f"{base}/api/v0/models")).get("data")
    if not isinstance(models, list):
        return await _openai_like(f"{base}/v1")
    ready = [model for model in models if isinstance(model, dict) and model.get("type") != "embeddings"]
    names = _names(sorted(ready, key=lambda model: model.get("state") != "loaded"), "id")
    return _found(f"LM Studio at {base}/v1", "lmstudio", names, f"{base}/v1")


async def _openai_like(base: str) -> Found | None:
    models = (await _json(f"{base}/models")).get("data")
    if not isinstance(models, list):
        return None
    return _found(f"{await _kind(base, models)} at {base}", "local", _names(models, "id"), base)


async def _kind(base: str, models: list[Any]) -> str:
    """What a server of OpenAI's dialect calls itself by what only it does."""
    if any(isinstance(model, dict) and model.get("owned_by") == "vllm" for model in models):
        return "vLLM"
    props = await _json(f"{base.removesuffix('/v1')}/props")
    return "llama.cpp" if "default_generation_settings" in props else "an OpenAI-compatible server"


async def _json(url: str) -> dict[str, Any]:
    """The JSON object at this address; empty where there is none."""
    from zotui.http import probe

    answer = await probe(url)
    if answer is None or answer[0] != 200:
        return {}
    try:
        body = msgspec.json.decode(answer[1])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _names(models: Any, field: str) -> list[str]:
    found = [model.get(field) for model in models if isinstance(model, dict)] if isinstance(models, list) else []
    return [one_line(name, 100) for name in found if isinstance(name, str) and name.strip()]


def _some(names: list[str]) -> str:
    if not names:
        return "no model"
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _found(what: str, provider: str, names: list[str], base: str) -> Found:
    known = provider in BUILT_IN and BUILT_IN[provider].base_url == base
    return Found(f"{what} with {_some(names)}", f"{provider}/{names[0]}" if names else provider, "" if known else base)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "")
