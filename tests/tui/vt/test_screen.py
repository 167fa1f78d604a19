"""What a program prints becomes the cells that a terminal would show, whatever it prints."""

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zotui.tui.vt import Reader, Screen
from zotui.tui.vt.grid import Grid
from zotui.tui.vt.pen import PLAIN, dipped, style_of
from zotui.tui.vt.screen import KEPT


class Shown:
    """A screen and what it was fed."""

    def __init__(self, rows: int = 4, columns: int = 10) -> None:
        self.screen = Screen(rows, columns)
        self.reader = Reader(self.screen)

    def feed(self, text: str | bytes) -> bytes:
        return self.reader.feed(text.encode() if isinstance(text, str) else text)

    @property
    def lines(self) -> list[str]:
        return [row.text for row in self.screen.grid.rows]

    @property
    def past(self) -> list[str]:
        return [row.text for row in self.screen.grid.history]

    @property
    def cursor(self) -> tuple[int, int]:
        return self.screen.column, self.screen.grid.y


def shown(text: str | bytes, rows: int = 4, columns: int = 10) -> Shown:
    one = Shown(rows, columns)
    one.feed(text)
    return one


# Against another terminal, where that does as xterm does (not at margins, behind the last column, with wide characters)

FEW = st.integers(0, 9)
PIECE = st.one_of(
    st.text("abc XYZ", min_size=1, max_size=14).map(lambda text: text + "\x1b[D\x1b[C"),
    st.sampled_from(["\r", "\n", "\r\n", "\b", "\t", "\x1bM", "\x1bD", "\x1b[J", "\x1b[1J", "\x1b[2J"]),
    st.sampled_from(["\x1b[K", "\x1b[1K", "\x1b[2K"]),
    *(FEW.map(lambda number, final=final: f"\x1b[{number or ''}{final}") for final in "ABCDGLPXd@"),  # type: ignore[misc]
    st.tuples(FEW, FEW).map(lambda place: f"\x1b[{place[0]};{place[1]}H"),
)


@given(st.lists(PIECE, max_size=25), st.integers(1, 7))
def test_it_shows_what_another_terminal_shows(pieces: list[str], length: int) -> None:
    data = "".join(pieces).encode()
    other, one = pyte.Screen(10, 5), Shown(5, 10)
    pyte.ByteStream(other).feed(data)
    for at in range(0, len(data), length):
        one.feed(data[at : at + length])
    assert one.lines == [line.rstrip() for line in other.display]
    assert one.cursor == (min(other.cursor.x, 9), other.cursor.y)


WAYS = [
    b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[2;3r", b"\x1b[?6h", b"\x1b[4h", b"\x1b[?7l", b"\x1b]0;", b"\x1bP",
    "日本".encode(), b"\x1b[9999b", b"\x1b7", b"\x1b8", b"\x1bc",
]  # fmt: skip
PIECES = st.binary(max_size=40) | PIECE.map(str.encode) | st.sampled_from(WAYS)


@given(st.lists(PIECES, max_size=15), st.integers(1, 12), st.integers(1, 6))
def test_nothing_breaks_it(pieces: list[bytes], columns: int, rows: int) -> None:
    one = Shown(4, 10)
    for at, piece in enumerate(pieces):
        one.feed(piece)
        if at == len(pieces) // 2:
            one.screen.resize(rows, columns)
    grid = one.screen.grid
    assert {len(row.chars) for row in grid.rows} == {len(row.pens) for row in grid.rows} == {grid.columns}
    assert 0 <= grid.x <= grid.columns
    assert 0 <= grid.y < grid.height
    for row in grid.rows:
        assert not any("\x00" <= char < " " or "\x7f" <= char < "\xa0" for text in row.chars for char in text)


# Text


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("0123456789ab", ["0123456789", "ab", "", ""]),
        ("\x1b[?7l0123456789ab", ["012345678b", "", "", ""]),
        ("12345678日本語", ["12345678日", "本語", "", ""]),
        ("123456789日", ["123456789", "日", "", ""]),
        ("日本\x1b[2Gx", [" x本", "", "", ""]),
        ("日本\x1b[3Gx", ["日x", "", "", ""]),
        ("日本x\x1b[2G\x1b[P", [" 本x", "", "", ""]),
        ("e\u0301a\u0300\u0301\u0302\u0303\u0304\u0305\u0306x", ["e\u0301a\u0300\u0301\u0302\u0303x", "", "", ""]),
        ("a👩\u200d💻b\ufe0fc", ["a👩💻bc", "", "", ""]),
        ("a\u202eb\u200b\x9bc\ue0b0", ["abc\ue0b0", "", "", ""]),
        ("ab\x1b[4hX\x1b[DY\x1b[4lZ", ["abYZ", "", "", ""]),
        ("-\x1b[5b=", ["------=", "", "", ""]),
        ("\x1b(0lqk\x1b(Blqk", ["┌─┐lqk", "", "", ""]),
        ("\x1b)0a\x0eqq\x0fq", ["a──q", "", "", ""]),
        ("a\tb\x1b[Zc", ["a       c", "", "", ""]),
        (b"\xff\xe6\x97", ["\ufffd", "", "", ""]),
    ],
)
def test_text(text: str | bytes, lines: list[str]) -> None:
    found = shown(text).lines
    assert found == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3H\n", ["1", "3", "", "4"]),
        ("1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[2H\x1bM", ["1", "", "2", "4"]),
        ("1\r\n2\r\n3\r\n4\x1b[2H\x1b[M", ["1", "3", "4", ""]),
        ("1\r\n2\r\n3\r\n4\x1b[2S", ["3", "4", "", ""]),
        ("1\r\n2\r\n3\r\n4\x1b[T", ["", "1", "2", "3"]),
        ("1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[?6h\x1b[1;1HX", ["1", "X", "3", "4"]),
        ("1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[1;1H\x1b[9B!", ["1", "2", "!", "4"]),
        ("ab\x1b7\x1b[3;3Hc\x1b8d", ["abd", "", "  c", ""]),
        ("ab\x1b[E\x1b[Ec\x1b[Fd", ["ab", "d", "c", ""]),
        ("gone\x1b[?3h\x1bcnew", ["new", "", "", ""]),
        ("two\x1b[!p\x1b[?25h", ["two", "", "", ""]),
    ],
)
def test_moves(text: str, lines: list[str]) -> None:
    assert shown(text).lines == lines


@pytest.mark.parametrize(
    "text",
    [
        "\x1b]0;title\x07", "\x1b]52;c;aGk=\x1b\\", "\x1bPq;sixel\x1b\\", "\x1bP+q436f\x1b\\", "\x1b_apc\x1b\\", "\x1b^pm\x07",
        "\x1bXsos\x1b\\", "\x1b[>4;2m", "\x1b[?4m", "\x1b[!p", "\x1b[4:3m", "\x1b[=1;1u", "\x1b[<u", "\x1b[2 q", "\x1b[?1$p",
        "\x1b[18t", "\x1b%G", "\x1b=", "\x07", "\x1b[999999999999999999999X", "\x1b[;;;;m",
    ],
)  # fmt: skip
@pytest.mark.parametrize("length", [1, 100])
def test_what_is_not_text_is_not_shown(text: str, length: int) -> None:
    one = Shown()
    for at in range(0, len(text), length):
        assert one.feed(text[at : at + length]) == b""
    one.feed("x")
    assert one.lines == ["x", "", "", ""]


def test_a_string_without_an_end_takes_no_memory_and_is_broken_off() -> None:
    one = shown("\x1b]0;")
    for _ in range(50):
        one.feed(b"a" * 100_000)
    assert len(one.reader._begun) < 300
    one.feed("\x18seen")
    assert one.lines[0] == "seen"
    one.feed("\x1b]0;more\x1b[31mtoo")
    assert one.lines[0] == "seentoo"


def test_what_begins_and_never_ends_is_let_go() -> None:
    one = shown("\x1b[" + "1;" * 10_000)
    assert len(one.reader._begun) < 300


# Answers


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("\x1b[5n", b"\x1b[0n"),
        ("ab\r\ncd\x1b[6n", b"\x1b[2;3R"),
        ("\x1b[c", b"\x1b[?62;22c"),
        ("\x1b[>c", b"\x1b[>1;10;0c"),
        ("\x1b[21t", b""),
        ("\x1b]11;?\x07", b""),
        ("\x1b[?6n", b""),
        ("\x05", b""),
    ],
)
def test_questions_are_answered_by_fixed_words(asked: str, told: bytes) -> None:
    assert Shown().feed(asked) == told


def test_who_asks_without_end_is_not_answered_without_end() -> None:
    assert len(Shown().feed("\x1b[6n" * 100_000)) < 2_000


# Looks


@pytest.mark.parametrize(
    ("codes", "look"),
    [
        ("1;31", {"bold": True, "ink": 1}),
        ("91;102", {"ink": 9, "ground": 10}),
        ("38;5;208", {"ink": 208}),
        ("48;2;1;2;300;4", {"ground": (1, 2, 255), "underline": True}),
        ("38:2::7:8:9", {"ink": (7, 8, 9)}),
        ("58;5;1;3", {"italic": True}),
        ("4:3;7;9;8;2", {"underline": True, "reverse": True, "strike": True, "hidden": True, "dim": True}),
        ("38;5", {}),
        ("38;2;1", {}),
        ("1;2;3;4;7;8;9;22;23;24;27;28;29", {}),
        ("31;42;39;49", {}),
        ("1;;3", {"italic": True}),
        ("5;6;73;998", {}),
    ],
)
def test_pens(codes: str, look: dict[str, object]) -> None:
    pen = dipped(PLAIN, codes)
    assert pen == PLAIN._replace(**look)
    assert style_of(pen) is not None


def test_what_is_erased_has_the_ground_and_no_more() -> None:
    one = shown("\x1b[1;7;44mab\x1b[K")
    pens = one.screen.grid.rows[0].pens
    assert (pens[0].bold, pens[0].reverse, pens[5]) == (True, True, PLAIN._replace(ground=4))


# The history, the other screen, other sizes


def test_what_goes_beyond_the_top_is_kept_up_to_a_number() -> None:
    one = shown("".join(f"{number}\r\n" for number in range(KEPT + 50)))
    assert len(one.past) == KEPT
    assert one.past[-1] == str(KEPT + 46)
    one.feed("\x1b[3J")
    assert one.past == []


def test_a_full_screen_program_leaves_what_was_there() -> None:
    one = shown("before\r\n$ \x1b[?1049h\x1b[Hfull\r\n\n\n\n\n\nmore")
    assert one.lines[-1] == "more"
    assert one.past == []
    one.feed("\x1b[?1049l_")
    assert one.lines == ["before", "$ _", "", ""]


def test_another_width_wraps_anew_and_back() -> None:
    one = shown("one two three four\r\n日本語日本語\r\n$ ls", rows=5, columns=20)
    one.screen.resize(5, 6)
    assert (one.past, one.lines) == (["one tw"], ["o thre", "e four", "日本語", "日本語", "$ ls"])
    assert one.cursor == (4, 4)
    one.screen.resize(5, 20)
    assert (one.past, one.lines) == ([], ["one two three four", "日本語日本語", "$ ls", "", ""])
    assert one.cursor == (4, 2)
    one.screen.resize(2, 20)
    assert (one.past, one.lines) == (["one two three four"], ["日本語日本語", "$ ls"])


def test_a_narrower_one_never_loses_the_cursor() -> None:
    one = shown("0123456789", rows=2, columns=10)
    one.screen.resize(2, 4)
    assert (one.past, one.lines, one.cursor) == (["0123"], ["4567", "89"], (2, 1))
    one.feed("ab!")
    assert one.lines == ["89ab", "!"]


def test_the_other_screen_is_cut_at_the_top_where_the_cursor_would_be_lost() -> None:
    grid = Grid(4, 4)
    for y, char in enumerate("abcd"):
        grid.rows[y].put(0, char, PLAIN)
    grid.go(0, 3)
    grid.crop(2, 8)
    assert ([row.text for row in grid.rows], grid.y, len(grid.rows[0].chars)) == (["c", "d"], 1, 8)
