"""How quick the app is: how long its loop was busy with one thing, measured where that shows.

A timer that is late says how long something else held the loop. It beats while the app has something to do; an app
that rests has nothing to measure, and is not woken for it. Who held the loop for long is seen by a thread that waits
for the beat that does not come.
"""

import asyncio
import sys
import threading
import time
from collections import deque
from types import FrameType
from typing import NamedTuple

BEAT_S = 0.05
KEPT = 1_200  # beats that are looked back at: a minute of work
STALL_S = 0.1
STALLS_KEPT = 20


class Stall(NamedTuple):
    """Once that the loop was held for long: how late it was, how much of that was its own work, and what it did."""

    late: float
    held: float
    where: str


class Watchdog:
    """Measures the loop that it is started on. All figures in seconds."""

    def __init__(self) -> None:
        self._late: deque[float] = deque(maxlen=KEPT)
        self._held: deque[float] = deque(maxlen=KEPT)
        self._timer: asyncio.TimerHandle | None = None
        self._due = self._cpu = 0.0
        self._until = 0.0
        self._onlooker: Onlooker | None = None
        self.stalls = 0
        self.last_stalls: deque[Stall] = deque(maxlen=STALLS_KEPT)
        self.started_in = 0.0

    def awake(self, for_s: float = 2.0) -> None:
        """Something goes on: measure for a while."""
        loop = asyncio.get_running_loop()
        self._until = loop.time() + for_s
        if self._timer is None:
            if self._onlooker is None:
                self._onlooker = Onlooker(threading.get_ident())
                self._onlooker.start()
            self._arm(loop)

    def stop(self) -> None:
        """Measure no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._onlooker is not None:
            self._onlooker.end()
            self._onlooker = None

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self._onlooker is not None
        self._due, self._cpu = loop.time() + BEAT_S, time.thread_time()
        self._timer = loop.call_at(self._due, self._beat, loop)
        self._onlooker.expect()

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self._onlooker is not None
        late = max(0.0, loop.time() - self._due)
        held = min(late, time.thread_time() - self._cpu)
        self._late.append(late)
        self._held.append(held)
        where = self._onlooker.came()
        if late > STALL_S:
            self.stalls += 1
            self.last_stalls.append(Stall(late, held, where))
        self._timer = None
        if loop.time() < self._until:
            self._arm(loop)

    def late(self, share: float) -> float:
        """The lateness that this share of the beats does not pass, as 0.99."""
        return _quantile(self._late, share)

    def held(self, share: float) -> float:
        """The same of what the loop's own work held it: not what the machine did meanwhile."""
        return _quantile(self._held, share)

    @property
    def line(self) -> str:
        """A line of figures."""
        shares = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
        figures = " · ".join(f"{name} {self.late(share) * 1000:.0f} ms" for name, share in shares)
        start = f"started in {self.started_in * 1000:.0f} ms · " if self.started_in else ""
        last = self.last_stalls[-1] if self.last_stalls else None
        told = f", the last {last.late * 1000:.0f} ms {last.where}".rstrip() if last else ""
        return f"{start}loop late {figures} · {self.stalls} stalls over {STALL_S * 1000:.0f} ms{told}"


class Onlooker(threading.Thread):
    """Sees what a thread does when a beat of it that is expected does not come."""

    def __init__(self, thread: int) -> None:
        super().__init__(name="zotui-watchdog", daemon=True)
        self._thread = thread
        self._news = threading.Condition()
        self._expects = self._ended = False
        self._beats = 0
        self._where = ""

    def expect(self) -> None:
        """A beat is to come soon."""
        with self._news:
            self._expects, self._where = True, ""
            self._beats += 1
            self._news.notify()

    def came(self) -> str:
        """The beat came; what the thread was seen doing before, empty where it was not late."""
        with self._news:
            self._expects = False
            return self._where

    def end(self) -> None:
        """Look no more."""
        with self._news:
            self._ended = True
            self._news.notify()

    def run(self) -> None:
        """Wait for beats, until the end."""
        looked_at = 0
        with self._news:
            while not self._ended:
                beat = self._beats
                waits = self._expects and looked_at != beat
                if not self._news.wait(BEAT_S + STALL_S if waits else None) and self._expects and beat == self._beats:
                    self._where = _place(sys._current_frames().get(self._thread))
                    looked_at = beat


def _place(frame: FrameType | None) -> str:
    """What a thread does that runs a loop: the innermost function of ours, else the innermost of all."""
    inside = frame
    while inside is not None and "zotui" not in (parts := inside.f_code.co_filename.split("/")):
        inside = None if "asyncio" in parts else inside.f_back
    found = inside or frame
    if found is None:
        return ""
    return f"in {found.f_code.co_filename.rpartition('/')[2]} {found.f_code.co_name}"


def _quantile(values: deque[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
