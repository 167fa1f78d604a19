"""textual-serve's server behind our gate: loopback only, with a token.

textual-serve checks nobody. Here every request passes the gate first, the websocket that drives the app included.
"""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from textual_serve.server import Server, to_int

from zotui.web.gate import Gate
from zotui.web.visit import Visit

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
DENIED = "Open the address that `zotui web` printed: it has the token.\n"
HEARTBEAT_S = 15.0
SHUTDOWN_S = 2.0  # for requests that are still answered once the visits are over
HEADERS = {
    # textual-serve's page has scripts and styles within it; of other machines (it asks one for a font) it gets nothing.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class GuardedServer(Server):
    """Serves the app of one home to browsers on this machine."""

    def __init__(self, home: Path, listening: socket.socket, *, own_workers: bool = False) -> None:
        port = listening.getsockname()[1]
        super().__init__("zotui", host="127.0.0.1", port=port, public_url=f"http://127.0.0.1:{port}")
        self._words = [sys.executable, "-m", "zotui", "--home", str(home), *(["--no-daemon"] if own_workers else [])]
        self._listening = listening
        self._visits: set[Visit] = set()
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
        """Say nothing: the verb has said where to go. Leave in good order when the terminal closes, too."""
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.request_exit)

    async def on_shutdown(self, app: web.Application) -> None:
        """End all visits, side by side."""
        await asyncio.gather(*(visit.stop() for visit in self._visits))

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._check)
        app.on_response_prepare.append(self._harden)
        return app

    async def _harden(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)

    @web.middleware
    async def _check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who may come in; the token in an address is changed for a cookie at once."""
        if not self.gate.is_here(request.headers.get("Host", ""), request.headers.get("Origin")):
            return web.Response(status=403, text=DENIED)
        if request.path == "/" and self.gate.is_token(request.query.get("token", "")):
            return web.Response(status=303, headers={"Set-Cookie": self.gate.cookie, "Location": "/"})
        if not self.gate.is_known(request.headers.get("Cookie", "")):
            return web.Response(status=403, text=DENIED)
        return await handler(request)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """An app for each visitor, for as long as they stay."""
        websocket = web.WebSocketResponse(heartbeat=HEARTBEAT_S)
        await websocket.prepare(request)
        visit = Visit(
            self._words,
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=websocket.close,
            download_manager=self.download_manager,
        )
        self._visits.add(visit)
        try:
            await visit.start(to_int(request.query.get("width", ""), 80), to_int(request.query.get("height", ""), 24))
            await self._process_messages(websocket, visit)
        finally:
            await visit.stop()
            self._visits.discard(visit)
            await websocket.close()
        return websocket

    def run(self) -> None:
        """Serve until it is interrupted."""
        self.initialize_logging()
        web.run_app(self._make_app(), sock=self._listening, print=None, access_log=None, shutdown_timeout=SHUTDOWN_S)
