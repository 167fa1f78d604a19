"""Where a text stands in the history of automations: in what came out of them, and in what is delivered of that."""

from collections.abc import Iterable, Sequence

from zotui.store import Reader, Transaction

_HOLDING = (
    "SELECT id FROM runs WHERE instr(output, ?1) OR instr(error, ?1)"
    " UNION SELECT run_id FROM deliveries WHERE instr(text, ?1) OR instr(error, ?1)"
)


def holding(db: Reader, texts: Sequence[str]) -> list[str]:
    """The runs in whose output, error or deliveries one of these texts stands, the oldest first."""
    return sorted({run for text in filter(None, texts) for (run,) in db.execute(_HOLDING, (text,)).fetchall()})


def redact(db: Transaction, runs: Iterable[str]) -> None:
    """Leave nothing of what came out of these runs."""
    for run in runs:
        db.execute("UPDATE runs SET output = '', error = '', told = '' WHERE id = ?", (run,))
        db.execute("UPDATE deliveries SET text = 'redacted', error = '' WHERE run_id = ?", (run,))
