"""How quick the app is: what holds its loop is seen, and streaming never does for long."""

import asyncio
import gc
import threading
import time
from collections.abc import Iterator

import pytest

from tests.screens.session import scripted_server, write_config
from tests.tui.conftest import opened, said, typed, wait_for
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.watchdog import BEAT_S, STALL_S, Watchdog

LONGEST_HOLD_S = 0.05  # of 99 in 100 beats while an answer streams


def spin(seconds: float) -> None:
    """Hold the loop by work of its own."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


async def beats(watchdog: Watchdog, count: int) -> None:
    """Wait for that many beats."""
    wanted = len(watchdog._late) + count
    async with asyncio.timeout(30):
        while len(watchdog._late) < wanted:
            await asyncio.sleep(BEAT_S)


async def test_what_holds_the_loop_is_seen_and_named() -> None:
    watchdog = Watchdog()
    watchdog.awake(60)
    await beats(watchdog, 1)
    before = watchdog.stalls
    spin(BEAT_S + STALL_S * 2)
    await beats(watchdog, 2)
    watchdog.stop()
    assert watchdog.stalls > before
    assert watchdog.held(1.0) > STALL_S
    assert watchdog.late(1.0) >= watchdog.held(1.0)
    assert any(stall.held > STALL_S and stall.where.endswith(" spin") for stall in watchdog.last_stalls)
    assert "stalls over 100 ms, the last" in watchdog.line


async def test_a_machine_that_is_busy_is_not_our_stall() -> None:
    watchdog = Watchdog()
    watchdog.awake(60)
    await beats(watchdog, 1)
    time.sleep(BEAT_S + STALL_S * 2)  # the loop was held, by nothing that it did
    await beats(watchdog, 2)
    watchdog.stop()
    assert watchdog.late(1.0) > STALL_S
    assert min(stall.held for stall in watchdog.last_stalls) < STALL_S


async def test_it_sleeps_when_nothing_goes_on() -> None:
    others = set(threading.enumerate())
    watchdog = Watchdog()
    watchdog.awake(0.0)
    await beats(watchdog, 1)
    assert watchdog._timer is None
    [onlooker] = [one for one in threading.enumerate() if one.name == "zotui-watchdog" and one not in others]
    watchdog.stop()
    onlooker.join(10)
    assert not onlooker.is_alive()


async def test_figures_are_of_what_was_measured() -> None:
    watchdog = Watchdog()
    assert watchdog.line == "loop late p50 0 ms · p95 0 ms · p99 0 ms · max 0 ms · 0 stalls over 100 ms"
    watchdog._late.extend(number / 1000 for number in range(100))
    watchdog.started_in = 0.31
    assert watchdog.line.startswith("started in 310 ms · loop late p50 50 ms · p95 95 ms · p99 99 ms · max 99 ms")


@pytest.fixture
def no_collection() -> Iterator[None]:
    """The garbage of all other tests is not the app's work."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
async def test_streaming_never_holds_the_loop_for_long(home: Home) -> None:
    async with scripted_server(pause_s=0.01) as base_url:
        write_config(home.path, base_url)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=(140, 40)) as pilot:
            await opened(pilot, app)
            await pilot.press(*typed("Which box is staging"), "enter")
            await wait_for(pilot, lambda: app.desk.conversation.state() == "")
            app.watchdog._held.clear()  # the first request loads what models need, once
            for text in ("Plan the trip", "Summarise", "Which box is staging", "remind me"):
                await pilot.press(*typed(text), "enter")
                await wait_for(pilot, lambda: app.desk.conversation.state() == "")
            await wait_for(pilot, lambda: "one open question" in said(app))
            assert len(app.watchdog._held) > 20
            assert app.watchdog.held(0.99) <= LONGEST_HOLD_S, app.watchdog.line  # of our own work, not the machine's


async def test_a_key_is_measured(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        app.watchdog.stop()
        await pilot.press("x")
        assert app.watchdog._timer is not None
