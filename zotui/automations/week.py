"""What happens on the coming days: of each automation the first moment in every hour. Pure; slow, so for a thread."""

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from zotui.automations.automation import Schedule
from zotui.automations.recurrence import Recurrence

DAYS = 7
IN_AN_HOUR = 4  # moments that are gone through one by one before the rest of the hour is leapt over
PATIENCE_S = 0.5  # of computing, for all
_TICK = timedelta(milliseconds=1)


class Week(NamedTuple):
    """Moments by the ids of automations, each the first in its hour, in the zone. ``is_whole``: that is all of them."""

    begin: datetime
    moments: Mapping[str, Sequence[datetime]]
    is_whole: bool


def week(schedules: Iterable[tuple[str, Schedule]], now: datetime, zone: ZoneInfo) -> Week:
    """What happens from now on until the end of the sixth day after this one. Blocks, for PATIENCE_S at most or little more."""
    begin = now.astimezone(zone)
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    until = midnight + timedelta(days=DAYS)
    started, moments = time.thread_time(), dict[str, list[datetime]]()
    for id_, schedule in schedules:
        of = moments[id_] = []
        with contextlib.suppress(ValueError):  # it cannot be read, or never fires
            for at in _firsts(schedule.recurrence(), begin, until, zone):
                of.append(at)
                if time.thread_time() - started > PATIENCE_S:
                    return Week(begin, moments, False)
    return Week(begin, moments, True)


def _firsts(recurrence: Recurrence, since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The first moment of each hour that has one."""
    found, seen = recurrence.following(since), 0
    last: datetime | None = None
    while (next_one := next(found, None)) is not None and (at := next_one.astimezone(zone)) < until:
        hour = at.replace(minute=0, second=0, microsecond=0)
        if last is None or (hour, hour.fold) != (last, last.fold):
            yield at
            last, seen = hour, 0
        elif (seen := seen + 1) == IN_AN_HOUR:
            left = timedelta(hours=1) - (at.replace(tzinfo=None) - hour.replace(tzinfo=None))
            found = recurrence.following(at.astimezone(ZoneInfo("UTC")) + left - _TICK)
