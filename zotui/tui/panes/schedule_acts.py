"""What a person does to automations in their pane: to the one under the cursor."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar, cast

from textual import work

from zotui.errors import UsageError, ZotuiError
from zotui.text import one_line
from zotui.tui.panes.listing import ListingPane

if TYPE_CHECKING:
    from zotui.automations.automation import Automation
    from zotui.automations.queue import Listed
    from zotui.computer import Computer
    from zotui.tui.desk import Desk
    from zotui.tui.panes.schedule_rows import ScheduleRows
    from zotui.tui.runs_dialog import Which

T = TypeVar("T")


class Scheduled(ListingPane):
    """A list of automations."""

    _source: ScheduleRows | None

    @property
    def current(self) -> Listed | None:
        """The automation under the cursor, as it was listed."""
        row = self.rows.current
        return self._source.known.get(row.id) if self._source and row else None

    @property
    def _open(self) -> Computer:
        if self.computer is None:
            raise UsageError("the file is not open yet")
        return self.computer

    @property
    def _chosen_one(self) -> Automation:
        if (one := self.current) is None:
            raise UsageError("there is no automation here", "a begins one")
        return one.automation

    async def _do(self, what: Awaitable[T]) -> T:
        """Do it, and show what is then."""
        try:
            return await what
        finally:
            await self.refresh_from_file()

    def _say(self, words: str) -> None:
        self.app.notify(one_line(words, 300), markup=False)

    # What is written

    @work
    async def action_add_row(self) -> None:
        """Have something happen by itself."""
        await self.begin("")

    async def begin(self, words: str) -> None:
        """Ask what shall happen and when, which the words may say already."""
        from zotui.tui.schedule_form import ScheduleForm

        made = await self.app.push_screen_wait(ScheduleForm(self._open, words=words))
        if made is not None:
            await self.refresh_from_file()
            await self.seek(made.id)

    @work
    async def action_edit_row(self) -> None:
        """Change what is said of the automation."""
        from zotui.tui.schedule_form import ScheduleForm

        old = await self._open.automations.find(self._chosen_one.id)
        if await self.app.push_screen_wait(ScheduleForm(self._open, old)) is not None:
            await self.refresh_from_file()

    @work
    async def action_toggle_row(self) -> None:
        """Pause the automation, or have it happen again."""
        one, automations = self._chosen_one, self._open.automations
        await self._do(automations.pause(one.id) if one.enabled else automations.resume(one.id))

    @work
    async def action_delete_row(self) -> None:
        """Delete the automation, once the person is sure."""
        from zotui.tui.dialogs import Confirm

        one = self._chosen_one
        question = f"Delete {one_line(one.title, 60)} and its history? What runs of it stops; conversations stay."
        if await self.app.push_screen_wait(Confirm(question, "Delete")):
            await self._do(self._open.automations.remove(one.id))

    # When it happens

    @work
    async def action_run_row(self) -> None:
        """Have the automation happen now, beside its schedule."""
        await self._do(self._open.automations.run(self._chosen_one.id))

    @work
    async def action_skip_row(self) -> None:
        """Leave its next time out."""
        from zotui.automations.automation import moment
        from zotui.automations.moments import zone_of
        from zotui.tui.panes.schedule_text import day_and_time

        one = self._chosen_one
        at = await self._do(self._open.automations.skip(one.id))
        self._say(f"left out: {day_and_time(moment(at).astimezone(zone_of(one.schedule.tz)))}")

    @work
    async def action_stop_row(self) -> None:
        """Stop what runs of the automation, and what waits to."""
        one, automations = self._chosen_one, self._open.automations
        found = await automations.queue.going_on(one.id)
        if not found:
            raise UsageError(f"nothing of {one_line(one.title, 60)} runs")
        for run in found:
            await self._do(automations.stop(run.id))

    @work
    async def action_backfill_row(self) -> None:
        """Ask for two moments, and have happen what should have between them and did not."""
        from zotui.tui.dialogs import Prompt

        one, given = self._chosen_one, ""
        while (said := await self.app.push_screen_wait(Prompt("Make up for: from, and to", given))) and said.strip():
            first, _, last = said.strip().partition(" ")
            given = said
            try:
                count = await self._do(
                    self._open.automations.backfill(one.id, first, last.strip().removeprefix("to ") or first)
                )
            except ZotuiError as error:  # the line comes back, to be put right
                self.app.notify(str(error), severity="warning", markup=False)
            else:
                self._say("once is made up for" if count == 1 else f"{count:,} times are made up for")
                return

    # What opens something

    @work
    async def action_row_history(self) -> None:
        """What became of the automation's times; leads to the conversation of one."""
        from zotui.tui.runs_dialog import of

        one = self._chosen_one
        await self._look_back(f"Runs of {one_line(one.title, 60)}", of(one.id))

    @work
    async def action_late_rows(self) -> None:
        """What happened of late, of all automations."""
        await self._look_back("What happened of late", lambda queue, most: queue.late_ids(most), named=True)

    @work
    async def action_missed_rows(self) -> None:
        """What was missed of late, of all automations."""
        await self._look_back("What was missed", lambda queue, most: queue.missed_ids(most), named=True)

    async def _look_back(self, title: str, which: Which, *, named: bool = False) -> None:
        from zotui.tui.places import go
        from zotui.tui.runs_dialog import RunsDialog

        place = await self.app.push_screen_wait(RunsDialog(self._open, title, which, named=named))
        if place:
            await go(cast("Desk", self.screen), place)

    @work
    async def action_preview_row(self) -> None:
        """The next times of the automation, as many as one likes."""
        from zotui.tui.runs_dialog import TimesDialog

        await self.app.push_screen_wait(TimesDialog(self._open, self._chosen_one))
