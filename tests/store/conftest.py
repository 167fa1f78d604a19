"""Open files."""

from collections.abc import Iterator

import pytest

from tests.processes import opened
from zotui.home import Home
from zotui.store import Store


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    """The home's file, open."""
    store = opened(home)
    yield store
    store.close()
