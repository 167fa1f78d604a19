"""How it looks: contrast, colour vision, what a terminal can show, and that nothing moves while nothing happens."""

import asyncio
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
from zotui.tui.keyboard import BackgroundKnown, Keyboard
from zotui.tui.terminal import Profile, is_dark, prepare, profile
from zotui.tui.theme import THEMES, by_background
from zotui.tui.watchdog import Watchdog

INKS = ("foreground", "primary", "secondary", "accent", "warning", "error", "success")
GROUNDS = ("background", "surface", "panel")


def linear(color: Color) -> list[float]:
    """The parts of a colour as amounts of light."""
    parts = [part / 255 for part in color.rgb]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def contrast(ink: str, ground: str) -> float:
    """The contrast ratio of WCAG 2 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""

    def luminance(color: str) -> float:
        red, green, blue = linear(Color.parse(color))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_ink_can_be_read_on_every_ground(theme) -> None:  # type: ignore[no-untyped-def]
    least = 7.0 if "contrast" in theme.name else 4.5
    for ground in GROUNDS:
        for ink in INKS:
            assert contrast(getattr(theme, ink), getattr(theme, ground)) >= least, (theme.name, ink, ground)


def test_there_are_enough_of_each_kind() -> None:
    assert len(THEMES) >= 6
    assert {theme.dark for theme in THEMES} == {True, False}
    assert by_background(True) != by_background(False)


# Machado, Oliveira and Fernandes 2009, severity 1.0: how linear RGB looks to a deuteranope and a protanope.
SEEN = {
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


@pytest.mark.parametrize("theme", [theme for theme in THEMES if "safe" in theme.name], ids=lambda theme: theme.name)
@pytest.mark.parametrize("vision", SEEN)
def test_states_keep_apart_for_every_colour_vision(theme, vision: str) -> None:  # type: ignore[no-untyped-def]
    def seen(color: str) -> list[float]:
        light = linear(Color.parse(color))
        return [sum(weight * part for weight, part in zip(row, light, strict=True)) for row in SEEN[vision]]

    states = [seen(getattr(theme, name)) for name in ("success", "warning", "error")]
    for at, one in enumerate(states):
        for other in states[at + 1 :]:
            assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 > 0.05, (theme.name, vision)


# The terminal


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TERM": "xterm-256color"}, Profile("xterm-256color", False, False, "256")),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, Profile("xterm", False, False, "truecolor")),
        ({"TERM": "linux"}, Profile("linux", False, False, "16")),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, Profile("xterm-256color", False, False, "none")),
        ({"TERM": "tmux-256color", "TMUX": "/x", "SSH_CONNECTION": "y"}, Profile("tmux-256color", True, True, "256")),
        ({"TERM": "rxvt", "COLORFGBG": "0;15"}, Profile("rxvt", False, False, "16", "light")),
        ({"TERM": "rxvt", "COLORFGBG": "15;default;0"}, Profile("rxvt", False, False, "16", "dark")),
        ({}, Profile("dumb", False, False, "16")),
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
    assert here == {"TERM": "xterm-256color"}


def test_who_would_show_the_question_is_not_asked() -> None:
    assert not profile({"TERM": "linux"}).answers
    assert not profile({"TERM": "screen"}).answers
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


@pytest.mark.parametrize("cut", range(3, 26))  # an escape and a bracket alone are what a person types
def test_the_answer_is_taken_out_of_what_is_typed_however_it_is_split(cut: int) -> None:
    reply = "\x1b]11;rgb:fbfb/fafa/f7f7\x1b\\"
    keyboard = Keyboard()
    events = [*keyboard.feed("a" + reply[:cut]), *keyboard.feed(reply[cut:] + "b")]
    events += [*keyboard.feed("\x1b[?997;1n")]
    told = [event.dark for event in events if isinstance(event, BackgroundKnown)]
    keys = [event.key for event in events if hasattr(event, "key")]
    assert told == [False, True]
    assert keys == ["a", "b"]


def test_escape_alone_is_not_held_back() -> None:
    keyboard = Keyboard()
    list(keyboard.feed("\x1b"))
    assert keyboard._reply == ""


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


# Quickness


async def test_the_watchdog_sees_what_holds_the_loop() -> None:
    watchdog = Watchdog()
    watchdog.awake(30)
    for _ in range(6):
        await asyncio.sleep(0.06)
    end = asyncio.get_running_loop().time() + 0.4
    while asyncio.get_running_loop().time() < end:
        pass
    await asyncio.sleep(0.12)
    watchdog.stop()
    assert watchdog.stalls >= 1
    assert watchdog.held(1.0) > 0.1
    assert "1 stalls" in watchdog.line or "stalls" in watchdog.line


async def test_a_watchdog_sleeps_when_nothing_goes_on() -> None:
    watchdog = Watchdog()
    watchdog.awake(0.0)
    await asyncio.sleep(0.12)
    assert watchdog._timer is None


async def test_streaming_never_holds_the_loop_for_long(home: Home) -> None:
    async with scripted_server(pause_s=0.01) as base_url:
        write_config(home.path, base_url)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=(140, 40)) as pilot:
            await opened(pilot, app)
            for text in ("Which box is staging", "Plan the trip", "Summarise", "remind me"):
                await pilot.press(*typed(text), "enter")
                await wait_for(pilot, lambda: app.desk.conversation.state() == "")
            await wait_for(pilot, lambda: "one open question" in said(app))
            assert len(app.watchdog._held) > 5
            assert app.watchdog.held(0.99) <= 0.1, app.watchdog.line  # of our own work; the machine's is not ours


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
            for _ in range(200):
                await pilot.resize_terminal(chance.randint(20, 240), chance.randint(6, 70))
                await pilot.press(chance.choice(keys))
            assert app.is_running
            while app.screen is not app.desk:
                await pilot.press("escape")
            await pilot.resize_terminal(140, 40)
            assert any(pane.display and pane.region for pane in app.desk.panes)


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
