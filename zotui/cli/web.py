"""``zotui web``: the app in a browser on this machine."""

import socket
import sys
from importlib.util import find_spec
from typing import Any

import click

from zotui.errors import UsageError
from zotui.home import Home
from zotui.text import one_line

LOOPBACK = ("127.0.0.1", "localhost")


@click.command()
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Else a free one.")
@click.option("--host", default="127.0.0.1", help="Loopback alone: from elsewhere, ssh -L PORT:127.0.0.1:PORT.")
@click.pass_obj
def web(options: dict[str, Any], port: int, host: str) -> None:
    """Serve the app to a browser on this machine, until Ctrl+C.

    The address holds a token of this run: whoever has it can do all that you can.
    """
    if host not in LOOPBACK:
        raise UsageError(
            f"only 127.0.0.1 is served, not {one_line(host, 60)}",
            "from another machine: ssh -L PORT:127.0.0.1:PORT HOST",
        )
    if find_spec("textual_serve") is None:
        raise UsageError("the app in a browser needs textual-serve", "pip install 'zotui[web]'")
    from zotui.web.server import GuardedServer

    home = Home(options["home"]).prepare()
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen()
    except OSError as error:
        raise UsageError(f"port {port}: {error.strerror}", "leave --port out for a free one") from None
    server = GuardedServer(home.path, listening, own_workers=options["no_daemon"])
    print(server.address, flush=True)
    print("zotui: Ctrl+C ends it; whoever has this address can do all that you can", file=sys.stderr)
    server.run()
