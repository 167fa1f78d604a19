"""Commands in the background that no model has begun."""

import re
from unittest import mock

from zotui.computer import Computer
from zotui.toolbox import Result, ToolContext
from zotui.workers import toolbox


async def call(computer: Computer, conversation: str, name: str, *, tainted: bool = False, **arguments: object) -> str:
    """What a tool says, as a model would be told it."""
    context = ToolContext(conversation, "a turn that is over", "a call", attended=True, tainted=tainted)
    result = await toolbox(computer).run(name, arguments, context, 60)
    assert isinstance(result, Result)
    return result.text


async def begin(computer: Computer, command: str, conversation: str = "") -> str:
    """Begin one in the background; the end of its id."""
    conversation = conversation or await computer.chats.create()
    with mock.patch("zotui.workspace.commands.BRIEFLY_S", 0.02):  # nobody waits for what it puts out
        return named(await call(computer, conversation, "run_command", command=command, background=True))


def named(text: str) -> str:
    """The id that a result tells."""
    found = re.search(r'background\(id="(\w{8})"\)', text)
    assert found, text
    return found[1]
