"""What the agent may run that reaches other machines: a command, and the hosts for which the person gave leave."""

from typing import Annotated

from msgspec import Meta, Struct

from zotui.sandbox.hosts import parse
from zotui.toolbox import Result, Tool, ToolContext, ToolError, anything
from zotui.workspace.commands import Runner

Host = Annotated[str, Meta(min_length=1, max_length=255)]


class RunOnline(Struct, forbid_unknown_fields=True):
    command: Annotated[str, Meta(min_length=1)]
    hosts: Annotated[
        list[Host],
        Meta(
            min_length=1, max_length=20, description="All that it needs, as pypi.org, *.pythonhosted.org or a.org:8443."
        ),
    ]
    timeout_s: Annotated[float, Meta(gt=0)] = 100.0


def tools(runner: Runner) -> list[Tool]:
    """The tools that run something with a way out. It is fed nothing: what it sends was in the call that was allowed."""

    async def run_online(arguments: RunOnline, context: ToolContext) -> Result:
        try:
            for host in arguments.hosts:
                parse(host)
        except ValueError as error:
            raise ToolError(str(error)) from None
        return await runner.run(arguments.command, context, arguments.timeout_s, hosts=arguments.hosts)

    words = "Run bash as run_command does, with a way to hosts over http and https: pip, npm, git clone, curl."
    return [Tool("run_online", words, RunOnline, "net", run_online, core=False, touches=anything, preview=runner.wall)]
