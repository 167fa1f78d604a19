"""Recurrence as calendars write it: lines of RRULE, EXDATE, RDATE and DTSTART (RFC 5545, 3.1), or a bare rule."""

import re
from collections.abc import Sequence

import msgspec

from zotui.automations.rule import Rule, parse

LONGEST = 20_000  # characters of all lines
_LINE = re.compile(r"(RRULE|EXDATE|RDATE|DTSTART|EXRULE)((?:;[^:;]*)*):(.*)", re.IGNORECASE)


class Content(msgspec.Struct, frozen=True):
    """The rules of a text, and what else it says: when it starts, in which zone, what is left out and what is added."""

    rules: Sequence[Rule]
    start: str = ""
    tz: str = ""
    exdate: Sequence[str] = ()
    rdate: Sequence[str] = ()


def is_meant(text: str) -> bool:
    """Whether a text is meant as recurrence, not as words."""
    return bool(re.match(r"(?:(?:RRULE|EXDATE|RDATE|DTSTART|EXRULE)[;:]|(?:FREQ|INTERVAL) ?=)", text, re.IGNORECASE))


def read(text: str) -> Content:
    """What a text says. Raises ValueError."""
    if len(text) > LONGEST:
        raise ValueError(f"RRULE: at most {LONGEST:,} characters, these are {len(text):,}")
    rules: list[Rule] = []
    said: dict[str, list[str]] = {"EXDATE": [], "RDATE": [], "DTSTART": []}
    zone = ""
    for line in re.sub(r"\r?\n[ \t]", "", text.strip()).splitlines():
        found = _LINE.fullmatch(line.strip())
        name = found[1].upper() if found else "RRULE"
        value = found[3] if found else line
        if name == "EXRULE":
            raise ValueError("EXRULE: is no longer part of the standard; write the days as EXDATE")
        if name == "RRULE":
            if value.strip():
                rules.append(parse(value))
            continue
        said[name] += value.split(",")
        given = dict(one.upper().split("=", 1) for one in (found[2] if found else "").split(";") if "=" in one)
        if given.get("VALUE") == "PERIOD":
            raise ValueError(f"{name}: a period of time is not supported; write its beginning")
        zone = zone or next(
            (p[5:] for p in (found[2] if found else "").split(";") if p.upper().startswith("TZID=")), ""
        )
    if len(said["DTSTART"]) > 1:
        raise ValueError("DTSTART: is given twice")
    return Content(rules, "".join(said["DTSTART"]), zone.strip('"'), said["EXDATE"], said["RDATE"])
