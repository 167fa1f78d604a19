"""Times of the day as they were said: which half of the day they are in.

A number from 7 to 12 is the hour of a 24-hour clock: “at 9” is 9:00, “at 12” noon. From 1 to 6 it could as well be in the
afternoon, and is asked about, unless something settles it: am or pm; the part of the day; a zero before it; another hour in
the same sentence that only a clock of 24 hours has (“at 4 and 16”). Beside an hour with am or pm one without is asked about.
"""

from collections.abc import Sequence

from zotui.automations.words.said import Doubt, Hour, Said


def settle(said: Said) -> None:
    """Takes what is left open from the times of a sentence. Raises Doubt."""
    hours = [*said.hours, *(said.window or ())]
    if said.part:
        hours = [_within(said, hour, said.part) for hour in hours]
    elif open_ := _open(hours):
        early = [(hour.begin, hour.end, f"{hour.at:%H:%M}") for hour in open_]
        late = [(hour.begin, hour.end, f"{hour.at.hour + 12}:{hour.at:%M}") for hour in open_]
        raise Doubt(f"at {early[0][2]} or at {late[0][2]}?", early, late)
    said.hours = hours[: len(said.hours)]
    if said.window:
        said.window = hours[-2], hours[-1]


def _open(hours: Sequence[Hour]) -> list[Hour]:
    """Those that could be in either half of the day."""
    readings = {hour.reading for hour in hours}
    last = 0 if "24" in readings else 11 if "half" in readings else 6
    return [hour for hour in hours if not hour.reading and 1 <= hour.at.hour <= last]


def _within(said: Said, hour: Hour, part: tuple[int, int]) -> Hour:
    """An hour in a part of the day: behind midnight it is of the next day."""
    first, last = part
    steps = (0, 12, 24) if not hour.reading else (0, 24)
    begin = hour.at.hour % 12 if not hour.reading else hour.at.hour
    for at in (begin + step for step in steps):
        if first <= at < last:
            said.next_day = said.next_day or at >= 24
            return hour._replace(at=hour.at.replace(hour=at % 24), reading="word")
    raise Doubt(f"{hour.at:%H:%M} is not in that part of the day; at what time?")
