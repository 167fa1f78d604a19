"""The memory as the agent learns into it."""

from collections.abc import Sequence
from typing import Protocol, get_args

from zotui.memory import patterns, proposing
from zotui.memory.facts import Fact, Kind, key_of
from zotui.memory.proposing import Source
from zotui.memory.recalling import recalled
from zotui.store import Reader, Transaction


class Words(Protocol):
    """Words of a conversation, where they stand, and whose may be among them."""

    @property
    def conversation(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def tainted_by(self) -> str: ...


class Told(Protocol):
    """A fact as a model tells it."""

    @property
    def content(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def key(self) -> str | None: ...
    @property
    def replaces(self) -> str | None: ...


class Learner:
    """Proposes facts; see ``zotui.agent.learning.Memory``."""

    def known(self, db: Reader, text: str, count: int) -> Sequence[tuple[str, str]]:
        """Ids and texts of what is remembered of such matters, but for what others' words may be in, and for summaries."""
        found = [one for one in recalled(db, text, count, None) if not (one.tainted or one.is_summary)]
        return [(one.id, f"{one.key}: {one.content}" if one.key else one.content) for one in found]

    def notice(self, db: Transaction, said: Words) -> bool:
        """Propose what a person's words say by the patterns; whether something waits that did not before."""
        found = patterns.facts(said.text)
        made = [
            proposing.propose(
                db, fact, Source(said.conversation, said.message, f"pattern {pattern.name}", said.tainted_by)
            )
            for pattern, fact in found
        ]
        return any(one is not None and one.status == "waiting" for one in made)

    def propose(self, db: Transaction, said: Words, found: Told, model: str) -> bool:
        """Propose a fact that a model found; whether it waits now, and did not before."""
        kind: Kind = found.kind if found.kind in get_args(Kind) else "other"  # type: ignore[assignment]
        key = key_of(found.key) if found.key else None
        fact = Fact(
            found.content, kind, key, next((f.of_key for _, f in patterns.facts(found.content) if f.key == key), "")
        )
        made = proposing.propose(
            db, fact, Source(said.conversation, said.message, model, said.tainted_by), found.replaces
        )
        return made is not None and made.status == "waiting"

    def waiting(self, db: Reader) -> int:
        """How many facts wait for the person's word."""
        return int(db.execute("SELECT count(*) FROM proposals WHERE status = 'waiting'").get)
