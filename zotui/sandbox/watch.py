"""Watches over a command's use of this machine, where no limit of the kernel counts it: memory and disk as a whole."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

from zotui.limits import MB, Limits

BEAT_S = 0.05
SAME = 0.01  # of the limits: what is taken may change by so much for nothing to have changed
FLOOR = 200 * MB  # bytes of a disk that are never taken
PAGE = os.sysconf("SC_PAGE_SIZE")


def descendants(pid: int) -> Iterator[int]:
    """A process, its children, theirs, and so on. Those that end meanwhile are left out."""
    yield pid
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                yield from descendants(int(child))
    except OSError:
        return


def memory_of(pids: Iterator[int]) -> int:
    """Bytes that these processes hold and share with nobody."""
    total = 0
    for pid in pids:
        try:
            _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
        except OSError:
            continue
        total += max(0, int(resident) - int(shared)) * PAGE
    return total


class Watch:
    """Looks at a command again and again. ``until_too_much`` ends with what there was too much of."""

    def __init__(self, pid: int, limits: Limits, folder: Path) -> None:
        self._pid = pid
        self._limits = limits
        self._folder = folder
        self._free = _free(folder)
        self._seen = (0, self._free)  # memory taken and disk left, when something changed last
        self._beat_s = BEAT_S
        self.slowest_s = BEAT_S
        """How long there may be between two looks while nothing changes."""

    async def until_too_much(self) -> str:
        """What the command took too much of, in words."""
        while True:
            await asyncio.sleep(self._beat_s)
            if said := await asyncio.to_thread(self._look):
                return said

    def _look(self) -> str:
        limits = self._limits
        taken, free = memory_of(descendants(self._pid)), _free(self._folder)
        self._slow_down(taken, free)
        if taken > limits.memory_mb * MB:
            return f"it took more than {limits.memory_mb} MB of memory"
        if self._free - free > limits.disk_mb * MB:
            return f"it wrote more than {limits.disk_mb} MB"
        if free < FLOOR < self._free:
            return "the disk was about to be full"
        return ""

    def _slow_down(self, taken: int, free: int) -> None:
        """Look less often while nothing changes, and often again as soon as something does."""
        memory, disk = abs(taken - self._seen[0]) / MB, abs(free - self._seen[1]) / MB
        if memory < SAME * self._limits.memory_mb and disk < SAME * self._limits.disk_mb:
            self._beat_s = min(self.slowest_s, self._beat_s * 1.2)
        else:
            self._beat_s, self._seen = BEAT_S, (taken, free)


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
