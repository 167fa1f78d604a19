"""The one module that knows httpx: requests and answers as bytes, and faults that name the host.

Proxies of the environment are honoured for far hosts and never used for this machine; redirects are not
followed, so a key goes nowhere but to the host it was meant for. No exception of httpx leaves this module.
"""

import asyncio
import contextlib
import math
import socket
import ssl
import sys
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from zotui.addresses import host_of, proxy_for
from zotui.errors import ZotuiError
from zotui.secret import Secret

_command_line = sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
import httpx  # noqa: E402 (without its own command line, which brings rich, click and pygments: a third of its import)

if _command_line is None:
    del sys.modules["httpx._main"]
from httpx import _models  # noqa: E402

# What httpx hides in the text of headers; it knows of two.
_hidden: set[str] = getattr(_models, "SENSITIVE_HEADERS", set())
_hidden.update(("x-api-key", "api-key", "x-goog-api-key"))

_ADDRESS = "write its address as http://HOST:PORT/PATH"
_TLS = "if it speaks TLS, write https:// in its address"
_CLOCK = "check this machine's clock; if it is right, only the owner of the server can mend this"

CERTIFICATES: dict[int, tuple[str, str]] = {
    9: ("its certificate is not valid yet", _CLOCK),
    10: ("its certificate has expired", _CLOCK),
    62: ("its certificate is for another host", "check the address"),
    64: ("its certificate is for another host", "check the address"),
}
"""What is wrong with a certificate by OpenSSL's number (X509_V_ERR_…), and what to do."""
UNTRUSTED = (
    "its certificate is not trusted",
    "check the address; a certificate of your own is trusted if SSL_CERT_FILE names it",
)
"""The same for all the rest: self-signed, or signed by nobody known."""


class HttpFault(ZotuiError):
    """A request that got no whole answer; ``host`` is the one it was meant for."""

    def __init__(self, host: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.host = host


class BadAddress(HttpFault):
    """The address is no http:// or https:// address, or a header cannot be sent."""


class BadProxy(HttpFault):
    """The proxy the environment names for this host cannot be used."""


class NoSuchHost(HttpFault):
    """The name of the host cannot be resolved."""


class Unreachable(HttpFault):
    """No connection, or one that was closed before anything was answered."""


class Untrusted(HttpFault):
    """No TLS connection: a certificate that cannot be trusted, or no TLS at the other end."""


class TimedOut(HttpFault):
    """Nothing came within the time given."""


class CutOff(HttpFault):
    """The connection broke in the middle of an answer."""


class Garbled(HttpFault):
    """What came is no HTTP, or cannot be unpacked."""


class TooLarge(HttpFault):
    """The answer is larger than the caller allowed."""


class Page(NamedTuple):
    """A whole answer: ``headers`` with lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes


def retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds the server asks to wait; None where it does not say, or nothing that makes sense.

    ``retry-after-ms`` (OpenAI, Azure) is more exact than ``retry-after``, which is in seconds or a date.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        try:
            seconds = float(text) * unit
        except ValueError:
            from email.utils import parsedate_to_datetime

            try:
                seconds = parsedate_to_datetime(text).timestamp() - time.time()
            except (ValueError, TypeError, OverflowError):
                continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    return None


class Answer:
    """An answer that is arriving. Leaving its ``async with`` closes the connection unless all was read."""

    def __init__(self, host: str, response: httpx.Response) -> None:
        self.host = host
        self.status = response.status_code
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
        self._response = response

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes, unpacked. Raises CutOff, TimedOut or Garbled."""
        with _faults(self.host, answering=True):
            async for chunk in self._response.aiter_bytes():
                yield chunk

    async def read(self, cap: int) -> bytes:
        """At most ``cap`` bytes of the body, and no more of it is waited for."""
        body = bytearray()
        async with contextlib.aclosing(self.chunks()) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) >= cap:
                    break
        return bytes(body[:cap])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._response.aclose()


class Client:
    """Sends requests over connections that are kept for the next one; nothing is built before the first."""

    def __init__(self, *, connect_s: float = 10.0) -> None:
        self._connect_s = connect_s
        self._pools: dict[tuple[bool, str], httpx.AsyncClient] = {}  # by whether TLS is spoken, and the proxy

    async def post(self, url: str, body: bytes, headers: Mapping[str, str | Secret]) -> Answer:
        """Send ``body``; return once the head of the answer is there. Time limits are the caller's.

        A header that is a Secret is revealed for the request alone.
        """
        return await self._send("POST", url, body, {"accept-encoding": "identity", **headers})

    async def get(
        self, url: str, headers: Mapping[str, str | Secret] | None = None, *, cap: int = 8 << 20, total_s: float = 30.0
    ) -> Page:
        """Fetch a whole answer of at most ``cap`` bytes within ``total_s``."""
        host = host_of(url)
        try:
            async with asyncio.timeout(total_s), await self._send("GET", url, b"", headers or {}) as answer:
                body = await answer.read(cap + 1)
        except TimeoutError:
            raise TimedOut(host, f"{host} gave no whole answer within {total_s:g} s") from None
        if len(body) > cap:
            raise TooLarge(host, f"{host} answered with more than {cap} bytes")
        return Page(answer.status, dict(answer.headers), body)

    async def close(self) -> None:
        """Close every connection. The next request opens new ones."""
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            await pool.aclose()

    async def _send(self, method: str, url: str, body: bytes, headers: Mapping[str, str | Secret]) -> Answer:
        """Send a request and wait for the head of its answer."""
        host = host_of(url)
        try:
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
                raise ValueError("no host to ask")
            proxy = _hidden_proxy(url)
            pool = self._pool(url, proxy)
            request = _request(pool, method, url, body, headers)
        except (httpx.InvalidURL, ValueError):  # the text of which may hold a header
            raise BadAddress(host, f"{host}: not an address that can be asked", _ADDRESS) from None
        with _faults(host, via=host_of(proxy.reveal()) if proxy else ""):
            return Answer(host, await pool.send(request, stream=True))

    def _pool(self, url: str, proxy: Secret) -> httpx.AsyncClient:
        """The connections for ``url``: certificates are loaded only where TLS is spoken."""
        secure = "https" in (urlsplit(url).scheme, urlsplit(proxy.reveal()).scheme)
        pool = self._pools.get((secure, proxy.reveal()))
        if pool is not None:
            return pool
        try:
            pool = self._pools[secure, proxy.reveal()] = httpx.AsyncClient(
                verify=_trust(secure),
                proxy=proxy.reveal() or None,
                trust_env=False,  # proxies are chosen above, and .netrc would replace the key
                timeout=httpx.Timeout(None, connect=self._connect_s),
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
                headers={"user-agent": "zotui"},
            )
        except OSError:
            message = f"{host_of(url)}: the certificates to trust cannot be read"
            raise Untrusted(host_of(url), message, "check SSL_CERT_FILE and SSL_CERT_DIR") from None
        except (ImportError, ValueError, httpx.InvalidURL):
            raise BadProxy(
                host_of(url),
                f"{host_of(url)}: the {proxy.reveal().partition('://')[0]} proxy of the environment cannot be used",
                "name an http:// proxy, add the host to NO_PROXY, or install socksio for SOCKS",
            ) from None
        return pool


async def probe(
    url: str, connect_s: float = 0.15, total_s: float = 0.6, cap: int = 256 << 10
) -> tuple[int, bytes] | None:
    """Ask who is there: one GET without a key or a proxy; None where nobody answers in time and in size."""
    try:
        async with (
            asyncio.timeout(total_s),
            httpx.AsyncClient(
                verify=_trust(urlsplit(url).scheme == "https"),
                trust_env=False,
                timeout=httpx.Timeout(total_s, connect=connect_s),
                headers={"user-agent": "zotui"},
            ) as client,
            client.stream("GET", url) as response,
        ):
            body = await Answer(host_of(url), response).read(cap + 1)
    except (httpx.HTTPError, httpx.InvalidURL, HttpFault, OSError, ValueError):
        return None  # TimeoutError is an OSError
    return (response.status_code, body) if len(body) <= cap else None


def _hidden_proxy(url: str) -> Secret:
    """The proxy for ``url``, which may have a password in it; an empty one where there is none."""
    return Secret(proxy_for(url) or "")


def _request(
    pool: httpx.AsyncClient, method: str, url: str, body: bytes, headers: Mapping[str, str | Secret]
) -> httpx.Request:
    """A request with its secrets told, in a frame of its own: a traceback may show those of a request that fails."""
    told = {name: value.reveal() if isinstance(value, Secret) else value for name, value in headers.items()}
    return pool.build_request(method, url, content=body, headers=told)


def _trust(secure: bool) -> ssl.SSLContext:
    """Certifi's authorities, or those SSL_CERT_FILE or SSL_CERT_DIR name; none where no TLS is spoken."""
    return httpx.create_ssl_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """``error`` and what lies behind it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@contextlib.contextmanager
def _faults(host: str, *, via: str = "", answering: bool = False) -> Iterator[None]:
    """Turn what httpx raises into a fault of ours. ``answering``: the head of an answer was already there."""
    try:
        yield
    except (httpx.HTTPError, httpx.StreamError, OSError, UnicodeError) as error:
        raise _fault(error, host, f"{host} (through the proxy {via})" if via else host, answering) from None


def _fault(error: Exception, host: str, who: str, answering: bool) -> HttpFault:
    """The fault of ours for ``error``. What httpx says itself may hold a header and is not quoted."""
    for cause in () if answering else _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                wrong, hint = CERTIFICATES.get(cause.verify_code, UNTRUSTED)
                return Untrusted(host, f"{who}: {wrong} ({cause.verify_message.rstrip('.')})", hint)
            case ssl.SSLError():
                hint = "if it speaks plain HTTP, write http:// in its address"
                return Untrusted(host, f"{who}: no TLS connection ({cause.reason or 'TLS error'})", hint)
            case socket.gaierror() | UnicodeError():
                hint = "check the spelling of its address and your connection"
                return NoSuchHost(host, f"{who}: no such host", hint)
    match error:
        case httpx.ProxyError():
            return BadProxy(host, f"{who}: the proxy refuses", "check HTTPS_PROXY and NO_PROXY")
        case httpx.ConnectTimeout():
            return Unreachable(host, f"{who}: no connection in time", "check the address and your connection")
        case httpx.TimeoutException():
            return TimedOut(host, f"{who} took too long")
        case httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            return BadAddress(host, f"{who}: not an address that can be asked", _ADDRESS)
        case httpx.DecodingError():
            return Garbled(host, f"{who} sent data that cannot be unpacked")
        case _ if answering:
            return CutOff(host, f"{who} broke the connection in the middle of its answer")
        case httpx.ConnectError():
            return Unreachable(host, f"{who}: nobody answers at this address", "is the server running?")
        case httpx.RemoteProtocolError() if "disconnected" not in str(error):
            return Garbled(host, f"{who} answered something that is no HTTP", f"check the port; {_TLS}")
    return Unreachable(host, f"{who} closed the connection without an answer", f"try again; {_TLS}")
