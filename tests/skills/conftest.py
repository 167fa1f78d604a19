"""Skills of a home with a real file."""

import pytest

from tests.skills.shelves import shelf_of
from zotui.home import Home
from zotui.skills import Shelf
from zotui.store import Store


@pytest.fixture
def shelf(home: Home, store: Store) -> Shelf:
    """The home's skills."""
    return shelf_of(home, store)
