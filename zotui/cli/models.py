"""``zotui models``: which models there are, and which one answers."""

import asyncio
import sys
from typing import Any

import click
import msgspec

from zotui.cli.door import as_json, print_json, print_table, print_text, rfc3339, with_computer
from zotui.cli.family import Family
from zotui.computer import Computer
from zotui.errors import ZotuiError
from zotui.models.offers import Offer


@click.group(cls=Family)
def models() -> None:
    """Models: which there are, what they cost, which one answers."""


@models.command("list")
@click.argument("provider", required=False)
@as_json
@click.pass_obj
def list_(options: dict[str, Any], provider: str | None, as_json: bool) -> None:
    """List the models of PROVIDER, asked now; without one, all that are known, nobody asked."""

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
            print(f"zotui: {error}; this is what is known", file=sys.stderr)
            return known

    found = with_computer(options, run)
    if as_json:
        print_json([_as_object(offer) for offer in found])
        return
    print_table([[offer.name, *words(offer)] for offer in found], "no models")


@models.command()
@click.argument("model")
@click.pass_obj
def default(options: dict[str, Any], model: str) -> None:
    """Make MODEL (PROVIDER/MODEL, or PROVIDER alone) the one that answers."""

    async def run(computer: Computer) -> None:
        await computer.set_default_model(model)

    with_computer(options, run)
    print(f"{model} answers from now on", file=sys.stderr)


@models.command()
@as_json
@click.pass_obj
def find(options: dict[str, Any], as_json: bool) -> None:
    """Look for keys in the environment and for model servers on this machine; nothing is used by being found."""
    from zotui.models.discovery import discover

    found = asyncio.run(discover())
    if as_json:
        print_json([{"what": one.what, "model": one.model, "base_url": one.base_url or None} for one in found])
        return
    if not found:
        print_text("no key in the environment, no model server on this machine")
    for one in found:
        print_text(
            f"{one.what}\n  zotui models default {one.model}" + ("" if not one.base_url else f"   # at {one.base_url}")
        )


def words(offer: Offer) -> list[str]:
    """What a person wants to know of a model: window, price, abilities, where it is."""
    info = offer.info
    window = f"{info.context_window // 1000}k" if info.context_window else "?"
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
