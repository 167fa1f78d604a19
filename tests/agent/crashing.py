"""A worker in a process of its own, to be killed: ``python -m tests.agent.crashing HOME URL``.

Its tools ``note`` (writes) and ``look`` (reads) say on stdout that they run, and then hang.
"""

import asyncio
import sys

from tests.agent.lab import Word, agent, tool
from tests.processes import opened
from zotui.agent import Worker
from zotui.home import Home
from zotui.toolbox import Result, ToolContext


async def hang(arguments: Word, context: ToolContext) -> Result:
    """Say so, and never come back."""
    print(f"running {arguments.word}", flush=True)
    await asyncio.Event().wait()
    raise AssertionError


async def work(home: Home, url: str) -> None:
    """Work until killed."""
    store = opened(home)
    worker = Worker(agent(store, url, [tool("note", hang, "write"), tool("look", hang)], home), own_only=False)
    worker.start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(Home(sys.argv[1]), sys.argv[2]))
