"""The pane of memories: every key, what it finds, what it does, and undoes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input, Static, TextArea

from tests.tui.conftest import opened, said, typed, wait_for
from zotui.computer import Computer
from zotui.home import Home
from zotui.memory import Memories
from zotui.tui.app import Zotui
from zotui.tui.dialogs import Confirm, Editor, Prompt, Reading
from zotui.tui.facet_dialog import FacetDialog
from zotui.tui.forget_dialog import ForgetDialog
from zotui.tui.history_dialog import HistoryDialog
from zotui.tui.panes import memory_acts, memory_rows
from zotui.tui.panes.memory import MemoryPane
from zotui.tui.places import go
from zotui.tui.widgets.rows import Rows

WIDE = (140, 40)


class Hand:
    """A person at the pane."""

    def __init__(self, pilot: Pilot[None], app: Zotui) -> None:
        assert app.computer is not None
        self.pilot = pilot
        self.app = app
        self.computer: Computer = app.computer
        self.memory: Memories = app.computer.memory
        self.pane = app.desk.query_one(MemoryPane)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def until(self, texts: Sequence[str]) -> None:
        """Wait until the list shows exactly these."""
        await wait_for(self.pilot, lambda: self.texts == list(texts))

    @property
    def texts(self) -> list[str]:
        """What the list shows, by the rows that are read."""
        pages, count = self.pane.rows._pages, self.pane.rows.count or 0
        rows = [pages.row(place) for place in range(count)] if pages else []
        return [row.text for row in rows if row]

    async def dialog(self, kind: type) -> None:
        await wait_for(self.pilot, lambda: isinstance(self.app.screen, kind))

    async def desk(self) -> None:
        await wait_for(self.pilot, lambda: self.app.screen is self.app.desk)

    async def put_in(self, kind: type, text: str, *keys: str) -> None:
        """Write in a dialog, in the place of what is there."""
        await self.dialog(kind)
        if kind is Editor:
            self.app.screen.query_one(TextArea).text = text
        else:
            self.app.screen.query_one(Input).value = text
        await self.press(*keys)
        await self.desk()

    @property
    def told(self) -> str:
        """What was said last."""
        return [note.message for note in self.app._notifications][-1]

    @property
    def whole(self) -> str:
        return str(self.pane.query_one("#text", Static).content)


@asynccontextmanager
async def at_the_pane(home: Home, size: tuple[int, int] = WIDE) -> AsyncIterator[Hand]:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app)
        await pilot.press("ctrl+o", "m")
        yield Hand(pilot, app)


async def remembered(home: Home, *texts: str) -> list[str]:
    async with Computer.open(home, workers="none") as computer:
        return await computer.memory.memorize_many((text, {"source": "me"}) for text in texts)


async def test_search_open_edit_undo(home: Home) -> None:
    await remembered(home, "green tea", "the staging box", "black tea")
    async with at_the_pane(home) as hand:
        await hand.until(["black tea", "the staging box", "green tea"])
        await hand.press("slash", *typed("te"))
        await hand.until(["black tea", "green tea"])
        assert hand.pane.border_subtitle == "2 of 3"
        await hand.press("enter", "down", "enter")
        await wait_for(hand.pilot, lambda: hand.pane.whole and "green tea" in hand.whole)
        await hand.press("e")
        await hand.put_in(Editor, "green tea, no milk", "ctrl+s")
        await hand.until(["green tea, no milk", "black tea"])
        await hand.press("u")
        await hand.until(["black tea", "green tea"])
        assert hand.told == "Undone: edit of 1 memory"
        rows = await hand.computer.store.read(
            lambda db: db.execute("SELECT value FROM memory ORDER BY seq DESC").fetchall()
        )
        assert [text for (text,) in rows] == ["black tea", "the staging box", "green tea"]


async def test_delete_pin_tag_and_end_of_the_one_under_the_cursor(home: Home) -> None:
    [one] = await remembered(home, "green tea")
    async with at_the_pane(home) as hand:
        await hand.until(["green tea"])
        await hand.press("p")
        await wait_for(hand.pilot, lambda: hand.pane.rows.current and hand.pane.rows.current.mark == "◆")
        await hand.press("p")
        await wait_for(hand.pilot, lambda: hand.pane.rows.current and hand.pane.rows.current.mark == "")
        await hand.press("t")
        await hand.put_in(Prompt, "drink, #two words", "enter")
        await wait_for(hand.pilot, lambda: hand.pane.current and hand.pane.current.tags == ("drink", "two words"))
        await hand.press("t")
        await hand.put_in(Prompt, "drink", "enter")
        await wait_for(hand.pilot, lambda: hand.pane.current and hand.pane.current.tags == ("drink",))
        await hand.press("x")
        await hand.put_in(Prompt, "30d", "enter")
        await wait_for(hand.pilot, lambda: hand.pane.current and hand.pane.current.expires_at)
        await hand.press("x")
        await hand.put_in(Prompt, "never", "enter")
        await wait_for(hand.pilot, lambda: hand.pane.current and not hand.pane.current.expires_at)
        await hand.press("d")
        await hand.until([])
        assert "“green tea”; u undoes it" in hand.told
        await hand.press("u")
        await hand.until(["green tea"])
        assert (await hand.memory.find(one)).tags == ("drink",)


async def test_marked_ones_are_pinned_tagged_merged_and_deleted(home: Home) -> None:
    ids = await remembered(home, "one", "two", "three")
    async with at_the_pane(home) as hand:
        await hand.until(["three", "two", "one"])
        await hand.press("space", "space")
        await wait_for(hand.pilot, lambda: hand.pane.border_subtitle == "2 marked · 3")
        assert list(hand.pane.marked) == [ids[2], ids[1]]
        await hand.press("escape")
        await wait_for(hand.pilot, lambda: hand.pane.border_subtitle == "3")
        await hand.press("home", "space", "space", "t")
        await hand.put_in(Prompt, "new, -old", "enter")
        await wait_for(hand.pilot, lambda: not hand.pane.marked)
        assert [one.tags for one in await hand.memory.list()] == [("new",), ("new",), ()]
        await hand.press("home", "space", "space", "m")
        await hand.put_in(Editor, "two and three", "ctrl+s")
        await hand.until(["two and three", "one"])
        await hand.press("u")
        await hand.until(["three", "two", "one"])
        await hand.press("asterisk", "p")
        await wait_for(hand.pilot, lambda: not hand.pane.marked and "Pinning of 3" in hand.told)
        assert len(await hand.memory.list(pinned=True)) == 3
        await hand.press("asterisk")
        await wait_for(hand.pilot, lambda: len(hand.pane.marked) == 3)
        await hand.press("asterisk")
        await wait_for(hand.pilot, lambda: not hand.pane.marked)
        await hand.press("asterisk")
        await wait_for(hand.pilot, lambda: len(hand.pane.marked) == 3)
        await hand.press("d")
        await hand.until([])
        await hand.press("u")
        await hand.until(["three", "two", "one"])


async def test_many_are_deleted_only_when_the_person_is_sure(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_acts, "LARGE", 2)
    await remembered(home, "one", "two", "three")
    async with at_the_pane(home) as hand:
        await hand.until(["three", "two", "one"])
        await hand.press("asterisk")
        await wait_for(hand.pilot, lambda: len(hand.pane.marked) == 3)
        await hand.press("d")
        await hand.dialog(Confirm)
        await hand.press("n")
        await hand.desk()
        assert await hand.memory.count() == 3
        await hand.press("d")
        await hand.dialog(Confirm)
        await hand.press("y")
        await hand.until([])


async def test_what_is_marked_is_saved(home: Home) -> None:
    await remembered(home, "one", "two")
    async with at_the_pane(home) as hand:
        await hand.until(["two", "one"])
        path = home.path / "saved.jsonl"
        await hand.press("space", "s")
        await hand.put_in(Prompt, str(path), "enter")
        await wait_for(hand.pilot, path.exists)
        await wait_for(hand.pilot, lambda: "1 memories are in" in hand.told)
        assert '"content":"two"' in path.read_text()
        assert path.read_text().count("\n") == 1


async def test_recalled_best_first_with_the_parts_of_the_score(home: Home) -> None:
    await remembered(home, "the staging box is lab-3", "green tea", "the box of tea")
    async with at_the_pane(home) as hand:
        await wait_for(hand.pilot, lambda: hand.pane.rows.count == 3)
        await hand.press("slash", *typed("staging box"), "enter", "r")
        await wait_for(hand.pilot, lambda: hand.pane.search == "?staging box")
        await wait_for(hand.pilot, lambda: hand.texts[:1] == ["the staging box is lab-3"])
        assert "▇" in (hand.pane.rows.current.aside if hand.pane.rows.current else "")
        await hand.press("enter", "f2")
        await wait_for(hand.pilot, lambda: hand.pane.whole and "score" in hand.whole)
        assert "words" in hand.whole
        await hand.press("r", "enter")
        await wait_for(hand.pilot, lambda: hand.pane.search == "staging box")
        await wait_for(hand.pilot, lambda: "score" in hand.whole)
        await hand.press("escape", "r", *typed("tea"))
        await wait_for(hand.pilot, lambda: hand.pane.search == "?tea")


async def test_narrowed_by_what_there_is(home: Home) -> None:
    ids = await remembered(home, "one", "two", "three")
    async with at_the_pane(home) as hand:
        await hand.memory.tag(ids[0], "two words")
        await hand.press("f")
        await hand.dialog(FacetDialog)
        rows = hand.app.screen.query_one(Rows)
        await wait_for(hand.pilot, lambda: rows.count and rows.current)
        await hand.press("end")
        await wait_for(hand.pilot, lambda: rows.current and "two words" in rows.current.text)
        await hand.press("space")
        await wait_for(hand.pilot, lambda: rows.current and rows.current.mark == "■")
        await hand.press("escape")
        await hand.until(["one"])
        assert hand.pane.search == 'tag:"two words"'
        await hand.press("f")
        await hand.dialog(FacetDialog)
        await hand.press("c", "escape")
        await wait_for(hand.pilot, lambda: hand.pane.rows.count == 3)


async def test_the_history_of_a_key_and_a_value_brought_back(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        for city in ("Oslo", "Bergen", "Berlin"):
            await computer.memory.set("city", city)
    async with at_the_pane(home) as hand:
        await hand.until(["city: Berlin"])
        await hand.press("h")
        await hand.dialog(HistoryDialog)
        rows = hand.app.screen.query_one(Rows)
        await wait_for(hand.pilot, lambda: rows.count == 3 and rows.current)
        await wait_for(
            hand.pilot, lambda: "-Bergen\n+Berlin" in str(hand.app.screen.query_one("#line", Static).content)
        )
        await hand.press("end", "b")
        await wait_for(hand.pilot, lambda: rows.count == 4)
        assert await hand.memory.get("city") == "Oslo"
        await hand.press("escape", "u")
        await hand.until(["city: Berlin"])


async def test_to_the_conversation_that_it_is_from(home: Home) -> None:
    async with at_the_pane(home) as hand:
        reply = await hand.computer.ask("hello", memory=False)
        meta = {"conversation": reply.conversation_id, "message": reply.message_id}
        await hand.memory.memorize("greets", meta)
        await hand.until(["greets"])
        await hand.press("enter")
        await wait_for(hand.pilot, lambda: hand.pane.whole and "said in “hello”" in hand.whole)
        await hand.press("g")
        await wait_for(hand.pilot, lambda: hand.app.desk.conversation.conversation == reply.conversation_id)
        await wait_for(hand.pilot, lambda: "hello" in said(hand.app))
        assert hand.app.desk.current is hand.app.desk.conversation


async def test_forgotten_for_good_with_what_it_has_left(home: Home) -> None:
    async with at_the_pane(home) as hand:
        reply = await hand.computer.ask("I have a quokka", memory=False)
        await hand.memory.memorize("quokka")
        await hand.until(["quokka"])
        await hand.press("F")
        await hand.dialog(ForgetDialog)
        await hand.press("n")
        await hand.desk()
        assert await hand.memory.count() == 1
        await hand.press("F")
        await hand.dialog(ForgetDialog)
        await hand.press("r")
        assert hand.app.screen.query_one("#redact", Checkbox).value
        await hand.press("y")
        await hand.until([])
        await wait_for(hand.pilot, lambda: "for good" in hand.told)
        assert "quokka" not in str(await hand.computer.chats.messages(reply.conversation_id))
        await hand.press("u")
        await wait_for(hand.pilot, lambda: "nothing was done" in hand.told)


async def test_read_whole_in_a_small_terminal(home: Home) -> None:
    await remembered(home, "green tea " * 100)
    async with at_the_pane(home, (40, 12)) as hand:
        await wait_for(hand.pilot, lambda: hand.pane.rows.current and hand.pane.whole)
        await hand.press("enter")
        await hand.dialog(Reading)
        await hand.press("escape")
        await hand.desk()


async def test_the_cursor_stays_when_the_store_changes_far_down(home: Home) -> None:
    ids = await remembered(home, *(f"row {n}" for n in range(5_000)))
    async with at_the_pane(home) as hand:
        await wait_for(hand.pilot, lambda: hand.pane.rows.count == 5_000)
        await hand.press("end", "up", "up")
        await wait_for(hand.pilot, lambda: hand.pane.rows.current and hand.pane.rows.current.id == ids[2])
        await hand.memory.memorize_many((f"new {n}", None) for n in range(150))
        await wait_for(hand.pilot, lambda: hand.pane.rows.count == 5_150)
        assert hand.pane.rows.current is not None
        assert hand.pane.rows.current.id == ids[2]
        await hand.memory.delete(ids[3:20])
        await wait_for(hand.pilot, lambda: hand.pane.rows.count == 5_133)
        assert hand.pane.rows.current.id == ids[2]


async def test_more_is_listed_at_the_end_of_what_was_found(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_rows, "FOUND", 100)
    await remembered(home, *(f"row {n}" for n in range(350)))
    async with at_the_pane(home) as hand:
        await hand.press("slash", *typed("row"), "enter")
        await wait_for(hand.pilot, lambda: hand.pane.border_subtitle == "100+ of 350")
        await hand.press("end")
        await wait_for(hand.pilot, lambda: hand.pane.border_subtitle == "350 of 350")


async def test_what_is_read_whole_follows_the_file(home: Home) -> None:
    [one] = await remembered(home, "green tea")
    async with at_the_pane(home) as hand:
        await hand.until(["green tea"])
        await hand.press("enter")
        await wait_for(hand.pilot, lambda: hand.pane.whole and "green tea" in hand.whole)
        await hand.memory.tag(one, "drink")
        await wait_for(hand.pilot, lambda: "#drink" in hand.whole)
        await hand.memory.edit(one, "black tea")
        await wait_for(hand.pilot, lambda: "black tea" in hand.whole)
        await hand.press("d")
        await wait_for(hand.pilot, lambda: hand.whole == "")


async def test_a_search_of_everything_leads_to_a_memory_whatever_was_searched_here(home: Home) -> None:
    ids = await remembered(home, *(f"row {n}" for n in range(300)), "tea")
    async with at_the_pane(home) as hand:
        await hand.press("slash", *typed("tea"), "enter")
        await hand.until(["tea"])
        await hand.press("space")
        await go(hand.app.desk, f"memory:{ids[5]}")
        await wait_for(hand.pilot, lambda: hand.pane.rows.current and hand.pane.rows.current.id == ids[5])
        assert hand.pane.search == ""
        assert hand.pane.rows.count == 301


async def test_recalled_ones_are_narrowed_too(home: Home) -> None:
    ids = await remembered(home, "green tea", "black tea", "white tea")
    async with at_the_pane(home) as hand:
        await hand.memory.tag(ids[1], "strong")
        await hand.press("slash", *typed("?tea tag:strong"), "enter")
        await hand.until(["black tea"])
        assert hand.pane.border_subtitle == "1 best of 3"
