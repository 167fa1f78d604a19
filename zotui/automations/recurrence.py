"""When something recurs: rules, what is added to them and what is left out, in a zone. Pure: no clock, no file."""

import heapq
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from zotui.automations import content, elapsed, walls
from zotui.automations.moments import instant_of, moment_of, wall_of, zone_of
from zotui.automations.rule import Rule

Moment = str | datetime | date
_SLACK = timedelta(hours=26)  # a day that a zone left out, and some


class NeverFires(ValueError):
    """A rule without a time, as far as one looks."""


class Recurrence:
    """Moments of rules that begin at a time on the wall of a zone.

    DAILY and coarser rules keep to the clock on the wall: what it leaps over happens later by the leap, what it shows twice
    happens once. Finer ones go by the time that passes. The start is an anchor: it is no moment itself unless a rule
    says so. Raises ValueError, which names the part, the value and what it may be.
    """

    def __init__(
        self,
        rrule: str,
        start: Moment = "",
        tz: str = "UTC",
        exdate: Iterable[Moment] = (),
        rdate: Iterable[Moment] = (),
    ) -> None:
        said = content.read(rrule)
        self.rules = said.rules
        self.zone = zone_of(said.tz or tz)
        if said.start and start:
            raise ValueError(f"DTSTART={said.start}: the start is given twice")
        if not (said.start or start):
            raise ValueError("start: is missing; it must be a time as 2027-03-07T09:00")
        self.start = wall_of(said.start or start, self.zone, "DTSTART" if said.start else "start")
        self._left_out = [_excluded(one, self.zone) for one in [*said.exdate, *exdate]]
        self._added = sorted({self._moment(one) for one in [*said.rdate, *rdate]})
        if not self.rules and not self._added:
            raise ValueError("RRULE: there is no rule, and no RDATE")
        for rule in self.rules:
            if rule.until is not None and rule.until.instant(self.zone) < instant_of(self.start, self.zone):
                raise ValueError(f"UNTIL={rule.until}: must not be before the start, {self.start.isoformat()}")

    def __iter__(self) -> Iterator[datetime]:
        return self.following(None)

    def following(self, after: datetime | None) -> Iterator[datetime]:
        """All moments later than an instant, in order, in the zone. Raises NeverFires where rules have none left, as far as
        one looks, though nothing ends them."""
        last = after
        streams = [self._of(rule, after) for rule in self.rules]
        for at in heapq.merge(iter(self._added), *streams):
            if (last is None or at > last) and not self._is_left_out(at):
                last = at
                yield at.astimezone(self.zone)

    def _of(self, rule: Rule, after: datetime | None) -> Iterator[datetime]:
        """The moments of one rule, in UTC, in order; some before ``after`` may be among them."""
        until = rule.until.instant(self.zone) if rule.until else None
        fired = False
        for at in self._nominal(rule, after):
            if at is None:
                if not fired and not self._added:
                    raise NeverFires(f"{rule}: never fires after {after.isoformat() if after else 'its start'}")
                return
            if until is not None and at > until:
                return
            fired = True
            yield at

    def _nominal(self, rule: Rule, after: datetime | None) -> Iterator[datetime | None]:
        """The moments of a rule within its COUNT. Of one with a COUNT all are counted from the start on, unless it has no part
        that leaves steps out."""
        start = instant_of(self.start, self.zone)
        since = max(start, after) if after else start
        skipped = 0
        if rule.count is not None:
            since, skipped = start, 0
            if after and (gone := steps_before(rule, start, after)) is not None:
                skipped = min(gone, rule.count)
                since = start + timedelta(seconds=skipped * rule.interval * elapsed.UNITS[rule.freq])
        until = rule.until.instant(self.zone) if rule.until else elapsed.LAST
        found: Iterator[datetime | None]
        if rule.by_clock:
            wall = self.start if since == start else since.astimezone(self.zone).replace(tzinfo=None) - _SLACK
            found = walls.walls(rule, self.start, wall, until.astimezone(self.zone).replace(tzinfo=None))
            found = islice(found, rule.count) if rule.count is not None else found
            return self._in_order(found)
        found = elapsed.instants(rule, start, self.zone, since, until)
        if rule.count is None:
            return found
        return islice((at for at in found if at is None or at >= since), rule.count - skipped)

    def _in_order(self, found: Iterator[datetime | None]) -> Iterator[datetime | None]:
        """Times on the wall as instants: those that a clock leaps over come later than the ones behind them."""
        waiting: list[datetime] = []
        for wall in found:
            if wall is None:
                yield from sorted(waiting)
                yield None
                return
            at = instant_of(wall, self.zone)
            while waiting and waiting[0] < at - _SLACK:
                yield heapq.heappop(waiting)
            heapq.heappush(waiting, at)
        yield from sorted(waiting)

    def _moment(self, value: Moment) -> datetime:
        """One that is added, in UTC: of a day at the time of the start."""
        moment = _parsed(value, "RDATE")
        if not isinstance(moment, datetime):
            moment = datetime.combine(moment, self.start.time())
        return instant_of(wall_of(moment, self.zone, "RDATE"), self.zone)

    def _is_left_out(self, at: datetime) -> bool:
        return any(begin <= at < end for begin, end in self._left_out)


def occurrences(
    rrule: str,
    start: Moment = "",
    tz: str = "UTC",
    exdate: Iterable[Moment] = (),
    rdate: Iterable[Moment] = (),
    after: Moment | None = None,
    n: int = 5,
) -> list[datetime]:
    """The first ``n`` moments of a rule, or of the lines of RFC 5545, later than ``after`` (without it, from the start on), aware
    and in the zone ``tz``. Raises ValueError, which names the part, the value and what it may be."""
    recurrence = Recurrence(rrule, start, tz, exdate, rdate)
    later = None if after is None else instant_of(wall_of(after, recurrence.zone, "after"), recurrence.zone)
    return list(islice(recurrence.following(later), max(0, n)))


def steps_before(rule: Rule, start: datetime, after: datetime) -> int | None:
    """How many steps of a rule by elapsed time lie before an instant; None where not every step is a moment."""
    limits = rule.bymonth or rule.byday or rule.bymonthday or rule.byyearday or rule.byhour or rule.byminute
    if rule.by_clock or limits or rule.bysecond:
        return None
    return max(0, (after - start) // timedelta(seconds=rule.interval * elapsed.UNITS[rule.freq]))


def _excluded(value: Moment, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """What one EXDATE leaves out, from an instant on to another: an instant, or a whole day of the zone."""
    moment = _parsed(value, "EXDATE")
    begin = wall_of(moment, zone, "EXDATE")
    if isinstance(moment, datetime):
        at = instant_of(begin, zone)
        return at, at + timedelta(seconds=1)
    return instant_of(begin, zone), instant_of(begin + timedelta(days=1), zone)


def _parsed(value: Moment, name: str) -> datetime | date:
    try:
        return moment_of(value) if isinstance(value, str) else value
    except ValueError:
        wall_of(value, ZoneInfo("UTC"), name)  # says so, and names it
        raise
