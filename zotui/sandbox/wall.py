"""Which wall stands around commands on this machine. It is found by trying, not by looking at versions."""

import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

from zotui.limits import Limits
from zotui.sandbox.command import Command

Kind = Literal["bubblewrap", "landlock", "seatbelt", "none"]


class Profile(Struct, frozen=True):
    """What commands may do: the workspace, more folders that they may write, limits; whether each may reach hosts
    without more ado, and which; and the patterns of hosts that none may. Of what lies in ``readable`` a command may read
    what it is given, and nothing else."""

    workspace: Path
    writable: Sequence[Path] = ()
    network: bool = False
    limits: Limits = Limits()
    hosts: Sequence[str] = ("*",)
    denied: Sequence[str] = ()
    readable: Sequence[Path] = ()


class Wall(Struct, frozen=True):
    """What stands: ``name`` for the status line; where it is less than all, ``gaps`` in words and what mends it."""

    kind: Kind
    name: str
    gaps: str = ""
    mend: str = ""


def told_network(profile: Profile) -> str:
    """What commands reach without more ado, in words for the status line."""
    if not profile.network or not profile.hosts:
        return "network off"
    if "*" in profile.hosts:
        return "network: public hosts"
    return f"network: {profile.hosts[0]}" if len(profile.hosts) == 1 else f"network: {len(profile.hosts)} hosts"


def nothing() -> str:
    """Nothing was to be put right."""
    return ""


class Start(Struct, frozen=True):
    """How a command is started: its words, its environment, and descriptors that go along and are closed then.

    ``finish`` is called once when all of it is gone, and says what it put right, in words. It blocks. Where the command may
    reach hosts, ``door`` is where its listening socket comes out, or ``listener`` is that socket already.
    """

    words: Sequence[str]
    environment: Mapping[str, str]
    descriptors: Sequence[int] = ()
    finish: Callable[[], str] = nothing
    door: socket.socket | None = None
    listener: socket.socket | None = None


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
