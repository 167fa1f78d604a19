"""What the rooms see of a connection: just enough to read and write rows."""

from collections.abc import Sequence
from typing import Any, Protocol


class Rows(Protocol):
    """The rows of a statement."""

    @property
    def get(self) -> Any:
        """The first row (its value where it has one column), or None."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows, as tuples."""
        ...


class Database(Protocol):
    """A connection within a transaction."""

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Rows:
        """Run a statement with ``?`` values."""
        ...

    def changes(self) -> int:
        """How many rows the last statement changed."""
        ...
