"""textual-serve's server behind our gate: loopback only, with a token.

textual-serve checks nobody. Here every request passes the gate first, the websocket that drives the app included.
"""

import logging
import os
import shlex
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from textual_serve.server import Server

from zotui.web.gate import Gate

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
DENIED = "Open the address that `zotui web` printed: it has the token.\n"


class GuardedServer(Server):
    """Serves the app of one home to browsers on this machine."""

    def __init__(self, home: Path, listening: socket.socket, *, own_workers: bool = False) -> None:
        port = listening.getsockname()[1]
        words = [sys.executable, "-m", "zotui", "--home", str(home), *(["--no-daemon"] if own_workers else [])]
        super().__init__(shlex.join(words), host="127.0.0.1", port=port, title="zotui")
        self._listening = listening
        self.gate = Gate(port)

    @property
    def address(self) -> str:
        """What the person opens, the token in it."""
        return f"{self.public_url}/?token={self.gate.token}"

    def initialize_logging(self) -> None:
        """Only what goes wrong is told; a request's address may hold the token."""
        logging.basicConfig(level="WARNING")
        logging.getLogger("aiohttp.access").disabled = True

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing: the verb has said where to go."""

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._check)
        return app

    @web.middleware
    async def _check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who may come in; the token in an address is changed for a cookie at once."""
        if not self.gate.is_here(request.headers.get("Host", ""), request.headers.get("Origin")):
            return web.Response(status=403, text="This is not the address that zotui serves.\n")
        if request.path == "/" and self.gate.is_token(request.query.get("token", "")):
            headers = {"Set-Cookie": self.gate.cookie, "Location": "/", "Referrer-Policy": "no-referrer"}
            return web.Response(status=303, headers=headers)
        if not self.gate.is_known(request.headers.get("Cookie", "")):
            return web.Response(status=403, text=DENIED)
        return await handler(request)

    def run(self) -> None:
        """Serve until it is interrupted."""
        self.initialize_logging()
        for name in ("ZOTUI_HOME",):  # said by the command already
            os.environ.pop(name, None)
        web.run_app(self._make_app(), sock=self._listening, print=None, access_log=None)
