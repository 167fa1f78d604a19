"""Where a text stands in the history of what skills did, also where that was cut in the middle of it."""

from collections.abc import Iterable, Sequence

import msgspec

from zotui.skills.runs import LONGEST, LONGEST_ERROR
from zotui.store import Reader, Transaction
from zotui.text import one_line

LEAST = 8  # characters of a text that are known as a part of it

_HOLDING = "SELECT id FROM skill_runs WHERE instr(arguments, ?2) OR instr(output, ?1) OR instr(coalesce(error, ''), ?1)"
_CUT = (
    "SELECT id, arguments, output, coalesce(error, '') FROM skill_runs"
    f" WHERE length(arguments) >= {LONGEST} OR length(output) >= {LONGEST} OR length(error) >= {LONGEST_ERROR}"
)


def holding(db: Reader, texts: Sequence[str]) -> list[str]:
    """The runs in whose arguments, output or error one of these texts stands, or what was left of it, the oldest first."""
    found: set[str] = set()
    for text in filter(None, texts):
        within = msgspec.json.encode(text).decode()[1:-1]  # as it stands in JSON
        found |= {run for (run,) in db.execute(_HOLDING, (text, within)).fetchall()}
        line = one_line(text, len(text))
        for run, arguments, output, error in db.execute(_CUT).fetchall():
            if _begins_at_its_end(arguments, within) or _begins_at_its_end(error.rstrip("…"), line):
                found.add(run)
            if _begins_at_its_end(output[::-1], text[::-1]):  # of which the end is kept
                found.add(run)
    return sorted(found)


def redact(db: Transaction, runs: Iterable[str]) -> None:
    """Leave nothing of what these runs were given, and said."""
    for run in runs:
        db.execute("UPDATE skill_runs SET arguments = '{}', output = '', error = NULL WHERE id = ?", (run,))


def _begins_at_its_end(cut: str, text: str) -> bool:
    """Whether what was cut ends with the beginning of a text."""
    start = text[:LEAST]
    at = cut.find(start) if len(start) == LEAST else -1
    while at >= 0:
        if text.startswith(cut[at:]):
            return True
        at = cut.find(start, at + 1)
    return False
