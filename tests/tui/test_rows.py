"""The list: every key, a million rows, broken and changing sources, a very small terminal."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from zotui.errors import StoreError
from zotui.tui.widgets.pages import KEPT, PAGE
from zotui.tui.widgets.rows import Row, Rows

MILLION = 1_000_000


class Numbers:
    """As many rows as wanted, made up when asked for; it can be told to wait or to fail."""

    def __init__(self, count: int, first: int = 0, **row: Any) -> None:
        self.total = count
        self.first = first
        self.more = row
        self.asked: list[int] = []
        self.counted = 0
        self.failure: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def count(self) -> int:
        """Return how many there are."""
        self.counted += 1
        await self.gate.wait()
        if self.failure:
            raise self.failure
        return self.total

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Make some rows up."""
        self.asked.append(offset)
        await self.gate.wait()
        if self.failure:
            raise self.failure
        numbers = range(offset + self.first, min(offset + limit, self.total) + self.first)
        return [Row(str(n), f"row {n}", **self.more) for n in numbers]


class Desk(App[None]):
    """A list alone, and what it said."""

    CSS: ClassVar[str] = "Rows { height: 1fr; }"

    def __init__(self, source: Numbers | None = None) -> None:
        super().__init__()
        self.rows = Rows(source)
        self.said: list[tuple[str, str]] = []

    def compose(self) -> ComposeResult:
        """Mount the list."""
        yield self.rows

    def on_rows_highlighted(self, event: Rows.Highlighted) -> None:
        """Remember it."""
        assert event.control is self.rows
        self.said.append(("at", event.row.id))

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Remember it."""
        self.said.append(("chose", event.row.id))

    def line(self, y: int) -> str:
        """Return what is painted on a line."""
        return self.rows.render_line(y).text.rstrip()

    def lines(self) -> list[str]:
        """Return all that is painted."""
        return [self.line(y) for y in range(self.rows.size.height)]

    @property
    def at(self) -> str:
        """The id of the row under the cursor."""
        return self.rows.current.id if self.rows.current else ""


async def until(pilot: Pilot[None], true: Callable[[], object]) -> None:
    """Wait until something is so."""
    for _ in range(1000):
        if true():
            return
        await pilot.pause()
    raise AssertionError(f"never: {pilot.app.screen.children} {pilot.app.lines()}")  # type: ignore[attr-defined]


async def settled(pilot: Pilot[None]) -> None:
    """Wait until everything wanted was read and painted."""
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def test_every_key_in_a_million_rows() -> None:
    source = Numbers(MILLION)
    app = Desk(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert source.asked == [0]
        assert app.lines()[:2] == ["▌row 0", " row 1"]
        assert app.rows.count == MILLION
        for key, wanted in [
            ("down", 1),
            ("j", 2),
            ("up", 1),
            ("k", 0),
            ("k", 0),
            ("pagedown", 23),
            ("pagedown", 46),
            ("pageup", 23),
            ("end", MILLION - 1),
            ("down", MILLION - 1),
            ("pageup", MILLION - 24),
            ("home", 0),
        ]:
            await pilot.press(key)
            await settled(pilot)
            assert app.at == str(wanted), key
            assert f"▌row {wanted}" in app.lines()
        await pilot.press("end")
        await settled(pilot)
        assert app.lines() == [f" row {n}" for n in range(MILLION - 24, MILLION - 1)] + [f"▌row {MILLION - 1}"]
        await pilot.press("enter")
        await pilot.pause()
        assert app.said[0] == ("at", "0")
        assert app.said[-2:] == [("at", str(MILLION - 1)), ("chose", str(MILLION - 1))]
        assert len(source.asked) < 8


async def test_moving_paints_two_lines() -> None:
    app = Desk(Numbers(MILLION))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        painted: list[int] = []
        render = app.rows.render_line
        app.rows.render_line = lambda y: painted.append(y) or render(y)  # type: ignore[method-assign,func-returns-value]
        await pilot.press("down")
        await settled(pilot)
        assert sorted(painted) == [0, 1]


async def test_only_a_few_pages_are_kept() -> None:
    app = Desk(Numbers(MILLION))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for top in range(0, 60 * PAGE, PAGE):
            app.rows.scroll_to(y=top, animate=False)
            await settled(pilot)
        assert app.rows._pages is not None
        assert len(app.rows._pages._pages) == KEPT
        assert app.at == "0"
        assert "row 5900" in app.line(0)


async def test_while_a_page_is_missing_it_shows_a_skeleton() -> None:
    source = Numbers(1000)
    source.gate.clear()
    app = Desk(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.lines()[:2] == ["▌…", ""]
        source.gate.set()
        await until(pilot, lambda: app.line(0) == "▌row 0")
        await settled(pilot)
        source.gate.clear()
        await pilot.press("end")
        assert app.at == ""
        assert app.lines()[-2:] == [" …", "▌…"]
        await pilot.press("enter")
        source.gate.set()
        await until(pilot, lambda: app.at == "999")
        await settled(pilot)
        assert app.said == [("at", "0"), ("at", "999")]


async def test_the_mouse() -> None:
    app = Desk(Numbers(1000))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.click(Rows, offset=(5, 0))
        assert app.said == [("at", "0")]
        await pilot.click(Rows, offset=(5, 3))
        assert app.at == "3"
        await pilot.press("down", "up")
        await pilot.click(Rows, offset=(5, 3))
        assert ("chose", "3") not in app.said
        await pilot.click(Rows, offset=(5, 3))
        await pilot.pause()
        assert app.said[-1] == ("chose", "3")
        app.rows.scroll_to(y=500, animate=False)
        await settled(pilot)
        assert app.at == "3"
        await pilot.click(Rows, offset=(5, 2))
        await settled(pilot)
        assert app.at == "502"
        app.rows.show(Numbers(2))
        await settled(pilot)
        await pilot.click(Rows, offset=(5, 9))
        assert app.at == "0"


async def test_reload_keeps_the_cursor_on_its_row_and_never_flashes() -> None:
    source = Numbers(5000, first=1000)
    app = Desk(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.rows.scroll_to(y=2000, animate=False)
        await settled(pilot)
        await pilot.click(Rows, offset=(5, 4))
        await settled(pilot)
        before, said = app.lines(), len(app.said)
        assert app.at == "3004"
        source.first, source.total = 970, 5030  # thirty rows came in above
        source.gate.clear()
        app.rows.reload()
        app.rows.reload()
        await pilot.pause()
        app.rows.refresh()
        await pilot.pause()
        assert app.lines() == before
        source.gate.set()
        await until(pilot, lambda: app.rows.count == 5030)
        assert app.lines() == before
        await settled(pilot)
        assert app.lines() == before
        assert app.at == "3004"
        assert len(app.said) == said
        source.first, source.total = 900, 50  # and most rows went
        app.rows.reload()
        await settled(pilot)
        assert app.at == "949"
        assert app.said[-1] == ("at", "949")
        assert "▌row 949" in app.lines()


async def test_at_the_top_new_rows_come_into_view() -> None:
    source = Numbers(100, first=10)
    app = Desk(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        source.first, source.total = 9, 101
        app.rows.reload()
        await settled(pilot)
        assert app.lines()[:2] == [" row 9", "▌row 10"]


async def test_an_empty_list_says_so() -> None:
    source = Numbers(0)
    app = Desk(source)
    app.rows.empty = "No memories yet."
    async with app.run_test(size=(40, 9)) as pilot:
        await settled(pilot)
        assert [line.strip() for line in app.lines()] == [""] * 4 + ["No memories yet."] + [""] * 4
        await pilot.press("down", "end", "pageup", "enter")
        await pilot.click(Rows)
        assert app.said == []
        assert app.rows.current is None
        source.total = 1
        app.rows.reload()
        await settled(pilot)
        assert app.line(0) == "▌row 0"


@pytest.mark.parametrize("failure", [StoreError("The file is gone", "restore a copy"), RuntimeError("oops")])
async def test_a_broken_source_says_so_and_mends(failure: Exception) -> None:
    source = Numbers(1000)
    app = Desk(source)
    async with app.run_test(size=(40, 9)) as pilot:
        await settled(pilot)
        await pilot.press("down", "down")
        source.failure = failure
        await pilot.press("end")
        await settled(pilot)
        said = " ".join(app.lines())
        assert ("The file is gone: restore a copy" if isinstance(failure, StoreError) else "oops") in said
        assert app.rows.current is None
        await pilot.press("down", "enter", "home")
        app.rows.reload()
        await settled(pilot)
        assert app.rows.problem
        source.failure = None
        app.rows.reload()
        await settled(pilot)
        assert app.rows.problem == ""
        assert app.at == "999"
        assert app.lines()[-1] == "▌row 999"


async def test_another_source_is_shown_from_its_top_without_waiting_for_the_first() -> None:
    slow = Numbers(1000)
    app = Desk(Numbers(500))
    async with app.run_test(size=(40, 9)) as pilot:
        await settled(pilot)
        await pilot.press("end")
        await settled(pilot)
        slow.gate.clear()
        app.rows.show(slow)
        await pilot.pause()
        assert app.rows.current is None
        await pilot.press("down", "enter")
        app.rows.show(Numbers(3, first=7))
        await settled(pilot)
        assert app.lines()[:4] == ["▌row 7", " row 8", " row 9", ""]
        assert app.said[-1] == ("at", "7")
        slow.gate.set()
        await settled(pilot)
        assert app.rows.count == 3


async def test_select() -> None:
    app = Desk(Numbers(1000))
    async with app.run_test(size=(40, 9)) as pilot:
        await settled(pilot)
        assert app.rows.select("60")
        await settled(pilot)
        assert app.at == "60"
        assert "▌row 60" in app.lines()
        assert not app.rows.select("900")
        assert app.at == "60"


async def test_a_very_small_terminal() -> None:
    app = Desk(Numbers(1000, aside="2 h", mark="✦"))
    async with app.run_test(size=(20, 6)) as pilot:
        await settled(pilot)
        assert app.line(0).split() == ["▌✦", "row", "0", "2", "h"]
        assert all(app.rows.render_line(y).cell_length == 19 for y in range(6))
        await pilot.press("pagedown")
        assert app.at == "5"
        app.rows.show(Wide())
        await settled(pilot)
        assert app.line(0) == "▌日本語日本語日本語…"
        assert app.line(1) == " short           3 d"
        assert app.line(2) == " a[red]b c d"
        assert all(app.rows.render_line(y).cell_length == 20 for y in range(6))
        await pilot.resize_terminal(3, 2)
        await settled(pilot)
        assert all(app.rows.render_line(y).cell_length == 2 for y in range(2))


class Wide(Numbers):
    """Rows that are hard to fit."""

    def __init__(self) -> None:
        super().__init__(3)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return them."""
        return [
            Row("a", "日本語" * 2000, "3 d", style="error"),
            Row("b", "short", "3 d", style="dim"),
            Row("c", "a[red]b\tc\nd", style="warn"),
        ]


async def test_a_resize_keeps_the_cursor_in_view() -> None:
    app = Desk(Numbers(1000))
    async with app.run_test(size=(40, 20)) as pilot:
        await settled(pilot)
        for _ in range(15):
            await pilot.press("down")
        await pilot.resize_terminal(40, 5)
        await settled(pilot)
        assert "▌row 15" in app.lines()


async def test_without_a_source_and_before_mounting() -> None:
    app = Desk()
    app.rows.reload()
    async with app.run_test(size=(40, 9)) as pilot:
        await pilot.press("down", "enter", "end")
        await pilot.click(Rows)
        assert app.rows.count is None
        app.rows.show(Numbers(2))
        await settled(pilot)
        assert app.at == "0"
