"""The plan of a conversation: the steps that the agent set itself, one of them under way."""

from typing import Literal

import msgspec

from zotui.errors import UsageError
from zotui.store import Reader, Store, Transaction, now_ms
from zotui.text import one_line

MOST_STEPS = 30
LONGEST_STEP = 200  # characters
StepStatus = Literal["pending", "in_progress", "completed", "cancelled"]
FOLLOWS: dict[StepStatus | None, tuple[StepStatus, ...]] = {
    None: ("pending", "in_progress"),
    "pending": ("pending", "in_progress", "cancelled"),
    "in_progress": ("in_progress", "pending", "completed", "cancelled"),
    "completed": ("completed",),
    "cancelled": ("cancelled", "pending"),
}
"""What a step may be next; None is a step that was not there before."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a plan."""

    text: str
    status: StepStatus = "pending"


class Plan(msgspec.Struct, frozen=True):
    """The steps in order, as of ``updated_at`` (ms since 1970), written by the turn ``turn_id``."""

    conv_id: str
    turn_id: str
    steps: list[Step]
    updated_at: int


class Plans:
    """Read and write the plans of conversations."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def plan(self, conversation: str) -> Plan | None:
        """The plan of a conversation; None where there is none."""
        return await self._store.read(lambda db: read(db, conversation))

    async def write(self, conversation: str, turn: str, steps: list[Step]) -> Plan:
        """Put a plan in the place of the one before. Raises UsageError, and changes nothing, where a rule is broken."""
        tidy = [Step(one_line(step.text, LONGEST_STEP), step.status) for step in steps]

        def put(db: Transaction) -> Plan:
            before = read(db, conversation)
            check(before.steps if before else [], tidy)
            db.execute(
                "INSERT OR REPLACE INTO plans(conv_id, turn_id, steps, updated_at) VALUES (?, ?, ?, ?)",
                (conversation, turn, msgspec.json.encode(tidy).decode(), now_ms()),
            )
            found = read(db, conversation)
            assert found is not None
            return found

        return await self._store.write(put)


def read(db: Reader, conversation: str) -> Plan | None:
    """The plan of a conversation in this snapshot."""
    row = db.execute("SELECT conv_id, turn_id, steps, updated_at FROM plans WHERE conv_id = ?", (conversation,)).get
    return None if row is None else Plan(row[0], row[1], msgspec.json.decode(row[2], type=list[Step]), row[3])


def check(before: list[Step], after: list[Step]) -> None:
    """Raise UsageError where ``after`` cannot follow: steps are told apart by their text."""
    if len(after) > MOST_STEPS:
        raise UsageError(f"{len(after)} steps are too many", f"at most {MOST_STEPS}")
    names = [step.text for step in after]
    if "" in names or len(set(names)) < len(names):
        raise UsageError("each step needs a text of its own")
    under_way = [step.text for step in after if step.status == "in_progress"]
    if len(under_way) > 1:
        raise UsageError(f"{len(under_way)} steps are in_progress", "one at a time: set the others to pending")
    known = {step.text: step.status for step in before}
    for step in after:
        old = known.get(step.text)
        if step.status not in FOLLOWS[old]:
            allowed = " or ".join(FOLLOWS[old])
            raise UsageError(
                f"{step.text!r} cannot go from {old or 'nothing'} to {step.status}", f"it may be {allowed}"
            )
