"""``zotui audit``: what was allowed, refused, done and taken back."""

from typing import Any

import click
import msgspec

from zotui.cli.door import COUNT, as_json, print_json, print_table, print_text, rfc3339, with_computer
from zotui.cli.family import Family
from zotui.store import audit as log
from zotui.store import now_ms
from zotui.text import ago, one_line


@click.group(cls=Family, invoke_without_command=True)
@click.option("-n", "limit", default=50, type=COUNT, help="How many rows.")
@click.option("--turn", help="Those of one turn.")
@as_json
@click.pass_context
def audit(context: click.Context, limit: int, turn: str | None, as_json: bool) -> None:
    """The audit log, the newest row first: calls that acted, approvals, refusals, what was undone."""
    if context.invoked_subcommand is not None:
        return
    found = with_computer(
        context.obj, lambda computer: computer.store.read(lambda db: log.entries(db, limit, turn=turn))
    )
    if as_json:
        rows = [msgspec.to_builtins(one) for one in found]
        print_json([row | {"at": rfc3339(row["at"]), "details": msgspec.json.decode(row["details"])} for row in rows])
        return
    now = now_ms()
    print_table(
        [[str(one.seq), ago(one.at, now), one.kind, _status(one), one_line(one.subject, 120)] for one in found],
        "nothing has been done yet",
    )


@audit.command()
@as_json
@click.pass_obj
def verify(options: dict[str, Any], as_json: bool) -> int:
    """Check every row against its hash and the row before. Exits 1, and names the row, where one was changed."""
    verdict = with_computer(options, lambda computer: computer.store.read(log.verify))
    if as_json:
        print_json({"ok": verdict.broken_at is None, **msgspec.to_builtins(verdict)})
    elif verdict.broken_at is None:
        print_text(f"{verdict.rows:,} rows hold; the last one's hash is {verdict.head}")
    else:
        print_text(f"{verdict.said}; the {verdict.rows:,} before it hold")
    return 0 if verdict.broken_at is None else 1


def _status(entry: log.Entry) -> str:
    return str(msgspec.json.decode(entry.details).get("status") or "")
