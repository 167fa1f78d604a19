"""The way out of a command: by the proxy to named hosts, and no other way."""

import asyncio
import contextlib
import os
import shutil
import socket
import threading
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.sandbox.world import World
from tests.waiting import wait_for
from zotui.errors import SandboxError
from zotui.sandbox import Command, Outcome, Profile, Sandbox, shell
from zotui.sandbox.egress import PORT, Egress

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")
PROXY = f"/dev/tcp/127.0.0.1/{PORT}"


async def run(sandbox: Sandbox, line: str, *hosts: str) -> tuple[Outcome, str]:
    out = sandbox.output()
    command = Command(("/bin/bash", "-c", line), timeout_s=30, hosts=hosts)
    return await sandbox.run(command, out, out), out.text


def asking(target: str, host: str = "x") -> str:
    """A line that puts a request to the proxy by hand, and shows the answer."""
    return (
        f"exec 3<>{PROXY}; printf '{target} HTTP/1.1\\r\\nHost: {host}\\r\\nProxy-Secret: x\\r\\n\\r\\n' >&3; cat <&3"
    )


async def test_a_named_host_is_reached(world: World, sandbox: Sandbox, echo: str) -> None:
    outcome, text = await run(sandbox, asking(f"GET http://{echo}/a?b=c"), echo, "other.example")
    assert text.startswith("HTTP/1.1 200 OK"), text
    assert text.splitlines()[-3:] == ["GET /a?b=c HTTP/1.1", f"Host: {echo}", "Connection: close"]
    assert (outcome.reached, outcome.refused, outcome.exit_code) == ((echo,), (), 0)


async def test_what_is_encrypted_goes_through_a_tunnel(sandbox: Sandbox, echo: str) -> None:
    line = f"exec 3<>{PROXY}; printf 'CONNECT {echo} HTTP/1.1\\r\\n\\r\\n' >&3; read -r first <&3; read -r _ <&3"
    line += "; printf 'GET /in HTTP/1.0\\r\\n\\r\\n' >&3; echo $first; cat <&3"
    outcome, text = await run(sandbox, line, echo)
    assert text.startswith("HTTP/1.1 200 Connection established")
    assert "GET /in HTTP/1.0" in text
    assert outcome.reached == (echo,)


async def test_curl_and_python_find_the_proxy_by_themselves(sandbox: Sandbox, echo: str) -> None:
    for line in (
        "curl -s --noproxy '' http://$WHERE/from-curl",
        'python3 -c \'import os, urllib.request as r; os.environ.pop("no_proxy"); os.environ.pop("NO_PROXY")\n'
        'print(r.urlopen("http://" + os.environ["WHERE"] + "/from-python").read().decode())\'',
    ):
        _, text = await run(sandbox, f"export WHERE={echo}; {line}", echo)
        assert "GET /from-" in text, text


@pytest.mark.parametrize(
    ("line", "status", "refused"),
    [
        (asking("GET http://other.example/"), "403", ("other.example:80",)),
        (asking("CONNECT other.example:443"), "403", ("other.example:443",)),
        (asking("CONNECT 127.0.0.1:1"), "403", ("127.0.0.1:1",)),
        (asking("CONNECT 169.254.169.254:80"), "403", ("169.254.169.254:80",)),
        (asking("GET /etc/passwd"), "400", ()),
        (asking("GET ftp://named.example/"), "501", ()),
        (asking("CONNECT named.example@other.example:443"), "400", ()),
        (asking("CONNECT named.example:99999"), "400", ()),
        (asking("rubbish"), "400", ()),
    ],
    ids=["other", "tunnel", "here", "metadata", "path", "scheme", "user", "port", "rubbish"],
)
async def test_nothing_else_is(sandbox: Sandbox, line: str, status: str, refused: tuple[str, ...]) -> None:
    outcome, text = await run(sandbox, line, "named.example", "169.254.169.254")
    assert text.startswith(f"HTTP/1.1 {status} "), text
    assert [one.partition(" (")[0] for one in outcome.refused] == list(refused)
    assert outcome.reached == ()


async def test_any_public_host_is_none_of_this_machine(sandbox: Sandbox) -> None:
    for host in ("localhost", "127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.1"):
        outcome, text = await run(sandbox, asking(f"CONNECT {host}:80"), "*")
        assert text.startswith("HTTP/1.1 403 "), (host, text)
        assert outcome.refused


async def test_what_the_policy_denies_is_reached_by_nobody(world: World, echo: str) -> None:
    profile = Profile(world.workspace, denied=("127.0.0.*",))
    sandbox = Sandbox(lambda: profile, world.folder)
    try:
        outcome, text = await run(sandbox, asking(f"GET http://{echo}/"), echo)
        assert "the policy denies 127.0.0.1" in text
        assert (outcome.refused, outcome.reached) == ((f"{echo} (the policy denies 127.0.0.1)",), ())
    finally:
        await sandbox.close()


async def test_there_is_no_way_but_the_proxy(sandbox: Sandbox, echo: str) -> None:
    port = echo.rpartition(":")[2]
    line = f"(exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && echo reached; getent hosts example.org && echo known"
    line += "; (exec 3<>/dev/tcp/1.1.1.1/80) 2>/dev/null && echo out; python3 -c 'import socket; print(len(socket.if_nameindex()))'"
    _, text = await run(sandbox, line, echo, "*")
    assert text == "1\n"


async def test_without_hosts_there_is_no_proxy(sandbox: Sandbox) -> None:
    outcome, text = await run(sandbox, f"echo [$http_proxy]; (exec 3<>{PROXY}) 2>/dev/null || echo none")
    assert text == "[]\nnone\n"
    assert (outcome.reached, outcome.refused) == ((), ())


async def test_the_configuration_names_hosts_for_every_command(world: World, echo: str) -> None:
    profile = Profile(world.workspace, network=True, hosts=(echo, "b.example"))
    sandbox = Sandbox(lambda: profile, world.folder)
    try:
        assert (await sandbox.wall()).name.endswith("network: 2 hosts")
        out = sandbox.output()
        outcome = await sandbox.run(shell(asking(f"GET http://{echo}/")), out, out)
        assert outcome.reached == (echo,)
        outcome, text = await run(sandbox, f"(exec 3<>{PROXY}) 2>/dev/null || echo none")
        assert (text, outcome.reached) == ("none\n", ())
    finally:
        await sandbox.close()


async def test_what_is_no_host_and_what_cannot_start(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="is no host"):
        await run(sandbox, "true", "https://example.org")
    out = sandbox.output()
    outcome = await sandbox.run(Command(("/no/such/program",), hosts=("a.example",)), out, out)
    assert (outcome.exit_code, out.text) == (1, "zotui: /no/such/program: No such file or directory\n")


async def all_of(reader: asyncio.StreamReader) -> bytes:
    """What comes until the other end has gone, in whatever way."""
    with contextlib.suppress(ConnectionError):
        return await reader.read()
    return b""


async def asked(egress: Egress, target: str) -> bytes:
    """The answer of a proxy that is opened for one CONNECT, and closed after it."""
    listener = socket.create_server(("127.0.0.1", 0))
    await egress.serve(listener)
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])
    writer.write(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
    answer = await reader.readuntil(b"\r\n")
    writer.close()
    await egress.close()
    return answer


async def test_one_port_of_this_machine_is_not_another(echo: str) -> None:
    port = echo.rpartition(":")[2]
    egress = Egress(["127.0.0.1:1", "*", f"*.0.0.1:{port}"])
    assert b" 403 " in await asked(egress, "127.0.0.1:80")
    assert b" 403 " in await asked(Egress(["127.0.0.1:1", f"*.0.0.1:{port}"]), echo)


async def test_an_address_has_many_names_and_is_denied_under_all(echo: str) -> None:
    port = echo.rpartition(":")[2]
    for denied, answer in ((f"127.0.0.1:{port}", b" 403 "), ("127.0.0.1:1", b" 200 ")):
        assert answer in await asked(Egress([f"localhost:{port}"], [denied]), f"localhost:{port}")
    assert b" 403 " in await asked(Egress(["*"], ["93.184.216.34"]), "1572395042:443")


async def test_lookups_that_hang_keep_nobody_else_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    going = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: going.wait(20))
    egress = Egress(["*.example"])
    listener = socket.create_server(("127.0.0.1", 0))
    await egress.serve(listener)
    ways = [await asyncio.open_connection(*listener.getsockname()[:2]) for _ in range(40)]
    for at, (_, writer) in enumerate(ways):
        writer.write(f"CONNECT x{at}.example:443 HTTP/1.1\r\n\r\n".encode())
    try:
        for _ in range(20):  # until they are looked up
            await asyncio.sleep(0)
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "now"), 2) == "now"
        await asyncio.wait_for(egress.close(), 2)
    finally:
        going.set()
        for _, writer in ways:
            writer.close()


async def test_nothing_stays_open_to_who_takes_nothing() -> None:
    async def never_read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        taken.append(writer)

    taken: list[asyncio.StreamWriter] = []
    deaf = await asyncio.start_server(never_read, "127.0.0.1", 0)
    target = f"127.0.0.1:{deaf.sockets[0].getsockname()[1]}"
    listener = socket.create_server(("127.0.0.1", 0))
    egress = Egress([target])
    await egress.serve(listener)
    reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
    writer.write(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    before = len(os.listdir("/proc/self/fd"))
    with contextlib.suppress(TimeoutError, ConnectionError):
        while True:
            writer.write(b"x" * 1_000_000)
            await asyncio.wait_for(writer.drain(), 0.3)
    await egress.close()

    async def gone() -> bool:
        return (
            len(os.listdir("/proc/self/fd")) <= before - 4
        )  # the listener, both ends that the proxy has, and ours, which is told of it

    assert await wait_for(gone)
    for one in (writer, *taken):
        one.transport.abort()
    deaf.close()


@pytest_asyncio.fixture
async def proxy() -> AsyncIterator[tuple[Egress, int]]:
    """A proxy by itself, and its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    egress = Egress(["127.0.0.1:1", "unknown.invalid"])
    await egress.serve(listener)
    yield egress, listener.getsockname()[1]
    await egress.close()


async def test_a_host_that_is_not_there_is_said(proxy: tuple[Egress, int]) -> None:
    for target in ("127.0.0.1:1", "unknown.invalid:443"):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy[1])
        writer.write(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
        assert (await reader.read()).startswith(b"HTTP/1.1 502 ")
        writer.close()


async def test_rubbish_without_end_is_let_go(proxy: tuple[Egress, int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy[1])
    writer.write(b"x" * 200_000)
    assert await all_of(reader) == b""
    writer.close()


async def test_closing_ends_what_is_open(proxy: tuple[Egress, int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy[1])
    writer.write(b"CONNECT ")
    await writer.drain()
    await proxy[0].close()
    assert await asyncio.wait_for(all_of(reader), 5) == b""
    writer.close()
