"""Bytes into documents: any bytes, endless ones, and what is kept of them."""

import pytest
from conftest import HOST, answered, events
from hypothesis import given
from hypothesis import strategies as st

from zotui.models import ProviderError
from zotui.models.body import Body
from zotui.models.turn import RAW_CHARS, Tail


@given(st.binary(max_size=200))
def test_any_bytes_end_in_an_answer_or_an_error(data: bytes) -> None:
    with pytest.raises(ProviderError):
        answered(data)
    with pytest.raises(ProviderError):
        answered(b"data: " + data)


def test_raw_texts_are_bounded_and_without_the_key() -> None:
    tail = Tail(HOST)
    body = Body(HOST, tail)
    list(body.feed(events({"x": "sk-secret"}, *[{"y": "z" * 100}] * 100)))
    assert len(tail.text) == RAW_CHARS
    list(body.feed(b'data: {"x": "sk-secret"}\n\n'))
    assert '{"x": "[key]"}' in tail.text


def test_a_list_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.models.sse.LONGEST", 100)
    with pytest.raises(ProviderError, match="endless"):
        answered(b"{", b" " * 100)
