"""What is wrong with ``config.toml``, said so that a person can mend it: the key by its whole name, and what is allowed."""

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from zotui.config.tables import Config
from zotui.limits import Limits
from zotui.text import one_line

ALLOWED = {
    "dialect": "openai, anthropic, ollama, zo",
    "key": '"env:NAME", "vault:NAME" or "none", never the key itself',
    "base_url": "http://… or https://…",
    "requests_per_minute": "more than 0, at most 1000000",
    "concurrency": "1 to 1000",
    "first_event_timeout_s": "seconds, more than 0, at most 86400",
    "idle_timeout_s": "seconds, more than 0, at most 86400",
    "extra": "a table of fields, as { temperature = 0.2 }",
    "headers": "a table of texts",
    "input": "US dollars per million tokens, 0 or more",
    "output": "US dollars per million tokens, 0 or more",
    "cached": "US dollars per million tokens, 0 or more",
    "cache_write": "US dollars per million tokens, 0 or more",
    "prices": 'a table, as "lab/tiny" = { input = 0.1, output = 0.4 }',
    "private": "true, false",
    "per_conversation": "US dollars, 0 or more",
    "per_day": "US dollars, 0 or more",
    "unknown_price": "allow, refuse",
    "fallback": 'a list of PROVIDER or PROVIDER/MODEL, as ["groq", "ollama"]',
    "models": 'a list of names, as ["tiny"]',
    "max_steps": "1 to 1000",
    "tool_timeout_s": "seconds, more than 0, at most 86400",
    "context_tokens": "1000 to 10000000",
    "compaction": "ask, auto, off",
    "instructions": "true, false",
    "bell": "never, questions, all",
    "desktop": "never, osc9, osc777",
    "toasts": "true, false",
    "theme": "auto, or the name of a theme (F9 lists them)",
    "spacing": "roomy, compact",
    "mouse": "true, false",
    "debug": "true, false",
    "port": "1 to 65535",
    "sites_port": "1 to 65535",
    "pool_port": "1 to 65535",
    "writable": 'a list of folders, as ["/srv/data"]',
    "limits": "a table of whole numbers, as { memory_mb = 4000, processes = 512 }",
    **dict.fromkeys(Limits.__struct_fields__, "a whole number, 1 or more"),
    "network": "none, allow",
    "hosts": 'a list of hosts, as ["pypi.org", "*.example.org", "example.org:8443"]; "*" is any public one',
    "copies_mb": "megabytes, 1 to 1000000",
    "engine": "local, dask",
    "index": "an index of Python packages, as https://pypi.org/simple, or a folder of wheels",
    "policy": "allow, ask, deny",
    "keys": 'names of keys, as "ctrl+p" or "f2,ctrl+b"; a key for a provider stays in the environment',
}


def of_rule(rule: str, answer: str) -> str:
    """What is wrong with a line of ``[policy]``; nothing where it is well."""
    if re.fullmatch(r"[a-z][a-z0-9_]*", rule):
        return ""
    found = re.fullmatch(r"(!?)(Bash|Read|Write|Net)\((.+)\)", rule.strip(), re.DOTALL)
    if found is None:
        return (
            "is no rule of this version; allowed: the name of a tool, or read, write, run, net, outside, settings, or a"
            " pattern as Bash(docker *), !Bash(docker rm *), Read(src/**), Write(*.md), Net(example.org)"
        )
    try:
        words = shlex.split(found[3])
    except ValueError as error:
        return f"cannot be read: {error}"
    if not words:
        return "has nothing between its brackets"
    return f'denies, and so is "deny", not "{answer}"' if found[1] and answer != "deny" else ""


def explain(problem: str, table: dict[str, Any]) -> str:
    """msgspec's message with the key's dotted name and the allowed values; no value of a provider is repeated."""
    told, _, where = problem.partition(" - at ")
    path, value = _find(table, where.strip("`"), problem)
    section = path[0] if path else ""
    if unknown := re.search(r"unknown field `(.+)`", told):
        return f'unknown key "{_dotted([*path, unknown[1]])}"; allowed here: {", ".join(_fields(path))}'
    if missing := re.search(r"missing required field `(.+)`", told):
        return f'"{_dotted([*path, missing[1]])}" is missing; allowed: {ALLOWED[missing[1]]}'
    allowed = next((ALLOWED[part] for part in reversed(path) if part in ALLOWED), "")
    if told.startswith("Invalid enum value") or "matching regex" in told:
        told = "not an allowed value"
    told = told.replace(" | null`", "`").replace("`object`", "a table").replace("`array`", "a list")
    open_ = section not in ("providers", "keys") and isinstance(value, str | int | float)
    shown = f" (it is {one_line(repr(value), 60)})" if open_ else ""
    return f'"{_dotted(path)}": {told[0].lower()}{told[1:]}{shown}' + (f"; allowed: {allowed}" if allowed else "")


def _fields(path: list[str]) -> tuple[str, ...]:
    """What may stand in the table of these names."""
    kind: Any = Config
    for name in path:
        kind = get_args(kind)[1] if get_origin(kind) is dict else get_type_hints(kind)[name]
    fields: tuple[str, ...] = kind.__struct_fields__
    return fields


def _find(table: dict[str, Any], where: str, problem: str) -> tuple[list[str], Any]:
    """The names on msgspec's path, which leaves out the keys of plain tables, and what stands there."""
    path: list[str] = []
    value: Any = table
    for step in re.findall(r"\.\w+|\[\d+\]|\[\.\.\.\]", where):
        if step == "[...]":
            path.append(next(key for key in value if problem in _problems(table, path, key)))
        elif step.startswith("["):
            return path, None  # an item of a list: the list's name is enough
        else:
            path.append(step[1:])
        value = value[path[-1]]
    return path, value


def _problems(table: dict[str, Any], path: list[str], key: str) -> Iterator[str]:
    """What is wrong with the table once nothing but ``key`` is left at ``path``."""

    def only(part: Mapping[str, Any], steps: list[str]) -> Mapping[str, Any]:
        return {steps[0]: only(part[steps[0]], steps[1:])} if steps else {key: part[key]}

    try:
        msgspec.convert(only(table, path), Config)
    except msgspec.ValidationError as error:
        yield str(error)


def _dotted(path: list[str]) -> str:
    """Names as TOML writes them."""
    return (
        ".".join(name if re.fullmatch(r"[\w-]+", name, re.ASCII) else repr(one_line(name, 60)) for name in path)
        or "config"
    )
