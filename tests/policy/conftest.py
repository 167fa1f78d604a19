"""A file of a home."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.processes import opened
from zotui.home import Home
from zotui.store import Store


@pytest.fixture
async def store(home: Home) -> AsyncIterator[Store]:
    """The open file."""
    store = opened(home)
    yield store
    await asyncio.to_thread(store.close)
