"""Copying out of the app: to the terminal, to the desktop where there is one, and always into a file.

Whether a terminal took what it was sent (OSC 52) cannot be known, so the file is the honest part.
"""

import asyncio
import contextlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zotui.models.child import environment
from zotui.private import make_file
from zotui.store import new_id
from zotui.text import size

if TYPE_CHECKING:
    from textual.app import App

    from zotui.home import Home

LONGEST_SENT = 74_994  # characters of base64 that terminals take by OSC 52; more is cut or dropped
LONGEST = LONGEST_SENT // 4 * 3
"""The same in bytes of text."""
PATIENCE_S = 2
NAME = "clipboard.txt"
NEEDED = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "TMUX", "TMUX_PANE", "XDG_RUNTIME_DIR")
TOOLS = (
    ("WAYLAND_DISPLAY", ["wl-copy"]),
    ("DISPLAY", ["xclip", "-selection", "clipboard"]),
    ("TMUX", ["tmux", "load-buffer", "-w", "-"]),
)
"""Programs that take a text from stdin, where the variable before them is set."""


async def copy(app: "App[Any]", text: str, home: "Home") -> str:
    """Copy a text, for a person's key only; a sentence that says where it is now."""
    content = text.encode("utf-8", "replace")
    ways = [tool] if (tool := await asyncio.to_thread(_by_tool, content)) else []
    if short := len(content) <= LONGEST:
        app.copy_to_clipboard(content.decode())
        ways.append("OSC 52")
    kept = await asyncio.to_thread(_keep, content, home)
    said = f"copied {size(len(content))}" if ways or kept else f"not copied: {size(len(content))} is too long"
    said += f" ({', '.join(ways)})" if ways else ""
    if kept:
        said += f"; also in {kept}" if ways else f" into {kept}"
    return said if short else f"{said}; the terminal takes {size(LONGEST)} at most"


def _keep(content: bytes, home: "Home") -> str:
    """Keep the text in the home; where, or nothing where there is no room. Blocks."""
    path = home.path / NAME
    made = home.run / f"copy-{new_id()[-8:]}"
    try:
        make_file(made, content.decode())
        made.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            made.unlink()
        return ""
    return f"~/{path.relative_to(Path.home())}" if path.is_relative_to(Path.home()) else str(path)


def _by_tool(content: bytes) -> str:
    """Copy by a program of the desktop; its name, or nothing where none took it. Blocks."""
    for words in _tools():
        if shutil.which(words[0]) is None:
            continue
        try:
            done = subprocess.run(
                words,
                input=content,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=PATIENCE_S,
                env=environment(os.environ, NEEDED),
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return words[0]
    return ""


def _tools() -> list[list[str]]:
    """What may be asked: over ssh no desktop, as it is not the one that the person sits at."""
    if os.environ.get("SSH_CONNECTION"):
        return [words for name, words in TOOLS if name == "TMUX" and os.environ.get(name)]
    if os.uname().sysname == "Darwin":
        return [["pbcopy"]]
    return [words for name, words in TOOLS if os.environ.get(name)]
