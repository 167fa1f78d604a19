"""What the agent may run of skills: a script, by what the person has looked at."""

import shlex
from typing import Annotated, Any

from msgspec import Meta, Struct

from zotui.errors import NotFound, UsageError
from zotui.skills.arguments import from_words
from zotui.skills.running import PRINTED, TIMEOUT_S, Ran, Running
from zotui.skills.runs import Asked
from zotui.text import one_line
from zotui.toolbox import Result, Tool, ToolContext, ToolError, anything


class RunSkill(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, description="Of the skill.")]
    arguments: Annotated[dict[str, Any], Meta(description="By the names of its parameters.")] = {}
    script: Annotated[str, Meta(description="Where it has several.")] = ""
    words: Annotated[str, Meta(description="key=value words, in place of arguments.")] = ""


def run_tools(running: Running) -> list[Tool]:
    """The tool that runs a skill's script."""

    async def run_skill(arguments: RunSkill, context: ToolContext) -> Result:
        try:
            skill, script = await running.script(arguments.name, arguments.script)
            values = arguments.arguments or from_words(script, _split(arguments.words))
            asked = Asked("agent", context.conversation, context.turn)
            # What is not the person's must not carry anything out by itself.
            ran = await running.run(skill, script, values, asked, timeout_s=TIMEOUT_S, online=not context.tainted)
        except (UsageError, NotFound) as error:
            raise ToolError(error.message, error.hint) from None
        if ran.error:
            raise ToolError(ran.error, one_line(f"{ran.printed[-200:]} {ran.trace[-400:]}", 600))
        return Result(told(ran), "done", bool(ran.outcome.reached) or running.has_network)

    words = "Run a skill's script in the sandbox; find_skill tells which it has, and what for."
    return [Tool("run_skill", words, RunSkill, "run", run_skill, core=False, touches=anything, preview=running.preview)]


def _split(words: str) -> list[str]:
    """The words of a line, as a shell has them. Raises UsageError."""
    try:
        return shlex.split(words)
    except ValueError as error:
        raise UsageError(f"{one_line(words, 60)!r}: {error}", "key=value, in quotes where there are blanks") from None


def told(ran: Ran) -> str:
    """What a model is told of a run: what was printed, then what was returned."""
    printed = f"[it printed]\n{ran.printed[-PRINTED:].rstrip()}\n\n" if ran.printed.strip() else ""
    right = f"[{ran.outcome.put_right}]\n" if ran.outcome.put_right else ""
    return f"{right}{printed}{ran.text}".rstrip() or "It returned nothing."
