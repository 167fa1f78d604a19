"""What a terminal can show, whom the theme follows, and that text of others is text."""

import random
import re

import pytest
from textual.color import Color

from tests.screens.session import scripted_server, write_config
from tests.tui.conftest import opened, said, typed, wait_for
from zotui.config import Config
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.driver import Colourless, admit
from zotui.tui.keyboard import BackgroundKnown
from zotui.tui.terminal import Profile, is_dark, prepare, profile

# The terminal


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TERM": "xterm-256color"}, Profile("xterm-256color", False, "", "256")),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, Profile("xterm", False, "", "truecolor")),
        ({"TERM": "linux"}, Profile("linux", False, "", "16")),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, Profile("xterm-256color", False, "", "none")),
        ({"TERM": "tmux-256color", "TMUX": "/x", "SSH_CONNECTION": "y"}, Profile("tmux-256color", True, "tmux", "256")),
        ({"TERM": "rxvt", "COLORFGBG": "0;15"}, Profile("rxvt", False, "", "16", "light")),
        ({"TERM": "rxvt", "COLORFGBG": "15;default;0"}, Profile("rxvt", False, "", "16", "dark")),
        ({"TERM": "xterm-kitty", "SSH_TTY": "x"}, Profile("xterm-kitty", True, "", "truecolor")),
        ({"TERM": "alacritty"}, Profile("alacritty", False, "", "truecolor")),
        ({"TERM": "xterm-256color", "STY": "1.x"}, Profile("xterm-256color", False, "screen", "256")),
        ({}, Profile("dumb", False, "", "16")),
    ],
)
def test_a_terminal_is_known_by_its_environment(environ: dict[str, str], expected: Profile) -> None:
    assert profile(environ) == expected


def test_over_ssh_it_calms_down_unless_the_person_says_otherwise() -> None:
    environ = {"TERM": "xterm-256color", "SSH_CONNECTION": "x", "TEXTUAL_FPS": "30"}
    found = prepare(environ)
    assert environ["TEXTUAL_FPS"] == "30"
    assert environ["TEXTUAL_ANIMATIONS"] == "none"
    assert found.frame_s == 0.2
    here = {"TERM": "xterm-256color"}
    assert prepare(here).frame_s < 0.1
    assert here == {"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "256"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TERM": "linux"}, "standard"),
        ({"TERM": "alacritty"}, "truecolor"),
        ({"TERM": "linux", "TEXTUAL_COLOR_SYSTEM": "256"}, "256"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, None),
    ],
)
def test_textual_is_told_of_the_colours_unless_the_person_has(environ: dict[str, str], expected: str | None) -> None:
    prepare(environ)
    assert environ.get("TEXTUAL_COLOR_SYSTEM") == expected


def test_who_would_show_the_question_is_not_asked() -> None:
    assert not profile({"TERM": "linux"}).answers
    assert not profile({"TERM": "screen"}).answers
    assert not profile({"TERM": "xterm-256color", "STY": "1.x"}).answers
    assert profile({"TERM": "screen-256color", "TMUX": "/x"}).answers
    assert profile({"TERM": "xterm-kitty"}).answers


@pytest.mark.parametrize(
    ("reply", "dark"),
    [
        ("rgb:0000/0000/0000", True),
        ("rgb:ffff/ffff/ffff", False),
        ("rgb:14/16/1b", True),
        ("rgb:fb/fa/f7", False),
        ("nonsense", None),
        ("rgb:x/y/z", None),
    ],
)  # fmt: skip
def test_a_background_is_dark_or_light(reply: str, dark: bool | None) -> None:
    assert is_dark(reply) is dark


def test_only_our_own_questions_and_notices_go_out() -> None:
    assert admit("\x1b]11;?\x1b\\") == "\x1b]11;?\x1b\\"
    assert admit("\x1b[?2031h") == "\x1b[?2031h"
    assert "\x1b" not in admit("\x1b]9;pwned\x07 and more text than any sequence of ours would have")


async def test_the_theme_follows_the_terminal_until_one_is_chosen(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        assert app.theme == "zotui-night"
        app.post_message(BackgroundKnown(dark=False))
        await wait_for(pilot, lambda: app.theme == "zotui-day")
        app.post_message(BackgroundKnown(dark=True))
        await wait_for(pilot, lambda: app.theme == "zotui-night")
        assert app.desk.arrangement.theme == ""
        app.theme = "zotui-paper"
        await wait_for(pilot, lambda: app.desk.arrangement.theme == "zotui-paper")
        app.post_message(BackgroundKnown(dark=False))
        await pilot.pause()
        assert app.theme == "zotui-paper"


async def test_the_configuration_chooses_theme_and_spacing(home: Home) -> None:
    home.config_file.write_text('[desk]\ntheme = "zotui-ember"\nspacing = "compact"\ndebug = true\n')
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        await wait_for(pilot, lambda: app.theme == "zotui-ember")
        assert app.has_class("-compact")
        assert app.desk.query_one("#debug").display
    assert Config().desk.theme == "auto"


def test_without_colour_only_weight_is_left() -> None:
    from rich.segment import Segment
    from rich.style import Style

    style = Style(color="red", bgcolor="blue", bold=True, reverse=True)
    [segment] = Colourless().apply([Segment("x", style)], Color.parse("black"))
    assert segment.style is not None
    assert segment.style.color is None
    assert segment.style.bgcolor is None
    assert segment.style.bold
    assert segment.style.reverse


async def test_two_hundred_random_sizes_and_keys_while_it_answers(home: Home) -> None:
    chance = random.Random(11)
    keys = [
        "up", "down", "pageup", "pagedown", "tab", "shift+tab", "f2", "a", "escape", "ctrl+o", "m", "h", "alt+left", "alt+up",
        "enter", "right", "left", "home", "end", "f1", "ctrl+t", "ctrl+up", "slash", "at", "ctrl+j", "y",
    ]  # fmt: skip
    async with scripted_server(pause_s=0.05) as base_url:
        write_config(home.path, base_url)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=(140, 40)) as pilot:
            await opened(pilot, app)
            await pilot.press(*typed("Which box is staging"), "enter")
            for number in range(200):
                await pilot.resize_terminal(chance.randint(20, 240), chance.randint(6, 70))
                if number % 2:
                    await pilot.press(chance.choice(keys))
            assert app.is_running
            while app.screen is not app.desk:
                await pilot.press("escape")
            await pilot.resize_terminal(140, 40)
            assert any(pane.display and pane.region for pane in app.desk.panes)
            await app.desk.open_chat((await app.computer.chats.list())[0].id)  # type: ignore[union-attr]
            await wait_for(pilot, lambda: "Which box is staging" in said(app))


PAYLOADS = (
    "\x1b]52;c;QUFBQQ==\x07", "\x1b]0;title\x07", "\x1b[2J\x1b[H", "[red]x[/red]", "\u202egnp.exe", "\x9b31m", "\x1bP+q\x1b\\",
    "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\", "\x07\x08\x7f", "&#27;[31m", "\x1b[?1049l", "a\rb", "\x1b]9;pwned\x07",
)  # fmt: skip


async def test_text_of_others_is_text_wherever_it_is_shown(home: Home) -> None:
    evil = " ".join(PAYLOADS)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(140, 40), notifications=True) as pilot:
        await opened(pilot, app)
        assert app.computer is not None
        await app.computer.memory.memorize(evil)
        await app.computer.notices.add("system", evil, "chat:x")
        chat = await app.computer.chats.create(evil)
        await app.computer.ask(f"recall {evil}", chat)
        await app.desk.open_chat(chat)
        for keys in ((), ("f6",), ("f10",), ("ctrl+t", *typed("recall")), ("f7",)):
            await pilot.press(*keys)
            await pilot.pause(0.3)
            painted = app.export_screenshot()
            assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", painted), keys
            while app.screen is not app.desk:
                await pilot.press("escape")
                await pilot.pause()
