"""A skill made of a conversation: written as a draft, which is not used before the person has looked at it.

The model writes it; where there is none, it is the person's requests and what was done, in order.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from zotui.errors import NotFound, UsageError
from zotui.skills.adding import MADE_OF, Adding
from zotui.skills.making import check_name
from zotui.skills.skill import Skill
from zotui.text import clean, one_line
from zotui.toolbox import Result, Tool, ToolContext, ToolError

TOOL = "draft_skill"
REQUEST = (
    f"Make a skill {{name}} of this conversation with {TOOL}: what is to be done whenever this comes up again, in general steps;"
    " what was particular this time is an example."
)
"""What the person says, or has said for them, to any model and without one."""
REQUESTS, CALLS = 20, 40
LONGEST_REQUEST, LONGEST_CALL = 400, 200  # characters
LONGEST = 100_000
_FENCED = re.compile(r"\s*```\w*\n(.*?)\n?```\s*", re.DOTALL)


class Talk(msgspec.Struct, frozen=True):
    """What was said and done in a conversation before a turn: the person's requests, the calls of tools by name and arguments,
    and whose words are in it, where they are not the person's."""

    requests: Sequence[str]
    calls: Sequence[tuple[str, str]]
    tainted_by: str = ""


Recalled = Callable[[str, str], Awaitable[Talk]]
"""What was said and done in the conversation of an id, before the turn of another."""


class Drafting:
    """Writes drafts. ``recalled`` tells of a conversation."""

    def __init__(self, adding: Adding, recalled: Recalled) -> None:
        self._adding = adding
        self._recalled = recalled

    async def check(self, name: str, conversation: str) -> None:
        """Raises UsageError where no draft of this conversation can have that name."""
        check_name(name)
        await asyncio.to_thread(self._adding.check_free, name, f"{MADE_OF}{conversation}")

    async def write(self, name: str, conversation: str, turn: str = "", content: str = "") -> Skill:
        """A draft of this name: this file, or without one what was said and done before a turn. A draft of the same conversation
        that nobody has looked at gives way. Raises UsageError for what is no skill, or a name that is taken."""
        check_name(name)
        talk = await self._recalled(conversation, turn)
        talk = msgspec.structs.replace(
            talk,
            requests=[one for one in talk.requests if TOOL not in one],  # it was asked for before
            calls=[one for one in talk.calls if one[0] != TOOL],
        )
        if not content and not talk.requests:
            raise UsageError("nothing has been asked in this conversation yet")
        tainted = f", in which are words of {one_line(talk.tainted_by, 60)}" if talk.tainted_by else ""
        text = _unfenced(content) if content else composed(name, talk)
        return await self._adding.draft(name, text, f"{MADE_OF}{conversation}{tainted}")


def composed(name: str, talk: Talk) -> str:
    """A ``SKILL.md`` of what was asked and done, to be put into general words."""
    first = one_line(talk.requests[0], 300).rstrip(".")
    description = f"Does what was asked in a conversation: {first}. Use when the person asks for that again."
    asked = [f"{number}. {one_line(one, LONGEST_REQUEST)}" for number, one in enumerate(talk.requests[-REQUESTS:], 1)]
    done = list(dict.fromkeys(f"`{tool}` with {_code(one_line(given, LONGEST_CALL))}" for tool, given in talk.calls))
    lines = ["---", f"name: {name}", f"description: {json.dumps(description, ensure_ascii=False)}", "---", ""]
    lines += [f"# {name.replace('-', ' ').capitalize()}", ""]
    lines += [
        "It was put together from a conversation: say it in general words, and leave out what was particular.",
        "",
    ]
    lines += ["## What was asked", "", *asked, ""]
    if done:
        lines += ["## How it was done", "", *(f"{number}. {one}" for number, one in enumerate(done[-CALLS:], 1)), ""]
    return "\n".join(lines)


class DraftSkill(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(description="1 to 64 of a-z, 0-9 and single hyphens.")]
    content: Annotated[
        str,
        Meta(max_length=LONGEST, description="The whole SKILL.md: front matter (name, description with 'Use when'), then numbered steps."),
    ] = ""  # fmt: skip


def draft_tools(drafting: Drafting) -> list[Tool]:
    """The tool that writes a draft."""

    async def draft_skill(arguments: DraftSkill, context: ToolContext) -> Result:
        try:
            skill = await drafting.write(arguments.name, context.conversation, context.turn, arguments.content)
        except (UsageError, NotFound) as error:
            raise ToolError(error.message, error.hint) from None
        told = f"{clean(skill.path)}/SKILL.md is a draft. The person looks at it first: zotui skills trust {skill.name}"
        return Result(told, skill.name)

    words = (
        "Write a draft of a skill, a SKILL.md, of this conversation. It is not used before the person has looked at it."
    )
    return [Tool(TOOL, words, DraftSkill, "write", draft_skill, core=False)]


def _unfenced(content: str) -> str:
    """What a model wrote, without the fence that it put around it."""
    found = _FENCED.fullmatch(content)
    return f"{(found[1] if found else content).strip()}\n"


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(39))}`"
