"""What an agent with a session of its own is told: all at first, then the new words and what guides them."""

from typing import Any

from zotui.models.dialect import Request
from zotui.models.retelling import resumed, retold
from zotui.models.zo import Zo


def conversation(*names: str, session: str = "") -> list[dict[str, Any]]:
    """A conversation whose system message has parts of these names."""
    parts = [{"type": "text", "name": name, "text": f"the {name}"} for name in names]
    answer = {"role": "assistant", "content": "two", **({"opaque": {"session": session}} if session else {})}
    return [
        {"role": "system", "content": parts},
        {"role": "user", "content": "one"},
        answer,
        {"role": "user", "content": "three"},
    ]


def test_in_a_session_the_rules_that_hold_now_are_told_with_the_new_words() -> None:
    names = ("persona", "character", "instructions", "skills", "AGENTS.md", "rules", "memory")
    told = resumed(conversation(*names, session="s1"))
    assert told is not None
    assert (told.text, told.session) == ("the character\n\nthe AGENTS.md\n\nthe rules\n\nthree", "s1")
    plain = resumed(conversation("persona", "memory", session="s1"))
    assert plain is not None
    assert plain.text == "three"


def test_zo_in_a_conversation_of_its_own_is_told_them_too() -> None:
    messages = conversation("persona", "rules")
    messages[2]["opaque"] = {"conversation_id": "con_1"}
    assert Zo().body(Request(model="default", messages=messages))["input"] == "the rules\n\nthree"


def test_without_one_all_that_concerns_another_computer_is_told() -> None:
    assert resumed(conversation("rules")) is None
    text = retold(conversation("persona", "character", "skills", "rules", "memory")).text
    assert text.startswith("the character\n\nthe rules\n\nthe memory\n\nThe conversation so far:\n\nPerson: one")
