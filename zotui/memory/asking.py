"""What a person types to find memories: words, and among them what they must be, as in ``lab tag:work is:pinned after:2026``."""

import re
from datetime import date, datetime, timedelta

import msgspec

from zotui.memory.records import Memory, tidy

KINDS = {
    "key": "with a key",
    "plain": "without a key",
    "pinned": "pinned",
    "chat": "from a conversation",
    "summary": "of a summary of older turns",
    "untrusted": "made of what anybody may have written",
    "ending": "with an end",
}
TIMES = {"today": 0, "week": 7, "month": 30, "year": 365}  # days back
OLDER = "older"  # than a year
_FACET = re.compile(r'(?<!\S)(tag|source|is|after|before|when):("[^"]*"|\S*)', re.IGNORECASE)
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")


class Asked(msgspec.Struct, frozen=True):
    """Words that memories hold, and what they must be: have all tags, be of all sources and kinds, changed within a time in
    ms since 1970, ``since`` up to and without ``until``."""

    words: str = ""
    tags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None

    @property
    def narrows(self) -> bool:
        """Whether there are memories that are not meant."""
        return self != Asked()


def asked(text: str, now: datetime | None = None) -> Asked:
    """What a text asks for. What is no facet, or none that is known, is words; one without a value is nothing yet."""
    now = now or datetime.now().astimezone()
    tags: list[str] = []
    sources: list[str] = []
    kinds: list[str] = []
    since: list[int] = []
    until: list[int] = []

    def take(found: re.Match[str]) -> str:
        name, value = found[1].lower(), tidy(found[2].strip('"'))
        if not value:
            return ""
        if name == "tag":
            tags.append(value)
        elif name == "source":
            sources.append(value)
        elif name == "is" and value.lower() in KINDS:
            kinds.append(value.lower())
        elif name == "when" and value.lower() in TIMES:
            since.append(_ms(_back(now, TIMES[value.lower()])))
        elif name == "when" and value.lower() == OLDER:
            until.append(_ms(_back(now, TIMES["year"])))
        elif name in ("after", "before") and (day := _begin(value, now)):
            (since if name == "after" else until).append(_ms(day))
        else:
            return found[0]
        return ""

    words = " ".join(_FACET.sub(take, text).split())
    return Asked(words, tuple(tags), tuple(sources), tuple(kinds), max(since, default=None), min(until, default=None))


def fits(memory: Memory, one: Asked) -> bool:
    """Whether a memory is what the facets say; its words are not looked at."""
    said = {str(memory.meta.get(name)) for name in ("source", "conversation", "message")}
    are = {
        "key": memory.key is not None,
        "plain": memory.key is None,
        "pinned": memory.pinned_at is not None,
        "chat": "conversation" in memory.meta,
        "summary": memory.is_summary,
        "untrusted": memory.tainted,
        "ending": memory.expires_at is not None,
    }
    return (
        set(one.tags) <= set(memory.tags)
        and set(one.sources) <= said
        and all(are[kind] for kind in one.kinds)
        and (one.since is None or memory.updated_at >= one.since)
        and (one.until is None or memory.updated_at < one.until)
    )


def facet(name: str, value: str) -> str:
    """A facet as it is typed."""
    return f'{name}:"{value}"' if re.search(r"\s", value) else f"{name}:{value}"


def has(text: str, one: str) -> bool:
    """Whether a facet stands in a text."""
    return any(found[0] == one for found in _FACET.finditer(text))


def toggled(text: str, one: str) -> str:
    """A text with a facet that it had not, or without the one that it had. There is one time at most."""
    name = one.partition(":")[0]
    without = _FACET.sub(lambda found: "" if found[0] == one or name == "when" == found[1].lower() else found[0], text)
    return " ".join([*without.split(), *([] if has(text, one) else [one])])


def _begin(text: str, now: datetime) -> datetime | None:
    """When a year, a month or a day begins, as it is typed; None for what is none."""
    found = _DAY.fullmatch(text)
    if not found:
        return None
    try:
        day = date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
        return datetime(day.year, day.month, day.day, tzinfo=now.tzinfo)
    except ValueError:
        return None


def _back(now: datetime, days: int) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days)


def _ms(when: datetime) -> int:
    return int(when.timestamp() * 1000)
