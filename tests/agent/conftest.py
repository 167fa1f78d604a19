"""A laboratory: a home, a file, a scripted model server, workers with tools of the test's own."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.agent.lab import Lab
from tests.openai_server import OpenAIServer, openai_server
from tests.processes import opened
from zotui.home import Home


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    """The model server; all that it was sent is checked at the end."""
    async with openai_server() as server:
        yield server


@pytest.fixture
async def lab(home: Home, server: OpenAIServer) -> AsyncIterator[Lab]:
    """The laboratory."""
    store = opened(home)
    lab = Lab(home, store, server)
    yield lab
    await lab.close()
    await asyncio.to_thread(store.close)
