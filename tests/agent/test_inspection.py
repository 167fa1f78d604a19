"""What a model was sent, told piece by piece."""

import json

import pytest

from zotui.agent.inspection import Inspection, pieces_of, told
from zotui.images import TOKENS

PICTURE = "data:image/png;base64," + "iVBORw0KGgo" * 500_000 + "=="


def body(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"model": "m", "messages": []},
        {"messages": [{"role": "system", "content": 'a "b"\n\nc é'}, {"role": "user", "content": "c"}], "tools": [{}]},
        {"system": [{"type": "text", "text": "a"}, {"type": "text", "text": "c"}], "n": 1e300, "x": [1, {"a": None}]},
    ],
)
def test_the_pieces_joined_are_the_body(document: object) -> None:
    pieces = pieces_of(body(document), [("first", 'a "b"'), ("second", "c é"), ("none", "z")])
    assert "".join(piece.text for piece in pieces).encode() == body(document)


def test_a_picture_is_told_by_its_length_and_weighed_as_a_model_does() -> None:
    """Megabytes of base64 in a page of the app would stop it for as long as a person waits."""
    content = [{"type": "text", "text": "what is this?"}, {"type": "image_url", "image_url": {"url": PICTURE}}]
    sent = body({"model": "m", "messages": [{"role": "user", "content": content}] * 2})
    found = told(Inspection("lab/m", 1, sent, pieces_of(sent, [])))
    assert len(found) < 2000
    assert "data:image/png;base64,[5,500,002 characters of base64]" in found
    assert "what is this?" in found
    user = next(piece for piece in pieces_of(sent, []) if piece.name.startswith("user"))
    assert TOKENS < user.tokens < TOKENS + 100
