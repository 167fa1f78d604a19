"""The themes: what is painted can be read, and states keep apart for every kind of colour vision."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES, Theme

from tests.screens.session import fill, scripted_server, write_config
from tests.tui.conftest import opened, typed, wait_for
from zotui.computer import Computer
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.legible import DECORATION, HIGH, USUAL, Legible, contrast
from zotui.tui.theme import THEMES, by_background, is_of_high_contrast

INKS = ("foreground", "primary", "secondary", "accent", "warning", "error", "success")
GROUNDS = ("background", "surface", "panel")
STATES = ("success", "warning", "error")
APART = 20.0  # CIE 1976 colour difference; 2.3 is just seen, 20 is seen at a glance

by_name = pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)


def least(theme: str) -> float:
    """The contrast that a theme owes."""
    return HIGH if is_of_high_contrast(theme) else USUAL


@by_name
def test_every_ink_can_be_read_on_every_ground(theme: Theme) -> None:
    for ground in GROUNDS:
        for ink in INKS:
            pair = [Color.parse(getattr(theme, name)).rgb for name in (ink, ground)]
            assert contrast(*pair) >= least(theme.name), (theme.name, ink, ground)


def test_there_are_enough_of_each_kind() -> None:
    assert len(THEMES) >= 8
    assert {theme.dark for theme in THEMES if is_of_high_contrast(theme.name)} == {True, False}
    assert {theme.dark for theme in THEMES if "safe" in theme.name} == {True, False}
    assert by_background(True) != by_background(False)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)  # the well-known #777
    assert contrast((5, 5, 5), (5, 5, 5)) == 1


# What is painted


def texts(app: Zotui) -> Iterator[tuple[str, tuple[int, int, int], tuple[int, int, int]]]:
    """Every text on the screen with its ink and its ground. Exempt: what is made of lines, edges and bars alone."""
    for strip in app.screen._compositor.render_strips():
        for text, style, _ in strip:
            if text.isspace() or DECORATION.issuperset(text) or style is None or not style.color or not style.bgcolor:
                continue
            ink, ground = style.color.triplet, style.bgcolor.triplet
            assert ink is not None, text
            assert ground is not None, text
            yield (text, ground, ink) if style.reverse else (text, ink, ground)


def too_faint(app: Zotui) -> list[tuple[float, str]]:
    """The texts that cannot be read. A grey in the middle, as a cursor behind a dialog has it, allows no 7 to 1."""
    faint = []
    for text, ink, ground in texts(app):
        possible = max(contrast((0, 0, 0), ground), contrast((255, 255, 255), ground))
        if contrast(ink, ground) < min(least(app.theme), possible):
            faint.append((contrast(ink, ground), text))
    return faint


async def can_be_read(pilot: Pilot[None], app: Zotui, *themes: str) -> None:
    """Check what is on the screen, in each theme."""
    for theme in themes or [theme.name for theme in THEMES]:
        app.theme = theme
        await pilot.pause()
        assert len(list(texts(app))) > 5
        try:
            await wait_for(pilot, lambda: not too_faint(app), patience_s=5)
        except TimeoutError:
            pytest.fail(f"{theme}: {sorted(too_faint(app))[:10]}")


@asynccontextmanager
async def lived_in(home: Home) -> AsyncIterator[tuple[Zotui, Pilot[None]]]:
    """The app on a home with conversations, code, tables, tool calls."""
    async with scripted_server() as base_url:
        write_config(home.path, base_url)
        async with Computer.open(home) as computer:
            await fill(computer)
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=(140, 44)) as pilot:
            await opened(pilot, app)
            app.desk.conversation.composer.cursor_blink = False
            yield app, pilot


async def test_conversations_can_be_read(home: Home) -> None:
    async with lived_in(home) as (app, pilot):
        assert app.computer is not None
        for chat in await app.computer.chats.list():
            await app.desk.open_chat(chat.id)
            await can_be_read(pilot, app)


async def test_dialogs_can_be_read_and_what_is_behind_them(home: Home) -> None:
    async with lived_in(home) as (app, pilot):
        for key in ("f1", "f5", "f7", "f10", "ctrl+p", "ctrl+t"):
            await pilot.press(key)
            await wait_for(pilot, lambda: app.screen is not app.desk)
            await can_be_read(pilot, app, *(theme.name for theme in THEMES[::2]))
            await pilot.press("escape")
            await wait_for(pilot, lambda: app.screen is app.desk)


async def test_a_question_and_a_whole_list_can_be_read(home: Home) -> None:
    async with lived_in(home) as (app, pilot):
        await pilot.press("ctrl+n", *typed("deploy the site"), "enter")
        await wait_for(pilot, lambda: app.desk.conversation.question is not None)
        await can_be_read(pilot, app)
        await pilot.press("ctrl+o", "m", "f2")
        await can_be_read(pilot, app)


async def test_themes_of_others_can_be_read_too(home: Home) -> None:
    async with lived_in(home) as (app, pilot):
        await can_be_read(pilot, app, *(name for name, theme in BUILTIN_THEMES.items() if not theme.ansi))


# The filter


def ink_of(style: str, text: str = "words") -> Style:
    """How a text of this style is painted."""
    [segment] = Legible().apply([Segment(text, Style.parse(style))], Color.parse("black"))
    assert segment.style is not None
    return segment.style


def test_an_ink_that_can_be_read_is_left_alone() -> None:
    assert ink_of("#ffffff on #000000") == Style.parse("#ffffff on #000000")
    assert ink_of("bold red on default") == Style.parse("bold red on default")


@pytest.mark.parametrize(
    "style", ["#444444 on #222222", "#808000 on #ffff00", "bold #222222 on #444444", "#777777 on #767676"]
)
def test_an_ink_that_is_too_faint_goes_no_farther_than_it_must(style: str) -> None:
    painted = ink_of(style)
    assert painted.color is not None
    assert painted.bgcolor == Style.parse(style).bgcolor
    assert painted.bold == Style.parse(style).bold
    assert painted.color.triplet is not None
    assert painted.bgcolor is not None
    assert painted.bgcolor.triplet is not None
    reached = contrast(painted.color.triplet, painted.bgcolor.triplet)
    assert reached >= USUAL or painted.color.triplet in ((0, 0, 0), (255, 255, 255))
    assert reached < USUAL + 1


def test_what_is_reversed_is_read_the_other_way_round() -> None:
    painted = ink_of("reverse #222222 on #444444")
    assert painted.color == Style.parse("#222222").color
    assert painted.bgcolor != Style.parse("on #444444").bgcolor


def test_lines_and_blanks_may_be_faint() -> None:
    faint = "#333333 on #222222"
    assert ink_of(faint, "╭──╮") == ink_of(faint, "   ") == Style.parse(faint)
    assert ink_of(faint, "─ title ─") != Style.parse(faint)


# Colour vision. Machado, Oliveira and Fernandes 2009, severity 1.0: how linear RGB looks to who lacks one kind of cone.

SEEN = {
    "usual": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
WHITE = (0.9505, 1.0, 1.089)

Triple = tuple[float, float, float]


def turned(matrix: tuple[Triple, ...], vector: list[float]) -> list[float]:
    """A vector times a matrix."""
    return [sum(weight * part for weight, part in zip(row, vector, strict=True)) for row in matrix]


def seen(color: str, vision: str) -> list[float]:
    """A colour in CIE Lab, as it is seen."""
    parts = [part / 255 for part in Color.parse(color).rgb]
    light = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    shown = [min(1.0, max(0.0, part)) for part in turned(SEEN[vision], light)]
    roots = [part / white for part, white in zip(turned(XYZ, shown), WHITE, strict=True)]
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in roots)
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)]


def difference(one: str, other: str, vision: str) -> float:
    """How far two colours are apart."""
    pairs = zip(seen(one, vision), seen(other, vision), strict=True)
    return float(sum((a - b) ** 2 for a, b in pairs) ** 0.5)


@pytest.mark.parametrize("vision", SEEN)
@pytest.mark.parametrize("theme", [theme for theme in THEMES if "safe" in theme.name], ids=lambda theme: theme.name)
@pytest.mark.parametrize("prefix", ["", "text-"])
def test_states_keep_apart_for_every_colour_vision(theme: Theme, vision: str, prefix: str) -> None:
    colors = theme.to_color_system().generate()
    states = [colors[prefix + name] for name in STATES]
    for at, one in enumerate(states):
        for other in states[at + 1 :]:
            assert difference(one, other, vision) >= APART, (one, other)


def test_the_measure_tells_red_from_green_only_where_one_can() -> None:
    assert difference("#b04040", "#40803c", "usual") > APART > difference("#a06a3c", "#80803c", "deuteranopia")
