"""Copying out of the app: to the terminal, to the desktop where there is one, and always into a file.

Whether a terminal took what it was sent (OSC 52) cannot be known, so the file is the honest part.
"""

import asyncio
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from zotui.models.child import environment
from zotui.private import make_file
from zotui.text import size

if TYPE_CHECKING:
    from textual.app import App

    from zotui.home import Home

LONGEST = 74_000  # bytes that terminals take by OSC 52; more is cut or dropped
PATIENCE_S = 2
NAME = "clipboard.txt"
DISPLAY = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "TMUX", "TMUX_PANE", "XDG_RUNTIME_DIR")
TOOLS = (
    ("WAYLAND_DISPLAY", ["wl-copy"]),
    ("DISPLAY", ["xclip", "-selection", "clipboard"]),
    ("TMUX", ["tmux", "load-buffer", "-w", "-"]),
)
"""Programs that take a text from stdin, where the variable before them is set."""


async def copy(app: "App[Any]", text: str, home: "Home") -> str:
    """Copy a text; a sentence that says where it is now."""
    where = []
    tool = None if os.environ.get("SSH_CONNECTION") else await asyncio.to_thread(_by_tool, text)
    if tool:
        where.append(f"with {tool}")
    if len(text.encode()) <= LONGEST:
        app.copy_to_clipboard(text)
        where.append("to the terminal")
    kept = await asyncio.to_thread(_keep, text, home)
    sentence = f"copied {size(len(text.encode()))} {' and '.join(where) or 'nowhere but to a file: it is too long'}"
    return f"{sentence}; also in {kept}" if kept else sentence


def _keep(text: str, home: "Home") -> str:
    """Keep the text in the home; where, or nothing where there is no room. Blocks."""
    path = home.path / NAME
    try:
        make_file(path)
        path.write_text(text, "utf-8")
    except OSError:
        return ""
    return str(path).replace(os.path.expanduser("~"), "~", 1)


def _by_tool(text: str) -> str:
    """Copy by a program of the desktop; its name, or nothing where none took it. Blocks."""
    tools = [["pbcopy"]] if os.uname().sysname == "Darwin" else [words for name, words in TOOLS if os.environ.get(name)]
    for words in tools:
        if shutil.which(words[0]) is None:
            continue
        try:
            done = subprocess.run(
                words,
                input=text.encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=PATIENCE_S,
                env=environment(os.environ, DISPLAY),
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return words[0]
    return ""
