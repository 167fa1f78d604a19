"""Server-sent events: the rules of the standard, however the bytes are cut."""

from collections import deque
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zotui.models.sse import Parser, ServerEvent, TooLong

STREAM = (
    "\ufeff: hello\r\n\r\nevent: message\rdata: {\"a\":\r\ndata: \"zażółć 🐢 \u2028 \x85\"}\n\n"
    "retry: 5\nid: 7\ndata:no space\n\ndata\n\nevent: lost\n\n: x\ndata: last\n"
).encode()  # fmt: skip
EVENTS = [
    ServerEvent("message", '{"a":\n"zażółć 🐢 \u2028 \x85"}'.encode()),
    ServerEvent("", b"no space"),
    ServerEvent("", b""),
    ServerEvent("", b"last"),
]


def parsed(*chunks: bytes) -> list[ServerEvent]:
    parser = Parser()
    return [event for chunk in chunks for event in parser.feed(chunk)] + parser.close()


def test_whole() -> None:
    assert parsed(STREAM) == EVENTS


def test_every_byte_alone() -> None:
    assert parsed(*(STREAM[place : place + 1] for place in range(len(STREAM)))) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=8).map(sorted))
def test_any_cuts_give_the_same_events(cuts: list[int]) -> None:
    bounds = [0, *cuts, len(STREAM)]
    assert parsed(*(STREAM[start:end] for start, end in pairwise(bounds))) == EVENTS


@given(st.lists(st.sampled_from([b"data: x", b"data", b":", b"\r", b"\n", b"\r\n", b"event: e", b"\xef\xbb\xbf"])))
def test_cuts_never_matter(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    assert parsed(*pieces) == parsed(whole) == parsed(*(bytes([byte]) for byte in whole))


@pytest.mark.parametrize("chunks", [[b"data: " + b"x" * 20], [b"data: 12345\n"] * 4, [b"x"] * 20, [b"data:\n"] * 20])
def test_what_is_too_long_is_refused(chunks: list[bytes]) -> None:
    parser = Parser(longest=16)
    with pytest.raises(TooLong):
        deque(map(parser.feed, chunks))
