"""``zotui memory``: what is remembered."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any, TextIO

import click
import msgspec

from zotui.cli.door import COUNT, as_json, print_json, print_table, print_text, rfc3339, short, with_computer
from zotui.cli.family import Family
from zotui.cli.memory_exchange import export, import_
from zotui.cli.memory_facts import accept, always, facts, patterns, reject
from zotui.cli.memory_forget import forget
from zotui.cli.memory_mirror import mirror
from zotui.cli.memory_profile import profile
from zotui.cli.memory_several import counts, merge, rm, undo
from zotui.cli.memory_show import show
from zotui.computer import Computer
from zotui.embedding import keep_up
from zotui.errors import NotFound, UsageError
from zotui.memory import Memory, evaluation, open_memory
from zotui.memory.ends import end_ms
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
@click.option("--why", is_flag=True, help="Show what each score is the sum of.")
@as_json
@click.pass_obj
def recall(options: dict[str, Any], query: tuple[str, ...], top_k: int, why: bool, as_json: bool) -> None:
    """What fits the query best, best first."""

    async def run(computer: Computer) -> list[Memory]:
        await keep_up(computer)
        found = await computer.memory.recall(" ".join(query), top_k)
        if computer.memory.problem:
            why = one_line(computer.memory.problem, 400)
            print(f"zotui: meaning goes by the table of words: {why}", file=sys.stderr)
        return found

    found = with_computer(options, run)
    if as_json:
        objects = [{"id": m.id, "content": m.content, "meta": m.meta, "score": m.score} for m in found]
        print_json([one | {"why": m.why} for one, m in zip(objects, found, strict=True)] if why else objects)
        return
    reasons = [[" ".join(f"{name} {part:+.2f}" for name, part in m.why.items())] if why else [] for m in found]
    rows = [[short(m.id), f"{m.score:.2f}", *parts, _line(m)] for m, parts in zip(found, reasons, strict=True)]
    print_table(rows, "nothing fits")


@memory.command("list")
@click.option("--limit", default=50, type=COUNT)
@click.option("--offset", default=0, type=click.IntRange(0, 1_000_000_000))
@click.option("--after", default="", metavar="ID_OR_KEY", help="Go on after this one, the last of the page before.")
@click.option("--search", default="", help="Only those with these words; tag:x is:pinned when:week.")
@click.option("--tag", default="", help="Only those with this tag.")
@click.option("--pinned", is_flag=True, help="Only those that are pinned.")
@click.option("--source", default="", help="Only those of a source: me, agent, the ID of a conversation or a message.")
@as_json
@click.pass_obj
def list_(options: dict[str, Any], /, as_json: bool, **which: Any) -> None:
    """List memories, what was changed last first."""
    found = with_computer(options, lambda computer: computer.memory.list(**which))
    if as_json:
        print_json([_as_object(m) for m in found])
        return
    now = now_ms()
    print_table([[short(m.id), ago(m.updated_at, now), _marks(m), _line(m)] for m in found], "nothing is remembered")


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
def pin(options: dict[str, Any], id_or_key: str) -> None:
    """Have every conversation know a memory."""
    with_computer(options, lambda computer: computer.memory.pin(id_or_key))


@memory.command()
@click.argument("id_or_key")
@click.pass_obj
def unpin(options: dict[str, Any], id_or_key: str) -> None:
    """Take a memory's pin off."""
    with_computer(options, lambda computer: computer.memory.unpin(id_or_key))


@memory.command()
@click.argument("id_or_key")
@click.argument("tags", metavar="TAG...", nargs=-1, required=True)
@click.pass_obj
def tag(options: dict[str, Any], id_or_key: str, tags: tuple[str, ...]) -> None:
    """Give a memory tags."""

    async def run(computer: Computer) -> None:
        for one in tags:
            await computer.memory.tag(id_or_key, one)

    with_computer(options, run)


@memory.command()
@click.argument("id_or_key")
@click.argument("tags", metavar="TAG...", nargs=-1, required=True)
@click.pass_obj
def untag(options: dict[str, Any], id_or_key: str, tags: tuple[str, ...]) -> None:
    """Take tags off a memory."""

    async def run(computer: Computer) -> None:
        for one in tags:
            await computer.memory.untag(id_or_key, one)

    with_computer(options, run)


@memory.command()
@click.argument("id_or_key")
@click.argument("when")
@click.pass_obj
def expire(options: dict[str, Any], id_or_key: str, when: str) -> None:
    """Have a memory end: in 12h, 30d or 4w, at a date or time (2030-01-31), or never."""
    at = end_ms(when)
    with_computer(options, lambda computer: computer.memory.expire(id_or_key, at))


@memory.command("eval")
@click.argument("file", type=click.File("r", encoding="utf-8", errors="replace"))
@as_json
@click.pass_obj
def eval_(options: dict[str, Any], file: TextIO, as_json: bool) -> None:
    """How well recall does on the labelled questions of a FILE of JSON lines.

    \b
    {"query": TEXT, "relevant": [ID, ...]}                      a question
    {"content": TEXT, "id": ID, "meta": {...}, "key": KEY}      a memory

    Where the file brings memories, they are asked, apart from those of this home; else the IDs or keys are of this home's.
    """
    with file:
        labelled = evaluation.read(file)

    async def apart() -> evaluation.Figures:
        with tempfile.TemporaryDirectory() as folder:
            async with open_memory(Path(folder) / "memory.db") as memories:
                return await evaluation.evaluate(
                    memories, labelled.questions, await evaluation.fill(memories, labelled.memories)
                )

    figures = (
        asyncio.run(apart())
        if labelled.memories
        else with_computer(options, lambda computer: evaluation.evaluate(computer.memory, labelled.questions))
    )
    if as_json:
        print_json(figures)
        return
    told: dict[str, Any] = msgspec.to_builtins(figures)
    print_table(
        [[name, f"{value:.3f}" if isinstance(value, float) else f"{value:,}"] for name, value in told.items()], ""
    )


def _marks(found: Memory) -> str:
    return " ".join(["pinned"] * bool(found.pinned_at) + [f"#{tag}" for tag in found.tags])


for _command in (
    accept,
    always,
    counts,
    export,
    facts,
    forget,
    import_,
    merge,
    mirror,
    patterns,
    profile,
    reject,
    rm,
    show,
    undo,
):
    memory.add_command(_command)


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
        "pinned_at": rfc3339(found.pinned_at),
        "expires_at": rfc3339(found.expires_at),
        "tags": found.tags,
        "uses": found.uses,
        "used_at": rfc3339(found.used_at),
    }
