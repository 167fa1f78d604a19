"""The wall of namespaces: bubblewrap, the filter of system calls, and limits."""

import os
import shutil
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from zotui.errors import SandboxError
from zotui.sandbox import bubblewrap, egress, protected, seccomp
from zotui.sandbox.command import Command
from zotui.sandbox.limits import prlimit
from zotui.sandbox.reach import PLACES, Reach
from zotui.sandbox.restoring import Snapshot
from zotui.sandbox.wall import Profile, Start, Wall, told_network

ITS_OWN_S = 120.0  # what is new after a longer run may be the person's: it is told of, and left


def memory_file(content: bytes) -> int:
    """A descriptor of a file that is nowhere, at its beginning."""
    descriptor = os.memfd_create("zotui", os.MFD_CLOEXEC)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


class Namespaces:
    """Starts commands with bubblewrap. As root, a keeper makes the workspace reachable for a user who is nobody.

    ``scratch`` is a folder for what is put aside: what is protected and there is read-only, what is not there yet cannot be,
    and goes from the workspace when the command that made it has ended.
    """

    name = "bubblewrap"

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._reach = Reach()
        self._protected: protected.Kept | None = None

    async def raise_(self, profile: Profile) -> Wall:
        """Find the programs, and start the keeper for root. Raises SandboxError with what is missing."""
        if not sys.platform.startswith("linux"):
            raise SandboxError("bubblewrap runs on Linux only")
        if not seccomp.is_known():
            raise SandboxError(f"there is no filter of system calls for {os.uname().machine}")
        needed = ("bwrap", "prlimit", *(("nsenter",) if os.geteuid() == 0 else ()))
        for program in needed:
            if shutil.which(program, path=PLACES) is None:
                package = "bubblewrap" if program == "bwrap" else "util-linux"
                raise SandboxError(f"{program} is not installed", f"apt install {package}")
        gaps = ""
        if os.geteuid() == 0 and (
            said := await self._reach.extend((profile.workspace, *profile.writable, *profile.readable))
        ):
            gaps = f"commands run as root within the wall, so that processes are counted by looking only ({said})"
        return Wall("bubblewrap", f"bubblewrap · {told_network(profile)}", gaps)

    def start(self, command: Command, profile: Profile, alone: bool) -> Start:
        """The words for bwrap and what it reads. Blocks.

        While another command runs, what is protected is what was when that began: it is so in that command, too, which
        therefore cannot put a link in its place. Of what is new it could, just as bwrap follows it.
        """
        root, limits = profile.workspace, profile.limits
        if alone or self._protected is None:
            self._protected = protected.kept(root)
        seen = bubblewrap.mounts(
            self._reach.place(root),
            [f"{self._reach.place(path)}={path}" for path in profile.writable],
            *self._protected,
        )
        shown = {name: f"/mnt/{name.lower()}" for name in command.folders}
        for name, path in command.folders.items():
            seen += ["--ro-bind", self._reach.place(path), shown[name]]
        data = {path: memory_file(content) for path, content in bubblewrap.files().items()}
        rules = memory_file(seccomp.program())
        wall = bubblewrap.wall(limits, seen, data, rules)
        folder = ["--chdir", os.path.normpath(os.path.join(bubblewrap.WORK, command.folder))] if command.folder else []
        words = [*self._through_keeper(), *wall, *folder, *prlimit(limits)]
        absent, began = protected.absent(root), time.monotonic()
        known = set(protected.repositories(root))

        def finish() -> str:
            said = [put_back(), protected.told_new(root, known)]
            return "; ".join(filter(None, said))

        def put_back() -> str:
            if time.monotonic() - began > ITS_OWN_S:
                new = [name for name in absent if os.path.lexists(root / name)]
                return f"new, and run by others outside of the sandbox: {', '.join(new)}" if new else ""
            try:
                return Snapshot(absent, {}).restore(root, self._scratch)
            except OSError as error:
                return f"what is protected cannot be looked after: {error.strerror}"

        descriptors = [*data.values(), rules]
        if not command.hosts:
            return Start([*words, *command.words], _environment({**command.environment, **shown}), descriptors, finish)
        door, theirs = socket.socketpair()
        inner = theirs.detach()
        way_out = [*egress.words(inner), *command.words]
        environment = _environment({**egress.environment(), **command.environment, **shown})
        return Start([*words, *way_out], environment, [*descriptors, inner], finish, door)

    def _through_keeper(self) -> list[str]:
        return self._reach.words()

    async def tear_down(self) -> None:
        """End the keeper; its namespace goes with it."""
        await self._reach.tear_down()


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    return bubblewrap.environment(more.items())
