"""The composer by its keys: completion, chips, commands, edits, drafts."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from textual import on
from textual.app import App, ComposeResult

from tests.openai_server import openai_server, says
from tests.tui.conftest import opened, said, typed, wait_for
from zotui.home import Home
from zotui.tui import slash
from zotui.tui.app import Zotui
from zotui.tui.widgets.completions import Candidate, Completions
from zotui.tui.widgets.composer import Composer, Draft
from zotui.tui.widgets.draft import trigger_before

FILES = ("README.md", "reader.py", "src/", "two words.txt")


class Known:
    """A completer that knows a few files."""

    async def complete(self, trigger: str, words: str) -> list[Candidate]:
        if trigger == "/":
            return slash.candidates(words)
        found = [name for name in FILES if name.startswith(words)]
        return [Candidate(f'@"{name}"' if " " in name else f"@{name}", name) for name in found]

    async def attachments(self, pasted: str) -> list[str]:
        return [f"@{pasted}"] if pasted.startswith("/tmp/") else []


class Page(App[None]):
    """A composer by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Composer.Sent] = []
        self.commands: list[tuple[str, str]] = []
        self.popup = Completions()
        self.composer = Composer(self.popup)
        self.composer.completer = Known()

    def compose(self) -> ComposeResult:
        yield self.popup
        yield self.composer

    def on_mount(self) -> None:
        self.composer.focus()

    @on(Composer.Sent)
    def _sent(self, event: Composer.Sent) -> None:
        self.sent.append(event)

    @on(Completions.Taken)
    def _taken(self, event: Completions.Taken) -> None:
        self.composer.take(event.candidate)

    @on(Composer.Commanded)
    def _commanded(self, event: Composer.Commanded) -> None:
        self.commands.append((event.name, event.rest))


def offered(app: Page) -> list[str]:
    """What the list offers."""
    return [candidate.name for candidate in app.popup._found] if app.popup.display else []


async def test_a_file_is_completed_by_tab_and_goes_in_as_a_mention() -> None:
    app = Page()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*typed("see @rea"))
        await wait_for(pilot, lambda: offered(app) == ["reader.py"])
        await pilot.press("tab")
        assert app.composer.text == "see @reader.py "
        assert offered(app) == []
        await pilot.press("backspace")
        assert app.composer.text == "see @reader.py"
        await pilot.press("backspace")
        assert app.composer.text == "see "


async def test_up_and_down_choose_and_enter_takes_and_a_folder_goes_on() -> None:
    app = Page()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("at")
        await wait_for(pilot, lambda: len(offered(app)) == 4)
        await pilot.press("down", "down", "enter")
        assert app.composer.text == "@src/"
        assert app.sent == []
        await pilot.press("backspace", *typed("two"))
        assert app.composer.text == "two"  # a folder that was taken is one thing too
        await pilot.press("at", *typed("two"))
        assert app.composer.text == "two@two"
        await pilot.pause()
        assert offered(app) == []  # within a word there is no mention
        app.composer.draft = Draft()
        await pilot.press("at", *typed("two"))
        await wait_for(pilot, lambda: offered(app) == ["two words.txt"])
        await pilot.press("up", "enter")
        assert app.composer.text == '@"two words.txt" '


async def test_escape_closes_the_list_and_it_stays_closed_for_this_word() -> None:
    app = Page()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("at", "r")
        await wait_for(pilot, lambda: offered(app))
        await pilot.press("escape")
        assert offered(app) == []
        await pilot.press("e")
        await pilot.pause()
        assert offered(app) == []
        await pilot.press("space", "at", "R")
        await wait_for(pilot, lambda: offered(app) == ["README.md"])


async def test_a_click_takes_a_candidate() -> None:
    app = Page()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("at")
        await wait_for(pilot, lambda: len(offered(app)) == 4)
        await pilot.click(Completions, offset=(4, 1))
        await wait_for(pilot, lambda: app.composer.text == "@reader.py ")


@pytest.mark.parametrize(("size", "most"), [((80, 24), 8), ((40, 12), 4), ((20, 6), 0)], ids=str)
async def test_the_list_leaves_room_to_type(size: tuple[int, int], most: int) -> None:
    app = Page()
    async with app.run_test(size=size) as pilot:
        await pilot.press("slash")
        await pilot.pause(0.2)
        assert len(offered(app)) == most


async def test_commands_are_offered_sent_and_told_from_paths() -> None:
    app = Page()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", "f", "o")
        await wait_for(pilot, lambda: offered(app) == ["/fork"])
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.commands == [("fork", "")])
        await pilot.press(*typed("/export md notes.md"), "enter")
        await wait_for(pilot, lambda: app.commands[-1] == ("export", "md notes.md"))
        await pilot.press(*typed("/etc/hosts is wrong"), "enter")
        await wait_for(pilot, lambda: [event.text for event in app.sent] == ["/etc/hosts is wrong"])
        await pilot.press(*typed("//fork it"), "enter")
        await wait_for(pilot, lambda: app.sent[-1].text == "/fork it")
        app.composer.passes = lambda name: name == "ask"
        await pilot.press(*typed("/ask me"), "enter")
        await wait_for(pilot, lambda: app.sent[-1].text == "/ask me")
        assert len(app.commands) == 2


async def test_a_pasted_path_is_a_mention_and_a_long_paste_a_chip() -> None:
    app = Page()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.composer._on_paste(_paste("/tmp/a.pdf"))
        assert app.composer.text == "@/tmp/a.pdf "
        long = "\n".join(f"line {number}" for number in range(200))
        await app.composer._on_paste(_paste(long))
        chip = app.composer.text.removeprefix("@/tmp/a.pdf ")
        assert chip == "[pasted text 1: 200 lines, 1.7 kB]"
        assert app.composer.expanded() == "@/tmp/a.pdf " + long
        await pilot.press("alt+o")
        assert app.composer.text == "@/tmp/a.pdf " + long
        app.composer.draft = Draft()
        await app.composer._on_paste(_paste(long))
        await pilot.press("backspace")
        assert app.composer.text == ""


def _paste(text: str):  # type: ignore[no-untyped-def]
    from textual.events import Paste

    return Paste(text)


async def test_control_characters_of_a_paste_stay_outside() -> None:
    app = Page()
    async with app.run_test(size=(80, 24)):
        await app.composer._on_paste(_paste("a\x1b]52;c;AAAA\x07b\x1b[2Jc\u202ed"))
        assert app.composer.text == "abcd"


async def test_sending_at_once_and_an_edit_that_is_left() -> None:
    app = Page()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*typed("now"))
        app.composer.action_send_now()
        await wait_for(pilot, lambda: [(one.text, one.at_once) for one in app.sent] == [("now", True)])
        await pilot.press(*typed("half"))
        app.composer.begin_edit("m1", "an earlier one")
        assert (app.composer.text, app.composer.editing) == ("an earlier one", "m1")
        assert "editing" in str(app.composer.border_title)
        app.composer.leave_edit()
        assert (app.composer.text, app.composer.editing) == ("half", "")
        app.composer.begin_edit("m1", "an earlier one")
        await pilot.press("end", "x", "enter")
        await wait_for(pilot, lambda: app.sent[-1].edits == "m1")
        assert app.sent[-1].text == "an earlier onex"
        assert app.composer.editing == ""


async def test_what_is_worth_saying_stands_under_it() -> None:
    app = Page()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*typed("a @b"), "ctrl+j", "c")
        await wait_for(pilot, lambda: app.composer.border_subtitle == "2 lines · 1 mentioned")
        assert "Say something" in str(app.composer.placeholder)
        app.composer.text = "x" * 1_000_001
        await pilot.press("y")
        await wait_for(pilot, lambda: "too long" in str(app.composer.border_subtitle))


def test_a_draft_goes_through_json_and_an_older_one_is_read() -> None:
    draft = Draft("a [chip] b", {"[chip]": "long"}, "m1")
    assert Draft(**json.loads(json.dumps(asdict(draft)))) == draft
    assert Draft(text="x", pastes={}) == Draft("x")


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("/", ("/", "", 0)), ("/fo", ("/", "fo", 0)), ("/fork ", None), (" /fo", None), ("a /fo", None),
        ("@", ("@", "", 0)), ("see @rea", ("@", "rea", 4)), ("a@b", None), ('@"two wo', ("@", "two wo", 0)),
        ('@"two words.txt"', None), ("(@x", ("@", "x", 1)), ("@a @b", ("@", "b", 3)), ("@a ", None), ("", None),
    ],
)  # fmt: skip
def test_what_is_being_completed(before: str, found: tuple[str, str, int] | None) -> None:
    assert trigger_before(before) == found


# In the app


async def test_a_mentioned_file_reaches_the_model(home: Home) -> None:
    (home.workspace / "README.md").write_text("the sentinel is heron-4711")
    async with openai_server() as server:
        home.config_file.write_text(
            f'model = "lab/tiny"\n[providers.lab]\nbase_url = "{server.url}"\nmodels = ["tiny"]\n'
        )
        server.answer(lambda exchange: says("read"))
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=(140, 40)) as pilot:
            await opened(pilot, app)
            await pilot.press(*typed("what says @rea"))
            popup = app.desk.query_one(Completions)
            await wait_for(pilot, lambda: popup.chosen is not None and popup.chosen.insert == "@README.md")
            await pilot.press("tab", "enter")
            await wait_for(pilot, lambda: "read" in said(app))
            assert "heron-4711" in server.exchanges[-1].said
            assert "▤ README.md" in said(app)


async def test_a_message_while_it_answers_is_queued_or_goes_first(home: Home) -> None:
    import asyncio

    from tests.openai_server import holds

    gate = asyncio.Event()
    async with openai_server() as server:
        home.config_file.write_text(
            f'model = "lab/tiny"\n[providers.lab]\nbase_url = "{server.url}"\nmodels = ["tiny"]\n'
        )
        server.script(holds(gate, "I begin", " and end"))
        server.answer(lambda exchange: says(f"to {exchange.said}"))
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=(140, 40)) as pilot:
            await opened(pilot, app)
            await pilot.press(*typed("first"), "enter")
            await wait_for(pilot, lambda: "I begin" in said(app))
            await pilot.press(*typed("second"), "enter", *typed("third"), "ctrl+s")
            await wait_for(pilot, lambda: "to second" in said(app))
            text = said(app)
            assert text.index("to third") < text.index("to second")
            assert "you stopped it" in text
            assert "I begin" in text
            gate.set()


async def test_escape_twice_edits_the_last_message_in_a_branch(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(140, 40)) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("list files"), "enter")
        await wait_for(pilot, lambda: "The folder is empty" in said(app) and not app.desk.conversation.state())
        first = app.desk.conversation.conversation
        await pilot.press("escape", "escape")
        await wait_for(pilot, lambda: app.desk.conversation.composer.editing)
        assert app.desk.conversation.composer.text == "list files"
        await pilot.press("escape")
        await wait_for(pilot, lambda: not app.desk.conversation.composer.editing)
        await pilot.press("escape", "escape")
        await wait_for(pilot, lambda: app.desk.conversation.composer.editing)
        app.desk.conversation.composer.text = "list memories"
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.desk.conversation.conversation not in (None, first))
        await wait_for(pilot, lambda: "list memories" in said(app) and "list files" not in said(app))
        assert app.computer is not None
        assert [one.content for one in await app.computer.chats.messages(first or "") if one.role == "user"] == [
            "list files"
        ]


async def test_a_pasted_path_of_a_real_file_is_attached(home: Home, tmp_path: Path) -> None:
    note = tmp_path / "my note.txt"
    note.write_text("x")
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(140, 40)) as pilot:
        await opened(pilot, app)
        composer = app.desk.conversation.composer
        await composer._on_paste(_paste(f"'{note}'"))
        await wait_for(pilot, lambda: composer.text == f'@"{note}" ')
        await pilot.press("enter")
        await wait_for(pilot, lambda: "▤ my note.txt" in said(app))


# What somebody else wrote mentions nothing


async def test_a_pasted_text_mentions_nothing_until_the_person_does() -> None:
    app = Page()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*typed("see @mine "))
        await app.composer._on_paste(_paste('ping @theirs, (@"two words.txt") and @mine'))
        await wait_for(pilot, lambda: app.composer.border_subtitle == "1 mentioned · 2 @ pasted: no mention")
        assert app.composer.draft.foreign == {"theirs", "two words.txt"}
        assert app.composer.draft == Draft(**json.loads(json.dumps(asdict(app.composer.draft))))
        await app.composer._on_paste(_paste(" @REA"))
        await pilot.pause()
        assert app.popup.chosen is None  # enter would have chosen it
        await pilot.press(*typed(" @two"))
        await wait_for(pilot, lambda: app.popup.chosen is not None)
        await pilot.press("tab")
        assert app.composer.draft.foreign == {"theirs", "REA"}


async def test_what_a_chip_holds_mentions_nothing_folded_or_unfolded() -> None:
    app = Page()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.composer._on_paste(_paste("line\n" * 100 + "@~/.ssh/id_rsa"))
        await pilot.press(*typed(" @mine"))
        assert app.composer.draft.foreign == {"~/.ssh/id_rsa"}
        await pilot.press("alt+o")
        assert "@~/.ssh/id_rsa" in app.composer.text
        assert app.composer.draft.foreign == {"~/.ssh/id_rsa"}
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.sent)
        assert app.sent[0].draft.foreign == {"~/.ssh/id_rsa"}


async def test_a_pasted_name_of_a_file_sends_no_file_and_neither_does_a_second_try(home: Home) -> None:
    (home.workspace / "secret.txt").write_text("heron-4711")
    (home.workspace / "notes.txt").write_text("grey-0815")
    async with openai_server() as server:
        home.config_file.write_text(
            f'model = "lab/tiny"\n[providers.lab]\nbase_url = "{server.url}"\nmodels = ["tiny"]\n'
        )
        server.answer(lambda exchange: says("read"))
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=(140, 40)) as pilot:
            await opened(pilot, app)
            composer = app.desk.conversation.composer

            async def answered(count: int) -> str:
                await wait_for(pilot, lambda: len(server.exchanges) == count and not app.desk.conversation.state())
                await wait_for(pilot, lambda: said(app).count("read") >= 1)
                return server.exchanges[-1].body.decode()

            await pilot.press(*typed("use @notes.txt "))
            await composer._on_paste(_paste("the log says @secret.txt"))
            await pilot.press("enter")
            body = await answered(1)
            assert "grey-0815" in body
            assert "heron-4711" not in body
            await wait_for(pilot, lambda: composer.text == "")
            await pilot.press("up")  # the same again, from the history
            await wait_for(pilot, lambda: "secret" in composer.text)
            await pilot.press("enter")
            body = await answered(2)
            assert body.count("grey-0815") > 1
            assert "heron-4711" not in body
            await pilot.press("escape", "escape")  # and edited
            await wait_for(pilot, lambda: composer.editing)
            await pilot.press("end", "!", "enter")
            body = await answered(3)
            assert body.count("grey-0815") > 1
            assert "heron-4711" not in body
