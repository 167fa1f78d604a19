"""Single moments as letters, logs and forms write them: “Wed, 3 Mar 2027 18:00:00 +0100”. python-dateutil reads them; what it
would fill in or guess is found by asking it more than once."""

import re
from datetime import UTC, datetime

_LATER = datetime(2001, 2, 3, 4, 5)
_EARLIER = datetime(2000, 1, 2, 3, 6)
_YEAR = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])|(?<![0-9])[0-9]{8}(?![0-9])")


def readings(text: str) -> list[datetime]:
    """The moments that a text could be, on the wall or aware, none where it is no whole date with a time."""
    if not _YEAR.search(text):
        return []
    found = [_read(text, default, day_first) for day_first in (True, False) for default in (_EARLIER, _LATER)]
    whole = [one for one, other in (found[:2], found[2:]) if one is not None and one == other]
    return list(dict.fromkeys(whole))


def _read(text: str, default: datetime, day_first: bool) -> datetime | None:
    from dateutil.parser import parse  # only where it is needed

    try:
        found = parse(text, default=default, dayfirst=day_first, tzinfos=_zone)
        return found.astimezone(UTC) if found.tzinfo else found
    except (ValueError, OverflowError, TypeError, ArithmeticError, AttributeError):
        return None


def _zone(name: str | None, offset: int | None) -> int | None:
    """An offset as it is written; a name is none, as EST is in America and in Australia."""
    if name and offset is None:
        raise ValueError(f"{name} is no offset")
    return offset
