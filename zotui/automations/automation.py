"""An automation: what happens, when, and what holds where something is in the way."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from zotui.automations.recurrence import Recurrence

Misfire = Literal["latest", "skip", "all"]
Overlap = Literal["skip", "queue", "replace"]
Kind = Literal["ask", "run", "skill", "tell"]
MARKS = {
    "queued": "…", "running": "▸", "waiting": "?", "done": "✓", "failed": "✗", "cancelled": "■", "interrupted": "!", "skipped": "–",
}  # fmt: skip


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens: a prompt, a command, a skill or a reminder, which ``text`` holds or names.

    ``arguments`` and ``script`` are a skill's; ``hosts`` those that a command may reach, ``folder`` where it runs; the others
    are of a prompt, whose ``conversation`` is a new one each time unless it is named. ``grants``: see TurnOptions.
    """

    kind: Kind
    text: str
    arguments: Mapping[str, Any] = {}
    script: str = ""
    folder: str = ""
    hosts: tuple[str, ...] = ()
    conversation: str = ""
    model: str = ""
    persona: str = ""
    scope: str = "all"
    grants: tuple[str, ...] = ()


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds where something is in the way, and who is told what.

    ``misfire``: of times that were missed, the latest within a day, none, or all (ten at most); ``overlap``: one that should
    begin while another runs is skipped, waits, or takes its place. ``budget``: dollars a day, 0 for no cap. ``quiet``: hours of
    the day in its zone within which nobody is called, as 22:00-07:00. ``notify_if``: see zotui.automations.conditions; what
    failed is always told. ``deliver``: to whom else, see zotui.automations.delivering.
    """

    misfire: Misfire = "latest"
    overlap: Overlap = "skip"
    jitter_s: int = 0
    timeout_s: int = 1_800
    retries: int = 0
    backoff_s: int = 30
    budget: float = 0.0
    quiet: str = ""
    notify_if: str = "always"
    deliver: tuple[str, ...] = ()
    dedupe_s: int = 21_600


class Schedule(msgspec.Struct, frozen=True):
    """When it happens: lines of rules, counted from ``start`` on the wall of a zone, or when a file or folder of the workspace
    has ``changed``, or both; ``words``: how the person said it."""

    rrule: str
    start: str
    tz: str
    exdate: tuple[str, ...] = ()
    rdate: tuple[str, ...] = ()
    words: str = ""
    changed: str = ""

    @property
    def recurs(self) -> bool:
        """Whether it has times."""
        return bool(self.rrule or self.rdate)

    def recurrence(self) -> Recurrence:
        """Its moments. Raises ValueError."""
        return Recurrence(self.rrule, self.start, self.tz, self.exdate, self.rdate)


class Automation(msgspec.Struct, frozen=True):
    """One automation, as its row has it. Times in milliseconds since 1970; ``next_run`` None: never again."""

    id: str
    title: str
    schedule: Schedule
    action: Action
    policy: Policy
    enabled: bool
    next_run: int | None
    problem: str
    tainted: bool
    created_at: int
    updated_at: int

    @property
    def name(self) -> str:
        """The end of its id, enough to name it by."""
        return self.id[-8:]

    @property
    def state(self) -> str:
        """How it is, in a word."""
        if self.problem:
            return "broken"
        if not self.enabled:
            return "paused"
        return "active" if self.next_run is not None or self.schedule.changed else "over"


class Plan(msgspec.Struct, frozen=True):
    """An automation as it would be kept, its next times, and what the person should know of these."""

    automation: Automation
    upcoming: Sequence[datetime]
    notes: Sequence[str] = ()


class Run(msgspec.Struct, frozen=True):
    """One time that an automation happened or should have, as its row has it; ``times`` that were missed together stand from
    ``instant`` to ``until``. Times in milliseconds since 1970."""

    id: str
    automation_id: str
    cause: Literal["schedule", "backfill", "manual", "change"]
    instant: int
    until: int
    times: int
    status: str
    reason: str | None
    attempt: int
    begun: bool
    conv_id: str | None
    turn_id: str | None
    exit_code: int | None
    output: str
    error: str
    created_at: int
    started_at: int | None
    finished_at: int | None

    @property
    def name(self) -> str:
        """The end of its id, enough to name it by."""
        return self.id[-8:]

    @property
    def mark(self) -> str:
        """How it is, in a glyph."""
        return MARKS[self.status]

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.status not in ("queued", "running", "waiting")


Runs = Sequence[Run]


def moment(ms: int) -> datetime:
    """Milliseconds since 1970 as an instant."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def milliseconds(at: datetime) -> int:
    """An instant in milliseconds since 1970."""
    return int(at.timestamp() * 1000)
