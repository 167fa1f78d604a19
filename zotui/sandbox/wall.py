"""Which wall stands around commands on this machine. It is found by trying, not by looking at versions."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

from zotui.limits import Limits
from zotui.sandbox.command import Command

Kind = Literal["bubblewrap", "landlock", "seatbelt", "none"]


class Profile(Struct, frozen=True):
    """What commands may do: the workspace, more folders that they may write, whether the network is theirs, limits."""

    workspace: Path
    writable: Sequence[Path] = ()
    network: bool = False
    limits: Limits = Limits()


class Wall(Struct, frozen=True):
    """What stands: ``name`` for the status line; where it is less than all, ``gaps`` in words and what mends it."""

    kind: Kind
    name: str
    gaps: str = ""
    mend: str = ""


def nothing() -> str:
    """Nothing was to be put right."""
    return ""


class Start(Struct, frozen=True):
    """How a command is started: its words, its environment, and descriptors that go along and are closed then.

    ``finish`` is called once when all of it is gone, and says what it put right, in words. It blocks.
    """

    words: Sequence[str]
    environment: Mapping[str, str]
    descriptors: Sequence[int] = ()
    finish: Callable[[], str] = nothing


class Builder(Protocol):
    """One kind of wall."""

    name: str

    async def raise_(self, profile: Profile) -> Wall:
        """Build what is needed once. Raises SandboxError where it cannot stand here."""
        ...

    def start(self, command: Command, profile: Profile, alone: bool) -> Start:
        """How a command is started behind it; ``alone``: while no other runs. Blocks."""
        ...

    async def tear_down(self) -> None:
        """End what was built."""
        ...
