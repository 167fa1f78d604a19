"""What the agent may do with memory."""

import re
from typing import Annotated

from msgspec import Meta, Struct

from zotui.errors import ZotuiError
from zotui.memory.knowing import name_of
from zotui.memory.memories import Memories
from zotui.memory.records import Memory
from zotui.text import one_line
from zotui.toolbox import Result, Tool, ToolContext

_NAMED = re.compile(r"\[?m:([0-9a-z]{6,26})\]?", re.IGNORECASE)


class Remember(Struct, forbid_unknown_fields=True):
    content: Annotated[str, Meta(description="The fact, as a sentence that stands alone.", min_length=1)]
    key: Annotated[str, Meta(description="A short name, to overwrite and look up; may be empty.")] = ""


class Recall(Struct, forbid_unknown_fields=True):
    query: Annotated[str, Meta(description="Words to look for.", min_length=1)]
    limit: Annotated[int, Meta(ge=1, le=50)] = 5


class ListMemories(Struct, forbid_unknown_fields=True):
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


def tools(memories: Memories) -> list[Tool]:
    """The memory tools."""

    async def remember(arguments: Remember, context: ToolContext) -> Result:
        meta = {"source": "agent", "conversation": context.conversation}
        if arguments.key:
            await memories.set(arguments.key, arguments.content, meta)
            return Result(f"Remembered as {one_line(arguments.key, 200)}.", "saved")
        await memories.memorize(arguments.content, meta)
        return Result("Remembered.", "saved")

    async def recall(arguments: Recall, context: ToolContext) -> Result:
        if named := _NAMED.fullmatch(arguments.query.strip()):
            return await whole(named[1].lower(), context)
        found = await memories.recall(arguments.query, arguments.limit)
        await memories.use(found, context.turn)
        return Result(_lines(found) or "Nothing found.", f"{len(found)} found", _is_tainted(found))

    async def whole(name: str, context: ToolContext) -> Result:
        """One memory by the name that the model knows it by."""
        try:
            found = await memories.find(name)
        except ZotuiError as error:
            return Result(str(error), "not found")
        await memories.use([found], context.turn)
        said = [f"{role}: {text}" for _, role, text in await memories.originals(found)]
        behind = "\n\nIt stands for these messages:\n" + "\n".join(said) if said else ""
        return Result(found.content + behind, one_line(found.content, 60), found.tainted)

    async def list_memories(arguments: ListMemories, context: ToolContext) -> Result:
        found = await memories.list(limit=arguments.limit)
        total = await memories.count()
        return Result(_lines(found) or "Nothing is remembered yet.", f"{len(found)} of {total}", _is_tainted(found))

    return [
        Tool(
            "remember",
            "Keep a fact for later conversations.",
            Remember,
            "write",
            remember,
        ),
        Tool("recall", "Search what was remembered in all conversations.", Recall, "read", recall),
        Tool("list_memories", "List the newest memories.", ListMemories, "read", list_memories, core=False),
    ]


def _is_tainted(found: list[Memory]) -> bool:
    return any(memory.tainted for memory in found)


def _lines(found: list[Memory]) -> str:
    return "\n".join(
        f"- [{name_of(memory.id)}] {f'[{memory.key}] ' if memory.key else ''}{one_line(memory.content, 500)}"
        for memory in found
    )
