"""What happens by itself: the queue with its countdowns, the week ahead, one in full. What is done to them is in
:mod:`zotui.tui.panes.schedule_acts`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Input, Static

from zotui.errors import NotFound, ZotuiError
from zotui.tui.actions import ACTIONS, key_of, shown_key
from zotui.tui.pane import bindings
from zotui.tui.panes.listing import ROOM_FOR_BOTH
from zotui.tui.panes.schedule_acts import Scheduled
from zotui.tui.panes.schedule_week import WeekView
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.tui.panes.schedule_rows import ScheduleRows

BESIDE = 100  # columns from which an automation is told of beside the list, not below
FOUND = 10_000  # automations that one is looked for among
ROOM_FOR_WEEK = 30  # rows from which the week is shown, too
TOLD = 5  # next times and last runs that are told of one
LOOK_S = 60.0  # at most between two looks at the clock: it may have been set
HINTS = {  # by the action: a word for the line of keys
    "add_row": "new", "edit_row": "edit", "toggle_row": "pause", "run_row": "run", "skip_row": "skip", "row_history": "history",
    "preview_row": "times", "week": "week",
}  # fmt: skip


class SchedulePane(Scheduled):
    """What happens by itself: ▸ runs, ! broken, ‖ paused, · over, else what became of the last time."""

    letter = "a"
    heading = "Schedule"
    empty = "Nothing happens by itself yet. a begins, as: every weekday at 9am, ask for the news."
    tables: ClassVar[frozenset[str]] = frozenset({"automations", "runs"})
    BINDINGS = bindings("schedule")
    DEFAULT_CSS = """
    SchedulePane.-whole.-beside > #full {
        dock: right; width: 46%; height: 100%; border-top: none; border-left: solid $foreground 15%; padding: 0 1 0 2;
    }
    SchedulePane > #hints { dock: bottom; height: 1; padding: 0 1; background: $background; color: $foreground 50%; }
    """

    def __init__(self) -> None:
        super().__init__("schedule")
        self._source: ScheduleRows | None = None
        self._looked = 0  # when the rows were painted by the clock, in milliseconds since 1970
        self._clock: Timer | None = None

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield WeekView()
        yield Static("", id="hints", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self._give_room()

    def source(self, search: str) -> ScheduleRows:
        from zotui.tui.panes.schedule_rows import ScheduleRows

        assert self.computer is not None
        self._source = ScheduleRows(self.computer, search, self)
        return self._source

    async def place(self, id: str) -> int | None:
        """The number of an automation where nothing is searched for. Raises NotFound."""
        assert self.computer is not None
        automation = await self.computer.automations.find(id)
        order = await self.computer.automations.queue.order("", FOUND)
        return next((place for place, one in enumerate(order) if one.id == automation.id), None)

    async def seek(self, id: str) -> None:
        place = await self.place(id)
        line = self.query_one("#search", Input)
        self.search = line.value = ""
        line.display = False
        self.rows.empty = self.empty
        if place is not None:
            self.rows.show(self.source(""), place)

    def counted(self, source: ScheduleRows) -> None:
        """They were looked up, maybe anew."""
        if source is self._source:
            self.note(source.said)
            self._hint()
            self.call_later(self._look_ahead)

    def arrived(self, source: ScheduleRows) -> None:
        """Some were read, maybe anew: the one that is told of may be another, and the countdowns are others."""
        if source is self._source:
            self.call_later(self._show_full)
            self.call_later(self._look_at_the_clock)

    # The clock

    def on_show(self) -> None:
        """What the clock has changed meanwhile is shown."""
        self._look_at_the_clock()

    def on_hide(self) -> None:
        """Nobody looks."""
        self._stop_the_clock()

    def _stop_the_clock(self) -> None:
        if self._clock is not None:
            self._clock.stop()
            self._clock = None

    def _look_at_the_clock(self) -> None:
        """Paint the rows that say something else by now, and look again when the next one does."""
        self._stop_the_clock()
        if self._source is None or not self.is_on_screen:
            return
        from zotui.store import now_ms

        now = now_ms()
        for row in self._source.rows_that_changed(self._looked, now):
            self.rows.renew(row)
        self._looked = now
        at = self._source.next_change(now)
        pause_s = LOOK_S if at is None else min(LOOK_S, max(0.05, (at - now) / 1_000))
        self._clock = self.set_timer(pause_s, self._look_at_the_clock)

    # What is told of one, and of the week

    def _hint(self) -> None:
        bound = self.computer.config.keys if self.computer else {}
        keys = {action.id: shown_key(key_of(action, bound)) for action in ACTIONS if action.place == "schedule"}
        said = [f"{keys[name]} {word}" for name, word in HINTS.items() if keys[name]]
        self.query_one("#hints", Static).update("  ".join(said))

    def zoomed(self, whole: bool) -> None:
        changed = whole != self.whole
        super().zoomed(whole)
        if changed:
            self.rows.reload()  # there is room for more words, or no longer
            self._look_ahead()

    def _give_room(self) -> None:
        super()._give_room()
        height = self.app.size.height
        self.query_one("#hints").display = self.whole and height >= ROOM_FOR_BOTH
        self._week.display = self._shows_week and self._week.has_times

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= BESIDE, "-beside")
        self._give_room()
        self._look_ahead()

    @on(Rows.Highlighted)
    def _more(self) -> None:
        """At the end of what is listed, list more of what there is."""
        source, count = self._source, self.rows.count or 0
        if source is not None and source.has_more and self.rows.at >= count - 1:
            source.find_more()
            self.rows.reload()

    def _show_full(self) -> None:
        if self.whole:
            row = self.rows.current
            self._week.choose(row.id if row else "")
            if self.query("#text"):
                self._tell()

    @work(exclusive=True, group="full")
    async def _tell(self) -> None:
        """Show the automation under the cursor, with its next times and its last ones."""
        from zotui.store import now_ms
        from zotui.tui.panes.schedule_text import full

        one, view = self.current, self.query_one("#text", Static)
        if one is None or self.computer is None:
            view.update("")
            return
        automations = self.computer.automations
        try:
            upcoming = await automations.preview(one.automation.id, TOLD) if one.automation.enabled else []
            runs = await automations.history(one.automation.id, TOLD)
        except NotFound:  # it was deleted this moment
            return
        except ZotuiError as error:
            view.update(str(error))
            return
        view.update(full(one, upcoming, runs, now_ms()))

    def full_text(self, row: Row) -> str:
        return str(self.query_one("#text", Static).content) if self.query("#text") else row.text

    def action_open_row(self) -> None:
        """Read all of the automation under the cursor: give the pane the screen, then the automation."""
        from zotui.tui.dialogs import Reading

        row = self.rows.current
        if not self.whole:
            super().action_open_row()
        elif row is not None:
            self.app.push_screen(Reading("Automation", self.full_text(row)))

    @work(exclusive=True, group="week")
    async def _look_ahead(self) -> None:
        """Work out the week, where it is shown."""
        if self.computer is not None and self._source is not None and self._shows_week:
            await self._week.work_out(self.computer, self._source.order)
            self._give_room()

    @property
    def _week(self) -> WeekView:
        return self.query_one(WeekView)

    @property
    def _shows_week(self) -> bool:
        return self.whole and self.app.size.height >= ROOM_FOR_WEEK

    @work
    async def action_week(self) -> None:
        """What happens in the coming seven days, and when."""
        from zotui.tui.dialogs import Reading

        if self.computer is not None and self._source is not None:
            await self._week.work_out(self.computer, self._source.order)
            self.app.push_screen(Reading("The week ahead", self._week.in_full))
