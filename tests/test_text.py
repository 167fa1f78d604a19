"""What ``zotui.text`` lets through, and how it says sizes and times."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zotui.text import LONGEST_STRING, Cleaner, ago, clean, cut, one_line, size, thousands

PAYLOADS = [
    ("plain", "plain"),
    ("", ""),
    ("tab\tand\nline", "tab\tand\nline"),
    ("a[red]b[/red]", "a[red]b[/red]"),
    ("a\x1b]52;c;ZXZpbA==\x07b", "ab"),  # OSC 52: the clipboard
    ("a\x1b]52;c;ZXZpbA==\x1b\\b", "ab"),
    ("a\x1b]0;title\x07b", "ab"),
    ("a\x1b]0;títle\x9cb", "ab"),
    ("a\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\b", "alinkb"),
    ("a\x1b]1337;File=x\ny\x07b", "ab"),
    ("a\x1b[6nb", "ab"),
    ("a\x1b[2Jb", "ab"),
    ("a\x1b[1;31mb\x1b[0m", "ab"),
    ("a\x1b[38:2::1:2:3mb", "ab"),
    ("a\x1b[?1049hb\x1b[?1049l", "ab"),
    ("a\x1b[>4;1mb\x1b[!pc\x1b[ qd", "abcd"),
    ("a\x1b[12", "a"),
    ("a\x1b[12é", "aé"),
    ("a\x1b[1\x1b[2Jb", "ab"),
    ("a\x1bP1$r0m\x1b\\b", "ab"),
    ("a\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\b", "atmux;b"),
    ("a\x1b_Gq=2\x1b\\b\x1b^pm\x1b\\c\x1bXsos\x1b\\d", "abcd"),
    ("a\x1bcb", "ab"),  # RIS: reset
    ("a\x1b(0b\x1b#8c\x1b7d", "abcd"),
    ("a\x1b\x1b\x1b[2Jb", "ab"),
    ("a\x1b", "a"),
    ("a\x1b\nb", "a\nb"),
    ("a\x9b2Jb\x9d0;t\x07c\x90q\x9cd\x9fz\x9ce\x84f\x9cg", "abcdefg"),
    ("a\x85b", "a\nb"),
    ("a\u2028b\u2029c", "a\nb\nc"),
    ("a\r\nb\rc\r\r\nd\n\re", "a\nb\nc\n\nd\n\ne"),
    ("a\x00\x07\x08\x0b\x0c\x0e\x7fb", "ab"),
    ("a\x18\x1ab", "ab"),
    ("user\u202egpj.exe\u202c \u2066x\u2069\u200e\u200f\u061cy", "usergpj.exe xy"),
    ("a\u200b\u2060\ufeff\u2062\xadb", "ab"),
    ("a\U000e0041\U000e007fb\U000e0101\ufe01", "ab"),
    ("👩\u200d🚀 ❤\ufe0f می\u200cخواهم ☎\ufe0e", "👩\u200d🚀 ❤\ufe0f می\u200cخواهم ☎\ufe0e"),
    ("a\ud83db\udc9b", "a\ufffdb\ufffd"),
    ("a\x1b]0;never ends", "a0;never ends"),
    ("a\x1b]" + "x" * LONGEST_STRING + "\x07b", "ab"),
    ("a\x1b]" + "x" * (LONGEST_STRING + 1) + "\x07b", "a" + "x" * (LONGEST_STRING + 1) + "b"),
    ("a\x1b[" + "1" * 65 + "m", "a1m"),
]
PIECES = st.sampled_from(
    [
        *"aé日\n\r\t ;]P[0m\\\u200d\u202e\U000e0041\ud800\x85\u2028😀",
        *"\x1b\x07\x9b\x9d\x9c\x18\x90",
        "\x1b]",
        "\x1b]0;",
        "\x1b[",
        "\x1b[31",
        "\x1b(",
        "\x1b\\",
        "x" * (LONGEST_STRING - 1),
        "1" * 63,
        " " * 7,
    ]
)
TEXTS = st.lists(PIECES | st.characters(), max_size=30).map("".join)


def safe(text: str) -> bool:
    """Whether a text has no control character but newline and tab, and no half pair."""
    return all(c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs", "Zl", "Zp"} for c in text)


@pytest.mark.parametrize(("given_text", "wanted"), PAYLOADS)
def test_payloads(given_text: str, wanted: str) -> None:
    assert clean(given_text) == wanted
    cleaner = Cleaner()
    assert "".join(map(cleaner.feed, given_text)) + cleaner.finish() == wanted
    assert cleaner.feed("again") == "again"


@given(TEXTS)
def test_clean_is_safe_and_idempotent(text: str) -> None:
    once = clean(text)
    assert safe(once)
    assert clean(once) == once
    assert "\u202e" not in once


@given(TEXTS, st.lists(st.integers(0, 3 * LONGEST_STRING), max_size=8))
def test_any_split_gives_the_same(text: str, places: list[int]) -> None:
    cleaner, parts, last = Cleaner(), [], 0
    for place in [*sorted(place % (len(text) + 1) for place in places), len(text)]:
        parts.append(cleaner.feed(text[last:place]))
        last = place
    assert "".join(parts) + cleaner.finish() == clean(text)


@given(TEXTS)
def test_one_character_at_a_time_gives_the_same(text: str) -> None:
    cleaner = Cleaner()
    assert "".join(map(cleaner.feed, text)) + cleaner.finish() == clean(text)


def test_a_cleaner_keeps_little_back() -> None:
    cleaner = Cleaner()
    said = cleaner.feed("\x1b]")
    for _ in range(100):
        said += cleaner.feed("x" * 100)
    assert len(said) >= 10_000 - LONGEST_STRING


@pytest.mark.parametrize("hostile", ["\x1b]", "\x9d", "\x1b]x", "\x1b[", "\x1b", "\r", "\x9b1;", "\x1bP" + "x" * 4000])
def test_no_text_takes_long(hostile: str) -> None:
    text = (hostile * 300_000)[:300_000]
    began = time.process_time()
    clean(text)
    assert time.process_time() - began < 2


def test_one_line() -> None:
    assert one_line("  a\r\n\t b\x1b[2J  c ") == "a b c"
    assert one_line("x" * 80) == "x" * 80
    assert one_line("x" * 81) == "x" * 79 + "…"
    assert one_line("one two three", 8) == "one two…"
    assert one_line("a b c", 1) == "…"
    assert one_line("word " * 100_000, 9) == "word wor…"


@given(st.text(), st.integers(1, 20))
def test_one_line_fits(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert line == " ".join(line.split())


def test_cut() -> None:
    assert cut("short", 5) == ("short", 0)
    lines = "\n".join(f"line {n}" for n in range(100))
    shown, left_out = cut(lines, 60)
    assert shown == "line 0\nline 1\nline 2\nline 3\n…\nline 97\nline 98\nline 99"
    assert left_out == len(lines) - (len(shown) - 3)
    assert cut("x" * 100, 11) == ("xxxx\n…\nxxxx", 92)
    assert cut("abc", 2) == ("ab", 1)
    assert cut("abc", 0) == ("", 3)


@given(st.text(st.sampled_from("ab\n"), max_size=60), st.integers(0, 40))
def test_cut_fits(text: str, budget: int) -> None:
    shown, left_out = cut(text, budget)
    assert len(shown) <= budget
    assert (left_out == 0) == (shown == text)


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_960, "10 kB"),
        (999_600, "1.0 MB"),
        (4_900_000, "4.9 MB"),
        (48_000_000_000, "48 GB"),
        (2_000_000_000_000_000, "2000 TB"),
    ],
)
def test_size(n_bytes: int, words: str) -> None:
    assert size(n_bytes) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "now"), (59, "now"), (60, "1 min"), (7200, "2 h"), (86_400 * 3, "3 d"), (86_400 * 800, "2 y")],
)
def test_ago(seconds: int, words: str) -> None:
    assert ago(1_000_000, 1_000_000 + seconds * 1000) == words


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0"), (999, "999"), (1000, "1k"), (131_072, "131k"), (1_048_576, "1.05M")]
)
def test_thousands(count: int, words: str) -> None:
    assert thousands(count) == words
