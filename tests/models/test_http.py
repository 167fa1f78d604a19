"""The HTTP client: whom it asks directly, what its faults are called, and that it lets go."""

import asyncio
import gzip
import json
import re
import socket
import ssl
import subprocess
from contextlib import aclosing
from pathlib import Path

import pytest
from conftest import answering, head_of, serving

from zotui import http
from zotui.addresses import proxy_for
from zotui.secret import Secret

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def fetched(url: str, cap: int = 1 << 20, total_s: float = 5.0) -> http.Page:
    client = http.Client()
    try:
        return await client.get(url, cap=cap, total_s=total_s)
    finally:
        await client.close()


def free_port() -> int:
    """A port nobody listens at."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:1", "socks://127.0.0.1:1", "socks5://127.0.0.1:1"])
async def test_proxies_are_not_for_loopback(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy)
    handler, _ = answering(b"direct")
    async with serving(handler) as port:
        assert (await fetched(f"http://127.0.0.1:{port}/")).body == b"direct"
        assert (await fetched(f"http://localhost:{port}/")).body == b"direct"


async def test_far_hosts_are_asked_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    handler, seen = answering(b"by proxy")
    async with serving(handler) as port:
        monkeypatch.setenv("HTTP_PROXY", f"127.0.0.1:{port}")
        monkeypatch.setenv("ALL_PROXY", "socks://127.0.0.1:1")  # the more exact one is used
        assert (await fetched("http://far.example/x")).body == b"by proxy"
    assert seen[0].startswith("GET http://far.example/x ")
    monkeypatch.setenv("NO_PROXY", "far.example")
    assert proxy_for("http://far.example/x") is None


async def test_tls_through_a_proxy(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A far host is named to the proxy and to nobody else, and what is said to it the proxy cannot read."""
    asked: list[bytes] = []
    handler, seen = answering(b"safe")

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            asked.append(data)
            writer.write(data)
        writer.close()

    async with serving(handler, ssl=tls(certificates / "far.pem")) as port:

        async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            far = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await asyncio.gather(copy(reader, far[1]), copy(far[0], writer))

        async with serving(connect) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@127.0.0.1:{proxy}")
            monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "far.pem"))
            client = http.Client()
            page = await client.get("https://far.example/x", {"x-api-key": Secret("sk-far")})
            assert page.body == b"safe"
            await client.close()
            monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "good.pem"))
            with pytest.raises(http.Untrusted, match=r"far\.example \(through the proxy 127.*not trusted") as caught:
                await fetched("https://far.example/x")
    assert "secret" not in str(caught.value)
    assert asked[0].startswith(b"CONNECT far.example:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6c2VjcmV0" in asked[0]
    assert b"sk-far" not in b"".join(asked)
    assert "x-api-key: sk-far" in seen[0]
    assert "secret" not in seen[0]


@pytest.mark.parametrize(
    ("status", "fault"), [("407 Who are you", http.BadProxy), ("502 Bad", http.BadProxy), ("", http.HttpFault)]
)
async def test_a_proxy_that_refuses(status: str, fault: type[http.HttpFault], monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode() if status else b"")
        await writer.drain()
        writer.close()

    async with serving(refuse) as port:
        monkeypatch.setenv("ALL_PROXY", f"http://me:secret@127.0.0.1:{port}")
        with pytest.raises(fault, match=rf"^far\.example \(through the proxy 127\.0\.0\.1:{port}\)") as caught:
            await fetched("https://far.example/x")
    assert caught.value.host == "far.example"
    assert "secret" not in str(caught.value)


async def test_socks_without_socksio_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "socksio", None)
    monkeypatch.setenv("ALL_PROXY", "socks://me:secret@127.0.0.1:1")
    client = http.Client()  # nothing happens yet
    with pytest.raises(http.BadProxy, match=r"far\.example: the socks5 proxy") as caught:
        await client.get("http://far.example/")
    assert "secret" not in str(caught.value)


async def test_nobody_there() -> None:
    port = free_port()
    with pytest.raises(http.Unreachable, match=rf"127\.0\.0\.1:{port}: nobody answers"):
        await fetched(f"http://127.0.0.1:{port}/")


async def test_no_such_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(host: str, *_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(http.NoSuchHost, match=r"nowhere\.example: no such host"):
        await fetched("http://nowhere.example/")


@pytest.mark.parametrize("url", ["ftp://h/", "h:80/v1", "/v1", "http://[x/", "http://h:port/", "http:///v1", ""])
async def test_bad_addresses(url: str) -> None:
    with pytest.raises(http.BadAddress, match="address"):
        await fetched(url)


async def test_a_header_that_cannot_be_sent_is_not_shown() -> None:
    with pytest.raises(http.BadAddress) as caught:
        await http.Client().post("http://127.0.0.1:1/", b"", {"authorization": "Bearer sk-żółw"})
    assert "sk-" not in f"{caught.value!r}{caught.value}"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Self-signed certificates: good.pem for localhost, old.pem for the same, that has expired, and far.pem for
    far.example; each with its key."""
    folder = tmp_path_factory.mktemp("tls")
    for name, host, days in (("good", "localhost", 2), ("old", "localhost", -1), ("far", "far.example", 2)):
        (folder / "names").write_text(f"subjectAltName=DNS:{host}")
        for command in (
            f"req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key -out wish -subj /CN={host}",
            f"x509 -req -in wish -signkey key -days {days} -extfile names -out cert",
        ):
            subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
        (folder / f"{name}.pem").write_text((folder / "cert").read_text() + (folder / "key").read_text())
    return folder


def tls(certificate: Path) -> ssl.SSLContext:
    """What a server needs that has this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_tls(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handler, seen = answering(b"safe")
    async with serving(handler, ssl=tls(certificates / "good.pem")) as port:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "good.pem"))
        assert (await fetched(f"https://localhost:{port}/")).body == b"safe"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "missing.pem"))
        with pytest.raises(http.Untrusted, match=rf"localhost:{port}: .* cannot be read"):
            await fetched(f"https://localhost:{port}/")
        (certificates / "junk.pem").write_text("no certificate")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "junk.pem"))
        with pytest.raises(http.Untrusted, match=rf"localhost:{port}: .* cannot be read"):
            await fetched(f"https://localhost:{port}/")
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("shown", "trusted", "host", "sentence", "hint"),
    [
        ("good", "", "localhost", r"its certificate is not trusted \(self.signed certificate\)", "SSL_CERT_FILE"),
        ("good", "far", "localhost", r"its certificate is not trusted \(self.signed certificate\)", "SSL_CERT_FILE"),
        ("old", "old", "localhost", r"its certificate has expired \(certificate has expired\)", "clock"),
        ("far", "far", "localhost", r"its certificate is for another host \(.*'localhost'\)", "address"),
        ("good", "good", "127.0.0.1", r"its certificate is for another host \(.*'127\.0\.0\.1'\)", "address"),
    ],
)
async def test_certificates_that_are_not_trusted(
    certificates: Path,
    monkeypatch: pytest.MonkeyPatch,
    shown: str,
    trusted: str,
    host: str,
    sentence: str,
    hint: str,
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates / f"{trusted}.pem"))
    handler, seen = answering(b"safe")
    async with serving(handler, ssl=tls(certificates / f"{shown}.pem")) as port:
        with pytest.raises(http.Untrusted) as caught:
            await fetched(f"https://{host}:{port}/")
    assert re.fullmatch(f"{re.escape(host)}:{port}: {sentence}", caught.value.message)
    assert hint in caught.value.hint
    assert "verify" not in str(caught.value).lower()  # it is never offered to look away
    assert seen == []


async def test_a_plain_request_to_a_tls_server(certificates: Path) -> None:
    handler, seen = answering(b"safe")
    async with serving(handler, ssl=tls(certificates / "good.pem")) as port:
        with pytest.raises((http.Garbled, http.Unreachable), match=rf"localhost:{port} ") as caught:
            await fetched(f"http://localhost:{port}/")
    assert "https://" in caught.value.hint
    assert seen == []


async def test_tls_to_a_plain_server() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with serving(handle) as port:
        with pytest.raises(http.Untrusted, match="no TLS connection") as caught:
            await fetched(f"https://127.0.0.1:{port}/")
    assert "http://" in caught.value.hint


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (b"", http.Unreachable),
        (b"SSH-2.0-OpenSSH\r\n\r\n", http.Garbled),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", http.CutOff),
        (CHUNKED + b"4\r\nhalf\r\n", http.CutOff),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\njunk", http.Garbled),
    ],
)
async def test_broken_answers(sent: bytes, fault: type[http.HttpFault]) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(sent)
        await writer.drain()
        writer.close()

    async with serving(handle) as port:
        with pytest.raises(fault, match=f"127.0.0.1:{port}") as caught:
            await fetched(f"http://127.0.0.1:{port}/")
    assert caught.value.host == f"127.0.0.1:{port}"
    assert caught.value.__suppress_context__


async def test_redirects_are_answers() -> None:
    handler, seen = answering(b"", status="307 Elsewhere", headers="Location: http://127.0.0.1:1/\r\n")
    async with serving(handler) as port:
        assert (await fetched(f"http://127.0.0.1:{port}/")).status == 307
    assert len(seen) == 1


async def test_a_cap_and_a_deadline() -> None:
    closed = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(CHUNKED + b"a\r\n0123456789\r\n")
        await writer.drain()
        await reader.read()
        closed.set()

    async with serving(handle) as port:
        with pytest.raises(http.TooLarge, match="more than 9 bytes"):
            await fetched(f"http://127.0.0.1:{port}/", cap=9)
        await asyncio.wait_for(closed.wait(), 5)
        closed.clear()
        with pytest.raises(http.TimedOut, match=r"within 0\.1 s"):
            await fetched(f"http://127.0.0.1:{port}/", total_s=0.1)
        await asyncio.wait_for(closed.wait(), 5)


async def test_packed_answers_are_unpacked_and_connections_kept() -> None:
    packed = gzip.compress(b"turtle")
    connections = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            try:
                await head_of(reader)
            except asyncio.IncompleteReadError:
                return
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed))
            writer.write(packed)
            await writer.drain()

    async with serving(handle) as port:
        client = http.Client()
        for _ in range(3):
            async with await client.post(f"http://127.0.0.1:{port}/", b"{}", {}) as answer:
                assert [chunk async for chunk in answer.chunks()] == [b"turtle"]
        await client.close()
    assert connections == 1


async def test_closing_the_chunks_closes_the_connection() -> None:
    closed = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(CHUNKED + b"2\r\nhi\r\n")
        await writer.drain()
        await reader.read()
        closed.set()

    async with serving(handle) as port:
        client = http.Client()
        async with (
            await client.post(f"http://127.0.0.1:{port}/", b"", {}) as answer,
            aclosing(answer.chunks()) as chunks,
        ):
            assert await anext(chunks) == b"hi"
        await asyncio.wait_for(closed.wait(), 1)


async def test_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    handler, seen = answering(json.dumps({"version": "1"}).encode())
    async with serving(handler) as port:
        assert await http.probe(f"http://127.0.0.1:{port}/api/version") == (200, b'{"version": "1"}')
        assert await http.probe(f"http://127.0.0.1:{port}/api/version", cap=5) is None
    assert "authorization" not in seen[0].lower()
    assert await http.probe(f"http://127.0.0.1:{free_port()}/") is None
    assert await http.probe("http://[broken/") is None


async def test_probe_does_not_wait() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(handle) as port:
        start = asyncio.get_running_loop().time()
        assert await http.probe(f"http://127.0.0.1:{port}/", total_s=0.2) is None
        assert asyncio.get_running_loop().time() - start < 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry-after-ms": "300", "retry-after": "20"}, 0.3),
        ({"retry-after-ms": "junk", "retry-after": "20"}, 20),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert http.retry_after(headers) == seconds


def test_retry_after_a_date_to_come() -> None:
    found = http.retry_after({"retry-after": "Fri, 01 Jan 2100 00:00:00 GMT"})
    assert found is not None
    assert found > 1e9
