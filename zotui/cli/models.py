"""``zotui models``: which models there are, and which one answers."""

import asyncio
import sys
from typing import Any

import click
import msgspec

from zotui.cli.door import as_json, print_json, print_table, print_text, rfc3339, with_computer
from zotui.cli.family import Family
from zotui.computer import Computer
from zotui.errors import UsageError, ZotuiError
from zotui.models import DIALECTS
from zotui.models.offers import Offer
from zotui.models.registry import OFFLINE
from zotui.text import one_line, thousands


@click.group(cls=Family)
def models() -> None:
    """Models: which there are, what they cost, which one answers."""


@models.command("list")
@click.argument("provider", required=False)
@as_json
@click.pass_obj
def list_(options: dict[str, Any], provider: str | None, as_json: bool) -> None:
    """List the models of PROVIDER, asked now; else all that are known.

    Without PROVIDER nobody is asked.
    """

    async def run(computer: Computer) -> list[Offer]:
        if provider is None:
            return await computer.offers.known()
        computer.models.split(provider)
        name = provider.partition("/")[0]
        try:
            return await computer.offers.fetch(name, private=options["offline"])
        except ZotuiError as error:
            known = await computer.offers.known(name)
            if not known:
                raise
            hint = f" → {one_line(error.hint, 300)}" if error.hint else ""
            print(f"zotui: {one_line(error.message, 600)}; this is what is known{hint}", file=sys.stderr)
            return known

    found = with_computer(options, run)
    if as_json:
        print_json([_as_object(offer) for offer in found])
        return
    print_table([[offer.name, *words(offer)] for offer in found], "no models")


@models.command()
@click.argument("model")
@click.option("--at", "base_url", metavar="URL", default="", help="Where its provider is, if it is none of the known.")
@click.option(
    "--dialect", type=click.Choice(list(DIALECTS)), default=None, help="What it speaks there, if not OpenAI's."
)
@click.pass_obj
def default(options: dict[str, Any], model: str, base_url: str, dialect: str | None) -> None:
    """Have MODEL (PROVIDER/MODEL, or PROVIDER) answer from now on."""
    if dialect and not base_url:
        raise UsageError("--dialect is for a new provider", "say where it is too: --at URL")
    if base_url and model.partition("/")[0] in ("", OFFLINE):
        raise UsageError("--at is for a provider with a name of its own", "zotui models default NAME/MODEL --at URL")

    async def run(computer: Computer) -> tuple[str, str]:
        name = await computer.set_default_model(model, base_url, dialect or "")
        return name, await _missing(computer, name)

    name, missing = with_computer(options, run)
    print(
        f"{one_line(name, 200)} answers from now on" + (f", once this is mended: {missing}" if missing else ""),
        file=sys.stderr,
    )


@models.command()
@as_json
@click.pass_obj
def find(options: dict[str, Any], as_json: bool) -> None:
    """Look for keys in the environment and model servers here.

    Nothing is used by being found.
    """
    from zotui.models.discovery import discover

    found = asyncio.run(discover())
    if as_json:
        print_json([{"what": one.what, "model": one.model, "base_url": one.base_url or None} for one in found])
        return
    if not found:
        print_text("no key in the environment, no model server on this machine")
    for one in found:
        print_text(f"{one.what}\n  {one.command}")


async def _missing(computer: Computer, name: str) -> str:
    """What a model lacks to answer: its key, its program; empty where nothing does."""
    provider = name.partition("/")[0]
    if provider == OFFLINE:
        return ""
    try:
        await computer.models.provider(provider)
    except ZotuiError as error:
        return str(error)
    return ""


def words(offer: Offer) -> list[str]:
    """What a person wants to know of a model: window, price, abilities, where it is."""
    info = offer.info
    window = "?" if not info.context_window else thousands(info.context_window)
    abilities = [
        word for word, has in (("eyes", info.vision), ("tools", info.tools), ("thinks", info.reasoning)) if has
    ]
    return [window, price(offer), ", ".join(abilities), "here" if offer.local else ""]


def price(offer: Offer) -> str:
    """US dollars for a million tokens in and out; "?" where that is not known."""
    if offer.free:
        return "free"
    if offer.info.input_price is None or offer.info.output_price is None:
        return "?"
    return f"${offer.info.input_price:g} / ${offer.info.output_price:g}"


def _as_object(offer: Offer) -> dict[str, Any]:
    info: dict[str, Any] = msgspec.to_builtins(offer.info)
    return {
        "model": offer.name,
        "provider": offer.provider,
        **info,
        "local": offer.local,
        "free": offer.free,
        "listed_at": rfc3339(offer.listed_at),
    }
