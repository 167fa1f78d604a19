"""What shall be run, and how it ended."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

Reason = Literal["", "timeout", "stopped", "limit"]
LONGEST_WORDS = 128_000  # bytes of one word: the kernel takes no longer ones


class Command(Struct, frozen=True):
    """Words to run in a folder of the workspace, for at most ``timeout_s`` seconds.

    ``environment``: more variables. Nothing of zotui's own environment is passed on. ``hosts``: those that it may reach,
    as ``zotui.sandbox.hosts`` writes them, none where that is empty; None for those of the configuration. ``folders``:
    those of the profile's ``readable`` that it may read, by the variables that tell it where they are.
    """

    words: Sequence[str]
    folder: str = ""
    timeout_s: float = 120.0
    environment: Mapping[str, str] = {}
    hosts: Sequence[str] | None = None
    folders: Mapping[str, Path] = {}


class Outcome(Struct, frozen=True):
    """How a command ended: its exit code as a shell has it (128 + signal), after how many seconds, and ``reason`` where
    it was ended; ``said`` tells that in words. ``wall`` names what stood around it; ``put_right`` says what it had
    changed that it must not, where the wall puts that back afterwards. ``reached`` and ``refused`` name the hosts, with
    their ports, to which it was connected, and to which it was not and why, where it could reach any."""

    exit_code: int
    duration_s: float
    wall: str
    reason: Reason = ""
    said: str = ""
    put_right: str = ""
    reached: Sequence[str] = ()
    refused: Sequence[str] = ()


def shell(text: str, folder: str = "", timeout_s: float = 120.0) -> Command:
    """A line for bash."""
    return Command(("/bin/bash", "-c", text), folder, timeout_s)
