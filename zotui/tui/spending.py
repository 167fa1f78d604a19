"""What models have cost, as a page to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zotui.models.ledger import dollars

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.models.spending import Sum

DAYS = 14
LEAST = 24  # columns of the names


async def spending_text(computer: Computer, conversation: str | None, width: int) -> str:
    """This conversation by model, then the last days, then all models. What is not known is a question mark.

    Where ``width`` columns are too few for that, a row's tokens are below its name.
    """
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
    cells = [(row.key, *row.cells) for _, rows in groups for row in rows]
    sizes = [max(map(len, column)) for column in zip(*cells, strict=True)]
    sizes[:1] = [max(size, LEAST) for size in sizes[:1]]
    for title, rows in groups:
        lines += (
            ["", title, *(_lines(row, sizes, width) for row in rows)] if rows else ["", title, "  nothing was asked"]
        )
    if any(row.unpriced for _, rows in groups for row in rows):
        lines += ["", "?: requests whose price is not known; give it under [prices] in config.toml"]
    return "\n".join(lines)


def _lines(row: Sum, sizes: list[int], width: int) -> str:
    """A row in one line, or in two where ``width`` is too small for such lines."""
    cost, *tokens, counted = row.cells
    if 2 * len(sizes) + sum(sizes) > width:
        return f"  {row.key}  {cost}\n    {'  '.join([*tokens, counted])}"
    numbers = (cell.rjust(size) for cell, size in zip((cost, *tokens), sizes[1:], strict=False))
    return "  " + "  ".join([row.key.ljust(sizes[0]), *numbers, counted])
