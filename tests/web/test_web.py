"""The app in a browser: nobody comes in without the token, or from elsewhere; who comes in sees the app, filtered."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.processes import ROOT, Children, alive, command
from tests.waiting import wait_until
from zotui.computer import Computer
from zotui.home import Home

ENVIRONMENT = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
PATIENCE_S = 60
QUIET_S = 1.5


class Served(NamedTuple):
    """``zotui web`` on a home."""

    base: str
    token: str
    process: "subprocess.Popen[str]"

    @property
    def pass_url(self) -> str:
        """What the person opens."""
        return f"{self.base}/?token={self.token}"


@pytest.fixture
def served(home: Home, children: Children) -> Iterator[Served]:
    """A server; it ends by Ctrl+C, well, where a test has not ended it."""
    child = children.zotui(home, "--no-daemon", "web", env=ENVIRONMENT, start_new_session=True)
    assert child.stdout is not None
    address = urlsplit(child.stdout.readline().strip())
    assert address.hostname == "127.0.0.1"
    yield Served(f"http://{address.netloc}", address.query.removeprefix("token="), child)
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
        assert child.wait(PATIENCE_S) == 0


class Seen:
    """What an app has painted for a visitor."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.raw = b""

    async def until(self, *words: str) -> None:
        """Read until all of these were painted; where the cursor stands, a word is painted in pieces."""
        async with asyncio.timeout(PATIENCE_S):
            while not all(word in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.raw.decode()) for word in words):
                message = await self.socket.receive()
                assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), self.raw[-400:]
                if isinstance(message.data, bytes):
                    self.raw += message.data

    async def until_quiet(self) -> None:
        """Read until the app has nothing more to paint: what writes no more does not notice that nobody reads."""
        with contextlib.suppress(TimeoutError):
            while True:
                async with asyncio.timeout(QUIET_S):
                    await self.socket.receive()


@contextlib.asynccontextmanager
async def browser(served: Served) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser that has opened the address."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(served.pass_url) as answer:
            assert answer.status == 200
        yield session


@contextlib.asynccontextmanager
async def visit(
    session: aiohttp.ClientSession, served: Served, size: str = "width=100&height=30"
) -> AsyncIterator[Seen]:
    """The websocket that drives an app."""
    async with session.ws_connect(f"{served.base}/ws?{size}") as socket:
        yield Seen(socket)


def apps(home: Home, server: int) -> list[int]:
    """The processes of visitors."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = Path(f"/proc/{name}/cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(home.path) in words and int(name) != server:
            found.append(int(name))
    return found


def gone(processes: list[int]) -> Callable[[], bool]:
    """Whether none of them is there any more, to be asked again and again."""
    return lambda: not any(map(alive, processes))


async def test_nobody_comes_in_without_the_token(served: Served) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as stranger:
        for path in (
            "/",
            "/?token=wrong",
            "/?token=%ff%ed%a0%80",
            f"/static/?token={served.token}",
            "/static/js/textual.js",
            "/ws",
            "/download/x",
            "/nowhere",
        ):
            async with stranger.get(served.base + path) as answer:
                assert answer.status == 403, path
                assert "zotui web" in await answer.text()
        for headers in (
            {"Host": "evil.example"},
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://["},
        ):
            async with stranger.get(served.pass_url, headers=headers) as answer:
                assert answer.status == 403, headers


async def test_a_cookie_does_not_let_a_page_of_another_site_in(served: Served) -> None:
    async with browser(served) as session:
        for headers in ({"Origin": "http://127.0.0.1:1"}, {"Host": "evil.example"}):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(f"{served.base}/ws", headers=headers)
            assert refused.value.status == 403


async def test_the_token_is_changed_for_a_cookie_at_once(served: Served) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(served.pass_url, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/")
            assert "HttpOnly; SameSite=Strict" in answer.headers["Set-Cookie"]
            assert served.token not in answer.headers["Set-Cookie"]
        async with session.get(served.base) as answer:
            assert answer.status == 200
            assert served.token not in await answer.text()
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy


async def test_each_visitor_sees_the_app_and_can_type(served: Served) -> None:
    async with browser(served) as session, visit(session, served) as one, visit(session, served) as other:
        for seen in (one, other):
            await seen.until("Conversation", "No model is connected")
        await one.socket.send_str(json.dumps(["focus"]))
        await one.socket.send_str(json.dumps(["stdin", "help\r"]))
        await one.until("Without a model")


async def test_text_of_others_is_text_in_a_browser_too(served: Served, home: Home) -> None:
    hostile = "harmless \x1b]52;c;ZXZpbA==\x07\x1b]0;evil\x07\x1b[2Jtitle"
    async with Computer.open(home, workers="none") as computer:
        chat = await computer.chats.create("a title")
        await computer.store.write(
            lambda db: db.execute("UPDATE conversations SET title = ? WHERE id = ?", (hostile, chat))
        )
    async with browser(served) as session, visit(session, served, "width=140&height=40") as seen:
        await seen.until("Chats", "harmless")
    assert not re.search(rb"\x1b\](?!22;|11;)|\x1b\[2J|\x1b\]11;[^?]", seen.raw)


def test_what_the_app_itself_writes_to_a_browser_is_filtered() -> None:
    code = (
        "from zotui.tui.driver import GuardedApp\n"
        "class Hostile(GuardedApp[None]):\n"
        "    def on_mount(self) -> None:\n"
        "        self._driver.write('visible\\x1b]52;c;ZXZpbA==\\x07\\x1b]8;;http://evil\\x1b\\\\')\n"
        "        self.exit()\n"
        "Hostile().run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=b"",
        capture_output=True,
        cwd=ROOT,
        env=ENVIRONMENT | {"TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver"},
        timeout=PATIENCE_S,
    )
    assert b"__GANGLION__" in done.stdout, done.stderr
    assert b"visible" in done.stdout
    assert b"\x1b]52" not in done.stdout
    assert b"\x1b]8" not in done.stdout


async def test_the_token_is_in_no_environment_command_line_or_log(served: Served, home: Home) -> None:
    async with browser(served) as session, visit(session, served) as seen:
        await session.get(f"{served.base}/nowhere")
        await session.get(f"{served.pass_url}&again")
        await seen.until("Conversation")
        processes = [served.process.pid, *apps(home, served.process.pid)]
        assert len(processes) == 2
        for pid in processes:
            for what in ("cmdline", "environ"):
                assert served.token.encode() not in Path(f"/proc/{pid}/{what}").read_bytes()
    served.process.send_signal(signal.SIGINT)
    told, complaints = await asyncio.to_thread(served.process.communicate, timeout=PATIENCE_S)
    assert served.token not in told + complaints
    kept = [path.read_bytes() for path in home.path.rglob("*") if path.is_file()]
    assert not any(served.token.encode() in content for content in kept)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
async def test_apps_end_with_the_server(served: Served, home: Home, number: signal.Signals) -> None:
    async with browser(served) as session, visit(session, served) as one, visit(session, served) as other:
        for seen in (one, other):
            await seen.until("No model is connected")
            await seen.until_quiet()
        started = apps(home, served.process.pid)
        assert len(started) == 2
        assert all(os.getpgid(pid) == pid for pid in started)
        served.process.send_signal(number)
        code = await asyncio.to_thread(served.process.wait, PATIENCE_S)
        assert code == (-number if number == signal.SIGKILL else 0)
        await asyncio.to_thread(wait_until, gone(started))


async def test_an_app_ends_with_its_visit(served: Served, home: Home) -> None:
    async with browser(served) as session:
        async with visit(session, served) as seen:
            await seen.until("Conversation")
            started = apps(home, served.process.pid)
            assert len(started) == 1
        await asyncio.to_thread(wait_until, gone(started))
    assert served.process.poll() is None


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "::", "::1", "example.org"])
def test_another_address_than_loopback_is_refused(home: Home, host: str) -> None:
    done = subprocess.run(command(home, "web", "--host", host), capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert "ssh -L" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_that_is_taken_is_one_line(served: Served, home: Home) -> None:
    port = served.base.rpartition(":")[2]
    done = subprocess.run(command(home, "web", "--port", port), capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_without_the_extra_it_says_what_to_install(home: Home) -> None:
    code = "import sys; sys.modules['textual_serve'] = None; from zotui.cli import main; main()"
    words = [sys.executable, "-c", code, "--home", str(home.path), "web"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert "pip install 'zotui[web]'" in done.stderr
    assert done.stderr.count("\n") == 1
