"""The person's own editor, pager and shell: the app steps aside, and comes back with what was written."""

import asyncio
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported

from zotui.errors import ZotuiError
from zotui.models.child import environment
from zotui.private import make_file, make_folder
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
    """Have a text edited; what it is then, None where it is as it was. Raises ZotuiError."""
    words = _program(("VISUAL", "EDITOR"), EDITORS, "editor")
    async with _written(home, f"edit{suffix}", text) as path:
        code = await _run(app, [*words, str(path)])
        if code:
            raise ZotuiError(f"{_name(words)} {_ended(code)}", "nothing was changed")
        changed = clean((await asyncio.to_thread(path.read_text, "utf-8", "replace"))[:LARGEST])
    return changed if changed != text else None


async def open_file(app: "App[Any]", path: Path) -> None:
    """Open a file in the person's editor, as it lies there. Raises ZotuiError."""
    words = _program(("VISUAL", "EDITOR"), EDITORS, "editor")
    if code := await _run(app, [*words, str(path)]):
        raise ZotuiError(f"{_name(words)} {_ended(code)}")


async def page(app: "App[Any]", text: str, home: "Home") -> None:
    """Have a text read. Raises ZotuiError."""
    words = _program(("PAGER",), PAGERS, "pager")
    async with _written(home, "page.txt", text) as path:
        code = await _run(app, [*words, str(path)])
    if code not in (0, -signal.SIGINT, 128 + signal.SIGINT):  # some end by ^C
        raise ZotuiError(f"{_name(words)} {_ended(code)}")


async def shell(app: "App[Any]", folder: Path, secret: Collection[str]) -> None:
    """The person's own shell in a folder, without these variables in its environment, until it ends. Raises ZotuiError."""
    words = [os.environ.get("SHELL") or "/bin/sh"]
    env = {name: value for name, value in os.environ.items() if name not in secret}
    await _run(app, words, env, folder)


def _name(words: list[str]) -> str:
    return one_line(Path(words[0]).name, 60)


def _ended(code: int) -> str:
    return f"ended with code {code}" if code > 0 else f"was ended by signal {-code}"


@asynccontextmanager
async def _written(home: "Home", name: str, text: str) -> AsyncIterator[Path]:
    """A file of this text, in a folder of its own that goes with all that an editor leaves beside it."""
    folder = home.run / f"outside-{new_id()[-8:]}"
    path = folder / name
    try:
        await asyncio.to_thread(make_folder, folder)
        await asyncio.to_thread(make_file, path, text)
        yield path
    except OSError as error:
        raise ZotuiError(f"{path}: {error.strerror}") from None
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, True)


def _program(variables: tuple[str, ...], usual: tuple[str, ...], what: str) -> list[str]:
    """The words that begin the person's program. Raises ZotuiError where there is none."""
    name = next((name for name in variables if os.environ.get(name, "").strip()), "")
    chosen = os.environ.get(name, "")
    try:
        candidates = [shlex.split(words) for words in ((chosen,) if name else usual)]
    except ValueError:
        raise ZotuiError(f"${name} is not written well: {one_line(chosen, 60)}") from None
    for words in candidates:
        if words and shutil.which(words[0]):
            return words
    if name:
        raise ZotuiError(f"${name} is {one_line(chosen, 60)!r}, which is not there")
    raise ZotuiError(f"there is no {what} here", f"export {variables[-1]}=…")


async def _run(
    app: "App[Any]", words: list[str], env: Mapping[str, str] | None = None, folder: Path | None = None
) -> int:
    """Give the terminal to a program until it ends; its exit code. The app paints nothing meanwhile, and works on."""
    if env is None:
        env = environment(os.environ) | {name: os.environ[name] for name in TERMINAL if name in os.environ}
    try:
        with app.batch_update(), app.suspend(), _deaf(), _in_front():
            done = await asyncio.to_thread(subprocess.run, words, env=env, cwd=folder or Path.home())
    except SuspendNotSupported:
        raise ZotuiError("the terminal cannot be given to another program here", "use the app in a terminal") from None
    except OSError as error:
        raise ZotuiError(f"{_name(words)}: {error.strerror}") from None
    return done.returncode


@contextmanager
def _in_front() -> Iterator[None]:
    """Be in front of the terminal again afterwards, even where a shell was killed that had put itself there."""
    try:
        yield
    finally:
        before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        with suppress(OSError):
            os.tcsetpgrp(0, os.getpgrp())
        signal.signal(signal.SIGTTOU, before)


@contextmanager
def _deaf() -> Iterator[None]:
    """Let ^C and ^\\ be the program's alone: the terminal sends them to all in front of it, the app too."""
    numbers = (signal.SIGINT, signal.SIGQUIT)
    before = [signal.signal(number, lambda *_: None) for number in numbers]  # not ignored: a child would inherit that
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
