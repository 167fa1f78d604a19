"""One of many processes that write at once: ``python -m tests.store.hammer HOME NAME COUNT [DELAY_MS [SHARED]]``.

Writes COUNT memories and prints its errors and the milliseconds each took. DELAY_MS slows every commit, as a slow
disk does; SHARED of its writes wait at once.
"""

import asyncio
import json
import sys
import time

from tests.processes import opened
from zotui.home import Home
from zotui.memory import Memories


async def hammer(home: Home, name: str, count: int, delay_s: float, shared: int) -> None:
    """Write, and print what came of it."""
    store = opened(home)
    if delay_s:

        def slow() -> bool:
            time.sleep(delay_s)
            return False

        store._writer._connection.set_commit_hook(slow)
    memory = Memories(store)
    errors: list[str] = []
    took: list[float] = []
    turn = asyncio.Semaphore(shared)

    async def write(number: int) -> None:
        async with turn:
            began = time.perf_counter()
            try:
                await memory.memorize(f"{name} says {number}")
            except Exception as error:
                errors.append(f"{type(error).__name__}: {error}")
            took.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*map(write, range(count)))
    store.close()
    print(json.dumps({"errors": errors, "took": took}))


if __name__ == "__main__":
    place, name, count, *more = sys.argv[1:]
    delay_ms, shared = [*map(float, more), 0.0, 1.0][:2] if len(more) < 2 else map(float, more)
    asyncio.run(hammer(Home(place), name, int(count), delay_ms / 1000, int(shared)))
