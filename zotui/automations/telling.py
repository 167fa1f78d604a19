"""What the person is told of a run that ended, and through what: a notice, and whatever its automation delivers to."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from functools import partial

from zotui.automations import conditions
from zotui.automations.automation import Automation, Run, milliseconds, moment
from zotui.automations.conditions import Facts, Search
from zotui.automations.firing import Notify
from zotui.automations.job import Done
from zotui.automations.moments import instant_of, zone_of
from zotui.store import Reader, Store, Transaction, new_id, now_ms
from zotui.text import clean, one_line

INBOX = "inbox"
SHOWN = 200  # characters of what came out that a notice shows
LONGEST = 20_000  # and that are delivered
FAILED = ("failed", "interrupted")
Judge = Callable[[Automation, Run, Done, str], Awaitable[bool]]
"""Whether a model thinks that a person should be told of a run, by a question of theirs."""


class Telling:
    """Decides what is told of runs."""

    def __init__(self, store: Store, notify: Notify, search: Search, judge: Judge) -> None:
        self._store = store
        self._notify = notify
        self._search = search
        self._judge = judge

    async def __call__(self, one: Automation, run: Run, done: Done) -> Callable[[Transaction], None]:
        """What is to be written with the end of a run. What failed is always told; nothing of one that was skipped or stopped."""
        if done.status not in (*FAILED, "done") or not (
            done.status in FAILED or await self._is_worth_it(one, run, done)
        ):
            return lambda db: None
        text = said_of(one, done)
        return partial(
            self._put, one=one, run=run, failed=done.status in FAILED, text=text, whole=_whole(one, text, done)
        )

    async def _is_worth_it(self, one: Automation, run: Run, done: Done) -> bool:
        wish = one.policy.notify_if
        if question := conditions.question_of(wish):
            return await self._judge(one, run, done, question)
        before = await self._store.read(partial(_output_before, run=run))
        return await conditions.holds(wish, Facts(done.output, done.status, done.exit_code, before), self._search)

    def _put(self, db: Transaction, one: Automation, run: Run, failed: bool, text: str, whole: str) -> None:
        now, told = now_ms(), hashlib.sha256(whole.encode()).hexdigest()[:32]
        same = "SELECT 1 FROM runs WHERE automation_id = ? AND told = ? AND finished_at > ? LIMIT 1"
        if one.action.kind != "tell" and db.execute(same, (one.id, told, now - one.policy.dedupe_s * 1_000)).get:
            return
        db.execute("UPDATE runs SET told = ? WHERE id = ?", (told, run.id))
        quiet = quiet_until(one, now)
        for target in one.policy.deliver:
            order(db, run.id, target, whole, quiet)
        if quiet:
            order(db, run.id, INBOX, text, quiet)
        else:
            self._notify(db, kind_of(failed), text, place_of(db, run.id), "warning" if failed else "info")


def kind_of(failed: bool) -> str:
    """The kind of a notice."""
    return "failure" if failed else "automation"


def place_of(db: Reader, run: str) -> str:
    """Where a notice of a run leads: to its conversation, else to its automation."""
    conversation, automation = db.execute("SELECT conv_id, automation_id FROM runs WHERE id = ?", (run,)).get
    return f"chat:{conversation}" if conversation else f"automation:{automation}"


def order(db: Transaction, run: str, target: str, text: str, at: int) -> None:
    """Have something delivered, not before a time."""
    id_ = new_id()
    db.execute(
        "INSERT INTO deliveries(id, run_id, target, text, lane, not_before, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (id_, run, target, text, id_, at, now_ms()),
    )


def said_of(one: Automation, done: Done) -> str:
    """A run that ended, in a line."""
    title = one_line(one.title, 80)
    if one.action.kind == "tell":
        return one_line(one.action.text, SHOWN)
    if done.status in FAILED:
        return f"{title}: {done.reason or 'failed'}: {one_line(done.error, SHOWN)}".rstrip(": ")
    return f"{title}: {one_line(done.output.strip(), SHOWN) or 'done'}"


def quiet_until(one: Automation, now: int) -> int:
    """When the quiet hours end that an automation is in; 0 where it is in none."""
    if not one.policy.quiet:
        return 0
    begin, end = hours_of(one.policy.quiet)
    try:
        zone = zone_of(one.schedule.tz)
    except ValueError:  # it is gone since: better called at night than never
        return 0
    wall = moment(now).astimezone(zone).replace(tzinfo=None)
    for day in (wall.date() - timedelta(days=1), wall.date()):
        last = day if begin < end else day + timedelta(days=1)
        if datetime.combine(day, begin) <= wall < datetime.combine(last, end):
            return milliseconds(instant_of(datetime.combine(last, end), zone))
    return 0


def hours_of(text: str) -> tuple[time, time]:
    """From when to when, of a text as 22:00-07:00. Raises ValueError."""
    begin, dash, end = text.partition("-")
    try:
        hours = _hour(begin), _hour(end)
    except ValueError:
        dash = ""
    if not dash or hours[0] == hours[1]:
        raise ValueError(f"quiet={one_line(text, 40)}: must be hours of the day as 22:00-07:00")
    return hours


def _hour(text: str) -> time:
    return datetime.strptime(text.strip(), "%H:%M").time()


def _whole(one: Automation, text: str, done: Done) -> str:
    if done.status in FAILED or not done.output.strip():
        return text
    if one.action.kind == "tell":
        return clean(done.output)
    return f"{one_line(one.title, 80)}\n\n{clean(done.output).strip()[:LONGEST]}"


def _output_before(db: Reader, run: Run) -> str | None:
    query = "SELECT output FROM runs WHERE automation_id = ? AND status = 'done' AND id <> ? ORDER BY finished_at DESC LIMIT 1"
    found = db.execute(query, (run.automation_id, run.id)).get
    return None if found is None else str(found)
