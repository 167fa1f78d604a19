"""Rules that go by the time that passes (HOURLY, MINUTELY, SECONDLY): a step is so many seconds, whatever the clocks on the
walls do meanwhile; what they show only decides which steps count."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from zotui.automations.moments import instant_of
from zotui.automations.rule import Rule
from zotui.automations.walls import has_day, picked

UNITS = {"HOURLY": 3_600, "MINUTELY": 60, "SECONDLY": 1}
LOOKED = 20_000  # leaps and steps without a time after which a rule never fires: of days, that is 54 years
LAST = datetime(9998, 1, 1, tzinfo=UTC)

Instants = Iterator[datetime | None]


def instants(rule: Rule, start: datetime, zone: ZoneInfo, after: datetime, last: datetime = LAST) -> Instants:
    """The moments of a rule that begins at the instant ``start``, from ``after`` or a little before it on, up to ``last``; None
    where it never fires again. COUNT and UNTIL are not looked at."""
    seconds = rule.interval * UNITS[rule.freq]
    step = max(0, (after - start) // timedelta(seconds=seconds) - 1)
    idle = 0
    while (at := start + timedelta(seconds=step * seconds)) <= last:
        local = at.astimezone(zone)
        leap = _leap(rule, local)
        if leap:
            step += max(1, -(-leap // seconds))
            idle += 1
        else:
            found = [one for one in picked(rule.bysetpos, _within(rule, at, local)) if one >= start]
            yield from found
            step += 1
            idle = 0 if found else idle + 1
        if idle > LOOKED:
            yield None
            return


def _leap(rule: Rule, local: datetime) -> int:
    """Seconds to where the next step could count, 0 where this one does."""
    into_hour = local.minute * 60 + local.second
    if not has_day(rule, local.date()):
        midnight = datetime.combine(local.date() + timedelta(days=1), time())
        assert isinstance(local.tzinfo, ZoneInfo)
        return int((instant_of(midnight, local.tzinfo) - local).total_seconds()) or 1
    if rule.byhour and local.hour not in rule.byhour:
        return 3_600 - into_hour
    if rule.freq != "HOURLY" and rule.byminute and local.minute not in rule.byminute:
        return 60 - local.second
    if rule.freq == "SECONDLY" and rule.bysecond and local.second not in rule.bysecond:
        return 1
    return 0


def _within(rule: Rule, at: datetime, local: datetime) -> list[datetime]:
    """The moments of one step: within its hour those of BYMINUTE, within its minutes those of BYSECOND."""
    minutes = rule.byminute if rule.byminute and rule.freq == "HOURLY" else (local.minute,)
    seconds = rule.bysecond if rule.bysecond and rule.freq != "SECONDLY" else (local.second,)
    into_hour = local.minute * 60 + local.second
    return [at + timedelta(seconds=minute * 60 + second - into_hour) for minute, second in product(minutes, seconds)]
