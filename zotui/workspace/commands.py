"""What the agent may run: commands in the sandbox, which may go on in the background."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from zotui.errors import ZotuiError
from zotui.sandbox import Child, Command, Outcome, Output
from zotui.store import now_ms
from zotui.text import clean, one_line
from zotui.toolbox import Result, Tool, ToolContext, ToolError, anything
from zotui.workspace.background import Commands, Keeper, Origin

SAYS_S = 0.25  # between two looks at what a command puts out
SEEN_LIVE = 8_000  # characters of its end that are shown while it runs
BRIEFLY_S = 0.5  # how long one in the background is looked at before its call ends
ENDS_S = 3.0  # until one that was stopped has ended
SPARED_S = 10.0  # of the time that a tool may take
TOLD = 200_000  # bytes of its output that one call tells of
BACKGROUND = "background"
NO_WALL = "No sandbox stands: it would run as you, with your files and your network."


class RunCommand(Struct, forbid_unknown_fields=True):
    command: Annotated[str, Meta(min_length=1)]
    timeout_s: Annotated[float, Meta(gt=0)] = 100.0
    background: bool = False


class Background(Struct, forbid_unknown_fields=True):
    id: Annotated[str, Meta(min_length=1)]
    wait_s: Annotated[float, Meta(ge=0, description="For more output, or its end.")] = 0.0
    input: Annotated[str, Meta(description="Whole lines to feed it; judged as commands are.")] = ""
    end_input: bool = False
    stop: bool = False


class Runner:
    """Runs commands for the agent. A call of it ends in time, what it runs may go on in the background."""

    def __init__(self, keeper: Keeper, commands: Commands, tool_timeout_s: Callable[[], float]) -> None:
        self._keeper = keeper
        self._commands = commands
        self._tool_timeout_s = tool_timeout_s

    def patience(self) -> float:
        """Seconds that a call may take."""
        return max(self._tool_timeout_s() / 2, self._tool_timeout_s() - SPARED_S)

    async def wall(self, arguments: object) -> str:
        """What a person who is asked should know of the wall: nothing where one stands."""
        return NO_WALL if self._keeper.sandbox.is_open else ""

    async def run(
        self,
        text: str,
        context: ToolContext,
        timeout_s: float,
        *,
        hosts: Sequence[str] | None = None,
        background: bool = False,
    ) -> Result:
        """Run a line, with a way to these hosts (None: as the configuration has it), until it ends or ``timeout_s`` seconds
        are over; then, or at once, it goes on in the ``background``, where it has an input if it began there.

        Raises SandboxError, StoreError, OSError.
        """
        keeper, began = self._keeper, now_ms()
        most = BRIEFLY_S if background else min(timeout_s, self.patience())
        out = keeper.sandbox.output()
        line = Command(("/bin/bash", "-c", text), "", most + keeper.lasts(), hosts=hosts)
        child = await keeper.sandbox.start(line, out, out, fed=background)
        try:
            outcome = await _watched(child, out, context, most)
            if outcome is None:
                origin = Origin(context.conversation, context.turn, context.call)
                id_ = await keeper.keep(child, out, origin, text, fed=background, began=began)
                return await self._began(id_, "" if background else f"not done after {most:g} s: ")
        except BaseException:
            await _end(child, out)
            raise
        out.close()
        return Result(said(outcome, out), summary(outcome), bool(outcome.reached) or keeper.sandbox.has_network)

    async def _began(self, id_: str, why: str) -> Result:
        one = await self._commands.find(id_)
        piece = await self._commands.read(one, 0, TOLD)
        await self._commands.told(one, piece.end)
        how = "waits for it, feeds it, stops it" if one.fed else "waits for it, stops it; it has no input"
        most = f"{self._keeper.lasts() / 60:,.0f} min"
        words = (
            f'[{why}it goes on in the background, for {most} at most; {BACKGROUND}(id="{one.name}")'
            f" {how}. What it changes after this turn is not undone with the turn.]"
        )
        return Result(f"{words}\n{piece.text}".rstrip(), f"in the background: {one.name}", one.tainted)

    async def look(self, arguments: Background, context: ToolContext) -> Result:
        """Feed, end or stop one in the background, and say what it has put out since the last look. Raises NotFound,
        UsageError, ToolError."""
        commands = self._commands
        one = await commands.find(arguments.id, context.conversation)
        if arguments.input:
            if one.tainted and context.tainted:  # it has a way out, and could carry anything there
                raise ToolError(
                    "it may reach hosts, and words that are not the person's are in this conversation",
                    "begin another, which has no network",
                )
            if arguments.input.rstrip("\n").endswith("\\"):
                raise ToolError("a line of input must not end with a backslash", "feed it whole")
            await commands.feed(one.id, arguments.input)
        if arguments.end_input:
            await commands.end_input(one.id)
        if arguments.stop and not one.over:
            await commands.stop(one.id)
            one = await commands.wait(one.id, ENDS_S)
        else:
            briefly = BRIEFLY_S if arguments.input or arguments.end_input else 0.0
            seconds = min(max(arguments.wait_s, briefly), self.patience())
            one = await commands.wait(one.id, seconds, beyond=one.seen)
        piece = await commands.read(one, one.seen, TOLD)
        await commands.told(one, piece.end)
        return Result(f"[{one.end}]\n{piece.text}".rstrip(), one_line(one.end, 60), one.tainted)


def tools(runner: Runner) -> list[Tool]:
    """The tools that run something, and look after what goes on."""

    async def run_command(arguments: RunCommand, context: ToolContext) -> Result:
        hosts = () if context.tainted else None  # what is not the person's must not carry anything out by itself
        return await runner.run(
            arguments.command, context, arguments.timeout_s, hosts=hosts, background=arguments.background
        )

    words = "Run bash in the workspace, walled in: nothing else writable, no network (run_online has it)."
    more = "A command in the background: what it put out since you looked; feed it, wait for it, stop it."
    return [
        Tool("run_command", words, RunCommand, "run", run_command, touches=anything, preview=runner.wall),
        Tool(BACKGROUND, more, Background, "run", runner.look, core=False, touches=anything, preview=runner.wall),
    ]


def said(outcome: Outcome, out: Output) -> str:
    """What a model is told of a command: how it ended, then what it put out."""
    end = f"exit code {outcome.exit_code}" + (f": {outcome.said}" if outcome.said else "")
    end += f"; {outcome.put_right}" if outcome.put_right else ""
    end += f"; reached {', '.join(outcome.reached)}" if outcome.reached else ""
    end += f"; not reached: {', '.join(outcome.refused)}" if outcome.refused else ""
    return f"[{end}]\n{clean(out.text)}".rstrip()


def summary(outcome: Outcome) -> str:
    """How it ended in a few words."""
    return (
        outcome.said
        or one_line(outcome.put_right, 60)
        or ("done" if outcome.exit_code == 0 else f"exit code {outcome.exit_code}")
    )


async def _watched(child: Child, out: Output, context: ToolContext, seconds: float) -> Outcome | None:
    """How a command ended, if it does so within so many seconds; what it puts out is shown meanwhile."""
    telling = asyncio.create_task(_tell(out, context))
    try:
        return await asyncio.wait_for(child.wait(), seconds)
    except TimeoutError:
        return None
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling


async def _end(child: Child, out: Output) -> None:
    """Nobody holds it: end it."""
    child.stop()
    with contextlib.suppress(asyncio.CancelledError, OSError):
        await child.wait()
    out.close()


async def _tell(out: Output, context: ToolContext) -> None:
    """Show what has come so far, again and again."""
    told = 0
    while True:
        await asyncio.sleep(SAYS_S)
        if out.size != told:
            told = out.size
            with contextlib.suppress(ZotuiError):  # its end will be written, or not
                await context.progress(clean(out.text[-SEEN_LIVE:]))
