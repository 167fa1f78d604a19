"""Whether a run is worth telling."""

from collections.abc import Sequence

import pytest

from zotui.automations.conditions import Facts, check, holds, question_of
from zotui.errors import UsageError
from zotui.policy.regexes import Regexes

OUTPUT = "disk 91% full\nerror 503\n"


async def never(text: str, patterns: Sequence[str]) -> Sequence[bool | None]:
    raise AssertionError("nothing is searched for")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("always", True),
        ("never", False),
        ("changed", True),
        ("not changed", False),
        ("'error' in output", True),
        ("'error' not in output", False),
        ("empty", False),
        ("lines > 1", True),
        ("lines >= 3", False),
        ("number > 90", True),
        ("number < -90", False),
        ("number == 91", True),
        ("exit_code != 0", False),
        ("status == 'done' and not empty", True),
        ("empty or lines == 2 and 1 < number < 100", True),
    ],
)
async def test_an_expression(text: str, expected: bool) -> None:
    facts = Facts(OUTPUT, "done", 0, "disk 90% full\n")
    assert await holds(check(text), facts, never) is expected


@pytest.mark.parametrize(("before", "changed"), [(None, True), (f"\n{OUTPUT}", False), ("x", True)])
async def test_changed_means_since_the_time_before(before: str | None, changed: bool) -> None:
    assert await holds("changed", Facts(OUTPUT, "done", 0, before), never) is changed


async def test_a_pattern_is_searched_for_with_a_limit() -> None:
    facts, search = Facts(OUTPUT, "done", 0, None), Regexes().found_in
    assert await holds(check(r"matches('[45]\d\d')"), facts, search)
    assert not await holds(check("matches('fatal')"), facts, search)
    slow = Facts("a" * 40 + "b", "done", 0, None)
    assert await holds(check("matches('(a+)+$')"), slow, search)  # better told than not


async def test_what_cannot_be_decided_is_told() -> None:
    assert await holds("number > 3", Facts("no number", "done", 0, None), never)
    assert await holds("'x' in exit_code", Facts("", "done", None, None), never)


@pytest.mark.parametrize(
    "text",
    [
        "", "()", "output.upper()", "__import__('os')", "print", "matches", "matches()", "matches('[')", "matches(output)", "1 + 1",
        "lambda: 1", "[1]", "output[0]", "nothing == 1", "None", "x" * 501, "not", "a = 1", "output is output", "f'{output}'",
        "(" * 400, "\0",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="the condition"):
        check(text)


def test_a_model_may_judge() -> None:
    assert check(" Model:  is it   urgent? ") == "model: is it urgent?"
    assert question_of("model: is it urgent?") == "is it urgent?"
    assert not question_of("changed")
