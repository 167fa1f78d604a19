"""The whole way of a streamed frame, file to terminal bytes, and opening long things: ``python -m tests.bench.desk``.

A frame is 25 tokens written to the file as parts, read by the pane and painted at 140x40. Figures are CPU
milliseconds of this process (medians), where said wall milliseconds; the floor is a frame of the same app in which
one line of a Static changes.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.widgets import Static

from zotui.computer import Computer
from zotui.home import Home
from zotui.store import Store, Transaction, new_id
from zotui.tui.app import Zotui
from zotui.tui.panes.memory import MemoryPane
from zotui.tui.widgets.transcript import Transcript

FRAMES = 60
WORDS = "the staging box answers and its certificate ends in nine days, so renew it **before** the week is out; "
MEMORIES = 1_000_000


async def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        for count in (0, 10_000):
            await frames(Path(folder) / f"home{count}", count)
        await lists(Path(folder) / "long")


async def frames(path: Path, count: int) -> None:
    """Frames of a streamed answer under so many messages, and opening that conversation."""
    home = Home(path).prepare()
    async with Computer.open(home, workers="none") as computer:
        chat = await computer.chats.create("long")
        await computer.store.write(lambda db: talk(db, chat, count))
        await computer.desk.set("conversation", chat)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(140, 40)) as pilot:
        await until(pilot.pause, lambda: app.desk.attached)
        computer = app.computer
        assert computer is not None
        began = time.perf_counter()
        await app.desk.conversation.open(chat)
        app.desk.query_one(Transcript).render_line(0)
        print(f"{count:>6} messages: opened in {(time.perf_counter() - began) * 1000:.0f} ms wall")
        message = await computer.store.write(lambda db: begin(db, chat, computer.store.owner))
        await app.desk.conversation.refresh_from_file()
        text = " ".join([WORDS.strip()] * 2)[:125] + " "

        async def frame() -> None:
            await computer.store.write(
                lambda db: db.execute(
                    "INSERT INTO parts(message_id, kind, text) VALUES (?, 'text', ?)", (message, text)
                ),
                durable=False,
            )
            await app.desk.conversation.refresh_from_file()
            await pilot.pause()

        notice = app.desk.query_one("#welcome", Static)
        notice.display = True
        await pilot.pause()
        number = 0

        async def floor() -> None:
            nonlocal number
            number += 1
            notice.update(f"line {number}")
            await pilot.pause()

        await report(f"{count:>6} messages above: a frame", frame, floor)
        probe = asyncio.create_task(stalls())
        for number in range(200):  # streaming, while memories are written and indexed and the chats change
            await asyncio.gather(
                frame(), computer.memory.memorize(f"{WORDS} {number}"), computer.chats.rename(chat, f"title {number}")
            )
        probe.cancel()
        lag = await probe
        print(f"{count:>6} messages above: the loop stalls {lag:.0f} ms (p99)")
        notice.display = False


async def lists(path: Path) -> None:
    """The first rows of a million memories, and a key in them."""
    home = Home(path).prepare()
    store = Store.open(home.database, run=home.run, backups=home.backups)
    for start in range(0, MEMORIES, 50_000):
        store.write_now(lambda db, start=start: remember(db, start), durable=False)
    store.close()
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(140, 40)) as pilot:
        await until(pilot.pause, lambda: app.desk.attached)
        pane = app.desk.query_one(MemoryPane)
        began = time.perf_counter()
        pane.rows.show(pane.source(""))
        await until(lambda: asyncio.sleep(0.001), lambda: pane.rows.current is not None)
        print(f"{MEMORIES:,} memories: first rows in {(time.perf_counter() - began) * 1000:.0f} ms wall")
        app.desk.go_to(pane)

        async def key() -> None:
            await pilot.press("down")

        async def floor() -> None:
            await pilot.press("left")  # nothing is bound to it

        await report(f"{MEMORIES:,} memories: a key", key, floor)


async def report(what: str, ours: Callable[[], Awaitable[None]], floor: Callable[[], Awaitable[None]]) -> None:
    """Both by turns; medians."""
    a, b = [], []
    for _ in range(FRAMES):
        a.append(await cpu(ours))
        b.append(await cpu(floor))
    print(f"{what:<40} {statistics.median(a):6.1f} ms CPU   floor {statistics.median(b):6.1f} ms")


async def cpu(do: Callable[[], Awaitable[None]]) -> float:
    """CPU milliseconds of this process, all threads."""
    began = time.process_time()
    await do()
    return (time.process_time() - began) * 1000


async def until(step: Callable[[], Awaitable[object]], ready: Callable[[], bool]) -> None:
    """Go on until it is ready."""
    while not ready():
        await step()


async def stalls() -> float:
    """How late the event loop wakes somebody up, in milliseconds, 99th percentile; until cancelled."""
    lags = []
    try:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.01)
            lags.append((time.perf_counter() - began) * 1000 - 10)
    except asyncio.CancelledError:
        return sorted(lags)[int(len(lags) * 0.99)]


def talk(db: Transaction, chat: str, count: int) -> None:
    """A conversation of so many messages."""
    for position in range(1, count + 1):
        role = "user" if position % 2 else "assistant"
        db.execute(
            "INSERT INTO messages(id, conv_id, position, role, content, created_at, finished_at) VALUES (?,?,?,?,?,1,1)",
            (new_id(), chat, position, role, WORDS * 6),
        )


def begin(db: Transaction, chat: str, owner: str) -> str:
    """A running turn with an answer under way; the message's id."""
    turn, message = new_id(), new_id()
    db.execute(
        "INSERT INTO turns(id, conv_id, lane, input, status, owner, lease_until, created_at) VALUES (?,?,?,'x','running',?,?,1)",
        (turn, chat, chat, owner, 1 << 60),
    )
    db.execute(
        "INSERT INTO messages(id, conv_id, turn_id, position, role, status, created_at)"
        " VALUES (?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM messages WHERE conv_id = ?), 'assistant', 'running', 1)",
        (message, chat, turn, chat),
    )
    return message


def remember(db: Transaction, start: int) -> None:
    """Fifty thousand memories."""
    for number in range(start, start + 50_000):
        db.execute(
            "INSERT INTO memory(id, value, created_at, updated_at) VALUES (?, ?, ?, ?)",
            (f"m{number}", f"memory number {number} about box {number % 977}", number, number),
        )


if __name__ == "__main__":
    asyncio.run(main())
