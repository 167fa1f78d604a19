"""Five fields of cron as rules. Source: crontab(5): where day of the month and day of the week are both given, either fits; where
one of them begins with “*”, both must.

Where the hour is left open a rule goes by the time that passes, as cron's own wildcards do; else by the clock on the wall.
"""

import re
from collections.abc import Sequence

from zotui.automations.moments import shown
from zotui.automations.rule import WEEKDAYS

MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
FIELDS = {"minute": (0, 59), "hour": (0, 23), "day of the month": (1, 31), "month": (1, 12), "day of the week": (0, 7)}
NAMES = {
    "month": dict(
        zip(
            ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
            range(1, 13),
            strict=True,
        )
    ),
    "day of the week": dict(zip(["sun", "mon", "tue", "wed", "thu", "fri", "sat"], range(7), strict=True)),
}
_MEANT = re.compile(r"@[a-z]+|[0-9*][0-9*/,-]*(?: [0-9*?L][0-9*/,-]*){2}(?: [a-z0-9*?#/,-]+){2,3}", re.IGNORECASE)
_ITEM = re.compile(r"(\*|[a-z0-9]{1,4})(?:-([a-z0-9]{1,4}))?(?:/([0-9]{1,4}))?")


def is_meant(text: str) -> bool:
    """Whether a text is meant as cron."""
    return bool(_MEANT.fullmatch(" ".join(text.split())))


def rules(text: str) -> list[str]:
    """The rules that a line of cron means, one or two. Raises ValueError, which names the field."""
    line = text.strip().lower()
    line = MACROS.get(line, line)
    if line.startswith("@"):
        raise ValueError(f"{shown(line)}: must be one of {', '.join(MACROS)}")
    fields = line.split()
    if len(fields) != len(FIELDS):
        raise ValueError(f"cron has five fields (minute hour day month weekday), these are {len(fields)}")
    found = {name: _field(name, field) for name, field in zip(FIELDS, fields, strict=True)}
    freq, clock = _clock(found["minute"], found["hour"])
    months = _part("BYMONTH", found["month"])
    by_number = _part("BYMONTHDAY", found["day of the month"])
    by_name = _part("BYDAY", [WEEKDAYS[day] for day in sorted((day - 1) % 7 for day in found["day of the week"])])
    days = [by_number + by_name]
    if "*" not in (fields[2][0], fields[4][0]):
        days = [by_number, by_name] if by_number and by_name else [[]]
    return [";".join([f"FREQ={freq}", *months, *of, *clock]) for of in days]


def _clock(minutes: Sequence[int], hours: Sequence[int]) -> tuple[str, list[str]]:
    """How often, and at which times of that."""
    if hours:
        return "DAILY", [*_part("BYHOUR", hours), *_part("BYMINUTE", minutes or range(60)), "BYSECOND=0"]
    return ("HOURLY" if minutes else "MINUTELY"), _part("BYMINUTE", minutes)


def _part(name: str, values: Sequence[object]) -> list[str]:
    return [f"{name}={','.join(map(str, values))}"] if values else []


def _field(name: str, field: str) -> list[int]:
    """The numbers of a field; none where it is all of them. Raises ValueError."""
    least, most = FIELDS[name]
    found: set[int] = set()
    for item in field.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise ValueError(
                f"{name} {shown(item)}: must be {least}-{most}, *, a range a-b or a step */n, with “,” between them"
            )
        first, last, step = match.groups()
        if first == "*" and last is None:
            begin, end = least, most
        else:
            begin = _number(name, first)
            end = _number(name, last) if last else most if step else begin
        if end < begin:
            raise ValueError(f"{name} {item}: a range goes from the lesser to the greater")
        if step and not int(step):
            raise ValueError(f"{name} {item}: a step must be 1 or more")
        found.update(range(begin, end + 1, int(step or 1)))
    if name == "day of the week":
        found = {day % 7 for day in found}
        most = 6
    return [] if len(found) > most - least else sorted(found)


def _number(name: str, word: str) -> int:
    least, most = FIELDS[name]
    if word in NAMES.get(name, {}):
        return NAMES[name][word]
    if not word.isdigit() or not least <= int(word) <= most:
        raise ValueError(f"{name} {shown(word)}: must be {least}-{most}")
    return int(word)
