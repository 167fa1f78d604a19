"""The agent's own tools: the time, a question to the person, the rest of a long result, earlier chats."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, Struct

from zotui.agent.knowledge import telling
from zotui.agent.learning import remembers
from zotui.conversations import Chats, TurnOptions
from zotui.store import Reader, Store
from zotui.text import one_line
from zotui.toolbox import RESULT_BUDGET, Ask, Result, Tool, ToolContext, ToolError


class Now(Struct, forbid_unknown_fields=True):
    zone: Annotated[str, Meta(description="IANA zone or city; empty for the local one.")] = ""


class AskPerson(Struct, forbid_unknown_fields=True):
    question: Annotated[str, Meta(min_length=1, max_length=2000)]
    choices: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=9)] = []


class ReadResult(Struct, forbid_unknown_fields=True):
    call: str
    offset: Annotated[int, Meta(ge=0)] = 0


class SearchChats(Struct, forbid_unknown_fields=True):
    query: Annotated[str, Meta(min_length=1)]
    limit: Annotated[int, Meta(ge=1, le=20)] = 5


def tools(store: Store, chats: Chats) -> list[Tool]:
    """The agent's own tools."""

    async def now(arguments: Now, context: ToolContext) -> Result:
        moment = datetime.now().astimezone()
        if arguments.zone:
            moment = moment.astimezone(_zone(arguments.zone))
        return Result(moment.strftime("%A %Y-%m-%d %H:%M:%S %Z (UTC%z)"), moment.strftime("%H:%M"))

    async def ask_person(arguments: AskPerson, context: ToolContext) -> Ask:
        if not context.attended:
            raise ToolError("nobody is there to answer", "decide yourself, or say what you need to know")
        return Ask(arguments.question, arguments.choices)

    async def read_result(arguments: ReadResult, context: ToolContext) -> Result:
        text = await store.read(
            lambda db: (
                db.execute(
                    "SELECT t.result FROM tool_calls t JOIN messages m ON m.id = t.message_id"
                    " WHERE m.conv_id = ? AND t.call_id = ? ORDER BY t.id DESC LIMIT 1",
                    (context.conversation, arguments.call),
                ).get
            )
        )
        if await store.read(lambda db: is_hidden(db, context.turn, arguments.call)):
            raise ToolError("memory is off here, and that is what it told")
        if text is None:
            raise ToolError(f"no call {one_line(arguments.call, 40)!r} with a result in this conversation")
        end = arguments.offset + RESULT_BUDGET - 200
        rest = max(0, len(text) - end)
        more = f"\n[{rest:,} characters more; offset={end} shows them]" if rest else ""
        return Result(text[arguments.offset : end] + more, f"from {arguments.offset:,}")

    async def search_chats(arguments: SearchChats, context: ToolContext) -> Result:
        found = [
            (conversation, f"- {one_line(conversation.title, 60)}: {one_line(excerpt, 300)}")
            for conversation, message, excerpt in await chats.search(arguments.query, arguments.limit + 3)
            if message.turn_id != context.turn
        ][: arguments.limit]
        tainted = any(conversation.tainted_by for conversation, _ in found)
        return Result("\n".join(line for _, line in found) or "Nothing found.", f"{len(found)} found", tainted)

    return [
        Tool("now", "The current date and time.", Now, "read", now),
        Tool(
            "ask_person",
            "Ask the person what only they can know or decide, and wait.",
            AskPerson,
            "read",
            ask_person,
        ),
        Tool("read_result", "More of a tool result that was cut.", ReadResult, "read", read_result),
        Tool(
            "search_chats",
            "Search everything said in all conversations.",
            SearchChats,
            "read",
            search_chats,
            core=False,
        ),
    ]


def is_hidden(db: Reader, turn: str, call: str) -> bool:
    """Whether a call's result tells what is remembered, in a turn that must not know it."""
    row = db.execute("SELECT conv_id, options FROM turns WHERE id = ?", (turn,)).get
    if row is None or remembers(db, row[0], msgspec.json.decode(row[1], type=TurnOptions)):
        return False
    return call in telling(db, row[0])


def _zone(name: str) -> ZoneInfo:
    """An IANA zone by its name or its city's. Raises ToolError."""
    from zoneinfo import available_timezones

    wanted = name.strip().replace(" ", "_").lower()
    for zone in sorted(available_timezones()):
        if zone.lower() == wanted or zone.lower().rpartition("/")[2] == wanted:
            try:
                return ZoneInfo(zone)
            except ZoneInfoNotFoundError:
                break
    raise ToolError(f"no time zone {one_line(name, 40)!r}", "name one as Europe/Berlin")
