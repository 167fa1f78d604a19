"""``zotui memory facts``, ``accept``, ``reject``, ``always``, ``patterns``: what conversations say, before it is remembered."""

from typing import Any

import click
import msgspec

from zotui.cli.door import COUNT, as_json, print_json, print_table, print_text, rfc3339, short, with_computer
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.memory.facts import KINDS
from zotui.memory.patterns import PATTERNS
from zotui.memory.proposing import Proposal
from zotui.store import now_ms
from zotui.text import ago, clean, one_line


@click.command()
@click.option("--all", "whole", is_flag=True, help="Those that were decided about, too.")
@click.option("--limit", default=100, type=COUNT)
@as_json
@click.pass_obj
def facts(options: dict[str, Any], whole: bool, limit: int, as_json: bool) -> None:
    """Facts from conversations that wait for your word, the newest first."""

    async def run(computer: Computer) -> tuple[list[Proposal], dict[str, str]]:
        found = await computer.proposals.list(None if whole else "waiting", limit=limit)
        replaced = await computer.memory.some(one.replaces for one in found if one.replaces)
        return found, {memory.id: memory.content for memory in replaced}

    found, old = with_computer(options, run)
    if as_json:
        print_json([_as_object(one) | {"instead_of": old.get(one.replaces or "")} for one in found])
        return
    now = now_ms()
    print_table(
        [
            [short(one.id), one.status, one.kind, ago(one.created_at, now), _words(one, old.get(one.replaces or ""))]
            for one in found
        ],
        "no fact waits; zotui memory patterns shows what is looked for without a model",
    )


@click.command()
@click.argument("id_")
@click.argument("text", nargs=-1)
@as_json
@click.pass_obj
def accept(options: dict[str, Any], id_: str, text: tuple[str, ...], as_json: bool) -> None:
    """Remember a fact that waits, in other words where TEXT is given; prints the memory's id."""
    words = clean(" ".join(text)) or None
    memory = with_computer(options, lambda computer: computer.proposals.accept(id_, words))
    print_json({"memory_id": memory}) if as_json else print_text(memory)


@click.command()
@click.argument("ids", nargs=-1, required=True)
@click.pass_obj
def reject(options: dict[str, Any], ids: tuple[str, ...]) -> None:
    """Drop facts that wait; they are never proposed again."""

    async def run(computer: Any) -> None:
        for one in ids:
            await computer.proposals.reject(one)

    with_computer(options, run)


@click.command()
@click.argument("id_", required=False)
@click.option("--not", "kind", type=click.Choice(KINDS), help="Ask again about facts of this kind.")
@as_json
@click.pass_obj
def always(options: dict[str, Any], id_: str | None, kind: str | None, as_json: bool) -> None:
    """Remember a fact, and all of its kind unasked from now on (never what others' words may be in). Without ID: which
    kinds these are."""
    if id_ and kind:
        raise UsageError("say an ID, or --not KIND")

    async def run(computer: Any) -> tuple[str, ...]:
        if id_:
            await computer.proposals.always(id_)
        if kind:
            await computer.proposals.ask_again(kind)
        kinds: tuple[str, ...] = await computer.proposals.accepted_kinds()
        return kinds

    kinds = with_computer(options, run)
    if as_json:
        print_json({"kinds": kinds})
    elif not id_ and not kind:
        print_text("\n".join(kinds) or "no kind; each fact waits for your word")


@click.command()
@as_json
def patterns(as_json: bool) -> None:
    """What is looked for in your own words, without a model."""
    if as_json:
        print_json([{"name": one.name, "kind": one.kind, "key": one.key, "example": one.example} for one in PATTERNS])
        return
    print_table([[one.name, one.kind, one.example] for one in PATTERNS], "")


def _words(one: Proposal, old: str | None) -> str:
    """What it says, and what it would take the place of."""
    marks = "! others' words · " * bool(one.tainted_by)
    instead = f" (instead of: {one_line(old, 200)})" if old is not None and one.status == "waiting" else ""
    return f"{marks}{one_line(one.content, 300)}{instead}"


def _as_object(one: Proposal) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(one)
    fields |= {"conversation_id": fields.pop("conv_id")}
    return fields | {name: rfc3339(getattr(one, name)) for name in ("created_at", "decided_at")}
