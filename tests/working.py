"""A computer at work with a model that follows a script, and what its tests ask of it. A conftest imports the fixtures."""

import json
from collections.abc import AsyncIterator

import pytest_asyncio

from tests.openai_server import Exchange, OpenAIServer, calls, openai_server, says
from tests.waiting import wait_for
from zotui.computer import Computer
from zotui.conversations import Question
from zotui.home import Home

CONFIG = 'model = "lab/tiny"\n[providers.lab]\nbase_url = "{url}"\nmodels = ["tiny"]\n'


@pytest_asyncio.fixture
async def server(home: Home) -> AsyncIterator[OpenAIServer]:
    """A model server that the home's configuration names."""
    async with openai_server() as server:
        home.config_file.write_text(CONFIG.format(url=server.url))
        yield server


@pytest_asyncio.fixture
async def computer(home: Home, server: OpenAIServer) -> AsyncIterator[Computer]:
    """The process that does the work."""
    async with Computer.open(home, workers="own") as computer:
        yield computer


def runs(server: OpenAIServer, **arguments: object) -> None:
    """Have the model run one command, then say what it was told."""
    server.script(calls(("run_command", arguments)))
    server.answer(lambda exchange: says(f"told: {told(exchange)}"))


def told(exchange: Exchange) -> str:
    """What the model was told of the last call."""
    results = [one["content"] for one in json.loads(exchange.body)["messages"] if one["role"] == "tool"]
    return str(results[-1]) if results else ""


async def questions(computer: Computer) -> list[Question]:
    """What waits for the person, once something does."""
    found: list[Question] = await wait_for(computer.turns.questions)
    return found
