"""What comes in from the terminal: a paste is text, however its bytes are split."""

from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from zotui.text import clean
from zotui.tui.keyboard import END, START, Keyboard

LOG = "build \x1b[32mOK\x1b[0m\tdone \x11 \x1b[31mERROR\x1b[0m\r\n\r\n"


def fed(*chunks: str) -> list[Message]:
    """All messages that these chunks make."""
    keyboard = Keyboard()
    return [message for chunk in chunks for message in keyboard.feed(chunk)]


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
