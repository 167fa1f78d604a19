"""When a memory ends, as a person writes it."""

from datetime import datetime, timedelta

from zotui.errors import UsageError
from zotui.text import one_line

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def end_ms(text: str, now: datetime | None = None) -> int | None:
    """When a memory ends, in ms since 1970; None for never. Raises UsageError."""
    now = now or datetime.now().astimezone()
    if text == "never":
        return None
    try:
        unit = _UNITS.get(text[-1:])
        end = now + timedelta(**{unit: int(text[:-1])}) if unit else datetime.fromisoformat(text)
        return int((end if end.tzinfo else end.replace(tzinfo=now.tzinfo)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise UsageError(f"{one_line(text, 40)!r} is no time", "12h, 30d, 4w, 2030-01-31 or never") from None
