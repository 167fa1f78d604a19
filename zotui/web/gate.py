"""Who may come in: a browser that was shown the token once, from this machine, to this address."""

import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

COOKIE = "zotui"
TOKEN_BYTES = 32
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Gate:
    """Checks requests to one address. The token is made anew for each run, and is written nowhere."""

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        self._pass = secrets.token_urlsafe(TOKEN_BYTES)  # what the cookie holds: the token itself stays in no browser
        self._hosts = {f"{host}:{port}" for host in ("127.0.0.1", "localhost", "[::1]")}

    def is_here(self, host: str, origin: str | None) -> bool:
        """Whether a request means this address, and no page of another site made it (DNS rebinding, cross-site)."""
        if host.lower() not in self._hosts:
            return False
        return origin is None or urlsplit(origin).netloc.lower() in self._hosts

    def is_token(self, given: str) -> bool:
        """Whether this is the token, told in constant time."""
        return hmac.compare_digest(given.encode(), self.token.encode())

    def is_known(self, cookies: str) -> bool:
        """Whether a browser shows the pass that it was given for the token."""
        try:
            kept = SimpleCookie(cookies).get(COOKIE)
        except CookieError:
            return False
        return kept is not None and hmac.compare_digest(kept.value.encode(), self._pass.encode())

    @property
    def cookie(self) -> str:
        """The header that gives a browser its pass."""
        return f"{COOKIE}={self._pass}; HttpOnly; SameSite=Strict; Path=/"
