"""``zotui chats cost``: what models have cost."""

import asyncio
import csv
import sys
import time
from datetime import datetime
from typing import Any

import click
import msgspec

from zotui.cli.door import as_json, find_chat, print_json, print_table, print_text, rfc3339, short, with_computer
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.models.spending import By, Entry, Sum
from zotui.store import midnight_ms

ALL = -1  # rows, for SQLite
KINDS = click.Choice(["conversation", "day", "model", "provider", "origin"])


@click.command()
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--by", type=KINDS, help="What to sum up by (else: by day; of one conversation, by model).")
@click.option("--since", metavar="DAY", help="From this day on: YYYY-MM-DD, or today.")
@click.option("--csv", "as_csv", is_flag=True, help="The ledger itself, a line for each request.")
@as_json
@click.pass_obj
def cost(
    options: dict[str, Any], id_: str | None, by: By | None, since: str | None, as_csv: bool, as_json: bool
) -> None:
    """Show what requests to models used and cost, failures included. What is not known is not counted as zero."""
    start = _start(since)

    kind: By = by or ("model" if id_ else "day")

    async def run(computer: Computer) -> tuple[list[Sum], Sum] | None:
        chat = (await find_chat(computer, id_)).id if id_ else None
        if as_csv:
            await _print_ledger(computer, chat, start)
            return None
        rows = await computer.spending.by(kind, conversation=chat, since=start, limit=ALL)
        return rows, await computer.spending.total(conversation=chat, since=start)

    found = with_computer(options, run)
    if found is None:
        return
    rows, total = found
    if as_json:
        print_json({"total": _as_object(total), "by": kind, "rows": [*map(_as_object, rows)]})
        return
    names = [(short(row.key) if kind == "conversation" else row.key) or "(none)" for row in rows]
    table = [[name, *row.cells] for name, row in zip(names, rows, strict=True)]
    print_table([*table, ["in all", *total.cells]] if rows else [], "nothing was asked")
    if total.unpriced:
        have = "1 request has" if total.unpriced == 1 else f"{total.unpriced} requests have"
        print_text(f"{have} no known price: give it under [prices] in config.toml")


def _as_object(row: Sum) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(row)
    return fields


async def _print_ledger(computer: Computer, chat: str | None, start: int) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(Entry.__struct_fields__)
    after = ""
    while rows := await computer.spending.entries(conversation=chat, since=start, after=after):
        for row in rows:
            fields = msgspec.structs.asdict(row)
            fields |= {name: rfc3339(fields[name]) for name in ("created_at", "finished_at")}
            writer.writerow(["" if value is None else value for value in fields.values()])
        after = rows[-1].id
        await asyncio.sleep(0)


def _start(since: str | None) -> int:
    """The beginning of a day here, in ms since 1970."""
    if since is None:
        return 0
    if since == "today":
        return midnight_ms()
    try:
        return int(time.mktime(datetime.strptime(since, "%Y-%m-%d").timetuple())) * 1000
    except (ValueError, OverflowError):
        raise UsageError(f"--since {since}: write a day as YYYY-MM-DD, or today") from None
