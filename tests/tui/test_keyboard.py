"""What comes in from the terminal: a paste is text and a reply no key, however their bytes are split."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from zotui.text import clean
from zotui.tui import keyboard as module
from zotui.tui.keyboard import END, START, BackgroundKnown, Keyboard

LOG = "build \x1b[32mOK\x1b[0m\tdone \x11 \x1b[31mERROR\x1b[0m\r\n\r\n"


def fed(*chunks: str) -> list[Message]:
    """All messages that these chunks make."""
    keyboard = Keyboard()
    return [message for chunk in chunks if chunk for message in keyboard.feed(chunk)]


@given(st.integers(0, len(START + LOG + END)), st.integers(0, len(START + LOG + END)))
def test_a_pasted_log_is_one_paste(first: int, second: int) -> None:
    whole = START + LOG + END + "x"
    low, high = sorted((first, second))
    messages = fed(whole[:low], whole[low:high], whole[high:])
    assert [type(message) for message in messages] == [events.Paste, events.Key]
    assert isinstance(messages[0], events.Paste)
    assert messages[0].text == clean(LOG)


@given(st.text(st.sampled_from("ab\x1b[201~\t\r\n\x03é")))
def test_whatever_is_pasted_no_key_comes_of_it(text: str) -> None:
    text = text.replace(END, "")
    messages = fed(START + text, END)
    assert not [message for message in messages if isinstance(message, events.Key)]


def test_keys_and_sequences_outside_pass() -> None:
    messages = fed("a", "\x1b[A", "\x1b[15~")
    assert [message.key for message in messages if isinstance(message, events.Key)] == ["a", "up", "f5"]


LIGHT, DARK = "\x1b]11;rgb:fbfb/fafa/f7f7\x1b\\", "\x1b]11;rgb:14/16/1b\x07"
IS_DARK, IS_LIGHT = "\x1b[?997;1n", "\x1b[?997;2n"


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the keyboard."""
    clock = Clock()
    monkeypatch.setattr(module, "monotonic", clock)
    monkeypatch.setattr("textual._parser.get_time", clock)
    return clock


def keys(messages: list[Message]) -> list[str]:
    """The keys among messages."""
    return [message.key for message in messages if isinstance(message, events.Key)]


def told(messages: list[Message]) -> list[bool]:
    """What the terminal said of its background."""
    return [message.dark for message in messages if isinstance(message, BackgroundKnown)]


@pytest.mark.parametrize("reply", [LIGHT, DARK, IS_DARK, IS_LIGHT])
@given(st.sets(st.integers(1, 40)))
def test_a_reply_is_no_key_however_it_is_split(reply: str, cuts: set[int]) -> None:
    whole = f"a{reply}b\x1b[A{reply}"
    places = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]
    messages = fed(*(whole[first:last] for first, last in itertools.pairwise(places)))
    assert told(messages) == [reply in (DARK, IS_DARK)] * 2
    assert keys(messages) == ["a", "b", "up"]


def test_a_background_that_nobody_understands_is_no_key() -> None:
    messages = fed("a", "\x1b]11;nonsense\x07", "\x1b]10;rgb:00/00/00\x07", "b")
    assert told(messages) == []
    assert keys(messages) == ["a", "b"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("\x1b", ["escape"]), ("\x1b[", ["left_square_bracket"]), ("\x1b]", ["right_square_bracket"])],
)
def test_what_could_begin_a_reply_is_a_key_after_a_moment(typed: str, expected: list[str], clock: Clock) -> None:
    keyboard = Keyboard()
    assert keys([*keyboard.feed(typed), *keyboard.tick()]) == []
    clock.now += 0.5
    assert keys(list(keyboard.tick())) == expected
    assert keys(list(keyboard.feed("x"))) == ["x"]


def test_a_reply_that_breaks_off_is_dropped_after_a_while(clock: Clock) -> None:
    keyboard = Keyboard()
    list(keyboard.feed("\x1b]11;rgb:fb"))
    clock.now += 0.5
    assert list(keyboard.tick()) == []
    assert told(list(keyboard.feed("/fa/f7\x07"))) == [False]
    list(keyboard.feed("\x1b]11;rgb:fb"))
    clock.now += 5
    assert list(keyboard.tick()) == []
    assert keys(list(keyboard.feed("x"))) == ["x"]


@given(st.integers(0, 80), st.integers(0, 80))
def test_what_is_pasted_says_nothing_of_the_terminal(first: int, second: int) -> None:
    whole = f"{START}one {LIGHT}{IS_DARK}two{END}x"
    low, high = sorted((first, second))
    messages = fed(whole[:low], whole[low:high], whole[high:])
    assert told(messages) == []
    assert [message.text for message in messages if isinstance(message, events.Paste)] == ["one two"]
    assert keys(messages) == ["x"]
