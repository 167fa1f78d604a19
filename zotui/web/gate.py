"""Who may come in: a browser that was shown the token once, from this machine, to this address."""

import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

TOKEN_BYTES = 32


class Gate:
    """Checks requests to one address. The token is made anew for each run, and is written nowhere."""

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        self._pass = secrets.token_urlsafe(TOKEN_BYTES)  # what the cookie holds: the token itself stays in no browser
        self._name = f"zotui-{port}"  # browsers do not keep the cookies of ports apart: two runs would take turns
        self._hosts = {f"127.0.0.1:{port}", *(["127.0.0.1"] if port == 80 else [])}

    def is_here(self, host: str, origin: str | None) -> bool:
        """Whether a request means this address, and no page of another site made it (DNS rebinding, cross-site)."""
        if host not in self._hosts:
            return False
        try:
            return origin is None or urlsplit(origin).netloc in self._hosts
        except ValueError:
            return False

    def is_token(self, given: str) -> bool:
        """Whether this is the token, told in constant time."""
        return _same(given, self.token)

    def is_known(self, cookies: str) -> bool:
        """Whether a browser shows the pass that it was given for the token."""
        try:
            kept = SimpleCookie(cookies).get(self._name)
        except CookieError:
            return False
        return kept is not None and _same(kept.value, self._pass)

    @property
    def cookie(self) -> str:
        """The header that gives a browser its pass."""
        return f"{self._name}={self._pass}; HttpOnly; SameSite=Strict; Path=/"


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())
