"""Rules as rows, and the conditions that they hold on."""

import pytest

from zotui.errors import NotFound, UsageError
from zotui.policy.conditions import Judged, Scope, Verdict, fits, judged
from zotui.policy.regexes import LONGEST, Regexes
from zotui.policy.rules import LONGEST as LONGEST_RULE
from zotui.policy.rules import LONGEST_CONDITION, MOST, Kind, Rules
from zotui.store import Store


async def nobody(condition: str) -> Verdict:
    raise AssertionError(f"asked about {condition}")


async def becomes(store: Store, text: str, *paths: str) -> list[Judged]:
    """What becomes of the enabled rules."""
    return list(await judged(await Rules(store).list(enabled=True), Scope(text, paths), Regexes(), nobody))


async def test_a_rule_is_added_changed_disabled_and_removed(store: Store) -> None:
    rules = Rules(store)
    first = await rules.add("  Answer in French.\n")
    second = await rules.add("Use type hints.", "glob", "*.py")
    assert [rule.instruction for rule in await rules.list()] == ["Answer in French.", "Use type hints."]
    assert (first.when, second.when, first.enabled) == ("always", "for *.py", True)
    changed = await rules.edit(second.id[-8:], "Use types.", "regex", "typ(es|ing)")
    assert (changed.id, changed.instruction, changed.when) == (second.id, "Use types.", "on /typ(es|ing)/")
    assert (await rules.edit(second.id, kind="always")).condition == ""
    assert not (await rules.disable(first.id)).enabled
    assert [rule.id for rule in await rules.list(enabled=True)] == [second.id]
    assert (await rules.enable(first.id)).enabled
    assert (await rules.remove(first.id)).instruction == "Answer in French."
    assert [rule.id for rule in await rules.list()] == [second.id]
    with pytest.raises(NotFound, match="no rule"):
        await rules.edit(first.id, "x")


@pytest.mark.parametrize(
    ("instruction", "kind", "condition", "said"),
    [
        (" \x1b[2J\n", "always", "", "the rule is empty"),
        ("x" * (LONGEST_RULE + 1), "always", "", "at most 4,000 are kept"),
        ("x", "always", "*.py", "has no condition"),
        ("x", "glob", " ", "needs a condition"),
        ("x", "model", "", "needs a condition"),
        ("x", "regex", "(", r"'\(' is no regular expression: missing"),
        ("x", "regex", "a{99999999999}", "is no regular expression"),
        ("x", "regex", "x" * (LONGEST_CONDITION + 1), "more than 500 characters"),
        ("x", "glob", "x" * (LONGEST_CONDITION + 1), "more than 500 characters"),
        ("x", "sometimes", "", "no kind of rule 'sometimes'"),
    ],
    ids=["empty", "long", "always-if", "blank", "no-words", "bad", "huge", "long-regex", "long-glob", "no-kind"],
)
async def test_what_is_no_rule_is_refused(
    store: Store, instruction: str, kind: Kind, condition: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        await Rules(store).add(instruction, kind, condition)
    assert "\n" not in str(caught.value)
    assert await Rules(store).list() == []


async def test_an_end_that_fits_several_and_more_rules_than_are_kept_are_refused(store: Store) -> None:
    rules = Rules(store)
    await store.write(
        lambda db: db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO rules(id, instruction, created_at, updated_at) SELECT i || '-same', 'x', 1, 1 FROM n",
            (MOST,),
        )
    )
    with pytest.raises(UsageError, match="200 rules end in 'same'"):
        await rules.find("same")
    with pytest.raises(UsageError, match="there are 200 rules"):
        await rules.add("one more")


@pytest.mark.parametrize(
    ("pattern", "path", "fit"),
    [
        ("*.py", "a.py", True), ("*.py", "src/deep/a.py", True), ("*.py", "a.pyc", False), ("*.PY", "a.py", False),
        ("build", "out/build/x.o", True), ("src/*.py", "src/a.py", True), ("src/*.py", "src/b/a.py", False),
        ("src/*.py", "other/src/a.py", False), ("src/**/*.py", "src/a.py", True), ("src/**/*.py", "src/b/c/a.py", True),
        ("src/", "src/b/c/a.md", True), ("src/", "srcs/a", False), ("**/test_*", "a/b/test_x", True), ("/src/*", "src/a", True),
        ("/etc/*", "/etc/hosts", True), ("[", "[", True), ("**/" * 100 + "x", "a/" * 100 + "y", False),
    ],
)  # fmt: skip
def test_paths_fit_patterns(pattern: str, path: str, fit: bool) -> None:
    assert fits(pattern, path) is fit


async def test_rules_hold_always_for_paths_and_on_texts_and_say_why(store: Store) -> None:
    rules = Rules(store)
    await rules.add("a")
    await rules.add("b", "glob", "*.py")
    await rules.add("c", "regex", r"(?i)\bdeploy\b")
    await rules.disable((await rules.add("d")).id)
    found = await becomes(store, "Deploy it", "src/a.py")
    assert [(rule.instruction, rule.holds, rule.why) for rule in found] == [
        ("a", True, "always"),
        ("b", True, "src/a.py matches *.py"),
        ("c", True, r"the request matches /(?i)\bdeploy\b/"),
    ]
    found = await becomes(store, "deployment", "a.md")
    assert [(rule.holds, rule.why) for rule in found[1:]] == [
        (False, "nothing at hand matches *.py"),
        (False, r"the request does not match /(?i)\bdeploy\b/"),
    ]


async def test_a_pattern_that_would_take_for_ever_is_given_up_and_the_others_are_answered(store: Store) -> None:
    rules = Rules(store)
    await rules.add("a", "regex", "(a+)+$")
    await rules.add("b", "regex", "aab$")
    found = await becomes(store, "a" * 60 + "b")
    assert [(rule.holds, rule.why) for rule in found] == [
        (False, "/(a+)+$/ took too long"),
        (True, "the request matches /aab$/"),
    ]


async def test_patterns_see_the_beginning_of_a_long_text_and_any_character() -> None:
    regexes = Regexes()
    text = "é\0\U0001f600" + "x" * LONGEST + "end"
    assert await regexes.found_in(text, ["end", "^é\0", "x", "\U0001f600"]) == (False, True, True, True)
    assert await regexes.found_in(text, []) == ()
