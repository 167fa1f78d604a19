"""The two ends of the link, in one process: who holds the post, what a door makes of its going."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.processes import Children, alive, serving
from tests.waiting import wait_for
from zotui.background import Background, Post, lock_is_held
from zotui.background.link import LOCK, SOCKET, holder
from zotui.errors import StoreError
from zotui.home import Home
from zotui.store.owner import pid_here


class Door:
    """A door that keeps a background process."""

    def __init__(self, home: Home) -> None:
        self.link = Background(home)
        self.told: list[str] = []
        self._keeping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Door":
        self._keeping = asyncio.create_task(self.link.keep(asyncio.Event(), self.told.append))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._keeping
        self._keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._keeping

    @property
    def pid(self) -> int:
        return self.link.identity.pid if self.link.identity else 0


@pytest.fixture
async def post(home: Home) -> AsyncIterator[Post]:
    """This process holds the post and listens."""
    post = Post(home, detached=True)
    assert post.take(0)
    await post.listen()
    yield post
    await post.leave()


async def test_the_post_is_held_once_and_given_back(home: Home, post: Post) -> None:
    assert lock_is_held(home)
    assert pid_here(holder(home)) == os.getpid()
    assert not Post(home, detached=True).take(0.05)
    await post.leave()
    assert not lock_is_held(home)
    assert not (home.run / SOCKET).exists()
    assert holder(home) == "", "no stale name of a process that nobody may kill"
    second = Post(home, detached=True)
    assert second.take(0)
    await second.leave()


async def test_doors_are_counted_and_lookers_are_not(home: Home, post: Post) -> None:
    async with Door(home) as first, Door(home) as second:
        await wait_for(lambda: post.doors == 2)
        assert first.pid == second.pid == os.getpid()
        who = await Background(home).look()
        assert who is not None
        assert (who.pid, who.doors, who.detached) == (os.getpid(), 2, True)
        assert post.doors == 2
    await wait_for(lambda: post.doors == 0)
    async with asyncio.timeout(20):
        await post.until_idle(0)


async def test_two_that_look_at_once_do_not_take_each_other_for_the_holder(home: Home) -> None:
    """Else ``zotui stop`` would go for a process that died long ago."""

    def look() -> list[bool]:
        return [lock_is_held(home) for _ in range(3000)]

    found = await asyncio.gather(*(asyncio.to_thread(look) for _ in range(4)))
    assert not any(map(any, found))


async def test_a_door_that_came_as_it_left_starts_another_at_once(home: Home, post: Post) -> None:
    """Nobody stopped it on purpose: the message this door has just put must not wait for the next one."""
    async with Door(home) as door:
        await wait_for(lambda: door.pid == os.getpid())
        await post.leave()  # nothing to do any more
        await wait_for(lambda: door.pid not in (0, os.getpid()))
        assert door.told == []
        assert serving(home) == door.pid


async def test_after_a_stop_a_door_rests_until_there_is_work(home: Home, post: Post) -> None:
    async with Door(home) as door:
        await wait_for(lambda: door.pid)
        post.go()
        assert post.leaving.is_set()
        await post.leave()
        await wait_for(lambda: door.told)
        assert door.told == ["the background process was stopped; it starts again with your next message"]
        with pytest.raises(TimeoutError):
            await wait_for(lambda: lock_is_held(home), timeout=0.5)
        door.link.want()
        await wait_for(lambda: door.pid not in (0, os.getpid()))


async def test_work_put_while_it_leaves_is_not_forgotten(home: Home, post: Post) -> None:
    async with Door(home) as door:
        await wait_for(lambda: door.pid)
        post.go()
        door.link.want()
        await post.leave()
        await wait_for(lambda: door.pid not in (0, os.getpid()))


async def test_a_door_waits_for_the_one_that_takes_over(home: Home, post: Post) -> None:
    async with Door(home) as door:
        await wait_for(lambda: door.pid)
        post.go("replaced")
        await post.leave()
        await wait_for(lambda: door.pid == 0)
        following = Post(home, detached=False)
        assert following.take(0), "the door has started none of its own"
        await following.listen()
        await wait_for(lambda: door.pid == os.getpid())
        assert door.link.identity
        assert not door.link.identity.detached
        await following.leave()


async def test_a_silent_holder_is_waited_for(home: Home) -> None:
    """It has the lock, and is about to listen."""
    post = Post(home, detached=True)
    assert post.take(0)
    looking = asyncio.create_task(Background(home).look())
    done, _ = await asyncio.wait({looking}, timeout=0.2)
    assert not done
    await post.listen()
    who = await looking
    assert who is not None
    assert who.pid == os.getpid()
    await post.leave()


async def test_one_that_is_starting_is_asked_and_not_killed(home: Home, children: Children) -> None:
    child = children.python(HOLD, str(home.path), stdin=-1)
    assert child.stdin
    assert child.stdout
    assert await asyncio.to_thread(child.stdout.readline) == "taken\n"
    stopping = asyncio.create_task(Background(home).stop())
    done, _ = await asyncio.wait({stopping}, timeout=0.3)
    assert not done
    child.stdin.write("listen\n")
    child.stdin.flush()
    who = await stopping
    assert who is not None
    assert who.pid == child.pid
    assert await asyncio.to_thread(child.wait, 20) == 0


async def test_stop_waits_for_one_process_and_not_for_the_next(home: Home, children: Children) -> None:
    child = children.python(HOLD, str(home.path), stdin=-1)
    assert child.stdin
    child.stdin.write("listen\n")
    child.stdin.flush()
    await wait_for(lambda: (home.run / SOCKET).exists())
    stopping = asyncio.create_task(Background(home).stop())
    following = Post(home, detached=True)
    assert await asyncio.to_thread(following.take, 20)
    async with asyncio.timeout(20):
        who = await stopping
    assert who is not None
    assert who.pid == child.pid
    assert not following.leaving.is_set()
    await following.leave()


async def test_stop_kills_nobody_it_cannot_see(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A holder in another container has a process id of another world."""
    monkeypatch.setattr("zotui.background.link.STARTING_S", 0.1)
    post = Post(home, detached=True)
    assert post.take(0)
    boot, _, pid, rest = holder(home).split("/", 3)
    (home.run / LOCK).write_text(f"{boot}/4026530000/{pid}/{rest}")
    with pytest.raises(StoreError, match="another container"):
        await Background(home).stop()
    await post.leave()


async def test_stop_with_nobody_there(home: Home) -> None:
    (home.run / LOCK).write_text(f"{os.getpid()}")
    assert await Background(home).stop() is None
    assert await Background(home).look() is None


async def test_a_hung_one_is_killed(home: Home, children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.background.link.STARTING_S", 0.2)
    child = children.python(HOLD, str(home.path), stdin=-1)
    assert child.stdin
    child.stdin.write("listen\n")
    child.stdin.flush()
    await wait_for(lambda: (home.run / SOCKET).exists())
    os.kill(child.pid, signal.SIGSTOP)
    who = await Background(home).stop()
    assert who is not None
    assert who.pid == child.pid
    assert await asyncio.to_thread(child.wait, 20) == -signal.SIGKILL
    assert not alive(child.pid)


async def test_a_door_says_why_none_starts_and_tries_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.background.link.AGAIN_S", 0.1)
    config = home.config_file.read_text()
    home.config_file.write_text("this is no TOML")
    async with Door(home) as door:
        await wait_for(lambda: len(door.told) > 1)
        assert door.told[0] == f"the background process does not start: see {home.logs / 'serve.log'}"
        assert door.link.problem == door.told[0]
        assert "config.toml" in (home.logs / "serve.log").read_text()
        home.config_file.write_text(config)
        await wait_for(lambda: door.pid)
        assert door.link.problem == ""


async def test_a_fault_of_the_machine_does_not_end_the_keeping(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """No log can be opened, no process started: it is said, and tried again."""
    monkeypatch.setattr("zotui.background.link.AGAIN_S", 0.1)
    home.logs.rename(home.path / "elsewhere")
    async with Door(home) as door:
        await wait_for(lambda: door.told)
        assert "No such file or directory" in door.told[0]
        (home.path / "elsewhere").rename(home.logs)
        await wait_for(lambda: door.pid)


async def test_one_that_dies_while_it_starts_is_started_once_more(home: Home) -> None:
    async with Door(home) as door:
        await wait_for(lambda: serving(home))
        os.kill(serving(home), signal.SIGKILL)  # it has the post, and does not listen yet
        await wait_for(lambda: door.pid and alive(door.pid))
        assert not [line for line in door.told if "does not start" in line]


HOLD = """
import asyncio, sys
from zotui.background import Post
from zotui.home import Home

async def hold():
    post = Post(Home(sys.argv[1]), detached=True)
    assert post.take(0)
    print("taken", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await post.listen()
    await post.leaving.wait()
    await post.leave()

asyncio.run(hold())
"""


async def test_what_was_unlocked_by_hand_is_kept_for_a_while(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.background.post.UNLOCKED_S", 0.4)
    told: list[dict[str, Any]] = []
    post = Post(home, detached=True)
    assert post.take(1)
    post.take_over = told.append
    try:
        await post.listen()
        assert await Background(home, lambda: {"variables": {}}).hand()
        assert await Background(home, lambda: {"master": "a2V5"}).hand()
        clock = asyncio.get_running_loop().time
        start = clock()
        await post.until_idle(0)
        assert clock() - start >= 0.3
        await post.until_idle(0)
    finally:
        await post.leave()
    assert told == [{"variables": {}}, {"master": "a2V5"}]
    assert not await Background(home).hand()
