"""``zotui memory show``: all of one memory: where it comes from, what it was before, where it was used."""

from typing import Any

import click
import msgspec

from zotui.cli.door import as_json, print_json, print_text, rfc3339, with_computer
from zotui.computer import Computer
from zotui.errors import NotFound
from zotui.memory import Memory, Version
from zotui.memory.memories import Said, Uses
from zotui.text import clean, one_line


@click.command()
@click.argument("id_or_key")
@as_json
@click.pass_obj
def show(options: dict[str, Any], id_or_key: str, as_json: bool) -> None:
    """Show all of a memory: where it comes from, what it was before, which answers it was in."""

    async def run(computer: Computer) -> tuple[Memory, list[Version], Uses, str, Said]:
        memory = await computer.memory.find(clean(id_or_key))
        versions = await computer.memory.history(memory.key or memory.id)
        used, said = await computer.memory.used_in(memory.id), await computer.memory.originals(memory)
        return memory, versions, used, await _origin(computer, memory), said

    memory, versions, used, origin, said = with_computer(options, run)
    if as_json:
        times = ("created_at", "updated_at", "pinned_at", "expires_at", "used_at")
        print_json(
            msgspec.to_builtins(memory)
            | {name: rfc3339(getattr(memory, name)) for name in times}
            | {
                "origin": origin,
                "stands_for": [{"message_id": message, "role": role, "content": text} for message, role, text in said],
                "history": [{"value": one.value, "since": rfc3339(one.created_at)} for one in versions],
                "used_in": [{"turn_id": turn, "at": rfc3339(at)} for turn, at in used],
            }
        )
        return
    lines = [memory.content, "", f"id       {memory.id}"]
    lines += [f"key      {memory.key}"] * bool(memory.key)
    lines += [f"tags     {', '.join(memory.tags)}"] * bool(memory.tags)
    lines.append(f"from     {origin}")
    lines += [f"for      {role}: {one_line(text, 200)}" for _, role, text in said]
    lines += ["mark     others' words may be in it"] * memory.tainted
    lines.append(f"since    {rfc3339(memory.created_at)}, changed {rfc3339(memory.updated_at)}")
    lines += [f"pinned   {rfc3339(memory.pinned_at)}"] * bool(memory.pinned_at)
    lines += [f"until    {rfc3339(memory.expires_at)}"] * bool(memory.expires_at)
    lines += [f"was      {rfc3339(one.created_at)}  {one_line(one.value, 200)}" for one in versions[:-1]]
    lines.append(f"used     in {memory.uses} answers" if memory.uses else "used     in no answer yet")
    lines += [f"         {rfc3339(at)}  turn {turn}" for turn, at in used]
    print_text("\n".join(lines))


async def _origin(computer: Computer, memory: Memory) -> str:
    """Where a memory comes from, in words."""
    conversation = str(memory.meta.get("conversation") or "")
    source = one_line(str(memory.meta.get("source") or "unknown"), 100)
    if not conversation:
        return source
    try:
        chat = await computer.chats.find(conversation)
    except NotFound:
        return f"{source}: a conversation that is gone ({one_line(conversation, 40)})"
    message = str(memory.meta.get("message") or "")
    return f"{source}: “{one_line(chat.title, 80)}” ({chat.id}{f'/{message}' if message else ''})"
