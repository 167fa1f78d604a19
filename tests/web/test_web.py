"""The app in a browser: nobody comes in without the token, or from elsewhere; who comes in sees the app."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.processes import ROOT
from zotui.home import Home
from zotui.web.gate import COOKIE, Gate


class TestGate:
    """The checks by themselves."""

    def test_only_this_address_is_meant(self) -> None:
        gate = Gate(8000)
        assert gate.is_here("127.0.0.1:8000", None)
        assert gate.is_here("localhost:8000", "http://localhost:8000")
        assert not gate.is_here("evil.example:8000", None)
        assert not gate.is_here("127.0.0.1:8001", None)
        assert not gate.is_here("127.0.0.1:8000", "http://evil.example")
        assert not gate.is_here("", None)

    def test_the_token_is_of_this_run_and_the_cookie_is_not_the_token(self) -> None:
        gate, other = Gate(1), Gate(1)
        assert gate.is_token(gate.token)
        assert not gate.is_token(other.token)
        assert not gate.is_token("")
        assert len(gate.token) >= 43
        assert gate.token not in gate.cookie
        assert gate.is_known(gate.cookie.partition(";")[0])
        for cookies in ("", other.cookie, f"{COOKIE}=x", f"{COOKIE}={gate.token}", "\x00;=;"):
            assert not gate.is_known(cookies)
        assert "HttpOnly" in gate.cookie
        assert "SameSite=Strict" in gate.cookie


@pytest.fixture
def served(home: Home) -> Iterator[tuple[str, str, "subprocess.Popen[str]"]]:
    """``zotui web`` on a home: its address without the token, the token, the process."""
    words = [sys.executable, "-m", "zotui", "--home", str(home.path), "--no-daemon", "web"]
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    with subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
        start_new_session=True,
    ) as child:
        assert child.stdout is not None
        address = urlsplit(child.stdout.readline().strip())
        yield f"http://{address.netloc}", address.query.removeprefix("token="), child
        child.send_signal(signal.SIGINT)
        try:
            assert child.wait(20) in (0, 130)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


async def test_nobody_comes_in_without_the_token(served: tuple[str, str, "subprocess.Popen[str]"]) -> None:
    base, token, _ = served
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as browser:
        for path in (
            "/",
            "/?token=wrong",
            f"/static/?token={token}",
            "/static/js/textual.js",
            "/ws",
            "/download/x",
            "/nowhere",
        ):
            async with browser.get(base + path) as answer:
                assert answer.status == 403, path
                assert "zotui web" in await answer.text()
        async with browser.get(f"{base}/?token={token}", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403
        async with browser.get(f"{base}/?token={token}", headers={"Origin": "http://evil.example"}) as answer:
            assert answer.status == 403


async def text_of(socket: aiohttp.ClientWebSocketResponse) -> str:
    """What comes next, as text."""
    message = await socket.receive()
    assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT)
    return message.data.decode("utf-8", "replace") if isinstance(message.data, bytes) else str(message.data)


async def test_who_has_it_sees_the_app_and_can_type(served: tuple[str, str, "subprocess.Popen[str]"]) -> None:
    base, token, _ = served
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(f"{base}/?token={token}", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/")
        async with browser.get(base) as answer:
            assert answer.status == 200
            assert token not in await answer.text()
        async with browser.ws_connect(f"{base}/ws?width=100&height=30") as socket, asyncio.timeout(40):
            seen = ""
            while "something" not in seen:  # the composer is painted
                seen += await text_of(socket)
            await socket.send_str(json.dumps(["stdin", "help\r"]))
            while "Without a model" not in seen:
                seen += await text_of(socket)


async def test_the_token_is_in_no_environment_or_command_line(served: tuple[str, str, "subprocess.Popen[str]"]) -> None:
    base, token, child = served
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        await (await browser.get(f"{base}/?token={token}")).read()
        async with browser.ws_connect(f"{base}/ws?width=100&height=30") as socket, asyncio.timeout(40):
            await socket.receive()
            seen = []
            for name in os.listdir("/proc"):
                try:
                    if name.isdigit() and os.getpgid(int(name)) == child.pid:
                        seen += [Path(f"/proc/{name}/{what}").read_bytes() for what in ("cmdline", "environ")]
                except (OSError, ProcessLookupError):
                    continue
            assert len(seen) >= 4
            assert not any(token.encode() in content for content in seen)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "::"])
def test_another_address_than_loopback_is_refused(home: Home, host: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zotui", "--home", str(home.path), "web", "--host", host],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 2
    assert "ssh -L" in done.stderr
    assert done.stderr.count("\n") == 1
