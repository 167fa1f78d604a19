"""What is asked of an automation, as keywords of a verb, a tool or a script, made into what its row holds."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import PurePosixPath
from typing import Any, TypeVar

import msgspec

from zotui.automations import conditions, delivering
from zotui.automations.automation import Action, Automation, Kind, Policy, Schedule
from zotui.automations.content import read
from zotui.automations.moments import wall_of, zone_of
from zotui.automations.recurrence import NeverFires, Recurrence, occurrences
from zotui.automations.telling import hours_of
from zotui.automations.zones import local_zone
from zotui.errors import UsageError
from zotui.text import clean, one_line

FLOOR_S = 60  # between two times, at least
LOOKED = 8  # times that are looked at for that
KINDS: tuple[Kind, ...] = ("ask", "run", "skill", "tell")
WHEN = ("text", "rrule", "start", "tz", "exdate", "rdate", "changed")
LONGEST = 100_000  # characters of what happens
LIMITS = {"jitter_s": 86_400, "timeout_s": 86_400, "retries": 10, "backoff_s": 86_400, "dedupe_s": 2_592_000}

T = TypeVar("T")
Check = Callable[[Action], Action]
"""Looks whether there is what an action names. Raises ZotuiError."""


def schedule_of(asked: Mapping[str, Any], now: datetime) -> tuple[Schedule, Sequence[str]]:
    """When it happens, and what the person should know of that. Raises UsageError."""
    text, rrule = str(asked.get("text") or "").strip(), clean(str(asked.get("rrule") or "")).strip()
    rdate = tuple(map(str, asked.get("rdate") or ()))
    changed = place_of(str(asked.get("changed") or ""))
    if (text and (rrule or rdate)) or not (text or rrule or rdate or changed):
        raise UsageError("when shall it happen?", "--text “every weekday at 9am”, or --rrule FREQ=…, or --changed PATH")
    zone = str(asked.get("tz") or "")
    try:
        zone = zone_of(zone).key if zone else local_zone()
        if not (text or rrule or rdate):
            return Schedule("", "", zone, changed=changed), ()
        if text:
            schedule, notes = _said(text, now, zone)
        else:
            schedule, notes = Schedule(rrule, str(asked.get("start") or ""), zone), ()
        schedule = msgspec.structs.replace(
            schedule, exdate=tuple(map(str, asked.get("exdate") or ())), rdate=rdate, tz=read(rrule).tz or schedule.tz
        )
        if not schedule.start and not read(rrule).start:
            schedule = msgspec.structs.replace(schedule, start=_start(schedule, now))
        if asked.get("start") and text:
            schedule = msgspec.structs.replace(schedule, start=str(asked["start"]))
        _check_gaps(schedule.recurrence())
    except ValueError as error:
        raise UsageError(str(error)) from None
    return msgspec.structs.replace(schedule, changed=changed), notes


def place_of(text: str) -> str:
    """A path of the workspace, from there. Raises UsageError."""
    text = clean(text).strip()
    path = PurePosixPath(text)
    if text and (path.is_absolute() or ".." in path.parts or "\n" in text):
        raise UsageError(f"{one_line(text, 60)!r} is no path of the workspace", "name it from there, as reports/in")
    return str(path) if text else ""


def action_of(asked: Mapping[str, Any], check: Check) -> Action:
    """What happens. Raises UsageError."""
    kinds = [kind for kind in KINDS if asked.get(kind)]
    if len(kinds) != 1:
        raise UsageError("what shall happen?", "--ask TEXT, --run CMD, --skill NAME or --tell TEXT: one of them")
    text = clean(str(asked[kinds[0]])).strip()
    if not text or len(text) > LONGEST:
        raise UsageError(
            f"what shall happen is {'empty' if not text else 'too long'}", f"at most {LONGEST:,} characters"
        )
    fields = _fields(asked, Action)
    return check(_converted({**fields, "kind": kinds[0], "text": text}, Action))


def policy_of(asked: Mapping[str, Any], old: Policy | None = None) -> Policy:
    """What holds; what is not said is as it was. Raises UsageError."""
    known = msgspec.to_builtins(old or Policy())
    policy = _converted({**known, **_fields(asked, Policy)}, Policy)
    for name, most in LIMITS.items():
        least = 1 if name == "timeout_s" else 0
        if not least <= getattr(policy, name) <= most:
            raise UsageError(f"{name}={getattr(policy, name)}: must be {least}-{most:,}")
    if not 0 <= policy.budget < 1_000_000:
        raise UsageError(f"budget={policy.budget}: must be dollars a day, 0 for no cap")
    try:
        if policy.quiet:
            hours_of(policy.quiet)
    except ValueError as error:
        raise UsageError(str(error)) from None
    deliver = tuple(dict.fromkeys(map(delivering.check, policy.deliver)))
    return msgspec.structs.replace(policy, notify_if=conditions.check(policy.notify_if), deliver=deliver)


def refuse_unknown(asked: Mapping[str, Any]) -> None:
    """Raises UsageError that names what nobody knows."""
    known = {*WHEN, *KINDS, "title", *Action.__struct_fields__, *Policy.__struct_fields__} - {"kind"}
    if unknown := [name for name in asked if name not in known]:
        raise UsageError(
            f"{one_line(unknown[0], 40)!r} is nothing that an automation has", f"it has {', '.join(sorted(known))}"
        )


def title_of(asked: Mapping[str, Any], action: Action, old: Automation | None = None) -> str:
    """What it is called: as said, else as before, else by what happens."""
    return one_line(str(asked.get("title") or (old.title if old else action.text)), 80) or action.kind


def rescheduled(asked: Mapping[str, Any], old: Schedule, now: datetime) -> tuple[Schedule, Sequence[str]]:
    """When it happens, where it did otherwise: what is not said is as it was. Raises UsageError."""
    said = {name: asked[name] for name in WHEN if asked.get(name) is not None}
    if any(said.get(name) for name in ("text", "rrule", "rdate")):
        return schedule_of({"tz": old.tz, "changed": old.changed, "exdate": old.exdate, **said}, now)
    if not said:
        return old, ()
    known = {name: getattr(old, name) for name in ("rrule", "start", "tz", "exdate", "rdate", "changed")}
    schedule, notes = schedule_of({**known, **said}, now)
    words = "" if {"start", "tz"} & set(said) else old.words  # else they would say another time
    return msgspec.structs.replace(schedule, words=words), notes


def redone(asked: Mapping[str, Any], old: Action) -> dict[str, Any]:
    """What happened, in the words of who asks; without what it was where that is another now."""
    known: dict[str, Any] = msgspec.to_builtins(old)
    kind, text = known.pop("kind"), known.pop("text")
    return known if any(asked.get(one) for one in KINDS) else {**known, kind: text}


def _said(text: str, now: datetime, zone: str) -> tuple[Schedule, Sequence[str]]:
    from zotui.automations.words import Ambiguous, understood

    try:
        when = understood(text, now, zone)
    except Ambiguous as question:
        raise UsageError(question.question, " / ".join(question.choices)) from None
    return Schedule(when.rrule, when.start, when.tz, words=one_line(text, 300)), when.notes


def _start(schedule: Schedule, now: datetime) -> str:
    """Where nobody says from when: midnight, so that what a rule leaves open is round; where times are counted, the first
    that is to come."""
    midnight = datetime.combine(now.astimezone(zone_of(schedule.tz)).date(), datetime.min.time())
    rules = read(schedule.rrule).rules
    if not any(rule.count is not None for rule in rules):
        return midnight.isoformat()
    endless = "\n".join(str(msgspec.structs.replace(rule, count=None)) for rule in rules)
    first = occurrences(endless, midnight, schedule.tz, after=now, n=1)
    return (first[0].replace(tzinfo=None) if first else midnight).isoformat()


def _check_gaps(recurrence: Recurrence) -> None:
    """Raises ValueError where it would happen too often."""
    try:
        found = list(islice(recurrence.following(datetime.now(UTC) - timedelta(days=1)), LOOKED))
    except NeverFires:
        found = []
    for first, second in pairwise(found):
        if (gap := (second - first).total_seconds()) < FLOOR_S:
            raise ValueError(f"{gap:.0f} s lie between two times: must be {FLOOR_S} s at least")


def upcoming(schedule: Schedule, after: datetime, n: int) -> list[datetime]:
    """The next times. Raises UsageError."""
    if not schedule.recurs:
        return []
    try:
        return list(islice(schedule.recurrence().following(after), n))
    except NeverFires:
        return []
    except ValueError as error:
        raise UsageError(str(error)) from None


def instant(value: str, zone: str, name: str) -> datetime:
    """A time that somebody names, in a zone where it says none. Raises UsageError."""
    try:
        return wall_of(value, zone_of(zone), name).replace(tzinfo=zone_of(zone))
    except ValueError as error:
        raise UsageError(str(error)) from None


def _fields(asked: Mapping[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    names = set(kind.__struct_fields__) - set(WHEN) - {"kind"}
    return {name: value for name, value in asked.items() if name in names and value is not None}


def _converted(fields: Mapping[str, Any], kind: type[T]) -> T:
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(one_line(str(error), 200)) from None
