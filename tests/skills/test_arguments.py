"""What a skill's function is called with, checked before anything starts."""

from typing import Any

import pytest

from zotui.errors import UsageError
from zotui.skills import Script
from zotui.skills.arguments import from_values, from_words
from zotui.skills.scripts import script_in


def script(signature: str) -> Script:
    found = script_in("scripts/weather.py", f"def run({signature}): ...".encode(), [])
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("signature", "words", "arguments"),
    [
        ("city: str, days: int = 3", ["Oslo", "days=5"], {"city": "Oslo", "days": 5}),
        ("city: str", ["123"], {"city": "123"}),
        ("a: float, b: float", ["1", "2.5"], {"a": 1, "b": 2.5}),
        ("a: bool, b: bool", ["yes", "false"], {"a": True, "b": False}),
        ("a: list[int]", ["[1, 2]"], {"a": [1, 2]}),
        ("a: list[str]", ["x, y"], {"a": ["x", "y"]}),
        ("a: dict", ['{"b": null}'], {"a": {"b": None}}),
        ("a: Optional[int] = None", ["null"], {"a": None}),
        ("a: 'int | None' = None", ["4"], {"a": 4}),
        ("a: typing.Literal['x', 'y']", ["y"], {"a": "y"}),
        ("a: typing.Annotated[()]", ["x"], {"a": "x"}),
        ("a: Path", ["notes/a.md"], {"a": "notes/a.md"}),
        ("text", ["2 + 2 = 4"], {"text": "2 + 2 = 4"}),
        ("url: str", ["http://a.org/?q=1"], {"url": "http://a.org/?q=1"}),
        ("**more", ["city=Oslo"], {"city": "Oslo"}),
    ],
)
def test_words_become_what_the_signature_says(signature: str, words: list[str], arguments: dict[str, Any]) -> None:
    found = from_words(script(signature), words)
    assert found == arguments
    assert [type(value) for value in found.values()] == [type(value) for value in arguments.values()]


@pytest.mark.parametrize(
    ("signature", "words", "said"),
    [
        ("city: str", [], "weather needs city"),
        ("city: str, days: int", ["Oslo", "3", "Rome"], "there is no place for 'Rome'"),
        ("city: str", ["Oslo", "town=Rome"], "weather has no argument 'town'"),
        ("city: str", ["city=Oslo", "city=Rome"], "city is given twice"),
        ("days: int", ["soon"], "days: 'soon' is no int"),
        ("days: int", ["true"], "days: 'true' is no int"),
        ("a: float", ["NaN"], "a: 'NaN' is no float"),
        ("a: Literal['x']", ["z"], "a: 'z' is no Literal['x']"),
    ],
)
def test_words_that_do_not_fit_are_one_line(signature: str, words: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_words(script(signature), words)
    assert caught.value.message == said
    assert caught.value.hint == f"it is run({signature})"


@pytest.mark.parametrize(
    ("signature", "values"),
    [
        ("a: int", {"a": True}),
        ("a: int", {"a": "1"}),
        ("a: str", {"a": None}),
        ("a: list[int]", {"a": [1, "2"]}),
        ("a: dict[str, int]", {"a": {"b": "c"}}),
        ("a: Union[int, str]", {"a": []}),
        ("a: Literal[1]", {"a": True}),
        ("a: int = 1", {"b": 1}),
        ("a", {}),
    ],
)
def test_values_are_not_bent(signature: str, values: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        from_values(script(signature), values)


def test_values_that_fit_are_left_as_they_are() -> None:
    values = {"a": 1, "b": [{"c": None}], "d": "x"}
    assert from_values(script("a: float, b: list[dict], **more"), values) == values
