"""The person's own editor and pager: the app steps aside, and comes back with what was written."""

import asyncio
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported

from zotui.errors import ZotuiError
from zotui.models.child import environment
from zotui.private import make_file
from zotui.store import new_id
from zotui.text import clean, one_line

if TYPE_CHECKING:
    from textual.app import App

    from zotui.home import Home

EDITORS = ("nano", "vi")
PAGERS = ("less -R", "more")
LARGEST = 2_000_000  # characters that are read back
TERMINAL = (
    "TERM",
    "COLORTERM",
    "TERMINFO",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "TMUX",
    "SSH_CONNECTION",
    "LESS",
    "EDITOR",
    "VISUAL",
)
"""What an editor or pager is told of the terminal; none of it is a secret."""


async def edit(app: "App[Any]", text: str, suffix: str, home: "Home") -> str | None:
    """Have a text edited; what it is then, None where the editor was left with an error. Raises ZotuiError."""
    words = _program(("VISUAL", "EDITOR"), EDITORS, "editor")
    path = home.run / f"edit-{new_id()[-8:]}{suffix}"
    try:
        await asyncio.to_thread(make_file, path, text)
        if await _run(app, [*words, str(path)]) != 0:
            return None
        return clean((await asyncio.to_thread(path.read_text, "utf-8", "replace"))[:LARGEST])
    except OSError as error:
        raise ZotuiError(f"{path}: {error.strerror}") from None
    finally:
        await asyncio.to_thread(path.unlink, True)


async def page(app: "App[Any]", text: str, home: "Home") -> None:
    """Have a text read. Raises ZotuiError."""
    words = _program(("PAGER",), PAGERS, "pager")
    path = home.run / f"page-{new_id()[-8:]}.txt"
    try:
        await asyncio.to_thread(make_file, path, text)
        await _run(app, [*words, str(path)])
    except OSError as error:
        raise ZotuiError(f"{path}: {error.strerror}") from None
    finally:
        await asyncio.to_thread(path.unlink, True)


def _program(variables: tuple[str, ...], usual: tuple[str, ...], what: str) -> list[str]:
    """The words that begin the person's program. Raises ZotuiError where there is none."""
    chosen = next((os.environ[name] for name in variables if os.environ.get(name, "").strip()), "")
    try:
        candidates = [shlex.split(chosen)] if chosen else [shlex.split(words) for words in usual]
    except ValueError:
        raise ZotuiError(f"${variables[-1]} is not written well: {one_line(chosen, 60)}") from None
    for words in candidates:
        if words and shutil.which(words[0]):
            return words
    raise ZotuiError(f"there is no {what} {one_line(chosen, 60)!r}", f"export {variables[-1]}=…")


async def _run(app: "App[Any]", words: list[str]) -> int:
    """Give the terminal to a program until it ends; its exit code. The app paints nothing meanwhile, and works on."""
    try:
        with app.batch_update(), app.suspend():
            done = await asyncio.to_thread(
                subprocess.run, words, env=environment(os.environ) | _terminal(), cwd=Path.home()
            )
    except SuspendNotSupported:
        raise ZotuiError("the terminal cannot be given to another program here", "use the app in a terminal") from None
    except OSError as error:
        raise ZotuiError(f"{words[0]}: {error.strerror}") from None
    return int(done.returncode)


def _terminal() -> dict[str, str]:
    return {name: os.environ[name] for name in TERMINAL if name in os.environ}
