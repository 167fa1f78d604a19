"""What is left out of a frame is not missed: a terminal shows the same, and is sent less."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import get_character_cell_size
from textual.drivers.headless_driver import HeadlessDriver

from tests.tui.conftest import opened, typed, wait_for
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.driver import admit, guarded
from zotui.tui.glass import Glass, is_frame

PENS = ("", "1", "1;31;40", "31;40", "38;2;1;2;3;48;2;4;5;6", "38;5;7", "48;5;9", "97;107", "4", "2;7;32", "9;3")
TOKEN = re.compile(r"\x1b\[([0-9;]*)m|\x1b\[([0-9]+);([0-9]+)H|([^\x1b])")


class Grid:
    """What a terminal shows that obeys moves and styles."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[str, tuple[str, str, frozenset[str]]]] = {}
        self.at = (1, 1)
        self.ink = self.ground = ""
        self.others: frozenset[str] = frozenset()

    def write(self, data: str) -> None:
        """Obey."""
        taken = 0
        for found in TOKEN.finditer(data):
            assert found.start() == taken, data[taken : taken + 40]
            taken = found.end()
            if found[4]:
                self._put(found[4])
            elif found[2]:
                self.at = int(found[2]), int(found[3])
            else:
                self._style(found[1].split(";"))
        assert taken == len(data)

    def _put(self, character: str) -> None:
        width = get_character_cell_size(character)
        blank = character == " " and not self.others & {"4", "7", "9"}
        look = ("", self.ground, frozenset[str]()) if blank else (self.ink, self.ground, self.others)
        line, column = self.at
        if width == 0:
            before = self.cells.get((line, column - 1))
            if before is not None:
                self.cells[line, column - 1] = (before[0] + character, before[1])
            return
        for place, part in enumerate([character, "\0"][:width]):
            self.cells[line, column + place] = (part, look)
        self.at = line, column + width

    def _style(self, codes: list[str]) -> None:
        while codes:
            code = codes.pop(0)
            if code in ("38", "48"):
                count = 4 if codes[0] == "2" else 2
                code, codes = ";".join([code, *codes[:count]]), codes[count:]
            number = code.partition(";")[0]
            if number in ("", "0"):
                self.ink, self.ground, self.others = "", "", frozenset()
            elif number in ("38", "39") or re.fullmatch("3[0-7]|9[0-7]", number):
                self.ink = "" if number == "39" else code
            elif number in ("48", "49") or re.fullmatch("4[0-7]|10[0-7]", number):
                self.ground = "" if number == "49" else code
            else:
                self.others |= {code}


PIECES = st.tuples(
    st.sampled_from(PENS),
    st.text(st.sampled_from("ab  ─é·✓"), max_size=12) | st.sampled_from(["日本", "🚀x", "e\u0301"]),
)
STROKES = st.tuples(st.integers(1, 4), st.integers(1, 12), st.lists(PIECES, max_size=4))


def painted(strokes: list[tuple[int, int, list[tuple[str, str]]]]) -> str:
    """A frame as Textual makes it."""
    frame = ""
    for line, column, pieces in strokes:
        frame += f"\x1b[{line};{column}H" + "".join(
            f"\x1b[{pen}m{text}\x1b[0m" if pen else text for pen, text in pieces
        )
    return frame + "\x1b[2;3H"


@given(st.lists(st.lists(STROKES, max_size=6).map(painted), max_size=5))
def test_a_terminal_shows_the_same(frames: list[str]) -> None:
    glass, whole, less = Glass(), Grid(), Grid()
    for frame in frames:
        whole.write(frame)
        less.write(glass.lessen(frame))
        assert less.cells == whole.cells
        assert less.at == whole.at


def test_what_is_shown_is_not_sent_again() -> None:
    glass = Glass()
    frame = painted([(1, 1, [("31;40", "│"), ("40", "   "), ("31;40", "word"), ("40", "     "), ("31;40", "│")])])
    first = glass.lessen(frame)
    assert len(first) < len(frame)
    assert glass.lessen(frame) == ""
    changed = glass.lessen(frame.replace("word", "ward"))
    assert changed == "\x1b[1;6H\x1b[31;40ma\x1b[0m\x1b[2;3H"
    glass.forget()
    assert "word" in glass.lessen(frame)


def test_a_cursor_that_moves_is_sent() -> None:
    glass = Glass()
    glass.lessen("\x1b[1;1Hx\x1b[1;2H")
    assert glass.lessen("\x1b[1;1Hx\x1b[1;3H") == "\x1b[1;3H"


def test_a_line_whose_width_is_not_sure_is_sent_whole() -> None:
    glass = Glass()
    frame = "\x1b[1;1H👩\u200d🚀 and more\x1b[1;1H"
    assert glass.lessen(frame) == frame
    assert glass.lessen(frame) == frame


def test_what_is_no_frame_of_moves_and_styles_is_sent_as_it_is() -> None:
    glass = Glass()
    for data in ("\x1b[1;1Hx\x1b[6n", "x", "\x1b[1;1Ha\x1b[2J"):
        assert glass.lessen(data) == data
    assert is_frame("\x1b[12;140Hx")
    assert not is_frame("\x1b[?25l")


class Sent(HeadlessDriver):
    """A terminal that is painted with what is sent."""

    shows, count = Grid(), 0

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        if is_frame(data):
            Sent.shows.write(data)
            Sent.count += len(data)


class Painted(guarded(Sent)):  # type: ignore[misc]
    """The same, painted with all that Textual paints."""

    shows, count = Grid(), 0

    def write(self, data: str) -> None:
        if is_frame(data):
            Painted.shows.write(admit(data))
            Painted.count += len(data)
        super().write(data)


class Twice(Zotui):
    """The app on both."""

    def get_driver_class(self) -> type[Any]:
        return Painted


@pytest.mark.parametrize("size", [(140, 40), (80, 24)])
async def test_the_desk_is_painted_the_same(home: Home, size: tuple[int, int]) -> None:
    for one in (Sent, Painted):
        one.shows, one.count = Grid(), 0
    app = Twice(home, own_workers=True)
    async with app.run_test(size=size, headless=False) as pilot:
        await opened(pilot, app)
        for keys in (
            typed("what is 17*23"),
            ["enter"],
            ["f2"],
            ["f2"],
            ["tab"],
            ["f1"],
            ["escape"],
            ["ctrl+p"],
            ["escape"],
        ):
            await pilot.press(*keys)
            await wait_for(pilot, lambda: app.desk.conversation.state() == "")
            assert Sent.shows.cells == Painted.shows.cells
        app.desk.conversation.composer.insert("日本 🚀 and back")
        await pilot.press("f9")
        await pilot.pause()
        assert Sent.shows.cells == Painted.shows.cells
        assert 0 < Sent.count < Painted.count / 3
