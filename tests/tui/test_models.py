"""Choosing models, keeping keys and seeing what was spent in the app: every key of the three dialogs, at every size."""

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input, Static

from tests.offline.test_discovery import GENERIC, fake
from tests.openai_server import Exchange, OpenAIServer, Script, answers, openai_server, says
from tests.tui.conftest import said, within
from tests.tui.test_desk import NARROW, TINY, WIDE
from tests.vault.canary import leaked
from zotui.computer import Computer
from zotui.conversations import Spent
from zotui.home import Home
from zotui.models.discovery import Found, Places, discover
from zotui.secret import Secret
from zotui.tui.app import Zotui
from zotui.tui.dialogs import Confirm, Reading
from zotui.tui.key_dialog import KeyDialog
from zotui.tui.model_picker import ModelPicker
from zotui.tui.panes.telling import Changed
from zotui.tui.vault_dialogs import Hidden
from zotui.tui.widgets.rows import Row, Rows
from zotui.tui.widgets.status import StatusLine
from zotui.vault import Vault

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW, TINY], ids=["wide", "narrow", "tiny"])
KEY = "gsk_0123456789abcdefghijKLMN"
PASSPHRASE = "horse-battery-staple"
LISTED = json.dumps({"data": [{"id": name} for name in ("tiny", "large", "larger")]})
PRICED = '[prices]\n"lab/tiny" = { input = 1000, output = 1000 }\n'


def choose(exchange: Exchange) -> Script:
    """The list of models, or an answer that says who was asked."""
    if exchange.path.endswith("/models"):
        return answers(200, LISTED)
    return says(f"I am {exchange.request['model']}")


@pytest.fixture
async def server(home: Home) -> AsyncIterator[OpenAIServer]:
    """A model server that the configuration knows; the default is offline."""
    async with openai_server() as server:
        server.answer(choose)
        home.config_file.write_text(
            f'# mine\nmodel = "offline"  # for now\n[providers.lab]\nbase_url = "{server.url}"\nmodels = ["tiny"]\n'
        )
        yield server


async def press(app: Zotui, *keys: str) -> None:
    """Press keys as fast as a terminal brings them: nothing waits for what one does before the next one comes."""
    assert app._driver is not None
    for key in keys:
        name = {" ": "space", "/": "slash", "-": "minus", "_": "underscore"}.get(key, key)
        event = events.Key(name, key if len(key) == 1 else None)
        event.set_sender(app)
        app._driver.send_message(event)


async def opened(app: Zotui) -> None:
    """Wait until the file is open and every pane has read it."""
    await within(lambda: app.desk.attached)


def painted(app: Zotui) -> str:
    """All that is on the screen, as text."""
    told = html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<style.*?</style>", "", app.export_screenshot(), flags=re.S)))
    return told.replace("\xa0", " ")


def at_hand(app: Zotui) -> list[Row]:
    """The rows of the dialog that is open."""
    assert isinstance(app.screen, ModelPicker | KeyDialog)
    return app.screen._source.rows


def names(app: Zotui) -> list[str]:
    """Those rows' names."""
    return [row.id for row in at_hand(app)]


def hint(app: Zotui) -> str:
    """What the dialog says at its bottom; nothing while it is not there yet."""
    return "".join(str(line.content) for line in app.screen.query(".hint").results(Static))


def default(home: Home) -> str:
    """The model of the configuration."""
    return home.config().model


async def pick(app: Zotui) -> None:
    """Open the picker, and wait until it has read what is known."""
    await press(app, "f5")
    await within(lambda: isinstance(app.screen, ModelPicker) and len(names(app)) > 3 and ready(app))


async def chosen(app: Zotui, model: str) -> None:
    """Wait until the picker is gone and this model answers here."""
    await within(lambda: app.screen is app.desk and app.desk.conversation.model == model)


async def ask(app: Zotui, text: str, answer: str) -> None:
    """Say something and wait for the answer."""
    await press(app, *(text), "enter")
    await within(lambda: answer in said(app) and app.desk.conversation.state() == "")


def ready(app: Zotui) -> bool:
    """Whether what is typed now goes into the open dialog, and its rows are read."""
    lists = list(app.screen.query(Rows))
    return app.focused is not None and app.focused.screen is app.screen and all(rows.current for rows in lists)


def under_cursor(app: Zotui) -> str:
    """The row that enter would choose."""
    row = app.screen.query_one(Rows).current
    return row.id if row else ""


def found_is(monkeypatch: pytest.MonkeyPatch, *found: Found) -> None:
    """This is found on this machine."""

    async def here(*_: object, **__: object) -> list[Found]:
        return list(found)

    monkeypatch.setattr("zotui.models.discovery.discover", here)


class TestPicker:
    """F5."""

    async def test_who_answers_now_is_on_top_and_enter_changes_nothing(self, home: Home, server: OpenAIServer) -> None:
        before = home.config_file.read_bytes()
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            assert (names(app)[0], at_hand(app)[0].mark) == ("offline", "●")
            assert [row.id for row in at_hand(app) if row.mark] == ["offline"]
            await within(lambda: "lab/tiny" in painted(app))
            assert "$?" in next(row.aside for row in at_hand(app) if row.id == "lab/tiny")
            assert "no key" in next(row.aside for row in at_hand(app) if row.id.startswith("groq/"))
            await press(app, "enter")
            await chosen(app, "offline")
        assert home.config_file.read_bytes() == before
        assert server.exchanges == []

    async def test_a_model_that_is_not_listed_is_on_top_too(self, home: Home, server: OpenAIServer) -> None:
        home.config_file.write_text(home.config_file.read_text().replace('"offline"', '"lab/unlisted"'))
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            assert (names(app)[0], at_hand(app)[0].mark) == ("lab/unlisted", "●")
            await press(app, "escape")

    async def test_a_provider_alone_means_its_default(self, home: Home, server: OpenAIServer) -> None:
        home.config_file.write_text(home.config_file.read_text().replace('"offline"', '"lab"'))
        async with Computer.open(home, workers="none") as computer:
            await computer.offers.fetch("lab")
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            assert [row.id for row in at_hand(app) if row.mark] == ["lab/tiny"]
            assert names(app)[0] == "lab/tiny"

    async def test_up_down_and_enter(self, home: Home, server: OpenAIServer) -> None:
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            place = names(app).index("lab/tiny")
            await press(app, "up", *["down"] * (place + 1), "up")
            await within(lambda: under_cursor(app) == "lab/tiny")
            await press(app, "enter")
            await chosen(app, "lab/tiny")
            await ask(app, "hello", "I am tiny")
        assert default(home) == "offline"

    async def test_typing_filters_and_enter_takes_what_is_left_at_once(self, home: Home, server: OpenAIServer) -> None:
        async with Computer.open(home, workers="none") as computer:
            await computer.offers.fetch("lab")
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            await press(app, *"AR lab")
            await within(lambda: names(app) == ["lab/large", "lab/larger"])
            await press(app, *["backspace"] * 6)
            await within(lambda: app.screen.query_one(Input).value == "")
            await press(app, *"larger", "enter")  # at once: what was shown before counts no more
            await chosen(app, "lab/larger")

    @pytest.mark.parametrize("key", ["enter", "ctrl+s"])
    async def test_a_name_that_is_pasted_and_taken_at_once(self, key: str, home: Home, server: OpenAIServer) -> None:
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            app.screen.query_one(Input).post_message(events.Paste("lab/tiny\n"))
            await press(app, key)
            await chosen(app, "lab/tiny")
            await within(lambda: default(home) == ("lab/tiny" if key == "ctrl+s" else "offline"))

    async def test_a_name_of_ones_own(self, home: Home, server: OpenAIServer) -> None:
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            await press(app, *("lab/brand-new"), "enter")
            await chosen(app, "lab/brand-new")
            await ask(app, "hello", "I am brand-new")

    async def test_a_name_that_is_the_beginning_of_another(self, home: Home, server: OpenAIServer) -> None:
        async with Computer.open(home, workers="none") as computer:
            await computer.offers.fetch("lab")
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            await press(app, *("lab/larg"))
            await within(lambda: names(app) == ["lab/large", "lab/larger", "lab/larg"])
            await within(lambda: under_cursor(app) == "lab/large")
            await press(app, "down", "down", "down", "enter")
            await chosen(app, "lab/larg")

    @pytest.mark.parametrize(
        ("text", "key"), [("nope/x", "enter"), ("nothing at all", "ctrl+s"), ("//", "enter"), ("lab x/", "ctrl+s")]
    )
    async def test_bad_text_is_said_and_stays(self, text: str, key: str, home: Home, server: OpenAIServer) -> None:
        before = home.config_file.read_bytes()
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            await press(app, *text, key)
            await within(lambda: "no provider" in hint(app))
            assert (names(app), app.screen.query_one(Input).value) == ([], text)
            await press(app, "escape")
            await chosen(app, "offline")
        assert home.config_file.read_bytes() == before

    async def test_ctrl_s_is_for_all_from_now_on(self, home: Home, server: OpenAIServer) -> None:
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            await press(app, *("lab/tiny"), "ctrl+s")
            await chosen(app, "lab/tiny")
            await within(lambda: default(home) == "lab/tiny")
            await within(lambda: "lab/tiny" in painted(app))
            await ask(app, "hello", "I am tiny")
            await press(app, "ctrl+n")
            await within(lambda: app.desk.conversation.conversation is None)
            assert app.desk.conversation.model == "lab/tiny"
        assert home.config_file.read_text().startswith('# mine\nmodel = "lab/tiny"  # for now\n')

    async def test_ctrl_r_asks_the_providers(self, home: Home, server: OpenAIServer) -> None:
        home.config_file.write_text(
            home.config_file.read_text()
            + f'[providers.bad]\nbase_url = "{server.url}x"\nmodels = ["m"]\n'
            + '[providers.gone]\nbase_url = "http://127.0.0.1:9/v1"\nmodels = ["m"]\n'
        )
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await press(app, "f5")
            await within(lambda: isinstance(app.screen, ModelPicker) and app.screen.query(Input))
            await press(app, "ctrl+r")  # before anything was read
            await within(lambda: isinstance(app.screen, ModelPicker) and "lab/larger" in names(app))
            await within(lambda: "asking" not in hint(app))
            await press(app, *("larger"), "enter")
            await chosen(app, "lab/larger")
        assert {exchange.path for exchange in server.exchanges} >= {"/v1/models"}

    async def test_ctrl_r_says_who_did_not_answer(
        self, home: Home, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("zotui.models.registry.ProviderRow.local", False)  # as if it were elsewhere
        server.answer(lambda exchange: answers(401, '{"error": "bad key"}'))
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            await press(app, "ctrl+r")
            await within(lambda: "lab: " in hint(app))
            assert "(401)" in hint(app)
            await within(lambda: "(401)" in painted(app))

    async def test_in_private_nobody_elsewhere_is_asked(self, home: Home, server: OpenAIServer) -> None:
        home.config_file.write_text(
            home.config_file.read_text()
            + f'[providers.far]\nbase_url = "http://0.0.0.0:{server.url.rpartition(":")[2]}"\n'
        )
        app = Zotui(home, own_workers=True, private=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            await press(app, "ctrl+r")
            await within(lambda: "lab/larger" in names(app) and "asking" not in hint(app))
            assert not any(name.startswith("far/") for name in names(app))
        assert len(server.exchanges) == 1

    async def test_escape_changes_nothing(self, home: Home, server: OpenAIServer) -> None:
        before = home.config_file.read_bytes()
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            for keys in (["escape"], ["down", "escape"], ["l", "a", "b", "escape"]):
                await pick(app)
                await press(app, *keys)
                await chosen(app, "offline")
                await within(lambda: app.desk.focused is app.desk.conversation.composer)
        assert home.config_file.read_bytes() == before

    async def test_a_click_moves_and_a_second_one_chooses(self, home: Home, server: OpenAIServer) -> None:
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE) as pilot:
            await opened(app)
            await pick(app)
            place = names(app).index("lab/tiny")
            await pilot.click(Rows, offset=(5, place))
            assert isinstance(app.screen, ModelPicker)
            await pilot.click(Rows, offset=(5, place))
            await chosen(app, "lab/tiny")

    async def test_a_broken_configuration_is_said(self, home: Home, server: OpenAIServer) -> None:
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE, notifications=True):
            await opened(app)
            await pick(app)
            home.config_file.write_text("broken\n")
            await press(app, *("lab/tiny"), "ctrl+s")
            await within(lambda: any("config.toml" in note.message for note in app._notifications))
            assert app.is_running
        assert home.config_file.read_text() == "broken\n"

    async def test_it_is_left_while_somebody_looks_around(
        self, home: Home, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gate, looking = asyncio.Event(), asyncio.Event()

        async def slowly(*_: object, **__: object) -> list[Found]:
            looking.set()
            await gate.wait()
            return [TestFound.FOUND]

        home.config_file.write_text(home.config_file.read_text().replace('"offline"', '"lab"'))
        monkeypatch.setattr("zotui.models.discovery.discover", slowly)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            await within(looking.is_set)
            await press(app, "escape")
            gate.set()
            await within(lambda: app.screen is app.desk)
            await ask(app, "hello", "I am tiny")


class TestChoice:
    """What was chosen holds as long and as far as it was chosen for."""

    async def test_for_a_new_conversation_through_a_restart(self, home: Home, server: OpenAIServer) -> None:
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            await press(app, *("lab/tiny"), "enter")
            await chosen(app, "lab/tiny")
        again = Zotui(home, own_workers=True)
        async with again.run_test(size=WIDE):
            await opened(again)
            assert again.desk.conversation.model == "lab/tiny"
            await within(lambda: "A new conversation with lab/tiny." in painted(again))
            await ask(again, "hello", "I am tiny")
            await press(again, "ctrl+n")
            await within(lambda: again.desk.conversation.conversation is None)
            assert again.desk.conversation.model == "offline"
            await ask(again, "help", "Without a model I understand")
        assert len([exchange for exchange in server.exchanges if "messages" in exchange.request]) == 1

    async def test_for_the_open_conversation_from_its_next_turn_on(self, home: Home, server: OpenAIServer) -> None:
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await ask(app, "help", "Without a model I understand")
            first = app.desk.conversation.conversation
            await pick(app)
            await press(app, *("lab/tiny"), "enter")
            await chosen(app, "lab/tiny")
            assert server.exchanges == []
        again = Zotui(home, own_workers=True)
        async with again.run_test(size=WIDE):
            await opened(again)
            assert again.desk.conversation.conversation == first
            assert again.desk.conversation.model == "lab/tiny"
            await ask(again, "hello", "I am tiny")
            await press(again, "ctrl+n")
            await within(lambda: again.desk.conversation.conversation is None)
            assert again.desk.conversation.model == "offline"
        assert default(home) == "offline"

    async def test_a_choice_whose_provider_is_gone_is_said_and_nothing_is_lost(self, home: Home) -> None:
        async with Computer.open(home, workers="none") as computer:
            await computer.desk.set("next_model", "gone/x")
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE, notifications=True):
            await opened(app)
            await press(app, *("hello"), "enter")
            await within(lambda: any("no provider 'gone'" in note.message for note in app._notifications))
            await within(lambda: app.desk.conversation.composer.text == "hello")
            await pick(app)
            await press(app, *("offline"), "enter")
            await chosen(app, "offline")


class TestFound:
    """Servers on this machine are offered, and used only when they are chosen."""

    URL = "http://127.0.0.1:9/v1"
    FOUND = Found(f"vLLM at {URL} with m0", "local/m0", URL)

    async def test_one_is_offered_on_the_welcome_page(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        async with fake(GENERIC) as server:
            places = Places(hosts=("127.0.0.1",), ollama=server.port, lm_studio=server.port, others=())

            async def here(*_: object, **__: object) -> list[Found]:
                return await discover(places, {})  # the real one

            monkeypatch.setattr("zotui.models.discovery.discover", here)
            app = Zotui(home, own_workers=True)
            async with app.run_test(size=WIDE):
                await opened(app)
                await within(lambda: app.desk.conversation.telling.offer)
                told = str(app.desk.conversation.query_one("#welcome", Static).content)
                assert f"an OpenAI-compatible server at http://127.0.0.1:{server.port}/v1" in told
                assert told.endswith(": F5 connects it.")
                await within(lambda: "an OpenAI-compatible server at" in painted(app))
                await pick(app)
                await within(lambda: "found:0" in names(app))
                assert names(app)[:2] == ["offline", "found:0"]
        assert home.config().providers == {}

    async def test_nothing_is_looked_for_where_a_model_is_connected(
        self, home: Home, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found_is(monkeypatch, self.FOUND)
        home.config_file.write_text(home.config_file.read_text().replace('"offline"', '"lab"'))
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            assert "vLLM" not in painted(app)
            await within(lambda: "A new conversation with lab" in painted(app))

    async def test_enter_connects_it_for_this_conversation_alone(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found_is(monkeypatch, self.FOUND)
        before = home.config_file.read_text()
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            await within(lambda: "found:0" in names(app))
            await press(app, *("vllm"), "enter")
            await chosen(app, "local/m0")
        assert home.config_file.read_text() == f'{before}\n[providers.local]\nbase_url = "{self.URL}"\n'
        assert default(home) == "offline"

    async def test_ctrl_s_makes_it_the_default(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        found_is(monkeypatch, self.FOUND)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            await within(lambda: "found:0" in names(app))
            await press(app, "down", "ctrl+s")
            await chosen(app, "local/m0")
        assert default(home) == "local/m0"
        assert home.config().providers["local"].base_url == self.URL

    async def test_one_that_cannot_be_added_is_said(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        found_is(monkeypatch, self.FOUND)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await pick(app)
            await within(lambda: "found:0" in names(app))
            home.config_file.write_text("providers = {}\n")
            await press(app, "down", "enter")
            await within(lambda: "config.toml" in hint(app))
            await press(app, "escape")
            await chosen(app, "offline")

    async def test_one_that_is_known_tells_its_models(
        self, home: Home, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It needs no connecting, and whoever opens the list shall see what it has."""
        home.config_file.write_text(f'[providers.lab]\nbase_url = "{server.url}/"\n')
        found_is(monkeypatch, Found("it", "local/tiny", server.url), Found("GROQ_API_KEY is set", "groq"))
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await press(app, "f5")
            await within(lambda: isinstance(app.screen, ModelPicker) and "lab/larger" in names(app))
            assert not any(name.startswith("found:") for name in names(app))
        assert [exchange.path for exchange in server.exchanges] == ["/v1/models"]


def vault_of(home: Home) -> Vault:
    """The vault as another process sees it."""
    return Vault(home.vault, home.run / "vault.lock")


async def keys(app: Zotui) -> None:
    """Open the keys, and wait until they are listed."""
    await press(app, "f8")
    await within(lambda: listed(app))


def listed(app: Zotui) -> bool:
    """Whether the keys are listed, and nothing is in front of them."""
    return isinstance(app.screen, KeyDialog) and bool(at_hand(app)) and ready(app)


async def sure(app: Zotui) -> None:
    """Wait for the question whether one is sure."""
    await within(lambda: isinstance(app.screen, Confirm) and ready(app))


async def prompted(app: Zotui, title: str) -> None:
    """Wait for the line with this title in which nothing is shown."""

    await within(lambda: isinstance(app.screen, Hidden) and title in app.screen._title and ready(app))


async def hide(app: Zotui, title: str, text: str) -> None:
    """Type something where it is not shown."""
    await prompted(app, title)
    line = app.screen.query_one(Input)
    await press(app, *(text))
    await within(lambda: line.value == text and (not text or "•" in painted(app)))
    assert leaked(painted(app), text) == set()
    await press(app, "enter")


def aside(app: Zotui, name: str) -> str:
    """What stands beside a provider."""
    return next(row.aside for row in at_hand(app) if row.id == name)


def nowhere(home: Home, *secrets: str) -> None:
    """No file of the home but the vault has these, nor half of them, in any form."""
    for path in home.path.rglob("*"):
        if path.is_file() and path.name != "vault":
            assert leaked(path.read_bytes(), *secrets) == set(), path


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.vault.keyrings.available", lambda: "")


class TestKeys:
    """F8."""

    async def test_a_key_is_typed_kept_and_nowhere_to_be_seen(self, home: Home) -> None:
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await keys(app)
            assert at_hand(app)[0].id == "groq"
            assert aside(app, "groq") == "no key"
            assert not {"ollama", "offline", "claude-code"} & {row.id for row in at_hand(app)}
            await press(app, "enter")
            await hide(app, "Key of groq", KEY)
            await hide(app, "A passphrase", PASSPHRASE)
            await hide(app, "The passphrase again", PASSPHRASE)
            await within(lambda: listed(app) and "is kept" in hint(app))
            await within(lambda: aside(app, "groq") == "vault …KLMN")
            assert leaked(painted(app), KEY, PASSPHRASE) == set()
            nowhere(home, KEY, PASSPHRASE)  # nor in what SQLite has not put in its place yet
            assert list(home.path.glob("*-wal"))
            await press(app, "escape")
            await within(lambda: app.screen is app.desk)
        vault = vault_of(home)
        vault.unlock(Secret(PASSPHRASE))
        assert vault.get("groq") == Secret(KEY)
        nowhere(home, KEY, PASSPHRASE)
        assert leaked(home.vault.read_bytes(), KEY, PASSPHRASE) == set()

    async def test_passphrases_that_are_not_alike_are_asked_for_again(self, home: Home) -> None:
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await keys(app)
            await press(app, "enter")
            await hide(app, "Key of groq", KEY)
            await hide(app, "A passphrase", PASSPHRASE)
            await hide(app, "The passphrase again", "another-one")
            await prompted(app, "A passphrase")
            await within(lambda: "not alike" in hint(app))
            await press(app, "escape")
            await within(lambda: listed(app) and "nothing was changed" in hint(app))
        assert not home.vault.exists()

    async def test_no_passphrase_is_a_private_file(self, home: Home) -> None:
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await keys(app)
            await press(app, "down", "enter")
            await hide(app, "Key of openai", KEY)
            await prompted(app, "A passphrase")
            assert "not encrypted" in hint(app)
            await press(app, "enter")
            await within(lambda: listed(app) and "is kept" in hint(app))
        assert vault_of(home).get("openai") == Secret(KEY)

    @pytest.mark.parametrize(("text", "told"), [("two words", "a space"), ("", "the key is empty"), ("ü", "non-ASCII")])
    async def test_what_is_no_key_is_said(self, text: str, told: str, home: Home) -> None:
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await keys(app)
            await press(app, "enter")
            await prompted(app, "Key of groq")
            app.screen.query_one(Input).value = text
            await press(app, "enter")
            await within(lambda: listed(app) and told in hint(app))
        assert not home.vault.exists()

    async def test_a_key_is_left_as_it_was(self, home: Home) -> None:
        vault_of(home).create("file")
        vault_of(home).set("groq", Secret(KEY))
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await keys(app)
            await press(app, "enter")
            await prompted(app, "Key of groq")
            await press(app, "x", "escape")
            await within(lambda: listed(app))
            await press(app, "q")
            await within(lambda: app.screen is app.desk)
        assert vault_of(home).get("groq") == Secret(KEY)

    async def test_t_tries_it(self, home: Home, server: OpenAIServer) -> None:
        home.config_file.write_text(
            f'[providers.alab]\nbase_url = "{server.url}"\nkey = "vault:shared"\nmodels = ["tiny"]\n'
        )
        vault_of(home).create("file")
        vault_of(home).set("shared", Secret(KEY))
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await keys(app)
            assert aside(app, "alab") == "vault …KLMN"
            await press(app, "end", "t")
            await within(lambda: "✓ alab answers, with 3 models" in hint(app))
            server.script(answers(401, json.dumps({"error": f"bad {KEY}"})))
            await press(app, "t")
            await within(lambda: "✗" in hint(app))
            assert "refuses the key (401)" in hint(app)
            assert leaked(painted(app), KEY) == set()
            await press(app, "enter")
            await hide(app, "Key of alab", f"{KEY}2")
            await within(lambda: listed(app) and "is kept" in hint(app))
            await press(app, "d")
            await sure(app)
            await press(app, "y")
            await within(lambda: listed(app) and "forgot the key of alab" in hint(app))
        assert [exchange.headers["authorization"] for exchange in server.exchanges] == [f"Bearer {KEY}"] * 2
        assert vault_of(home).names() == []

    async def test_in_private_nobody_elsewhere_is_tried(self, home: Home, server: OpenAIServer) -> None:
        port = server.url.rpartition(":")[2]
        home.config_file.write_text(f'[providers.far]\nbase_url = "http://0.0.0.0:{port}"\n')
        app = Zotui(home, own_workers=True, private=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await keys(app)
            await press(app, "end", "t")
            await within(lambda: "far is not on this machine" in hint(app))
        assert server.exchanges == []

    async def test_d_forgets_it_when_the_person_is_sure(self, home: Home) -> None:
        vault_of(home).create("file")
        vault_of(home).set("groq", Secret(KEY))
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await keys(app)
            for key in ("n", "escape"):
                await press(app, "d")
                await sure(app)
                await press(app, key)
                await within(lambda: listed(app))
            assert vault_of(home).get("groq") == Secret(KEY)
            await press(app, "d")
            await sure(app)
            await press(app, "y")
            await within(lambda: listed(app) and "forgot the key of groq" in hint(app))
            await within(lambda: aside(app, "groq") == "no key")
            await press(app, "d")
            await sure(app)
            await press(app, "y")
            await within(lambda: listed(app) and "the vault has no key" in hint(app))
        assert vault_of(home).names() == []

    async def test_a_locked_vault_is_opened(self, home: Home) -> None:
        vault_of(home).create("passphrase", Secret(PASSPHRASE))
        vault = vault_of(home)
        vault.unlock(Secret(PASSPHRASE))
        vault.set("groq", Secret(KEY))
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await press(app, "f8")
            await prompted(app, "Passphrase of the vault")
            await press(app, "escape")
            await within(lambda: listed(app))
            assert aside(app, "groq") == "vault (locked)"
            await press(app, "t")
            await hide(app, "Passphrase of the vault", "wrong-one")
            await within(lambda: isinstance(app.screen, Hidden) and "wrong passphrase" in hint(app))
            await within(lambda: "wrong passphrase" in painted(app))
            await press(app, "escape")
            await within(lambda: listed(app) and "locked" in hint(app))
            await press(app, "enter")
            await hide(app, "Passphrase of the vault", PASSPHRASE)
            await prompted(app, "Key of groq")
            await press(app, "escape")
            await within(lambda: listed(app))
            await press(app, "escape")
            await within(lambda: app.screen is app.desk)
            await keys(app)
            assert aside(app, "groq") == "vault …KLMN"
        nowhere(home, KEY, PASSPHRASE)

    async def test_a_vault_that_cannot_be_read(self, home: Home) -> None:
        """It is said, and the providers are there all the same."""
        home.vault.mkdir()
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await keys(app)
            await within(lambda: "cannot read the vault" in hint(app))
            assert aside(app, "groq") == "?"
            await press(app, "enter")
            await within(lambda: listed(app) and hint(app).startswith("cannot read the vault"))
            await press(app, "t")
            await within(lambda: "✗ cannot read the vault" in hint(app))
            await press(app, "d")
            await sure(app)
            await press(app, "y")
            await within(lambda: listed(app) and hint(app).startswith("cannot read the vault"))
            await press(app, "escape")
            await within(lambda: app.screen is app.desk)

    async def test_it_becomes_unreadable_while_it_is_open(self, home: Home) -> None:
        vault_of(home).create("file")
        vault_of(home).set("groq", Secret(KEY))
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await keys(app)
            home.vault.write_bytes(b"\0")
            await press(app, "enter")
            await within(lambda: listed(app) and "the vault" in hint(app))
            await press(app, "t")
            await within(lambda: "✗" in hint(app))
            await press(app, "escape")
            await within(lambda: app.screen is app.desk)


class TestCost:
    """F12."""

    async def spend(self, home: Home) -> None:
        """Two requests with a price, one without."""
        async with Computer.open(home, workers="own") as computer:
            reply = await computer.ask("one", model="lab/tiny")
            await computer.ask("two", reply.conversation_id, model="lab/tiny")
            other = await computer.ask("three", model="lab/large")
            await computer.desk.set("conversation", reply.conversation_id)
            await computer.chats.rename(other.conversation_id, "Unpriced")

    @SIZES
    async def test_it_is_read_and_left(self, size: tuple[int, int], home: Home) -> None:
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=size):
            await opened(app)
            for key in ("escape", "q", "enter", "f1"):
                await press(app, "f12")
                await within(lambda: isinstance(app.screen, Reading) and app.screen.query(Static))
                await press(app, "down", "pagedown", "end", "home", key)
                await within(lambda: app.screen is app.desk)

    async def test_what_it_says(self, home: Home, server: OpenAIServer) -> None:
        home.config_file.write_text(
            home.config_file.read_text() + f'{PRICED}[spending]\nper_day = 5\nunknown_price = "allow"\n'
        )
        await self.spend(home)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await press(app, "f12")
            await within(lambda: isinstance(app.screen, Reading) and app.screen.query_one(Static))
            text = str(app.screen.query_one(Static).content)
            here, day, model = text.split("\n\n")[1:4]
            assert text.startswith("Caps: $5.00 per day\n")
            assert re.search(r"This conversation\n  lab/tiny +\$0.0300 +20 in +10 out  2 requests$", here)
            assert re.search(rf"By day\n  {datetime.now():%Y-%m-%d} +\$0.0300 \+ \? ", day)
            assert re.search(r"  lab/large +\? .* 1 request$", model)
            assert "?: requests whose price is not known" in text
            assert "$0.00" not in text.replace("$0.0300", "")

    @pytest.mark.parametrize("size", [WIDE, NARROW, (60, 15)])
    async def test_no_row_is_broken(self, size: tuple[int, int], home: Home, server: OpenAIServer) -> None:
        await self.spend(home)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=size):
            await opened(app)
            await press(app, "f12")
            await within(lambda: isinstance(app.screen, Reading) and app.screen.query(Static))
            await within(lambda: app.screen.query_one(Static).size.width)
            text, width = app.screen.query_one(Static), app.screen.query_one(Static).size.width
            rows = str(text.content).partition("By day")[2].splitlines()
            assert all(len(row) <= width for row in rows if row.startswith(" "))
            assert re.search(r"  lab/large +\?(\n  )? +10 in +5 out  1 request$", str(text.content), re.MULTILINE)

    async def test_nothing_was_asked(self, home: Home) -> None:
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=NARROW):
            await opened(app)
            await press(app, "f12")
            await within(lambda: isinstance(app.screen, Reading))
            await within(lambda: "nothing was asked" in painted(app))

    async def test_the_status_line_follows(self, home: Home, server: OpenAIServer) -> None:
        home.config_file.write_text(home.config_file.read_text() + PRICED)
        await self.spend(home)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            await within(lambda: "lab/tiny · 30 tokens · $0.03 · today $0.03 + ?" in painted(app))
            await pick(app)
            await press(app, *("lab/large"), "enter")
            await chosen(app, "lab/large")
            await ask(app, "and now", "I am large")
            await within(lambda: "lab/large · 45 tokens · $0.03 + ? · today $0.03 + ?" in painted(app))


class TestStatus:
    """The line at the top: what is not known is a question mark, never nothing."""

    @pytest.mark.parametrize(
        ("spent", "today", "shown"),
        [
            (None, None, "m"),
            (Spent(), None, "m"),
            (Spent(10, 5, 0.0), None, "m · 15 tokens"),
            (Spent(1000, 234, None, 1), None, "m · 1.2k tokens · $?"),
            (Spent(None, None, None, 1), None, "m · $?"),
            (Spent(10, 5, 0.0, 1), None, "m · 15 tokens · $?"),
            (Spent(10, 5, 0.04, 1), None, "m · 15 tokens · $0.04 + ?"),
            (Spent(10, 5, 0.04), None, "m · 15 tokens · $0.04"),
            (Spent(10, 5, 0.0001), None, "m · 15 tokens · <$0.01"),
            (Spent(10, 5, 0.0001, 2), None, "m · 15 tokens · <$0.01 + ?"),
            (Spent(10, 5, 12.345), Spent(20, 5, 100.0), "m · 15 tokens · $12.35 · today $100.00"),
            (Spent(10, 5, 0.04), Spent(10, 5, 0.04), "m · 15 tokens · $0.04"),
            (Spent(10, 5, 0.04), Spent(20, 5, 0.04, 3), "m · 15 tokens · $0.04 · today $0.04 + ?"),
            (Spent(10, 5, 0.04), Spent(20, 5, None, 3), "m · 15 tokens · $0.04 · today $?"),
            (Spent(10, 5, 0.04), Spent(), "m · 15 tokens · $0.04"),
            (None, Spent(20, 5, 0.5), "m · today $0.50"),
        ],
    )
    def test_what_it_says(self, spent: Spent | None, today: Spent | None, shown: str) -> None:
        line = StatusLine()
        line.show(Changed("Title", "m", spent, "", today), "offline")
        assert "".join(text for text, _ in line._right) == f"{shown} "

    def test_the_default_answers_where_nobody_is_named(self) -> None:
        line = StatusLine()
        line.show(Changed(state="● answering"), "offline")
        assert "".join(text for text, _ in line._right) == "● answering  offline "


@SIZES
class TestSizes:
    """Nothing crashes at any size, and escape always leads back."""

    async def test_the_picker(
        self, size: tuple[int, int], home: Home, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found_is(monkeypatch, TestFound.FOUND)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=size) as pilot:
            await opened(app)
            await pick(app)
            await press(app, "down", "up", "ctrl+r", *("lab/"))
            await within(lambda: "lab/larger" in names(app))
            await within(lambda: "lab/tiny" in painted(app))
            for width, height in ((20, 6), (200, 60), size):
                await pilot.resize_terminal(width, height)
            await press(app, "escape")
            await chosen(app, "offline")
            await pick(app)
            await press(app, *("lab/tiny"), "enter")
            await chosen(app, "lab/tiny")

    async def test_the_keys(self, size: tuple[int, int], home: Home) -> None:
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=size) as pilot:
            await opened(app)
            await keys(app)
            await within(lambda: "groq" in painted(app))
            await press(app, "down", "up", "end", "home", "enter")
            await hide(app, "Key of groq", KEY)
            await hide(app, "A passphrase", "")
            await within(lambda: listed(app) and "is kept" in hint(app))
            await press(app, "d")
            await sure(app)
            await press(app, "escape")
            await within(lambda: listed(app))
            for width, height in ((20, 6), (200, 60), size):
                await pilot.resize_terminal(width, height)
            await press(app, "escape")
            await within(lambda: app.screen is app.desk)
        assert vault_of(home).get("groq") == Secret(KEY)


class TestEntries:
    """What stands in the conversation beside the words."""

    async def test_who_answers_instead_and_what_was_shown(
        self, home: Home, server: OpenAIServer, tmp_path: Path
    ) -> None:
        home.config_file.write_text(
            'model = "gone/x"\nfallback = ["lab/tiny"]\n[providers.gone]\nbase_url = "http://127.0.0.1:9/v1"\n'
            + home.config_file.read_text().partition("\n[providers")[1]
            + home.config_file.read_text().partition("\n[providers")[2]
        )
        async with Computer.open(home, workers="own") as computer:
            png = b"\x89PNG\r\n\x1a\n" + bytes(1992)
            reply = await computer.ask("look", images=[("cat\x1b[31m.png", png)])
            await computer.desk.set("conversation", reply.conversation_id)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE):
            await opened(app)
            told = said(app)
            assert "look ▣ cat.png · 2.0 kB" in told
            assert re.search(r"lab/tiny answers instead\ngone/x: .*nobody answers", told)
            assert "I am tiny" in told
            assert "\x1b" not in told
            await within(lambda: "answers instead" in painted(app))
