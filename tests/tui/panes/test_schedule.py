"""The pane of what happens by itself: every key, its countdowns, the week, its history."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static, TextArea

from tests.tui.conftest import opened, wait_for
from zotui.automations.automation import Automation, Run
from zotui.automations.automations import Automations
from zotui.computer import Computer
from zotui.crew import Crew
from zotui.home import Home
from zotui.store import Transaction, now_ms
from zotui.tui.app import Zotui
from zotui.tui.dialogs import Confirm, Prompt, Reading
from zotui.tui.panes.schedule import SchedulePane
from zotui.tui.places import go
from zotui.tui.runs_dialog import RunsDialog, TimesDialog
from zotui.tui.schedule_form import ScheduleForm
from zotui.tui.widgets.choice import Choice
from zotui.tui.widgets.rows import Row, Rows

WIDE = (140, 40)
HOUR_MS = 3_600_000
YEARLY = "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1"


class Hand:
    """A person at the pane."""

    def __init__(self, pilot: Pilot[None], app: Zotui) -> None:
        assert app.computer is not None
        self.pilot = pilot
        self.app = app
        self.computer: Computer = app.computer
        self.automations: Automations = app.computer.automations
        self.pane = app.desk.query_one(SchedulePane)

    async def press(self, *keys: str) -> None:
        for key in keys:  # one by one: focus moves between them
            await self.pilot.press(key)

    async def paste(self, text: str, *keys: str) -> None:
        """Put a text into the line that has the focus, then press keys."""
        line = self.app.focused
        assert isinstance(line, Input)
        line.insert_text_at_cursor(text)
        await self.press(*keys)

    async def until(self, titles: Sequence[str]) -> None:
        """Wait until the list shows exactly these."""
        await wait_for(self.pilot, lambda: self.titles == list(titles))

    @property
    def titles(self) -> list[str]:
        known = self.pane._source.known if self.pane._source else {}
        return [known[row.id].automation.title for row in self.rows if row.id in known]

    @property
    def rows(self) -> list[Any]:
        pages, count = self.pane.rows._pages, self.pane.rows.count or 0
        return [row for place in range(min(count, 100)) if pages and (row := pages.row(place))]

    async def dialog(self, kind: type) -> Any:
        await wait_for(self.pilot, lambda: isinstance(self.app.screen, kind))
        return self.app.screen

    async def desk(self) -> None:
        await wait_for(self.pilot, lambda: self.app.screen is self.app.desk)

    async def says(self, words: str, selector: str = "#means") -> None:
        await wait_for(self.pilot, lambda: words in self.text(selector))

    def text(self, selector: str) -> str:
        return "\n".join(str(one.content) for one in self.app.screen.query(selector).results(Static))

    @property
    def told(self) -> str:
        return [note.message for note in self.app._notifications][-1]

    async def the_one(self) -> Automation:
        return (await self.automations.list())[0]

    async def runs(self) -> Sequence[Run]:
        return await self.automations.history()


@pytest.fixture(autouse=True)
def nobody_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due, and what one has run now, waits."""
    monkeypatch.setattr(Crew, "keep_time", lambda self: None)


@asynccontextmanager
async def at_the_pane(home: Home, size: tuple[int, int] = WIDE) -> AsyncIterator[Hand]:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app)
        await pilot.press("ctrl+o", "a")
        yield Hand(pilot, app)


async def scheduled(home: Home, *titles: str, rrule: str = YEARLY, **asked: Any) -> list[Automation]:
    async with Computer.open(home, workers="none") as computer:
        return [
            await computer.automations.add(
                **{
                    "rrule": f"{rrule};BYHOUR={place}",
                    "tz": "UTC",
                    "start": "2020-01-01T00:00:00",
                    "run": "true",
                    "title": title,
                    **asked,
                }
            )
            for place, title in enumerate(titles)
        ]


async def happened(home: Home, one: Automation, status: str, **fields: object) -> None:
    """Write a run, as its worker would."""
    values = {
        "id": f"r{fields.get('instant', 1)}", "automation_id": one.id, "lane": one.id, "cause": "schedule", "instant": 1,
        "until": 1, "status": status, "created_at": 1, "started_at": 1, "finished_at": 2, **fields,
    }  # fmt: skip

    def write(db: Transaction) -> None:
        db.execute(
            f"INSERT INTO runs({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", tuple(values.values())
        )

    async with Computer.open(home, workers="none") as computer:
        await computer.store.write(write)


# The form


@pytest.mark.parametrize("size", [WIDE, (80, 24), (40, 12)], ids=["wide", "narrow", "small"])
async def test_an_empty_pane_says_how_to_begin_and_a_form_begins_it(home: Home, size: tuple[int, int]) -> None:
    async with at_the_pane(home, size) as hand:
        await wait_for(hand.pilot, lambda: hand.pane.rows.count == 0)
        assert "a begins" in hand.pane.rows.empty
        await hand.press("a")
        await hand.dialog(ScheduleForm)
        await hand.press(*"brief", "tab")
        await hand.paste("FREQ=DAILY;BYHOUR=9", "enter")
        await hand.paste("Asia/Tokyo", "enter")
        await hand.says("09:00 JST")
        assert hand.text("#means").count("09:00 JST") == 5
        await hand.press(
            "right", "tab", *"date", "tab", "right", "tab", "left", "enter", "enter", *"retries=2", "enter"
        )
        await hand.desk()
        await hand.until(["brief"])
        assert hand.pane.border_subtitle == "1 active"
        one = await hand.the_one()
        assert (one.title, one.schedule.rrule, one.schedule.tz) == ("brief", "FREQ=DAILY;BYHOUR=9", "Asia/Tokyo")
        assert (one.action.kind, one.action.text) == ("run", "date")
        assert (one.policy.misfire, one.policy.overlap, one.policy.retries) == ("skip", "replace", 2)


async def test_what_is_wrong_is_said_in_a_line_while_one_types(home: Home) -> None:
    async with at_the_pane(home) as hand:
        await hand.press("a")
        form = await hand.dialog(ScheduleForm)
        when, zone, more = (form.query_one(f"#{name}", Input) for name in ("when", "tz", "more"))
        assert "every weekday at 9am" in hand.text("#means")
        when.value = "FREQ=DAILY;BYMONTH=13"
        await hand.says("! BYMONTH=13: must be 1-12")
        when.value = "FREQ=DAILY;BYHOUR=9"
        zone.value = "Europe/Pari"
        await hand.says("did you mean Europe/Paris")
        zone.value, more.value = "Europe/Paris", "colour=red"
        await hand.says("! more: 'colour=red' is none of")
        more.value = "exdate=nonsense"
        await hand.says("! EXDATE=nonsense")
        more.value = ""
        await hand.says("09:00 CE")
        when.value = "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1;UNTIL=20200101T000000Z"
        await hand.says("! ")
        when.value = "FRE"
        await hand.says("…")
        assert hand.text("#means") == "…"


async def test_words_are_understood_while_one_types_and_asked_about_where_they_are_ambiguous(home: Home) -> None:
    async with at_the_pane(home) as hand:
        hand.app.desk.act("schedule", "every weekday at 9am Europe/Paris")
        form = await hand.dialog(ScheduleForm)
        await hand.says("BYDAY=MO,TU,WE,TH,FR")
        means = hand.text("#means")
        assert means.startswith("every weekday at 09:00, Europe/Paris\n")
        assert means.count(" 09:00 CE") == 5
        when = form.query_one("#when", Input)
        when.value = "every day at noonish"
        await hand.says("! “noonish” in")
        when.value = "every day at 5"
        await hand.says("? at 05:00 or at 17:00? every day at 05:00 / every day at 17:00")
        when.value = "every day at 18:30"
        await hand.says("18:30")
        form.query_one(TextArea).text = "What is new?"
        form.query_one("#tz", Input).value = "Asia/Tokyo"
        await hand.says("18:30 JST")
        await hand.press("ctrl+s")
        await hand.desk()
        one = await hand.the_one()
        assert (one.schedule.words, one.schedule.tz, one.action.text) == (
            "every day at 18:30",
            "Asia/Tokyo",
            "What is new?",
        )
        await wait_for(hand.pilot, lambda: hand.rows)
        await hand.press("e")
        form = await hand.dialog(ScheduleForm)
        assert form.query_one("#when", Input).value == "every day at 18:30"
        form.query_one("#overlap", Choice).value = "queue"
        await hand.says("18:30 JST")
        await hand.press("ctrl+s")
        await hand.desk()
        again = await hand.the_one()
        assert (again.schedule, again.policy.overlap) == (one.schedule, "queue")


async def test_it_is_kept_once_the_times_were_seen_and_what_is_wrong_keeps_the_form(home: Home) -> None:
    async with at_the_pane(home) as hand:
        await hand.press("a")
        form = await hand.dialog(ScheduleForm)
        form.query_one(TextArea).text = "What is new?"
        await hand.press("ctrl+s")
        await hand.says("when shall it happen?", "#problem")
        form.query_one(TextArea).text = ""
        form.query_one("#when", Input).value = "FREQ=DAILY;BYHOUR=9"
        form.query_one("#tz", Input).value = "Asia/Tokyo"
        form.action_keep()
        await hand.says("^s once more", "#problem")
        assert hand.text("#means").count("09:00 JST") == 5
        await hand.press("ctrl+s")
        await hand.says("what shall happen?", "#problem")
        form.query_one(TextArea).text = "nobody"
        form.query_one("#kind", Choice).value = "skill"
        await hand.press("ctrl+s")
        await hand.says("no skill 'nobody'", "#problem")
        assert await hand.automations.list() == []
        await hand.press("escape")
        await hand.dialog(Confirm)
        await hand.press("n")
        await hand.dialog(ScheduleForm)
        await hand.press("escape")
        await hand.dialog(Confirm)
        await hand.press("y")
        await hand.desk()


async def test_an_edit_shows_what_is_and_changes_what_was_changed(home: Home) -> None:
    [old] = await scheduled(home, "brief", hosts=("a.example",), overlap="queue")
    async with at_the_pane(home) as hand:
        await hand.until(["brief"])
        await hand.press("e")
        form = await hand.dialog(ScheduleForm)
        await hand.says(f"{YEARLY};BYHOUR=0")
        assert form.query_one("#more", Input).value == "host=a.example"
        assert form.query_one("#overlap", Choice).value == "queue"
        form.query_one("#title", Input).value = "brief at noon"
        form.query_one("#when", Input).value = f"{YEARLY};BYHOUR=12"
        await hand.says("12:00 UTC")
        await hand.press("ctrl+s")
        await hand.desk()
        await hand.until(["brief at noon"])
        new = await hand.the_one()
        assert (new.id, new.schedule.rrule) == (old.id, f"{YEARLY};BYHOUR=12")
        assert (new.action, new.policy) == (old.action, old.policy)
        await hand.press("e")
        await hand.dialog(ScheduleForm)
        await hand.press("escape")
        await hand.desk()


# What is done to one


async def test_pause_and_resume(home: Home) -> None:
    await scheduled(home, "one", "two")
    async with at_the_pane(home) as hand:
        await hand.until(["one", "two"])
        await hand.press("space")
        await hand.until(["two", "one"])
        assert hand.pane.rows.current is not None
        assert (hand.pane.rows.current.mark, hand.pane.rows.current.aside) == ("‖", "paused")
        assert hand.pane.border_subtitle == "1 active · 1 paused"
        await hand.press("space")
        await hand.until(["one", "two"])
        assert all(one.enabled for one in await hand.automations.list())


async def test_run_now_stop_and_skip_the_next_time(home: Home) -> None:
    await scheduled(home, "one")
    async with at_the_pane(home) as hand:
        await hand.until(["one"])
        await hand.press("s")
        await wait_for(hand.pilot, lambda: hand.app._notifications)
        assert hand.told.startswith("nothing of one runs")
        await hand.press("r")
        await wait_for(hand.pilot, lambda: hand.rows[0].mark == "…" and hand.rows[0].aside == "waits")
        await hand.press("s")
        await wait_for(hand.pilot, lambda: hand.rows[0].mark == "■")
        [run] = await hand.runs()
        assert (run.cause, run.status, run.reason) == ("manual", "cancelled", "stopped")
        before = (await hand.the_one()).next_run
        await hand.press("n")
        await wait_for(hand.pilot, lambda: hand.told.startswith("left out: "))
        after = (await hand.the_one()).next_run
        assert before is not None
        assert after is not None
        assert after - before > 300 * 24 * HOUR_MS


async def test_brackets_in_a_title_are_letters(home: Home) -> None:
    await scheduled(home, "[/] of [red]me[/red]")
    async with at_the_pane(home) as hand:
        await hand.until(["[/] of [red]me[/red]"])
        for key, kind in (("e", ScheduleForm), ("h", RunsDialog), ("p", TimesDialog), ("d", Confirm)):
            await hand.press(key)
            dialog = await hand.dialog(kind)
            box = dialog.query_one(".box")
            assert "[/] of [red]me[/red]" in (box._border_title.plain if kind is not Confirm else hand.text("Static"))
            await hand.press("escape")
            await hand.desk()


async def test_delete_once_one_is_sure(home: Home) -> None:
    await scheduled(home, "one", "two")
    async with at_the_pane(home) as hand:
        await hand.until(["one", "two"])
        for answer, left in (("n", ["one", "two"]), ("y", ["two"])):
            await hand.press("d")
            await hand.dialog(Confirm)
            await hand.press(answer)
            await hand.desk()
            await hand.until(left)


async def test_times_that_did_not_happen_are_made_up_for(home: Home) -> None:
    await scheduled(home, "one")
    async with at_the_pane(home) as hand:
        await hand.until(["one"])
        await hand.press("b")
        prompt = await hand.dialog(Prompt)
        prompt.query_one(Input).value = "nonsense"
        await hand.press("enter")
        await wait_for(
            hand.pilot,
            lambda: hand.app._notifications and "from=" in hand.told,
        )
        prompt = await hand.dialog(Prompt)
        assert prompt.query_one(Input).value == "nonsense"
        prompt.query_one(Input).value = "2024-01-01 to 2025-06-01"
        await hand.press("enter")
        await hand.desk()
        await wait_for(hand.pilot, lambda: "made up for" in hand.told)
        assert [run.cause for run in await hand.runs()] == ["backfill"] * 2


async def test_search_finds_titles_and_what_happens(home: Home) -> None:
    await scheduled(home, "brief", "disk")
    async with at_the_pane(home) as hand:
        await hand.until(["brief", "disk"])
        await hand.press("slash", *"dis")
        await hand.until(["disk"])
        assert hand.pane.border_subtitle == "1 of 2"
        await hand.press("escape")
        await hand.until(["brief", "disk"])


# What became of it, and what comes


async def test_history_leads_to_the_conversation_of_a_run_or_to_what_it_put_out(home: Home) -> None:
    [one] = await scheduled(home, "one")
    async with Computer.open(home, workers="none") as computer:
        chat = await computer.chats.create("what became of it")
    await happened(home, one, "failed", instant=1, error="exit code 3", output="first\nlast line\n", exit_code=3)
    await happened(home, one, "done", instant=2, conv_id=chat)
    async with at_the_pane(home) as hand:
        await hand.until(["one"])
        await hand.press("h")
        dialog = await hand.dialog(RunsDialog)
        rows = dialog.query_one(Rows)
        await wait_for(hand.pilot, lambda: rows.current is not None and rows.current.mark == "✓")
        await hand.press("down")
        await hand.says("failed · schedule", "#line")
        await hand.press("enter")
        await hand.dialog(Reading)
        assert "exit code 3" in hand.text("Static")
        assert "first\nlast line" in hand.text("Static")
        await hand.press("escape")
        await hand.dialog(RunsDialog)
        await hand.press("s")
        await wait_for(hand.pilot, lambda: hand.app._notifications and hand.told == "it is over")
        await hand.press("up", "enter")
        await hand.desk()
        await wait_for(hand.pilot, lambda: hand.app.desk.conversation.conversation == chat)


async def test_what_was_missed_is_listed_and_made_up_for(home: Home) -> None:
    [one, two] = await scheduled(home, "one", "two")
    await happened(home, two, "done", instant=2)
    instants = {"instant": 1_704_067_200_000, "until": 1_735_689_600_000}  # 2024-01-01 and 2025-01-01
    await happened(home, one, "skipped", reason="missed", times=2, **instants)
    async with at_the_pane(home) as hand:
        await hand.until(["one", "two"])
        assert (hand.rows[0].mark, hand.rows[0].aside) == ("–", "missed 2")
        await hand.press("H")
        rows = (await hand.dialog(RunsDialog)).query_one(Rows)
        await wait_for(hand.pilot, lambda: rows.count == 2)
        await hand.press("escape")
        await hand.desk()
        await hand.press("m")
        rows = (await hand.dialog(RunsDialog)).query_one(Rows)
        await hand.says("2 times", "#line")
        assert rows.count == 1
        assert rows.current is not None
        assert "one missed 2" in " ".join(rows.current.text.split())
        await hand.press("b")
        await hand.dialog(Confirm)
        await hand.press("y")
        await hand.dialog(RunsDialog)
        await hand.press("escape")
        await hand.desk()
        await wait_for(hand.pilot, lambda: hand.rows[0].aside == "waits")
        assert [run.cause for run in await hand.runs()].count("backfill") == 2


async def test_the_next_times_go_on_as_far_as_one_looks(home: Home) -> None:
    await scheduled(home, "one", rrule="FREQ=DAILY", tz="Europe/Paris")
    async with at_the_pane(home) as hand:
        await hand.until(["one"])
        await hand.press("p")
        rows = (await hand.dialog(TimesDialog)).query_one(Rows)
        await wait_for(hand.pilot, lambda: rows.count == 100)
        await hand.press("end")
        await wait_for(hand.pilot, lambda: rows.count == 400)
        marks = [rows._pages.row(place).mark for place in range(400) if rows._pages and rows._pages.row(place)]
        assert marks.count("↻") >= 1  # the clocks are changed
        await hand.press("escape")
        await hand.desk()


async def test_the_whole_pane_tells_all_of_one_and_shows_the_week(home: Home) -> None:
    [one] = await scheduled(home, "one", rrule="FREQ=DAILY", misfire="all")
    await happened(home, one, "failed", error="exit code 3", finished_at=4_000)
    async with at_the_pane(home) as hand:
        await hand.until(["one"])
        await hand.press("enter")
        await wait_for(hand.pilot, lambda: hand.pane.whole and "exit code 3" in hand.text("#text"))
        full = hand.text("#text")
        assert "FREQ=DAILY;BYHOUR=0" in full
        assert "missed   all, ten at most" in full
        assert full.count("00:00 UTC") == 5
        await wait_for(hand.pilot, lambda: hand.text("#week").count("●") >= 6)
        assert hand.text("#week").count("00:00 one") >= 6
        assert hand.rows[0].aside.startswith("failed · in ")
        await hand.press("enter")
        await hand.dialog(Reading)
        await hand.press("escape")
        await hand.desk()


@pytest.mark.parametrize("size", [WIDE, (80, 24)], ids=["wide", "narrow"])
async def test_the_week_is_read_at_any_size(home: Home, size: tuple[int, int]) -> None:
    await scheduled(home, "one", rrule="FREQ=DAILY")
    async with at_the_pane(home, size) as hand:
        await hand.until(["one"])
        await hand.press("w")
        await hand.dialog(Reading)
        assert hand.text("Static").count("00:00 one") >= 6


async def test_a_notice_leads_to_its_automation_and_slash_words_to_the_form(home: Home) -> None:
    _, two = await scheduled(home, "one", "two")
    async with at_the_pane(home) as hand:
        await hand.until(["one", "two"])
        await hand.press("ctrl+o", "c")
        await go(hand.app.desk, f"automation:{two.id}")
        await wait_for(hand.pilot, lambda: hand.pane.rows.current is not None and hand.pane.rows.current.id == two.id)
        assert hand.pane.has_focus_within
        hand.app.desk.act("schedule", "FREQ=HOURLY")
        form = await hand.dialog(ScheduleForm)
        assert form.query_one("#when", Input).value == "FREQ=HOURLY"
        await hand.says("FREQ=HOURLY, from")


# The clock


async def test_a_countdown_is_painted_where_it_says_something_else_and_only_while_one_looks(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = await scheduled(home, "one", "two")
    begin = now_ms()
    async with Computer.open(home, workers="none") as computer:
        await computer.store.write(
            lambda db: db.execute(
                "UPDATE automations SET next_run = iif(id = ?, ?, ?)",
                (one.id, begin + 2 * HOUR_MS + 1_800_000, begin + 5 * HOUR_MS - 1_000),
            )
        )
    async with at_the_pane(home) as hand:
        await hand.until(["one", "two"])
        pane, painted = hand.pane, list[str]()
        assert [row.aside for row in hand.rows] == ["in 2 h", "in 4 h"]
        renew = pane.rows.renew

        def painting(row: Row) -> None:
            painted.append(row.aside)
            renew(row)

        monkeypatch.setattr(pane.rows, "renew", painting)
        pane._look_at_the_clock()
        assert painted == []
        assert pane._clock is not None
        assert pane._clock._interval > 10  # nothing changes soon
        monkeypatch.setattr("zotui.store.now_ms", lambda: begin + 1_860_000)
        pane._look_at_the_clock()
        assert painted == ["in 1 h"]
        assert [row.aside for row in hand.rows] == ["in 1 h", "in 4 h"]
        hand.app.desk.act("hide_pane")
        await wait_for(hand.pilot, lambda: pane._clock is None)
        await hand.press("ctrl+o", "a")
        await wait_for(hand.pilot, lambda: pane._clock is not None)


async def test_one_that_runs_stands_first_with_how_long(home: Home) -> None:
    _, two = await scheduled(home, "one", "two")
    await happened(home, two, "running", started_at=now_ms() - 2 * HOUR_MS, finished_at=None)
    async with at_the_pane(home) as hand:
        await hand.until(["two", "one"])
        assert (hand.rows[0].mark, hand.rows[0].aside) == ("▸", "runs 2 h")
        assert hand.pane.border_subtitle == "1 running · 2 active"


async def test_one_that_is_broken_says_why(home: Home) -> None:
    [one] = await scheduled(home, "one")
    async with Computer.open(home, workers="none") as computer:
        await computer.store.write(
            lambda db: db.execute(
                "UPDATE automations SET enabled = 0, next_run = NULL, problem = 'no such zone' WHERE id = ?", (one.id,)
            )
        )
    async with at_the_pane(home) as hand:
        await hand.until(["one"])
        assert (hand.rows[0].mark, hand.rows[0].text) == ("!", "one · no such zone")
        assert hand.pane.border_subtitle == "0 active · 1 broken"


async def test_of_ten_thousand_the_last_is_one_key_away(home: Home) -> None:
    [one] = await scheduled(home, "one")
    async with Computer.open(home, workers="none") as computer:
        await computer.store.write(
            lambda db: db.execute(
                "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 10000)"
                " INSERT INTO automations(id, title, rrule, start, tz, action, policy, next_run, looked_at, created_at, updated_at)"
                " SELECT printf('n%05d', x), 'number ' || x, rrule, start, tz, action, policy, next_run + x * 60000, 1, 1, 1"
                " FROM automations, n WHERE id = ?",
                (one.id,),
            )
        )
    async with at_the_pane(home) as hand:
        await wait_for(hand.pilot, lambda: hand.pane.rows.count == 10_000)
        assert hand.pane.border_subtitle == "10,000 active · of 10,001"
        await hand.press("end")
        await wait_for(hand.pilot, lambda: hand.pane.rows.count == 10_001)
        await hand.press("end")
        await wait_for(hand.pilot, lambda: hand.pane.rows.current is not None and hand.pane.rows.current.id == "n10000")
