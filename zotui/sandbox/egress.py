"""The way out for a command: a proxy of ours, by which it reaches the hosts that it may, and nothing else.

A command has a network of its own, in which nothing is but itself. Within that it opens one listening socket and hands
it out (:data:`DOORWAY`); what comes to it is taken by this process, as an HTTP proxy: ``CONNECT`` for what is encrypted,
and plain requests (RFC 9110, 9.3.6 and 7.1; RFC 9112, 3.2.2). Names are looked up here, and what was looked up is what is
connected to. What travels within a tunnel is not seen.
"""

import asyncio
import contextlib
import fnmatch
import os
import re
import shutil
import socket
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from zotui.errors import SandboxError
from zotui.sandbox import hosts
from zotui.sandbox.bubblewrap import PATH, SYSTEM
from zotui.text import one_line

PORT = 47_128  # of the proxy, in the network of the command
HEAD_S, CONNECT_S = 30.0, 20.0
LONGEST_HEAD, CHUNK = 65_536, 65_536
MOST = 64  # connections at once
LOOKUPS = 4  # at once: they may take long, and nobody else waits for them
MOST_NAMED = 50  # hosts of which an outcome tells
DOORWAY = """
import os, signal, socket, sys
port, door, *words = sys.argv[1:]
listener = socket.create_server(("127.0.0.1", int(port)), backlog=128)
with socket.socket(fileno=int(door)) as out:
    socket.send_fds(out, [b"."], [listener.fileno()])
for number in (signal.SIGPIPE, signal.SIGXFSZ):
    signal.signal(number, signal.SIG_DFL)
try:
    os.execvp(words[0], words)
except OSError as error:
    sys.exit(f"zotui: {words[0]}: {error.strerror}")
"""
"""Opens the listening socket, hands it out and becomes the command."""
_OWN = re.compile(rb"(?i)(proxy-[^:]*|connection|keep-alive|host|upgrade|te|expect):")


def words(door: int) -> list[str]:
    """The words that a command begins with which has a way out; ``door`` is the descriptor over which its socket comes.

    Raises SandboxError where no Python is within its sight.
    """
    python = shutil.which("python3", path=PATH)
    if python is None or not os.path.realpath(python).startswith(tuple(f"{place}/" for place in SYSTEM)):
        raise SandboxError("commands find no python3, by which they would reach the network", "apt install python3")
    return [python, "-I", "-S", "-c", DOORWAY, str(PORT), str(door)]


def environment(port: int = PORT) -> dict[str, str]:
    """What tells programs of the proxy."""
    proxy = f"http://127.0.0.1:{port}"
    names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
    here = "localhost,127.0.0.1,::1"
    return {**dict.fromkeys(names, proxy), "no_proxy": here, "NO_PROXY": here, "NODE_USE_ENV_PROXY": "1"}


def handed_out(door: socket.socket, patience_s: float = 5.0) -> socket.socket | None:
    """The socket that a command has opened; None where it has not come to that. Closes the door. Blocks."""
    with door:
        door.settimeout(patience_s)
        try:
            _, found, _, _ = socket.recv_fds(door, 1, 1)
        except OSError:
            return None
    return socket.socket(fileno=found[0]) if found else None


class Refused(Exception):
    """A request that goes nowhere: the status of the answer, and why."""

    def __init__(self, status: str, why: str) -> None:
        super().__init__(why)
        self.status = status


class Egress:
    """The proxy of one command. ``reached`` and ``refused`` name hosts with their ports, each once, in order; the latter say
    why, too."""

    def __init__(self, allowed: Sequence[str], denied: Sequence[str] = ()) -> None:
        self._allowed = [hosts.parse(one) for one in allowed]
        self._denied = [hosts.parted(one) for one in denied]
        self._reached: dict[str, None] = {}
        self._refused: dict[str, None] = {}
        self._open: set[asyncio.Task[None]] = set()
        self._ends: weakref.WeakSet[asyncio.WriteTransport] = weakref.WeakSet()
        self._lookups = ThreadPoolExecutor(LOOKUPS, "zotui-lookup")
        self._server: asyncio.Server | None = None

    @property
    def reached(self) -> tuple[str, ...]:
        """Hosts to which there was a connection."""
        return tuple(self._reached)

    @property
    def refused(self) -> tuple[str, ...]:
        """Hosts that were asked for in vain."""
        return tuple(self._refused)

    async def serve(self, listener: socket.socket) -> None:
        """Take connections from now on."""
        listener.setblocking(False)
        self._server = await asyncio.start_server(self._take, sock=listener, limit=LONGEST_HEAD)

    async def close(self) -> None:
        """Take none any more, and end those there are."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        if self._open:
            await asyncio.wait(self._open)
        for end in self._ends:  # what is not taken would be kept for ever
            end.abort()
        self._lookups.shutdown(wait=False, cancel_futures=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self._ends.add(writer.transport)
        try:
            if len(self._open) > MOST:
                raise Refused("503 Service Unavailable", f"more than {MOST} connections at once")
            await self._pass(reader, writer)
        except Refused as refused:
            await _answer(writer, refused)
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            pass  # one of both has gone away
        except asyncio.CancelledError:
            pass  # the command has ended
        finally:
            self._open.discard(task)
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read what is wanted, connect, and carry what both say from then on."""
        async with asyncio.timeout(HEAD_S):
            head = await reader.readuntil(b"\r\n\r\n")
        first, *fields = head[:-4].split(b"\r\n")
        method, host, port, rest = _wanted(first)
        there_reader, there = await self._connect(host, port)
        try:
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                named = f"[{host}]" if ":" in host else host
                shown = named if port == 80 else f"{named}:{port}"
                kept = [field for field in fields if not _OWN.match(field)]
                new = [rest, b"Host: " + shown.encode(), *kept, b"Connection: close"]
                there.write(b"\r\n".join(new) + b"\r\n\r\n")
            await _carry_both((reader, there), (there_reader, writer))
        finally:
            there.close()

    async def _connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to a host that may be reached. Raises Refused."""
        name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if self._is_denied(host, port):
            raise self._refuse(name, f"the policy denies {host}")
        if not hosts.is_named(self._allowed, host, port):
            raise self._refuse(name, f"{name} is not among the hosts that this command may reach", "it was not named")
        own = [entry for entry in self._allowed if entry.name == hosts.plain(host)]
        near = hosts.is_near(host) and hosts.is_named(own, host, port)
        looking = asyncio.get_running_loop().run_in_executor(self._lookups, hosts.addresses, host, port, near)
        try:
            found = await asyncio.wait_for(looking, CONNECT_S)
        except PermissionError as error:
            raise self._refuse(name, str(error)) from None
        except (OSError, ValueError, TimeoutError):
            raise Refused("502 Bad Gateway", f"{host} is not known") from None
        for family, address in found:
            if self._is_denied(address, port):  # which has more names than one
                raise self._refuse(name, f"the policy denies {address}")
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_S):
                    both = await asyncio.open_connection(address, port, family=family)
                self._ends.add(both[1].transport)
                self._note(self._reached, name)
                return both
        raise Refused("502 Bad Gateway", f"{name} does not answer")

    def _is_denied(self, host: str, port: int) -> bool:
        """Whether the policy denies a host, or this port of it."""
        name = hosts.plain(host)
        return any(fnmatch.fnmatchcase(name, one) and at in ("", str(port)) for one, at in self._denied)

    def _refuse(self, name: str, why: str, briefly: str = "") -> Refused:
        """What refuses a host; that and why are told with the outcome, too."""
        self._note(self._refused, f"{name} ({briefly or why})")
        return Refused("403 Forbidden", why)

    def _note(self, where: dict[str, None], name: str) -> None:
        if len(where) < MOST_NAMED:
            where[one_line(name, 200)] = None


def _wanted(line: bytes) -> tuple[str, str, int, bytes]:
    """Method, host and port of a request, and its line as the host is to have it. Raises Refused."""
    try:
        method, target, version = line.decode("ascii").split(" ")
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Refused("400 Bad Request", "this is no request for a proxy") from None
    if not host or not version.startswith("HTTP/1.") or parts.username is not None:
        raise Refused("400 Bad Request", "this is no request for a proxy")
    if method == "CONNECT":
        return method, host, port or 443, b""
    if parts.scheme != "http":
        raise Refused("501 Not Implemented", "only http:// is asked for so; what is encrypted takes CONNECT")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return method, host, port or 80, f"{method} {path} {version}".encode("ascii")


async def _carry_both(*ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """What each says to the other, until both have ended or one has broken off."""
    tasks = [asyncio.create_task(_carry(*way)) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Everything from one to the other, until the end."""
    try:
        while piece := await reader.read(CHUNK):
            writer.write(piece)
            await writer.drain()
    finally:
        with contextlib.suppress(OSError, RuntimeError):
            if writer.can_write_eof():
                writer.write_eof()


async def _answer(writer: asyncio.StreamWriter, refused: Refused) -> None:
    body = f"zotui: {one_line(str(refused), 300)}\n".encode()
    head = f"HTTP/1.1 {refused.status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close"
    with contextlib.suppress(OSError):
        writer.write(head.encode("ascii") + b"\r\n\r\n" + body)
        await writer.drain()
