"""``zotui memory``: what is remembered."""

import sys
from typing import Any

import click
import msgspec

from zotui.cli.door import COUNT, as_json, print_json, print_table, print_text, rfc3339, short, with_computer
from zotui.cli.family import Family
from zotui.cli.memory_forget import forget
from zotui.computer import Computer
from zotui.errors import NotFound, UsageError
from zotui.memory import Memory
from zotui.store import now_ms
from zotui.text import ago, one_line

LARGEST = 1 << 26  # bytes that are read before the length of a memory is looked at


@click.group(cls=Family)
def memory() -> None:
    """What is remembered. An ID may be cut to its end, as list shows it."""


@memory.command("set")
@click.argument("key")
@click.argument("value", nargs=-1, required=True)
@click.pass_obj
def set_(options: dict[str, Any], key: str, value: tuple[str, ...]) -> None:
    """Give a key a value; the old one stays in its history."""
    with_computer(options, lambda computer: computer.memory.set(key, " ".join(value), {"source": "me"}))


@memory.command()
@click.argument("key")
@as_json
@click.pass_obj
def get(options: dict[str, Any], key: str, as_json: bool) -> None:
    """Print a key's value."""
    value = with_computer(options, lambda computer: computer.memory.get(key))
    if value is None:
        raise NotFound(f"no memory has the key {one_line(key, 40)!r}", "zotui memory list shows what there is")
    print_json({"key": key, "value": value}) if as_json else print_text(value)


@memory.command()
@click.argument("text", nargs=-1)
@click.option("--meta", default="{}", help="A JSON object kept with it.")
@as_json
@click.pass_obj
def add(options: dict[str, Any], text: tuple[str, ...], meta: str, as_json: bool) -> None:
    """Remember a text (- or a pipe reads stdin); prints its id."""
    content = " ".join(text)
    if not text and sys.stdin.isatty():
        raise UsageError("there is nothing to remember", "zotui memory add TEXT, or pipe it in")
    if not text or content == "-":
        content = sys.stdin.buffer.read(LARGEST).decode("utf-8", "replace")
    try:
        extra = msgspec.json.decode(meta, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"--meta is no JSON object: {error}") from None
    identity = with_computer(options, lambda computer: computer.memory.memorize(content, {"source": "me", **extra}))
    print_json({"id": identity}) if as_json else print_text(identity)


@memory.command()
@click.argument("query", nargs=-1, required=True)
@click.option("-k", "top_k", default=5, type=click.IntRange(1, 1000), help="How many at most.")
@as_json
@click.pass_obj
def recall(options: dict[str, Any], query: tuple[str, ...], top_k: int, as_json: bool) -> None:
    """What fits the query best, best first."""
    found = with_computer(options, lambda computer: computer.memory.recall(" ".join(query), top_k))
    if as_json:
        print_json([{"id": m.id, "content": m.content, "meta": m.meta, "score": m.score} for m in found])
        return
    print_table([[short(m.id), f"{m.score:.2f}", _line(m)] for m in found], "nothing fits")


@memory.command("list")
@click.option("--limit", default=50, type=COUNT)
@click.option("--offset", default=0, type=click.IntRange(0, 1_000_000_000))
@click.option("--search", default="", help="Only those that hold all these words.")
@as_json
@click.pass_obj
def list_(options: dict[str, Any], limit: int, offset: int, search: str, as_json: bool) -> None:
    """List memories, the newest first."""
    found = with_computer(options, lambda computer: computer.memory.list(search=search, limit=limit, offset=offset))
    if as_json:
        print_json([_as_object(m) for m in found])
        return
    now = now_ms()
    print_table([[short(m.id), ago(m.updated_at, now), _line(m)] for m in found], "nothing is remembered")


@memory.command()
@click.argument("key")
@click.option("--revert", is_flag=True, help="Give the key the value it had before.")
@as_json
@click.pass_obj
def history(options: dict[str, Any], key: str, revert: bool, as_json: bool) -> None:
    """Every value a key has had, oldest first."""

    async def run(computer: Computer) -> list[Any]:
        if revert:
            await computer.memory.revert(key)
        return await computer.memory.history(key)

    versions = with_computer(options, run)
    if not versions:
        raise NotFound(f"no memory has the key {one_line(key, 40)!r}")
    if as_json:
        print_json([{"value": v.value, "created_at": rfc3339(v.created_at)} for v in versions])
        return
    now = now_ms()
    print_table([[ago(v.created_at, now), v.value] for v in versions], "")


@memory.command()
@click.argument("id_or_key")
@click.argument("text", nargs=-1, required=True)
@click.pass_obj
def edit(options: dict[str, Any], id_or_key: str, text: tuple[str, ...]) -> None:
    """Replace a memory's text."""

    async def run(computer: Computer) -> None:
        found = await computer.memory.find(id_or_key)
        await computer.memory.edit(found.id, " ".join(text))

    with_computer(options, run)


@memory.command()
@click.argument("id_or_key")
@click.pass_obj
def rm(options: dict[str, Any], id_or_key: str) -> None:
    """Forget a memory and its history."""
    gone = with_computer(options, lambda computer: computer.memory.forget(id_or_key))
    print(f"forgot: {one_line(gone.content, 80)}", file=sys.stderr)


memory.add_command(forget)


def _line(found: Memory) -> str:
    return f"{found.key}: {found.content}" if found.key else found.content


def _as_object(found: Memory) -> dict[str, Any]:
    return {
        "id": found.id,
        "key": found.key,
        "content": found.content,
        "meta": found.meta,
        "created_at": rfc3339(found.created_at),
        "updated_at": rfc3339(found.updated_at),
    }
