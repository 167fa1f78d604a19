"""Connecting a server of one's own: a form that tries what is written before it is kept."""

import json

import pytest
from textual.widgets import Input, Static

from tests.openai_server import OpenAIServer, answers, openai_server, says
from tests.tui.conftest import opened, said, wait_for
from tests.tui.test_desk import NARROW, TINY, WIDE, typed
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.provider_form import ProviderForm

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
    assert f'[providers.lab]\nbase_url = "{server.url}"' in home.config_file.read_text()
    assert app.computer is not None


async def test_its_key_goes_into_the_vault_and_to_the_server(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with openai_server() as server, app.run_test(size=WIDE) as pilot:
        listing(server)
        screen = await form(pilot, app)
        assert app.computer is not None
        fill(screen, name="lab", address=server.url, model="second", key=KEY)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "the vault has to be opened first" in hint(screen))
        assert "[providers.lab]" not in home.config_file.read_text().replace("# [providers.lab]", "")
        app.computer.keys.vault.create("file")
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.desk.conversation.model == "lab/second")
        assert {exchange.headers.get("authorization") for exchange in server.exchanges} == {f"Bearer {KEY}"}
        secret = app.computer.keys.vault.get("lab")
        assert secret is not None
        assert secret.reveal() == KEY
    assert KEY not in home.config_file.read_text()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": ""}, "a name is needed"),
        ({"name": "a/b"}, "without a slash"),
        ({"name": "groq"}, "already"),
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


async def test_it_can_be_kept_untried(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=TINY) as pilot:
        screen = await form(pilot, app)
        fill(screen, name="far", address="https://far.invalid/api", dialect="anthropic", model="claude")
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: app.desk.conversation.model == "far/claude")
    text = home.config_file.read_text()
    assert 'base_url = "https://far.invalid/api"\ndialect = "anthropic"' in text


async def test_escape_goes_back_to_the_list_and_to_the_desk(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await form(pilot, app)
        await pilot.press("escape", "escape")
        await wait_for(pilot, lambda: app.screen is app.desk)
