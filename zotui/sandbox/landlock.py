"""The wall where there are no namespaces: Landlock, a filter of system calls, and wardens who sweep what is left.

It sees the machine as it is, and may read and write little of it. What Landlock cannot do is made up for, or named as
a gap: it keeps nothing read-only within a folder that is writable, and has no say in who is told that a file is there.
"""

import asyncio
import contextlib
import marshal
import os
import shutil
import sys
import tempfile
from pathlib import Path

from zotui.errors import SandboxError
from zotui.limits import MB
from zotui.sandbox import bubblewrap, protected, seccomp, warden
from zotui.sandbox.command import Command
from zotui.sandbox.namespaces import memory_file
from zotui.sandbox.reach import PLACES, Reach
from zotui.sandbox.restoring import Snapshot, discard
from zotui.sandbox.wall import Profile, Start, Wall

OLD_MARSHAL = 2  # the form that every Python reads
OLDEST = 4  # the first Landlock that refuses connections
SIGNALS = 6  # the first that refuses signals
WARDEN = Path(__file__).with_name("warden.py")
DEVICES = ("/dev/full", "/dev/null", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero")
OF_PROC = ("cpuinfo", "filesystems", "loadavg", "meminfo", "stat", "sys", "uptime", "version")
PLANTED = "what is planted among hooks, start files and skills is put back after the command, not prevented"
SEEN = "names of your other files can be seen"
CHANGED = "names of your other files can be seen, their modes and times changed"
ANY_HOST = "commands reach any host, as there is no network of their own"
SIGNALLED = "your other programs can be signalled"


class Landlock:
    """Starts commands by way of a warden. ``scratch`` is a folder for what commands have of their own."""

    name = "Landlock"

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._own: Path | None = None
        self._reach = Reach()
        self._snapshot: Snapshot | None = None
        self._abi = 0

    async def raise_(self, profile: Profile) -> Wall:
        """Ask the kernel, and start the keeper for root. Raises SandboxError with what is missing."""
        if not sys.platform.startswith("linux"):
            raise SandboxError("Landlock is of Linux only")
        if not seccomp.is_known():
            raise SandboxError(f"there is no filter of system calls for {os.uname().machine}")
        self._abi = self._version()
        if self._abi < OLDEST:
            raise SandboxError("this kernel's Landlock is too old" if self._abi else "this kernel has no Landlock")
        await asyncio.to_thread(_forget_dead, self._scratch)
        try:
            self._own = Path(tempfile.mkdtemp(prefix=f"own-{os.getpid()}-", dir=self._scratch))
        except OSError as error:
            raise SandboxError(f"{self._scratch} cannot be written: {error.strerror}") from None
        gaps = [PLANTED, CHANGED]
        if os.geteuid() == 0:
            if said := await self._reach.extend((profile.workspace, *profile.writable, *profile.readable, self._own)):
                raise SandboxError(f"root is not held by Landlock, and cannot become nobody here: {said}")
            gaps = [PLANTED, SEEN]
        if self._abi < SIGNALS:
            gaps.append(SIGNALLED)
        network = "open" if profile.network else "off"
        gaps += [ANY_HOST] * profile.network
        return Wall("landlock", f"Landlock · network {network}", "; ".join(gaps))

    def start(self, command: Command, profile: Profile, alone: bool) -> Start:
        """The words for the warden and what it reads. Blocks. Raises OSError, SandboxError."""
        assert self._own is not None
        network = bool(command.hosts)
        if network and not profile.network:
            raise SandboxError(
                "Landlock cannot keep a command to the hosts that it may reach", "apt install bubblewrap"
            )
        root = profile.workspace
        if alone or self._snapshot is None:
            self._snapshot = Snapshot.take(root, self._snapshot)
        snapshot, own = self._snapshot, Path(tempfile.mkdtemp(dir=self._own))
        known = set(protected.repositories(root))
        place = f"{self._reach.place(self._own)}/{own.name}"
        for name in ("tmp", "home"):
            (own / name).mkdir()
        workspace = self._reach.place(root)
        folder = os.path.normpath(os.path.join(workspace, command.folder))
        limits = profile.limits
        shown = {name: self._reach.place(path) for name, path in command.folders.items()}
        orders = {
            "abi": self._abi,
            "parent": os.getpid(),
            "words": list(command.words),
            "folder": folder,
            "environment": bubblewrap.environment(
                {"HOME": f"{place}/home", "TMPDIR": f"{place}/tmp", "PWD": folder,
                 "GIT_CONFIG_NOSYSTEM": "1", **command.environment, **shown}.items()
            ),
            "network": network,
            "readable": [*_readable(), *shown.values()],
            "devices": DEVICES,
            "writable": [workspace, *map(self._reach.place, profile.writable), place],
            "limits": {
                "NPROC": limits.processes, "DATA": limits.memory_mb * MB, "FSIZE": limits.file_mb * MB,
                "NOFILE": limits.open_files, "CORE": 0, "MSGQUEUE": 0,
            },
        }  # fmt: skip
        descriptors = [
            memory_file(WARDEN.read_bytes()),
            memory_file(marshal.dumps(orders, OLD_MARSHAL)),
            memory_file(seccomp.program(shared=True, network=network)),
        ]
        script, *told = descriptors
        words = [*self._through_keeper(), _python(), "-I", "-S", f"/proc/self/fd/{script}", *map(str, told)]

        def finish() -> str:
            discard(own)
            try:
                said = [snapshot.restore(root, self._scratch), protected.told_new(root, known)]
                return "; ".join(filter(None, said))
            except OSError as error:
                return f"what is protected cannot be looked after: {error.strerror}"

        return Start(words, {"PATH": PLACES}, descriptors, finish)

    def _version(self) -> int:
        try:
            return warden.version()
        except OSError:
            return 0

    def _through_keeper(self) -> list[str]:
        return self._reach.words()

    async def tear_down(self) -> None:
        """End the keeper, and forget what commands had of their own."""
        await self._reach.tear_down()
        if self._own is not None:
            discard(self._own)
            self._own = None


def _forget_dead(scratch: Path) -> None:
    """What commands had of a zotui that was killed goes. Blocks."""
    for path in scratch.glob("own-*-*"):
        try:
            os.kill(int(path.name.split("-")[1]), 0)
        except ProcessLookupError:
            discard(path)
        except (OSError, ValueError):
            continue


def _python() -> str:
    """The interpreter of the wardens: for root one that nobody may run, too."""
    found = shutil.which("python3", path=PLACES) if os.geteuid() == 0 else None
    return found or sys.executable


def _readable() -> list[str]:
    """What bubblewrap shows of this machine, as far as it is not made up, and some of what the kernel tells."""
    etc = Path("/etc")
    found = [*bubblewrap.SYSTEM, *(f"/proc/{name}" for name in OF_PROC)]
    found += [f"/etc/{name}" for name in (*bubblewrap.ETC_FOLDERS, *bubblewrap.ETC_FILES)]
    with contextlib.suppress(OSError):
        found += [str(path) for pattern in ("java-*", "python3*") for path in etc.glob(pattern)]
    return found
