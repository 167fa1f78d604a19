"""How quick the app is: how long its loop was busy with one thing, measured where that shows.

A timer that is late says how long something else held the loop. It beats while the app has something to do; an app
that rests has nothing to measure, and is not woken for it.
"""

import asyncio
import time
from collections import deque

BEAT_S = 0.05
KEPT = 1_200  # beats that are looked back at: a minute of work
STALL_S = 0.1


class Watchdog:
    """Measures the loop that it is started on. All figures in seconds."""

    def __init__(self) -> None:
        self._late: deque[float] = deque(maxlen=KEPT)
        self._held: deque[float] = deque(maxlen=KEPT)
        self._timer: asyncio.TimerHandle | None = None
        self._due = self._cpu = 0.0
        self._until = 0.0
        self.stalls = 0
        self.started_in = 0.0

    def awake(self, for_s: float = 2.0) -> None:
        """Something goes on: measure for a while."""
        loop = asyncio.get_running_loop()
        self._until = loop.time() + for_s
        if self._timer is None:
            self._arm(loop)

    def stop(self) -> None:
        """Measure no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due, self._cpu = loop.time() + BEAT_S, time.thread_time()
        self._timer = loop.call_at(self._due, self._beat, loop)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        late = max(0.0, loop.time() - self._due)
        self._late.append(late)
        self._held.append(min(late, time.thread_time() - self._cpu))
        self.stalls += late > STALL_S
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
        figures = " · ".join(
            f"{name} {self.late(share) * 1000:.0f} ms" for name, share in (("p50", 0.5), ("p99", 0.99))
        )
        worst = max(self._late, default=0.0) * 1000
        start = f"started in {self.started_in * 1000:.0f} ms · " if self.started_in else ""
        return f"{start}loop late {figures} · max {worst:.0f} ms · {self.stalls} stalls over {STALL_S * 1000:.0f} ms"


def _quantile(values: deque[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
