"""CPU of a key press in a list of 1,000 and of 1,000,000 rows: ``python -m tests.bench.rows``."""

import asyncio
import time

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from zotui.tui.widgets.rows import Row, Rows

WALKS = {"down": ["down"] * 200, "page": (["pagedown"] * 15 + ["pageup"] * 15) * 4, "jump": ["end", "home"] * 50}


class Numbers:
    """Rows made up when asked for."""

    def __init__(self, count: int) -> None:
        self.total = count

    async def count(self) -> int:
        """Return how many there are."""
        return self.total

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Make some rows up."""
        numbers = range(offset, min(offset + limit, self.total))
        return [Row(str(n), f"a memory of middling length, number {n}", f"{n % 60} min", "✦") for n in numbers]


class Desk(App[None]):
    """A list alone."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.rows = Rows(Numbers(count))

    def compose(self) -> ComposeResult:
        """Mount the list."""
        yield self.rows


async def measure(count: int) -> dict[str, float]:
    """Return milliseconds of CPU per key, the round trip of a test's key taken off, and to show a source."""
    app = Desk(count)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.workers.wait_for_complete()
        trip = await walk(pilot, ["f9"] * 100)
        figures = {name: await walk(pilot, keys) - trip for name, keys in WALKS.items()}
        began = time.process_time()
        app.rows.show(Numbers(count))
        await app.workers.wait_for_complete()
        await pilot.pause()
        return figures | {"show": (time.process_time() - began) * 1000}


async def walk(pilot: Pilot[None], keys: list[str]) -> float:
    """Return the mean milliseconds of CPU that a key takes."""
    began = time.process_time()
    for key in keys:
        await pilot.press(key)
    await pilot.pause()
    return (time.process_time() - began) * 1000 / len(keys)


if __name__ == "__main__":
    for rows in (1_000, 1_000_000):
        measured = asyncio.run(measure(rows))
        print(f"{rows:>9,} rows:", ", ".join(f"{name} {ms:.1f} ms" for name, ms in measured.items()))
