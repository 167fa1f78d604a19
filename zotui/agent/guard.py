"""What the agent needs of undo: a checkpoint before a turn changes the workspace, and its end."""

from collections.abc import Callable, Sequence
from typing import Protocol

Told = Callable[[int, int], None]


class Guard(Protocol):
    """Checkpoints, as the agent sees them."""

    async def before(
        self, turn: str, conversation: str, paths: Sequence[str] | None, told: Told = ..., /
    ) -> Sequence[str]:
        """Have a checkpoint before these paths change, or any (None); what it could not bring back, in words."""
        ...

    async def settle(self, turn: str) -> None:
        """Note what a turn changed that has ended or waits."""
        ...

    async def settle_left(self) -> None:
        """The same for turns that ended without it."""
        ...


class Unguarded:
    """No checkpoints: where nothing of the workspace is changed, or nobody asked for any."""

    async def before(
        self, turn: str, conversation: str, paths: Sequence[str] | None, told: Told = lambda done, of: None, /
    ) -> Sequence[str]:
        """Nothing is kept."""
        return ()

    async def settle(self, turn: str) -> None:
        """Nothing is noted."""

    async def settle_left(self) -> None:
        """Nothing is noted."""
