"""Automations and their runs as the command line shows them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from zotui.automations.automation import Automation, Run, Schedule, moment
from zotui.automations.moments import zone_to_show
from zotui.automations.words import spoken
from zotui.cli.door import rfc3339
from zotui.store import now_ms
from zotui.text import in_time, one_line


def as_object(one: Automation) -> dict[str, Any]:
    """An automation as a JSON object."""
    fields: dict[str, Any] = msgspec.to_builtins(one)
    when = fields.pop("schedule")
    times = {name: rfc3339(getattr(one, name)) for name in ("next_run", "created_at", "updated_at")}
    return {**fields, **when, **times, "state": one.state}


def run_as_object(run: Run) -> dict[str, Any]:
    """A run as a JSON object."""
    fields: dict[str, Any] = msgspec.to_builtins(run)
    times = ("instant", "until", "created_at", "started_at", "finished_at")
    return fields | {name: rfc3339(getattr(run, name)) for name in times}


def said(when: Schedule) -> str:
    """When, in words."""
    if not when.rrule:
        return f"{one_line(', '.join(when.rdate), 80)}, {when.tz}"
    return spoken(when.rrule, when.start, when.tz, moment(now_ms()))


def local(ms: int, tz: str) -> str:
    """A time on the wall of a zone."""
    return f"{moment(ms).astimezone(zone_to_show(tz)):%a %d %b %Y %H:%M}"


def line_of(run: Run, tz: str) -> list[str]:
    """A run as the cells of a row."""
    times = f" × {run.times:,}" if run.times > 1 else ""
    said = run.error or one_line(run.output.strip().rpartition("\n")[2], 200)
    reason = f"{run.status} ({run.reason}){times}" if run.reason else run.status
    return [run.mark, run.name, local(run.instant, tz), reason, said]


def lines_of(one: Automation, upcoming: Sequence[datetime], runs: Sequence[Run], now: int) -> Iterator[str]:
    """All of an automation, a line each."""
    when, policy = one.schedule, one.policy
    yield f"{one.title}  ({one.name}, {one.state})"
    if one.problem:
        yield f"  problem   {one.problem}"
    yield f"  {one.action.kind:<9} {one_line(one.action.text, 300)}"
    if when.recurs:
        yield f"  when      {said(when)}"
    for rule in when.rrule.splitlines():
        yield f"  rule      {rule}"
    if when.recurs:
        yield f"  from      {when.start or 'its DTSTART'}, {when.tz}"
    if when.changed:
        yield f"  whenever  {when.changed} has changed"
    if when.words:
        yield f"  said as   {when.words}"
    for name, values in (
        ("without", when.exdate),
        ("also", when.rdate),
        ("hosts", one.action.hosts),
        ("may", one.action.grants),
    ):
        if values:
            yield f"  {name:<9} {', '.join(values)}"
    yield f"  missed    {policy.misfire}; overlap {policy.overlap}; at most {policy.timeout_s:,} s"
    yield f"  told      {policy.notify_if}; {', '.join(('inbox', *policy.deliver))}"
    for at in upcoming:
        yield f"  next      {at:%a %Y-%m-%d %H:%M %z}  {in_time(int(at.timestamp() * 1000), now)}"
    for run in runs:
        yield f"  was       {'  '.join(line_of(run, when.tz))}"
