"""Ways to wait for what the app shows."""

import asyncio
import contextlib
from collections.abc import Callable

import pytest
from textual.css.query import NoMatches
from textual.pilot import Pilot

from zotui.tui.app import Zotui
from zotui.tui.widgets.transcript import Transcript


@pytest.fixture(autouse=True)
def nothing_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have model servers, and keys in the environment: nobody looks for them."""

    async def nothing(*_: object, **__: object) -> list[object]:
        return []

    monkeypatch.setattr("zotui.models.discovery.discover", nothing)
    monkeypatch.setattr("zotui.computer.discover", nothing)


async def wait_for(pilot: Pilot[None], ready: Callable[[], object], patience_s: float = 20) -> None:
    """Let the app work until it is ready. Raises TimeoutError."""
    async with asyncio.timeout(patience_s):
        while not ready():
            await pilot.pause(0.01)
    await pilot.pause()


async def opened(pilot: Pilot[None], app: Zotui) -> None:
    """Wait until the file is open and every pane has read it."""
    await wait_for(pilot, lambda: app.desk.attached)


def said(app: Zotui) -> str:
    """All that the transcript shows, as text."""
    entries = app.desk.query_one(Transcript).entries
    return "\n".join(
        " ".join((entry.kind, entry.status, entry.title, entry.text, *entry.attached, entry.detail))
        for entry in entries
    )


async def within(ready: Callable[[], object], patience_s: float = 30) -> None:
    """Wait until it is ready; what is not on the screen yet is not. Raises TimeoutError."""
    async with asyncio.timeout(patience_s):
        while True:
            with contextlib.suppress(NoMatches):
                if ready():
                    return
            await asyncio.sleep(0.01)


def typed(text: str) -> list[str]:
    """The keys of a text."""
    names = {
        " ": "space", "/": "slash", "?": "question_mark", "-": "minus", ".": "full_stop", "'": "apostrophe", "@": "at",
        ":": "colon", "_": "underscore",
    }  # fmt: skip
    return [names.get(character, character) for character in text]
