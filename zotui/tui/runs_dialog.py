"""What became of the times of automations, and the times to come: listed as far as one likes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from zotui.automations.automation import moment
from zotui.automations.moments import zone_of
from zotui.errors import UsageError
from zotui.store import now_ms
from zotui.text import in_time, one_line
from zotui.tui.dialogs import Confirm, Dialog, Reading
from zotui.tui.list_dialog import ListDialog
from zotui.tui.panes.schedule_text import day_and_time, is_bad, lasted, said, word_of
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from datetime import datetime

    from zotui.automations.automation import Automation, Run
    from zotui.automations.queue import Queue
    from zotui.computer import Computer

MOST = 10_000  # runs that are listed
KNOWN = 2_000
TIMES = 100  # that are listed at first
MOST_TIMES = 6_400
HINT = "enter: open · o: output · s: stop · b: make up for it · esc: back"


Which = Callable[["Queue", int], Awaitable[list[str]]]  # the ids of some runs, so many at most


def of(automation: str) -> Which:
    """The runs of an automation."""
    return lambda queue, most: queue.run_ids(automation, most)


class RunRows:
    """Runs as rows; ``named``: each with the title of its automation."""

    def __init__(self, computer: Computer, which: Which, named: bool) -> None:
        self._computer = computer
        self._which = which
        self._named = named
        self._ids: list[str] = []
        self.known: dict[str, tuple[Run, Automation]] = {}

    async def count(self) -> int:
        """Look them up, and return how many there are."""
        self._ids = await self._which(self._computer.automations.queue, MOST)
        return len(self._ids)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        queue = self._computer.automations.queue
        runs = await queue.runs(self._ids[offset : offset + limit])
        whose = {one.id: one for one in await queue.automations({run.automation_id for run in runs})}
        new = {run.id: (run, whose[run.automation_id]) for run in runs if run.automation_id in whose}
        self.known = {**dict(list(self.known.items())[-KNOWN:]), **new}
        return [self._row(*one) for one in new.values()]

    def _row(self, run: Run, one: Automation) -> Row:
        at = moment(run.instant).astimezone(zone_of(one.schedule.tz))
        whose = f"{one_line(one.title, 60)}  " if self._named else ""
        cause = "" if run.cause == "schedule" else f" · {run.cause}"
        took = lasted(run.finished_at - run.started_at) if run.finished_at and run.started_at else ""
        text = f"{at:%a %d %b %Y %H:%M}  {whose}{word_of(run)}{cause}  {said(run)}"
        return Row(run.id, one_line(text, 400), took, run.mark, "warn" if is_bad(run) else "")

    def told(self, id: str) -> str:
        """All of one, without what it put out; empty of one that there is not."""
        if id not in self.known:
            return ""
        run, one = self.known[id]
        zone = zone_of(one.schedule.tz)
        until = f" until {day_and_time(moment(run.until).astimezone(zone))}" if run.until != run.instant else ""
        lines = [
            f"{run.status}{f' ({run.reason})' if run.reason else ''} · {run.cause} · try {run.attempt}",
            f"{day_and_time(moment(run.instant).astimezone(zone))}{until}{f', {run.times:,} times' if run.times > 1 else ''}",
            run.error,
        ]
        return "\n".join(one_line(line, 300) for line in lines if line)


class RunsDialog(ListDialog[RunRows]):
    """Dismissed with the place of a run's conversation, where one wants to go there."""

    EMPTY = "Nothing yet."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "output", "What it put out", show=False),
        Binding("s", "stop", "Stop", show=False),
        Binding("b", "make_up", "Make up", show=False),
        Binding("h,m,H", "leave", show=False),
    ]
    DEFAULT_CSS = """
    RunsDialog > .box.tall { width: 90%; max-width: 120; }
    """

    def __init__(self, computer: Computer, title: str, which: Which, *, named: bool) -> None:
        super().__init__(computer, RunRows(computer, which, named), title, HINT, "runs")

    @property
    def _run(self) -> tuple[Run, Automation] | None:
        row = self.query_one(Rows).current
        return self._source.known.get(row.id) if row else None

    @on(Rows.Chosen)
    def _chosen(self) -> None:
        """To its conversation; what has none is read."""
        if (one := self._run) is not None:
            if one[0].conv_id:
                self.dismiss(f"chat:{one[0].conv_id}")
            else:
                self.action_output()

    def action_output(self) -> None:
        """Read what it put out."""
        if (one := self._run) is not None:
            run, automation = one
            parts = filter(
                None,
                (
                    self._source.told(run.id),
                    run.output.strip() or ("It put out nothing." if run.is_over else "It goes on."),
                ),
            )
            self.app.push_screen(Reading(one_line(automation.title, 80), "\n\n".join(parts)))

    @work
    async def action_stop(self) -> None:
        """Stop it."""
        if (one := self._run) is not None:
            run = one[0]
            if run.is_over:
                self.app.notify("it is over", markup=False)
            else:
                await self._do(lambda: self._computer.automations.stop(run.id))

    @work
    async def action_make_up(self) -> None:
        """Have it happen after all: what was missed, or failed."""
        if (one := self._run) is None:
            return
        run, automation = one
        times = "it" if run.times == 1 else f"these {run.times:,} times"
        if await self.app.push_screen_wait(Confirm(f"Make up for {times} now?", "Make up")):
            first, last = (moment(ms).isoformat() for ms in (run.instant, run.until))
            await self._do(lambda: self._made_up(automation, first, last))

    async def _made_up(self, automation: Automation, first: str, last: str) -> None:
        if not await self._computer.automations.backfill(automation.id, first, last):
            raise UsageError("there is nothing to make up for", "it was done, or is no time of its schedule any more")


class TimeRows:
    """The next times of an automation as rows."""

    def __init__(self, computer: Computer, automation: Automation) -> None:
        self._computer = computer
        self._automation = automation
        self._times: list[datetime] = []
        self.most = TIMES

    async def count(self) -> int:
        """Work them out, and return how many there are."""
        self._times = list(await self._computer.automations.preview(self._automation.id, self.most))
        return len(self._times)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        now = now_ms()
        times = enumerate(self._times[offset : offset + limit], offset)
        return [
            Row(
                str(place),
                day_and_time(at),
                in_time(int(at.timestamp() * 1_000), now),
                "↻" if self._leaps(place) else "",
            )
            for place, at in times
        ]

    def _leaps(self, place: int) -> bool:
        """Whether the clocks were changed since the time before."""
        if not place:
            return False
        return (self._times[place].utcoffset() or timedelta()) != (self._times[place - 1].utcoffset() or timedelta())


class TimesDialog(Dialog):
    """The next times, more of them whenever one comes to their end."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("p,q", "leave", show=False)]
    DEFAULT_CSS = """
    TimesDialog Rows { height: 1fr; }
    """

    def __init__(self, computer: Computer, automation: Automation) -> None:
        super().__init__()
        self._title = f"When {one_line(automation.title, 60)} happens"
        self._times = TimeRows(computer, automation)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall") as box:
            box.border_title = Content(self._title)
            yield Rows(self._times, empty="It never happens again.")
            yield Static("↻ the clocks are changed before · esc: back", classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Rows).focus()

    @on(Rows.Highlighted)
    def _more(self) -> None:
        rows, times = self.query_one(Rows), self._times
        if rows.at >= times.most - 1 and times.most < MOST_TIMES:
            times.most *= 4
            rows.reload()
