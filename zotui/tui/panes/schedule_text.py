"""Automations in words: as rows with countdowns, in full, and what happens in a week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.text import Text

from zotui.automations.automation import Policy, moment
from zotui.automations.moments import zone_of
from zotui.automations.week import DAYS
from zotui.automations.words import spoken
from zotui.text import in_time, one_line
from zotui.tui.widgets.rows import Row

if TYPE_CHECKING:
    from zotui.automations.automation import Automation, Run
    from zotui.automations.queue import Listed, State
    from zotui.automations.week import Week

UNITS_MS = (86_400_000, 3_600_000, 60_000, 1_000)
CLOCK = 9  # cells of a time in the list
HOURS = 24
MARKS = {"running": "▸", "broken": "!", "paused": "‖", "over": "·"}
STYLES = {"broken": "error", "paused": "dim", "over": "dim"}
KINDS = {"ask": "asks", "run": "runs", "skill": "skill", "tell": "tells"}
MISFIRE = {"latest": "the latest, within a day", "skip": "left out", "all": "all, ten at most"}
OVERLAP = {"skip": "left out", "queue": "waits", "replace": "takes its place"}
MANY = 10  # hours of a day from which on an automation is no single times any more


def state_of(one: Listed) -> State:
    """How it is."""
    if one.running:
        return "running"
    state = one.automation.state
    return state if state in ("active", "broken", "paused") else "over"  # type: ignore[return-value]


def row_of(one: Listed, now: int, zone: ZoneInfo, whole: bool) -> Row:
    """An automation on a line: when it is next on this machine's clock, its name, how long until then. ``whole``: there is
    room for what became of the last time, too."""
    automation, state = one.automation, state_of(one)
    title = one_line(automation.title, 200)
    if state == "broken":
        title = f"{title} · {one_line(automation.problem, 200)}"
    when = f"{clock(automation.next_run, now, zone)} " if automation.next_run is not None else ""
    waits = state == "active" and one.waiting
    mark = MARKS.get(state) or ("…" if waits else one.last.mark if one.last else "")
    style = STYLES.get(state) or ("warn" if state == "active" and one.last and is_bad(one.last) else "")
    return Row(automation.id, f"{when}{title}", aside_of(one, now, whole), mark, style, 0 if when else CLOCK + 1)


def aside_of(one: Listed, now: int, whole: bool) -> str:
    """How long it runs, or until it does; and what became of the last time, where that was bad or there is room."""
    state, last = state_of(one), one.last
    if state == "running" and one.running:
        return f"runs {lasted(now - (one.running.started_at or now))}"
    if state != "active":
        return f"{word_of(last)} · {state}" if whole and last else state
    if one.waiting:
        return "waits"
    automation = one.automation
    soon = until(automation.next_run, now) if automation.next_run is not None else "on a change"
    if whole and last:
        return f"{word_of(last)} · {soon}"
    return word_of(last) if last and is_bad(last) else soon


def changes_at(one: Listed, now: int) -> int | None:
    """When a row says something else by itself, in milliseconds since 1970; None where it does not."""
    if one.running:
        ran = max(0, now - (one.running.started_at or now))
        unit = next((unit for unit in UNITS_MS if ran >= unit), 1_000)
        return now + unit - ran % unit
    left = (one.automation.next_run or 0) - now
    if not one.automation.enabled or left <= 0:
        return None
    unit = next((unit for unit in UNITS_MS if left >= unit), 1_000)
    return now + left % unit + 1


def until(then: int, now: int) -> str:
    """How long it is until then."""
    return in_time(then, now) if then > now else "due"


def lasted(ms: int) -> str:
    """How long something went on."""
    return in_time(ms, 0).removeprefix("in ")


def word_of(run: Run) -> str:
    """What became of a run, in a word or two."""
    if run.reason == "missed":
        return f"missed {run.times:,}"
    return f"{run.status} ({run.reason})" if run.status == "skipped" and run.reason else run.status


def is_bad(run: Run) -> bool:
    """Whether a person should know of it."""
    return run.status in ("failed", "interrupted") or run.reason == "missed"


def clock(ms: int, now: int, zone: ZoneInfo) -> str:
    """A time on the clock of a zone, in nine cells."""
    at, today = moment(ms).astimezone(zone), moment(now).astimezone(zone).date()
    return f"{at:%a %H:%M}" if 0 <= (at.date() - today).days < DAYS else f"{at:%d %b %y}"


def day_and_time(at: datetime) -> str:
    """A time as it stands in a list of them."""
    return f"{at:%a %d %b %Y %H:%M} {at.tzname()}"


def full(one: Listed, upcoming: Sequence[datetime], runs: Sequence[Run], now: int) -> Text:
    """All of an automation: what, when, how, its next times and its last ones."""
    automation, text = one.automation, Text()
    text.append(f"{automation.title}\n", "bold")
    text.append(f"{state_of(one)}{f' · {one.waiting:,} waiting' if one.waiting else ''}\n\n")
    if automation.problem:
        text.append(f"! {automation.problem}\n\n")
    _part(text, [(KINDS[automation.action.kind], automation.action.text)])
    _part(text, _when(automation, now))
    _part(text, _how(automation))
    _part(text, [("next" if not place else "", day_and_time(at)) for place, at in enumerate(upcoming)])
    _part(text, [("last" if not place else "", line_of(run, automation)) for place, run in enumerate(runs)])
    text.append(automation.id, "dim")
    if automation.tainted:
        text.append("\n! untrusted: made where anybody's words were")
    return text


def line_of(run: Run, automation: Automation) -> str:
    """A run on a line."""
    at = moment(run.instant).astimezone(zone_of(automation.schedule.tz))
    took = f" · {lasted(run.finished_at - run.started_at)}" if run.finished_at and run.started_at else ""
    return one_line(f"{run.mark} {at:%a %d %b %H:%M} {word_of(run)}{took}  {said(run)}", 300)


def said(run: Run) -> str:
    """What a run says at its end: what went wrong, or the last line that it put out."""
    return one_line(run.error or run.output.strip().rpartition("\n")[2], 200)


def _part(text: Text, lines: Sequence[tuple[str, str]]) -> None:
    for name, words in lines:
        text.append(f"{name:<9}", "dim").append(f"{words}\n")
    if lines:
        text.append("\n")


def _when(automation: Automation, now: int) -> list[tuple[str, str]]:
    when = automation.schedule
    rules = when.rrule.splitlines()
    said = spoken(when.rrule, when.start, when.tz, moment(now)) if rules else ""
    lines = [
        ("when", said if said != when.rrule else ""), ("said as", when.words), *(("rule", rule) for rule in rules),
        ("from", f"{when.start or 'its DTSTART'}, {when.tz}" if when.recurs else ""), ("without", ", ".join(when.exdate)),
        ("also", ", ".join(when.rdate)), ("whenever", f"{when.changed} has changed" if when.changed else ""),
    ]  # fmt: skip
    return [(name, words) for name, words in lines if words]


def _how(automation: Automation) -> list[tuple[str, str]]:
    action, policy, usual = automation.action, automation.policy, Policy()
    more = [
        ("script", action.script), ("in", action.folder), ("reaches", ", ".join(action.hosts)), ("may", ", ".join(action.grants)),
        ("model", action.model), ("persona", action.persona), ("chat", action.conversation),
        ("tools", action.scope if action.kind == "ask" and action.scope != "all" else ""),
        ("retries", f"{policy.retries}, after {policy.backoff_s:,} s" if policy.retries else ""),
        ("put off", f"by up to {policy.jitter_s:,} s" if policy.jitter_s else ""),
        ("at most", f"{lasted(policy.timeout_s * 1_000)}" + (f", ${policy.budget:g} a day" if policy.budget else "")),
        ("quiet", policy.quiet), ("told", f"{policy.notify_if}: {', '.join(('inbox', *policy.deliver))}"),
    ]  # fmt: skip
    shown = [(name, value) for name, value in more if value]
    if policy.dedupe_s != usual.dedupe_s:
        shown.append(("the same", f"is told again after {lasted(policy.dedupe_s * 1_000)}"))
    return [("missed", MISFIRE[policy.misfire]), ("overlap", OVERLAP[policy.overlap]), *shown]


def week_text(week: Week, titles: Mapping[str, str], chosen: str, width: int, note: str = "") -> Text:
    """Seven days, a line each: in which hours something happens (● what is chosen, ○ another), and what. ``width``: cells."""
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{'':7}{'0     6     12    18':<{HOURS}}  {note}\n"[: width + 1], "dim")
    for number in range(DAYS):
        day = week.begin.date() + timedelta(days=number)
        of = {id_: [at for at in moments if at.date() == day] for id_, moments in week.moments.items()}
        text.append(f"{day:%a} {day.day:>2} ", "bold" if not number else "")
        text.append(_hours(of, chosen, week.begin.hour if not number else 0))
        words = " · ".join(_words(of, titles))
        text.append(f"  {one_line(words, max(8, width - 9 - HOURS))}\n" if width > HOURS + 20 else "\n", "dim")
    text.right_crop(1)
    return text


def _hours(of: Mapping[str, Sequence[datetime]], chosen: str, begin: int) -> str:
    mine = {at.hour for at in of.get(chosen, ())}
    others = {at.hour for moments in of.values() for at in moments}
    return "".join(
        "●" if hour in mine else "○" if hour in others else "·" if hour >= begin else " " for hour in range(HOURS)
    )


def _words(of: Mapping[str, Sequence[datetime]], titles: Mapping[str, str]) -> list[str]:
    """What happens on a day: single times in their order, before what happens in many hours."""
    seldom = sorted((at, id_) for id_, moments in of.items() if len(moments) < MANY for at in moments)
    often = [f"{titles.get(id_, id_)} in {len(moments)} hours" for id_, moments in of.items() if len(moments) >= MANY]
    times = [
        f"{at:%H:%M} {', '.join(titles.get(id_, id_) for _, id_ in those)}"
        for at, those in groupby(seldom, key=lambda one: one[0])
    ]
    return [*times, *often]


def week_in_full(week: Week, titles: Mapping[str, str]) -> str:
    """Seven days, to be read."""
    lines = [f"{'':12}0     6     12    18"]
    for number in range(DAYS):
        day = week.begin.date() + timedelta(days=number)
        of = {id_: [at for at in moments if at.date() == day] for id_, moments in week.moments.items()}
        lines += [f"{day:%a %d %b}  {_hours(of, '', week.begin.hour if not number else 0)}"]
        lines += [f"  {one_line(words, 200)}" for words in _words(of, titles)] or ["  nothing"]
    return "\n".join(lines)
