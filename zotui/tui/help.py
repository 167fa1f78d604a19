"""What the help and the status say: made from the tables, so that it is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zotui import __version__
from zotui.text import one_line
from zotui.tui.actions import ACTIONS, KEYS, key_of, shown_key

if TYPE_CHECKING:
    from zotui.computer import Computer


def help_text(bound: dict[str, str], width: int) -> str:
    """All keys and commands in so many columns; ``bound`` are the keys that the configuration gives to actions."""
    from zotui.tui.slash import COMMANDS

    groups: dict[str, list[tuple[str, str]]] = {}
    commands = {command.action: f"/{command.name}" for command in reversed(COMMANDS)}
    for action in ACTIONS:
        key = shown_key(key_of(action, bound)) or commands.get(action.id, "")
        groups.setdefault(action.group, []).append((key, action.words))
    for key, words, group in KEYS:
        groups.setdefault(group, []).append((key, words))
    groups["Commands"] = [
        (f"/{command.name} {command.hint}".strip(), command.words) for command in COMMANDS if not command.missing
    ]
    return "\n\n".join("\n".join([group, *_lines(rows, width)]) for group, rows in groups.items())


def _lines(rows: list[tuple[str, str]], width: int) -> list[str]:
    """Keys in a column and words beside them, or one after the other where that is too wide."""
    column = max(len(key) for key, _ in rows)
    lines = [f"  {key:<{column}}  {words}" for key, words in rows]
    if max(map(len, lines)) > width:
        lines = [f"{key}: {words}" if key else words for key, words in rows]
    return lines if max(map(len, lines)) <= width else [one_line(line, width) for line in lines]


async def status_text(computer: Computer, conversation: str | None, model: str) -> str:
    """What goes on: the conversation, who answers, what works, where everything is."""
    work, wall = await computer.work(), await computer.standing.wall() or await computer.sandbox.look()
    lines = [f"model         {model}"]
    if conversation is not None:
        chat = await computer.chats.find(conversation)
        spent = await computer.chats.spent(conversation)
        tokens = (spent.input_tokens or 0) + (spent.output_tokens or 0)
        lines += [
            f"conversation  {chat.title or '(no title)'}",
            f"              {chat.id} · {chat.messages:,} messages · {tokens:,} tokens",
        ]
    lines += [
        f"turns         {work['running']} running · {work['queued']} queued",
        f"inbox         {len(await computer.turns.questions())} questions · {await computer.notices.count()} notices",
        f"sandbox       {wall.name}",
        *(f"              {words}" for words in (*wall.gaps.split("; "), wall.mend) if words),
        f"home          {computer.home.path}",
        f"version       {__version__}",
    ]
    return "\n".join(lines)
