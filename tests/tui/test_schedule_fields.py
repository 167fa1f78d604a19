"""The form of an automation: what is written there, and what the subsystem is asked."""

from typing import Any

import msgspec
import pytest

from zotui.automations.automation import Action, Automation, Policy, Schedule
from zotui.errors import UsageError
from zotui.tui.schedule_fields import Written, asked_of, is_rule, may_become_rule, more_of, when_of, written_of

RULE = "FREQ=DAILY;BYHOUR=9"
OLD = Automation(
    "id", "brief", Schedule(RULE, "2026-01-01T00:00:00", "Europe/Paris", exdate=("2026-12-25",)),
    Action("run", "df -h", hosts=("a.example", "b.example"), folder="my notes"),
    Policy(overlap="queue", timeout_s=60, budget=0.5, notify_if="changed", deliver=("file:a b.txt",)), True, 1, "", False, 1, 1,
)  # fmt: skip

NOTHING: dict[str, Any] = {"exdate": (), "rdate": (), "changed": ""}


def changed(**fields: str) -> dict[str, Any]:
    return asked_of(msgspec.structs.replace(written_of(OLD), **fields), OLD)


def test_an_automation_as_the_form_says_it() -> None:
    assert written_of(OLD) == Written(
        "brief", RULE, "Europe/Paris", "run", "df -h", "latest", "queue", "changed",
        "'folder=my notes' host=a.example host=b.example timeout=60 budget=0.5 'deliver=file:a b.txt' exdate=2026-12-25",
    )  # fmt: skip
    words = msgspec.structs.replace(OLD, schedule=msgspec.structs.replace(OLD.schedule, words="every day at 9"))
    assert written_of(words).when == "every day at 9"


def test_of_an_edit_only_what_has_changed_is_asked() -> None:
    assert changed() == {}
    assert changed(title="other") == {"title": "other"}
    assert changed(text="df") == {"run": "df"}
    assert changed(kind="ask") == {"ask": "df -h"}
    assert changed(misfire="all", told="") == {"misfire": "all", "notify_if": "always"}


def test_what_is_taken_out_of_the_last_line_is_as_usual_again() -> None:
    asked = changed(more="host=a.example timeout=60 quiet=22:00-07:00")
    assert asked == {
        "hosts": ("a.example",), "quiet": "22:00-07:00", "folder": "", "budget": 0.0, "deliver": (),
        "rrule": RULE, "tz": "Europe/Paris", "start": "2026-01-01T00:00:00", **NOTHING,
    }  # fmt: skip


def test_another_rule_begins_anew_and_another_zone_keeps_the_rule() -> None:
    assert changed(when="FREQ=HOURLY") == {
        "rrule": "FREQ=HOURLY", "tz": "Europe/Paris", **NOTHING, "exdate": ("2026-12-25",)
    }  # fmt: skip
    assert changed(when="every hour")["text"] == "every hour"
    assert changed(tz="UTC") == {
        "rrule": RULE, "tz": "UTC", "start": "2026-01-01T00:00:00", **NOTHING, "exdate": ("2026-12-25",)
    }  # fmt: skip


def test_a_file_whose_changes_start_it() -> None:
    form = Written(text="Read it.", more="changed=notes.md")
    assert asked_of(form) == {"ask": "Read it.", "rrule": "", "tz": "", **NOTHING, "changed": "notes.md"}
    watching = msgspec.structs.replace(OLD, schedule=Schedule("", "", "UTC", changed="notes.md"))
    assert written_of(watching).more.endswith("changed=notes.md")
    without = msgspec.structs.replace(written_of(watching), when="every hour", more="")
    assert asked_of(without, watching)["changed"] == ""


def test_words_of_before_are_not_read_again() -> None:
    once = msgspec.structs.replace(OLD, schedule=msgspec.structs.replace(OLD.schedule, words="tomorrow at 9"))
    assert when_of(written_of(once), once)["rrule"] == RULE
    assert "text" not in when_of(written_of(once), once)


def test_a_new_one() -> None:
    form = Written(when="every day at 9", text="What is new?", more="model=lab/tiny")
    assert asked_of(form) == {"ask": "What is new?", "text": "every day at 9", "tz": "", "model": "lab/tiny", **NOTHING}
    several = Written(
        when="FREQ=DAILY;BYHOUR=9 | FREQ=DAILY;BYHOUR=18", kind="skill", text="x", more="""arguments='{"a": 1}'"""
    )
    assert asked_of(several) == {
        "skill": "x", "rrule": "FREQ=DAILY;BYHOUR=9\nFREQ=DAILY;BYHOUR=18", "tz": "", "arguments": {"a": 1}, **NOTHING
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("colour=red", "more: 'colour=red' is none of script="),
        ("timeout", "more: 'timeout' is none of"),
        ("folder='x", "a quotation mark has no other end"),
        ("arguments=[1]", "arguments=[1]: no JSON object"),
    ],
    ids=["unknown", "no value", "quotes", "arguments"],
)
def test_a_last_line_that_cannot_be(line: str, said: str) -> None:
    with pytest.raises(UsageError, match="more: ") as caught:
        more_of(line)
    assert said in str(caught.value)


def test_rules_and_words_are_told_apart_while_one_types() -> None:
    assert [is_rule(text) for text in ("freq=daily", "RRULE:FREQ=DAILY", "every day", "frequently")] == [
        True,
        True,
        False,
        False,
    ]
    assert [may_become_rule(text) for text in ("", "f", "FREQ", "FREQ=", "every", "e")] == [
        False, True, True, False, False, True,
    ]  # fmt: skip
