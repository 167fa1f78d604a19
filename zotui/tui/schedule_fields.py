"""What the form of an automation says, as what the subsystem is asked; and an automation as what the form says."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from zotui.automations.automation import Action, Policy
from zotui.errors import UsageError
from zotui.text import one_line

if TYPE_CHECKING:
    from zotui.automations.automation import Automation

BEGINS = ("FREQ=", "RRULE", "DTSTART", "EXDATE", "RDATE")  # what a rule begins with, and no words do
BETWEEN = " | "  # rules, where a line holds several
NAMES = {  # as the options of the command line are called, and what they are
    "script": "script", "arguments": "arguments", "folder": "folder", "host": "hosts", "conversation": "conversation",
    "model": "model", "persona": "persona", "scope": "scope", "grant": "grants", "jitter": "jitter_s",
    "timeout": "timeout_s", "retries": "retries", "backoff": "backoff_s", "budget": "budget", "quiet": "quiet",
    "deliver": "deliver", "dedupe": "dedupe_s", "start": "start", "exdate": "exdate", "rdate": "rdate", "changed": "changed",
}  # fmt: skip
SEVERAL = ("hosts", "grants", "deliver", "exdate", "rdate")
WHEN = ("start", "exdate", "rdate", "changed")


class Written(msgspec.Struct, frozen=True):
    """What stands in the form. ``more``: NAME=VALUE, with blanks between; in quotes where a value has blanks."""

    title: str = ""
    when: str = ""
    tz: str = ""
    kind: str = "ask"
    text: str = ""
    misfire: str = "latest"
    overlap: str = "skip"
    told: str = "always"
    more: str = ""


def written_of(one: Automation) -> Written:
    """What the form says of an automation."""
    when = one.schedule.words or BETWEEN.join(one.schedule.rrule.splitlines())
    policy = one.policy
    return Written(
        one.title, when, one.schedule.tz, one.action.kind, one.action.text, policy.misfire, policy.overlap, policy.notify_if,
        more=shlex.join(f"{name}={value}" for name, value in _said(one)),
    )  # fmt: skip


def when_of(form: Written, old: Automation | None = None) -> dict[str, Any]:
    """When it shall happen, as ``Automations.schedule`` is asked. What was said of an automation before is no word any more:
    “tomorrow” is the day that it was. Raises UsageError."""
    said = {name: value for name, value in more_of(form.more).items() if name in WHEN}
    more = {"exdate": (), "rdate": (), "changed": "", **said}
    when = form.when.strip()
    if old is not None and when == written_of(old).when:
        return {"rrule": old.schedule.rrule, "tz": form.tz.strip(), "start": old.schedule.start, **more}
    rule = is_rule(when) or not when
    rules = {"rrule": when.replace(BETWEEN, "\n")} if rule else {"text": when}
    return {**rules, "tz": form.tz.strip(), **more}


def asked_of(form: Written, old: Automation | None = None) -> dict[str, Any]:
    """What ``Automations.add`` is asked, or ``edit`` of an automation: there only what has changed. Raises UsageError."""
    before = written_of(old) if old else Written()
    more, known = more_of(form.more), more_of(before.more)
    asked: dict[str, Any] = {
        name: value for name, value in more.items() if name not in WHEN and known.get(name) != value
    }
    asked |= {name: _usual(name) for name in known if name not in more and name not in WHEN}
    if (form.kind, form.text) != (before.kind, before.text) or old is None:
        asked[form.kind] = form.text
    if form.title != before.title:
        asked["title"] = form.title
    for name, now, then in (
        ("misfire", form.misfire, before.misfire),
        ("overlap", form.overlap, before.overlap),
        ("notify_if", form.told.strip() or "always", before.told),
    ):
        if now != then:
            asked[name] = now
    if old is None or when_of(form, old) != when_of(before, old):
        asked |= when_of(form, old)
    return asked


def is_rule(when: str) -> bool:
    """Whether that is a rule of RFC 5545, and no words."""
    return when.upper().startswith(BEGINS)


def may_become_rule(when: str) -> bool:
    """Whether that is so little yet that it may become a rule."""
    return bool(when) and any(begin.startswith(when.upper()) and begin != when.upper() for begin in BEGINS)


def more_of(line: str) -> dict[str, Any]:
    """What a line of NAME=VALUE says. Raises UsageError."""
    try:
        parts = shlex.split(line)
    except ValueError:
        raise UsageError("more: a quotation mark has no other end") from None
    found: dict[str, Any] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        field = NAMES.get(name.strip().lower().replace("-", "_"))
        if not equals or field is None:
            raise UsageError(f"more: {one_line(part, 40)!r} is none of {', '.join(f'{one}=' for one in NAMES)}")
        found[field] = (*found.get(field, ()), value) if field in SEVERAL else _value(field, value)
    return found


def _value(field: str, value: str) -> Any:
    if field != "arguments":
        return value
    try:
        arguments = json.loads(value)
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        raise UsageError(f"more: arguments={one_line(value, 40)}: no JSON object", """arguments='{"city": "Oslo"}'""")
    return arguments


def _said(one: Automation) -> list[tuple[str, str]]:
    """The fields of the last line that are not as usual."""
    found: list[tuple[str, str]] = []
    for name, field in NAMES.items():
        if field == "start":
            continue  # every schedule has one, and most were not said
        value = _of(one, field)
        if value == _usual(field):
            continue
        values = value if field in SEVERAL else [json.dumps(value) if field == "arguments" else value]
        found += [(name, f"{each:g}" if isinstance(each, float) else str(each)) for each in values]
    return found


def _of(one: Automation, field: str) -> Any:
    for part in (one.action, one.policy, one.schedule):
        if hasattr(part, field):
            value = getattr(part, field)
            return dict(value) if isinstance(value, Mapping) else value
    raise KeyError(field)


def _usual(field: str) -> Any:
    """What a field is that nobody says."""
    if field in ("exdate", "rdate", "changed"):
        return "" if field == "changed" else ()
    value = getattr(Policy(), field, None)
    return getattr(Action("ask", ""), field) if value is None else value
