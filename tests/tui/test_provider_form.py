"""Connecting a server of one's own: a form that tries what is written before it is kept."""

import json

import pytest
from textual.widgets import Input, Static

from tests.openai_server import OpenAIServer, answers, openai_server, says
from tests.tui.conftest import opened, said, wait_for
from tests.tui.test_desk import NARROW, TINY, WIDE, typed
from zotui.home import Home
from zotui.secret import Secret
from zotui.tui.app import Zotui
from zotui.tui.provider_form import ProviderForm
from zotui.tui.vault_dialogs import Hidden
from zotui.vault import Vault

KEY = "sk-typed-into-the-form-0001"


async def form(pilot: object, app: Zotui) -> ProviderForm:
    """The form, opened by its keys."""
    await opened(pilot, app)  # type: ignore[arg-type]
    await pilot.press("f5")  # type: ignore[attr-defined]
    await pilot.press("ctrl+n")  # type: ignore[attr-defined]
    await wait_for(pilot, lambda: isinstance(app.screen, ProviderForm))  # type: ignore[arg-type]
    assert isinstance(app.screen, ProviderForm)
    return app.screen


def hint(screen: ProviderForm) -> str:
    return str(screen.query_one(".hint", Static).render())


def asking(app: Zotui) -> bool:
    """Whether a line that is not shown takes what is typed."""
    return isinstance(app.screen, Hidden) and isinstance(app.focused, Input)


def fill(screen: ProviderForm, **values: str) -> None:
    for name, value in values.items():
        screen.query_one(f"#{name}", Input).value = value


def listing(server: OpenAIServer) -> None:
    server.answer(
        lambda exchange: (
            answers(200, json.dumps({"data": [{"id": "first"}, {"id": "second"}]}))
            if exchange.path.endswith("/models")
            else says("from the new server")
        )
    )


async def test_a_server_is_tried_kept_and_answers(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with openai_server() as server, app.run_test(size=WIDE) as pilot:
        listing(server)
        screen = await form(pilot, app)
        await pilot.press(*"lab", "tab")
        screen.query_one("#address", Input).value = server.url
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.screen is app.desk)
        await wait_for(pilot, lambda: app.desk.conversation.model == "lab/first")
        await pilot.press(*typed("hi"), "enter")
        await wait_for(pilot, lambda: "from the new server" in said(app))
    text = home.config_file.read_text()
    assert f'[providers.lab]\nbase_url = "{server.url}"' in text
    assert '\nmodel = "lab/first"\n' in text  # the first that is connected answers in all conversations
    assert app.computer is not None


@pytest.mark.parametrize(("passphrase", "protection"), [("", "file"), ("a long one", "passphrase")])
async def test_its_key_goes_into_the_vault_and_to_the_server(passphrase: str, protection: str, home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with openai_server() as server, app.run_test(size=WIDE) as pilot:
        listing(server)
        screen = await form(pilot, app)
        assert app.computer is not None
        vault = app.computer.keys.vault
        fill(screen, name="lab", address=server.url, model="second", key=KEY)
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Hidden))
        await pilot.press("escape")  # who would rather not goes on writing, with nothing lost
        await wait_for(pilot, lambda: "the key needs the vault" in hint(screen))
        assert "[providers.lab]" not in home.config_file.read_text().replace("# [providers.lab]", "")
        assert vault.protection is None
        await pilot.press("enter")
        for _ in range(2 if passphrase else 1):
            await wait_for(pilot, lambda: asking(app))
            asked = app.screen
            await pilot.press(*typed(passphrase), "enter")
            await wait_for(pilot, lambda: app.screen is not asked)  # noqa: B023
        await wait_for(pilot, lambda: app.desk.conversation.model == "lab/second")
        assert vault.protection == protection
        assert {exchange.headers.get("authorization") for exchange in server.exchanges} == {f"Bearer {KEY}"}
        secret = vault.get("lab")
        assert secret is not None
        assert secret.reveal() == KEY
    assert KEY not in home.config_file.read_text()


async def test_a_locked_vault_is_opened_for_its_key(home: Home) -> None:
    Vault(home.vault, home.run / "vault.lock").create("passphrase", Secret("a long one"))
    app = Zotui(home, own_workers=True)
    async with openai_server() as server, app.run_test(size=WIDE) as pilot:
        listing(server)
        screen = await form(pilot, app)
        assert app.computer is not None
        fill(screen, name="lab", address=server.url, key=KEY)
        await pilot.press("enter")
        await wait_for(pilot, lambda: asking(app))
        await pilot.press(*typed("a long one"), "enter")
        await wait_for(pilot, lambda: app.desk.conversation.model == "lab/first")
        assert app.computer.keys.vault.get("lab") == Secret(KEY)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": ""}, "a name is needed"),
        ({"name": "a/b"}, "without a slash"),
        ({"name": "groq"}, "already"),
        ({"name": "codex"}, "already"),  # whether it is installed or not
        ({"name": "offline"}, "already"),
        ({"address": "127.0.0.1:9"}, "http:// or https://"),
        ({"address": "http://127.0.0.1:9/a b"}, "http:// or https://"),
        ({"dialect": "klingon"}, "no dialect 'klingon'"),
        ({"key": "with a space"}, "a space or a line break"),
        ({}, "nobody answers at this address"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_lost(values: dict[str, str], told: str, home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=NARROW) as pilot:
        screen = await form(pilot, app)
        before = home.config_file.read_text()
        fill(screen, **{"name": "lab", "address": "http://127.0.0.1:9/v1", **values})
        await pilot.press("enter")
        await wait_for(pilot, lambda: told in " ".join(hint(screen).split()))
        assert home.config_file.read_text() == before
        assert screen.query_one("#name", Input).value == values.get("name", "lab")


async def test_in_private_nobody_elsewhere_is_tried(home: Home) -> None:
    app = Zotui(home, own_workers=True, private=True)
    async with app.run_test(size=WIDE) as pilot:
        screen = await form(pilot, app)
        fill(screen, name="far", address="http://far.invalid/v1")
        await pilot.press("enter")
        await wait_for(pilot, lambda: "far is not on this machine" in hint(screen))
    assert "far.invalid" not in home.config_file.read_text()


async def test_it_can_be_kept_untried(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=TINY) as pilot:
        screen = await form(pilot, app)
        fill(screen, name="far", address="https://far.invalid/api", dialect="anthropic", model="claude")
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: app.desk.conversation.model == "far/claude")
    text = home.config_file.read_text()
    assert 'base_url = "https://far.invalid/api"\ndialect = "anthropic"' in text


async def test_it_does_not_take_the_place_of_another(home: Home) -> None:
    home.config_file.write_text('model = "groq"\n')
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        screen = await form(pilot, app)
        fill(screen, name="far", address="https://far.invalid/api", model="small")
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: app.desk.conversation.model == "far/small")
    assert home.config_file.read_text().startswith('model = "groq"\n')


async def test_escape_goes_back_to_the_list_and_to_the_desk(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await form(pilot, app)
        await pilot.press("escape", "escape")
        await wait_for(pilot, lambda: app.screen is app.desk)
