"""Scripts run here in this process, which others share."""

import csv
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """A script may read longer fields than usual; nobody else shall."""
    limit = csv.field_size_limit()
    yield
    csv.field_size_limit(limit)
