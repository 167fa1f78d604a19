"""Times as people and calendars write them, and the clock on the wall of a place."""

import re
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import msgspec

_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z)?)?", re.IGNORECASE)
EARLIEST, LATEST = 1800, 9000  # years in which automations run: there is room on both sides for zones and weeks


class Until(msgspec.Struct, frozen=True):
    """The last moment of a rule, itself included: an instant (``utc``), a time on the wall, or the end of a day (``whole``)."""

    at: datetime
    utc: bool = False
    whole: bool = False

    def __str__(self) -> str:
        return f"{self.at:%Y%m%d}" if self.whole else f"{self.at:%Y%m%dT%H%M%S}" + ("Z" if self.utc else "")

    def instant(self, zone: ZoneInfo) -> datetime:
        """The moment in UTC, where the rest is read in this zone."""
        if self.utc:
            return self.at.replace(tzinfo=UTC)
        wall = self.at + timedelta(days=1, microseconds=-1) if self.whole else self.at
        return wall.replace(tzinfo=zone, fold=1).astimezone(UTC)  # of an hour that comes twice, the second


def until_of(text: str) -> Until:
    """The end of a rule as RFC 5545 or ISO 8601 write it. Raises ValueError."""
    moment = moment_of(text)
    if isinstance(moment, datetime):
        aware = moment.tzinfo is not None
        return Until(moment.astimezone(UTC).replace(tzinfo=None) if aware else moment, utc=aware)
    return Until(datetime.combine(moment, time()), whole=True)


def moment_of(text: str) -> datetime | date:
    """A day, a time on the wall, or an instant, as RFC 5545 or ISO 8601 write it. Raises ValueError."""
    text = text.strip()
    if basic := _BASIC.fullmatch(text):
        year, month, day, hour, minute, second, utc = basic.groups()
        if hour is None:
            return date(int(year), int(month), int(day))
        seconds = min(59, int(second or 0))  # leap seconds are not kept
        found = datetime(int(year), int(month), int(day), int(hour), int(minute), seconds)
        return found.replace(tzinfo=UTC) if utc else found
    if len(text) > 64:
        raise ValueError("too long")
    if len(text) == 10:
        return date.fromisoformat(text)
    return datetime.fromisoformat(text)


def wall_of(value: str | datetime | date, zone: ZoneInfo, name: str) -> datetime:
    """A time on the wall in a zone; of a day its beginning. Raises ValueError, which names what it is of."""
    try:
        moment = moment_of(value) if isinstance(value, str) else value
        if not EARLIEST <= moment.year <= LATEST:
            raise ValueError
    except (ValueError, OverflowError):
        raise ValueError(
            f"{name}={shown(value)}: must be a time of the years {EARLIEST}-{LATEST}, as 2027-03-07T09:00"
        ) from None
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time())
    if moment.tzinfo is not None:
        return moment.astimezone(zone).replace(tzinfo=None)
    return moment


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """When a clock on the wall shows this, in UTC: a time that the clock leaps over counts on from before the leap, and of
    one that comes twice it is the first (RFC 5545, 3.3.5)."""
    return wall.replace(tzinfo=zone, fold=wall.fold).astimezone(UTC)


def zone_of(name: str) -> ZoneInfo:
    """A zone of the IANA database. Raises ValueError with those whose names are near."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        pass
    near = _near(name[:64])
    hint = f"did you mean {' or '.join(near)}?" if near else "must be a name like Europe/Paris or UTC"
    raise ValueError(f"tz={shown(name)}: is no known time zone; {hint}")


def zone_to_show(name: str) -> ZoneInfo:
    """A zone of the IANA database in which times are shown: UTC where that is gone since."""
    try:
        return zone_of(name)
    except ValueError:
        return ZoneInfo("UTC")


def _near(name: str) -> list[str]:
    """Zones that are written nearly so, or whose city is."""
    named, wanted = zones(), name.strip().lower().replace(" ", "_")
    found = [named[one] for one in get_close_matches(wanted, named, 3, 0.75)]
    cities = {one.rpartition("/")[2]: zone for one, zone in sorted(named.items(), reverse=True)}
    city = wanted.rpartition("/")[2]
    found += [cities[one] for one in get_close_matches(city, cities, 2, 0.8)]
    return list(dict.fromkeys(found))[:3]


@cache
def zones() -> dict[str, str]:
    """The names of zones that a person would write, by the same in lower case."""
    return {name.lower(): name for name in available_timezones() if not name.startswith(("Etc/", "posix", "right"))}


def shown(value: object) -> str:
    """Somebody's words as a message shows them."""
    text = "".join(char if char.isprintable() else "�" for char in str(value))
    return text if len(text) <= 40 else f"{text[:40]}…"
