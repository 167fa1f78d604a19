"""The lines of a log in clusters of the same shape, read once; memory grows with the shapes, up to a limit."""

import gzip
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LONGEST = 2000  # letters of a line that are looked at
SHAPES = 5000  # clusters kept
LEVELS = ("fatal", "error", "warning", "info", "debug", "other")
LEVEL = re.compile(
    r"\b(fatal|critical|panic|emerg|error|err|exception|traceback|warn|warning|info|notice|debug|trace)\b",
    re.IGNORECASE,
)
SAME = {
    "critical": "fatal",
    "panic": "fatal",
    "emerg": "fatal",
    "err": "error",
    "exception": "error",
    "traceback": "error",
}
SAME |= {"warn": "warning", "notice": "info", "trace": "debug"}
TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d"
)
VARYING = (
    (TIME, "<time>"),
    (re.compile(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}\b"), "<id>"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), "<address>"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b|\b(?=[a-f]*\d)[0-9a-f]{8,}\b"), "<id>"),
    (re.compile(r"\"[^\"]*\"|(?<!\w)'[^']*'"), "<text>"),
    (re.compile(r"\d+(?:[.,]\d+)*"), "<n>"),
)


@dataclass
class Cluster:
    """Lines of one shape. ``line`` is the number of the first; ``old`` says that one was before ``since``."""

    level: str
    example: str
    line: int
    count: int = 0
    first: str = ""
    last: str = ""
    old: bool = False


def run(file: str, since: str = "", top: int = 15) -> str:
    """Cluster the lines of a log, gzipped or not: by level, with counts, first and last time, and an example.

    ``since`` is a time as the log writes it; what is first seen from then on is marked new. Raises ValueError for a
    file that cannot be read and a ``since`` whose form no line has.
    """
    if since and not re.match(r"\d{4}-\d\d-\d\d", since):
        raise ValueError("since is a date, or a date and time, as in 2026-03-01 10:00")
    clusters: dict[tuple[str, str], Cluster] = {}
    levels: Counter[str] = Counter()
    hours: Counter[str] = Counter()
    lines = left = 0
    stamp, comparable = "", False
    shape_of_time = _form(since)
    for lines, text in enumerate(_lines(file), 1):
        if time := TIME.search(text):
            stamp = time[0].replace("T", " ")
        comparable = comparable or bool(stamp and _form(stamp).startswith(shape_of_time))
        level = _level(text)
        levels[level] += 1
        if level in ("fatal", "error"):
            hours[_hour(stamp)] += 1
        key = (level, _shape(text))
        if key not in clusters and len(clusters) >= SHAPES:
            left += 1
            continue
        cluster = clusters.setdefault(key, Cluster(level, text[:300], lines, first=stamp))
        cluster.count += 1
        cluster.last = stamp
        cluster.old = cluster.old or stamp < since.replace("T", " ")
    if since and not comparable:
        raise ValueError(f"no line has a time like {since!r}; write it as the log does, year first")
    out = [
        f"{lines} lines, {len(clusters)} clusters: "
        + ", ".join(f"{levels[name]} {name}" for name in LEVELS if levels[name])
    ]
    if left:
        out.append(f"{left} lines of further shapes are counted by level alone")
    if hours:
        out.append(
            "errors by hour: "
            + ", ".join(f"{hour or 'no time'} {count}" for hour, count in sorted(hours.items())[-24:])
        )
    order = sorted(clusters.values(), key=lambda it: (LEVELS.index(it.level), it.old if since else 0, -it.count))
    for cluster in order[: max(1, min(top, 100))]:
        new = " new" if since and not cluster.old else ""
        seen = f", {cluster.first} to {cluster.last}" if cluster.first else ""
        out.append(f"{cluster.level}{new} x{cluster.count}, line {cluster.line}{seen}: {cluster.example}")
    return "\n".join(out)


def _lines(file: str) -> Iterator[str]:
    path = Path(file)
    try:
        with path.open("rb") as start:
            packed = start.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as source:
            while line := source.readline(LONGEST):
                yield "".join(
                    letter if letter.isprintable() else " " for letter in line.decode(errors="replace").rstrip()
                )
                while len(line) == LONGEST and not line.endswith(b"\n"):
                    line = source.readline(LONGEST)  # the rest of a line that is too long
    except (OSError, EOFError) as error:
        raise ValueError(
            f"{file} cannot be read: {getattr(error, 'strerror', None) or error}; name a log in the workspace"
        ) from None


def _level(text: str) -> str:
    found = LEVEL.search(text[:300])
    word = found[1].lower() if found else "other"
    return SAME.get(word, word)


def _shape(text: str) -> str:
    for pattern, name in VARYING:
        text = pattern.sub(name, text)
    return text[:400]


def _form(stamp: str) -> str:
    return re.sub(r"\d", "0", stamp.replace("T", " "))


def _hour(stamp: str) -> str:
    return re.sub(r":\d\d(:\d\d)?$", "", stamp)
