"""What the agent may run: commands in the sandbox."""

import asyncio
import contextlib
from typing import Annotated

from msgspec import Meta, Struct

from zotui.errors import ZotuiError
from zotui.sandbox import Command, Outcome, Output, Sandbox
from zotui.text import clean, one_line
from zotui.toolbox import Result, Tool, ToolContext, anything

SAYS_S = 0.25  # between two looks at what a command puts out
SEEN_LIVE = 8_000  # characters of its end that are shown while it runs


class RunCommand(Struct, forbid_unknown_fields=True):
    command: Annotated[str, Meta(min_length=1)]
    timeout_s: Annotated[float, Meta(gt=0, le=3600)] = 100.0


def tools(sandbox: Sandbox) -> list[Tool]:
    """The tools that run something."""

    async def run_command(arguments: RunCommand, context: ToolContext) -> Result:
        hosts = () if context.tainted else None  # what is not the person's must not carry anything out by itself
        command = Command(("/bin/bash", "-c", arguments.command), "", arguments.timeout_s, hosts=hosts)
        outcome, out = await run(sandbox, command, context)
        return Result(said(outcome, out), summary(outcome), bool(outcome.reached) or sandbox.has_network)

    words = (
        "Run bash in the workspace, in a sandbox: nothing else is writable, there is no network (run_online has it)."
    )
    return [Tool("run_command", words, RunCommand, "run", run_command, touches=anything)]


async def run(sandbox: Sandbox, command: Command, context: ToolContext) -> tuple[Outcome, Output]:
    """Run a command to its end, showing what it puts out meanwhile. Raises SandboxError."""
    out = sandbox.output()
    telling = asyncio.create_task(_tell(out, context))
    try:
        return await sandbox.run(command, out, out), out
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling


def said(outcome: Outcome, out: Output) -> str:
    """What a model is told of a command: how it ended, then what it put out."""
    end = f"exit code {outcome.exit_code}" + (f": {outcome.said}" if outcome.said else "")
    end += f"; {outcome.put_right}" if outcome.put_right else ""
    end += f"; reached {', '.join(outcome.reached)}" if outcome.reached else ""
    end += f"; refused {', '.join(outcome.refused)}, for which there is no leave" if outcome.refused else ""
    return f"[{end}]\n{clean(out.text)}".rstrip()


def summary(outcome: Outcome) -> str:
    """How it ended in a few words."""
    return (
        outcome.said
        or one_line(outcome.put_right, 60)
        or ("done" if outcome.exit_code == 0 else f"exit code {outcome.exit_code}")
    )


async def _tell(out: Output, context: ToolContext) -> None:
    """Show what has come so far, again and again."""
    told = 0
    while True:
        await asyncio.sleep(SAYS_S)
        if out.size != told:
            told = out.size
            with contextlib.suppress(ZotuiError):  # its end will be written, or not
                await context.progress(clean(out.text[-SEEN_LIVE:]))
