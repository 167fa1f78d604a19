"""What a person is shown who is asked whether a call may run: all of it, and what it would change."""

from collections.abc import Sequence
from typing import Any

import msgspec

from zotui.conversations import ToolCallRecord
from zotui.errors import ZotuiError
from zotui.policy import GUARDED
from zotui.toolbox import Effect, Tool

FOR_GOOD: dict[Effect, str] = {
    "net": "What is sent over the network cannot be undone.",
    "outside": "What it does outside of the workspace cannot be undone.",
    "settings": "It changes what this computer does by itself.",
}


async def leave(tool: Tool, call: ToolCallRecord, tainted: str, grants: Sequence[str] = ()) -> str:
    """The question: the call whole, escaped; why it is asked; what cannot be undone; the changes that it would make; what
    else would be allowed with it for good."""
    lines = [f"{tool.name} ({tool.effect}) wants to run", words(call)]
    if tainted:
        lines.append(
            f"This conversation holds words that are not yours, from {tainted}: hence you are asked each time."
        )
    if tool.effect in FOR_GOOD:
        lines.append(FOR_GOOD[tool.effect])
    if tool.preview is not None and call.given is not None:
        try:
            lines.append(await tool.preview(tool.parse(call.given)))
        except ZotuiError as error:  # it will fail, too, and then say so to the model
            lines.append(f"It would fail: {error.message}")
    if grants:
        where = ", where nobody else's words are" if tool.effect in GUARDED else ""
        lines.append(f"Allowed for good would be: {', '.join(map(shown, grants))}{where}")
    return "\n".join(filter(None, lines))


def words(call: ToolCallRecord) -> str:
    """A call's arguments, a line each."""
    return "\n".join(f"{name}: {shown(value)}" for name, value in (call.given or {}).items())


def shown(value: Any) -> str:
    """An argument as a person is shown it: whole, and what would not be seen or act on a terminal escaped."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
