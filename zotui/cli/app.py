"""``zotui`` without a verb: the full-screen app."""

import gc
import locale
import os
import sys

from zotui.errors import UsageError
from zotui.home import Home


def open_app(
    home: str | None = None, *, no_daemon: bool = False, offline: bool = False, no_mouse: bool = False
) -> None:
    """Check what can be checked before the screen is taken, then run the app. Raises ZotuiError."""
    in_browser = os.environ.get("TEXTUAL_DRIVER", "").endswith("WebDriver")  # zotui web
    if not in_browser and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the app needs a terminal", "zotui ask TEXT works without one")
    if not in_browser and os.environ.get("TERM", "dumb") in ("", "dumb"):
        raise UsageError("TERM=dumb cannot show the app", "set TERM, e.g. to xterm-256color, or use zotui ask TEXT")
    from zotui.tui.terminal import prepare

    encoding = locale.getpreferredencoding(False).lower().replace("-", "")
    if encoding not in ("utf8", "utf_8"):
        raise UsageError(f"the terminal's encoding is {encoding}, not UTF-8", "export LANG=C.UTF-8")
    prepare()
    if no_mouse:
        os.environ["ZOTUI_MOUSE"] = "0"
    place = Home(home).prepare()
    gc.disable()  # until the first paint: nothing made before it is garbage
    from zotui.tui.app import Zotui

    Zotui(place, own_workers=no_daemon, private=offline).run_on_terminal()
