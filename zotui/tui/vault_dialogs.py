"""The vault, opened or made by asking the person how: for every dialog that keeps a key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from zotui.errors import ZotuiError
from zotui.models.keys import PASSPHRASE, Keys
from zotui.secret import Secret
from zotui.tui.dialogs import Dialog

if TYPE_CHECKING:
    from zotui.computer import Computer


class Hidden(Dialog):
    """One line that is not shown: a key, a passphrase."""

    def __init__(self, title: str, hint: str) -> None:
        super().__init__()
        self._title = title
        self._hint = hint

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = Content(self._title)
            yield Input(password=True)
            yield Static(self._hint, classes="hint", markup=False)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        secret = Secret(event.value)
        self.query_one(Input).value = ""
        self.dismiss(secret)


async def opened(app: App[Any], computer: Computer) -> bool:
    """Whether the vault is open, after asking for its passphrase where there is one. Raises VaultError."""
    hint = await asyncio.to_thread(_wants_passphrase, computer.keys)
    while hint:
        said = await app.push_screen_wait(Hidden("Passphrase of the vault", hint))
        if not said:
            return False
        try:
            await asyncio.to_thread(computer.keys.vault.unlock, said)
            await computer.background.hand()
            hint = ""
        except ZotuiError as error:
            hint = f"{error.message}: type it again, or esc goes back"
    return True


async def made(app: App[Any], computer: Computer) -> bool:
    """Have a vault: where there is none, the best there can be; False where the person would rather not. Raises VaultError."""
    keys = computer.keys
    if await asyncio.to_thread(lambda: keys.vault.protection) is not None:
        return True
    if await asyncio.to_thread(keys.best) == "keyring":
        await asyncio.to_thread(keys.vault.create, "keyring")
        return True
    passphrase = keys.variable(PASSPHRASE) or await _new_passphrase(app)
    if passphrase is None:
        return False
    if passphrase:
        await asyncio.to_thread(keys.vault.create, "passphrase", passphrase)
    else:
        await asyncio.to_thread(keys.vault.create, "file")
    return True


def _wants_passphrase(keys: Keys) -> str:
    """What to say to who must open the vault; empty where it is open. Blocks. Raises VaultError."""
    try:
        return "" if keys.unlock() else "enter opens it, esc goes back"
    except ZotuiError as error:
        if not keys.vault.locked:
            raise
        return f"{error.message}: type the right one, or esc goes back"


async def _new_passphrase(app: App[Any]) -> Secret | None:
    """A passphrase, typed twice; an empty one where the person wants none, None where they go back."""
    hint = "empty: the keys are then only in a private file, not encrypted"
    while True:
        first: Secret | None = await app.push_screen_wait(Hidden("A passphrase for the vault", hint))
        if not first:
            return first
        again: Secret | None = await app.push_screen_wait(
            Hidden("The passphrase again", "whoever forgets it sets new keys")
        )
        if again is None or again == first:
            return again
        hint = "the two were not alike"
