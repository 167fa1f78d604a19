"""What models have cost, as a page to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zotui.models.ledger import dollars

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.models.spending import Sum

DAYS = 14


async def spending_text(computer: Computer, conversation: str | None) -> str:
    """This conversation by model, then the last days, then all models. What is not known is a question mark."""
    spending = computer.spending
    groups: list[tuple[str, list[Sum]]] = []
    if conversation is not None:
        groups.append(("This conversation", await spending.by("model", conversation=conversation)))
    groups.append(("By day", await spending.by("day", limit=DAYS)))
    groups.append(("By model", await spending.by("model", limit=20)))
    caps = computer.models.config.spending
    limits = [("per conversation", caps.per_conversation), ("per day", caps.per_day)]
    set_ = ", ".join(f"{dollars(limit)} {name}" for name, limit in limits if limit is not None)
    lines = [f"Caps: {set_ or 'none; set some under [spending] in config.toml'}"]
    for title, rows in groups:
        lines += ["", title, *(_line(row) for row in rows)] if rows else ["", title, "  nothing was asked"]
    if any(row.unpriced for _, rows in groups for row in rows):
        lines += ["", "?: requests whose price is not known; give it under [prices] in config.toml"]
    return "\n".join(lines)


def _line(row: Sum) -> str:
    cost = "?" if row.cost is None else dollars(row.cost) + (" + ?" if row.unpriced else "")
    tokens = f"{(row.input_tokens or 0):>10,} in {(row.output_tokens or 0):>9,} out"
    return f"  {row.key[:34]:<34} {cost:>12} {tokens}  {row.counted}"
