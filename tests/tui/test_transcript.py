"""The transcript: what it shows, where it stays, and what its keys do."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.events import MouseScrollUp
from textual.pilot import Pilot

from zotui.tui.markdown import Palette
from zotui.tui.widgets.column import Column
from zotui.tui.widgets.entry import Entry
from zotui.tui.widgets.roll import KEPT_LINES, KEPT_SHEETS, Roll
from zotui.tui.widgets.sheet import Frame, Sheet
from zotui.tui.widgets.transcript import Transcript

SIZES = [(100, 30), (40, 12), (20, 6)]


class Chat(App[None]):
    """An app of a transcript alone, which remembers what it was told."""

    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def compose(self) -> ComposeResult:
        yield Transcript()

    def on_transcript_older_wanted(self) -> None:
        self.told.append("older wanted")

    def on_transcript_unseen_changed(self, event: Transcript.UnseenChanged) -> None:
        self.told.append(f"unseen {event.unseen}")

    @property
    def transcript(self) -> Transcript:
        return self.query_one(Transcript)

    @property
    def lines(self) -> list[str]:
        """What is on the screen, line by line, without the scrollbar."""
        transcript = self.transcript
        width = transcript.scrollable_content_region.width
        return [transcript.render_line(y).crop(0, width).text.rstrip() for y in range(transcript.container_size.height)]

    @property
    def screen_text(self) -> str:
        return "\n".join(self.lines)


def turns(count: int, first: int = 0) -> list[Entry]:
    """Questions and answers; each answer is five lines high."""
    return [
        Entry(f"e{at}", "user", f"question {at}")
        if at % 2 == 0
        else Entry(f"e{at}", "assistant", f"answer {at}\n\n- one\n- two\n- three")
        for at in range(first, first + count)
    ]


def tool(id: str = "t", **kwargs: str) -> Entry:
    values = {"title": 'recall "staging box"', "aside": "2 found · 4 ms", "detail": "first\nsecond [red]x[/]"}
    return Entry(id, "tool", **{**values, **kwargs})  # type: ignore[arg-type]


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    """Wait for a condition, a message at a time."""
    for _ in range(200):
        if condition():
            return
        await pilot.pause()
    pytest.fail("it never came true")


# What is shown


async def test_labels_gutter_and_turns() -> None:
    app = Chat()
    async with app.run_test(size=(60, 20)) as pilot:
        app.transcript.show(
            [
                Entry("1", "user", "Which box\nis staging?"),
                Entry("2", "reasoning", "It is about staging.", title="thought for 2 s"),
                tool("3"),
                Entry("4", "assistant", "Staging is **lab-3**."),
                Entry("5", "user", "thanks"),
            ]
        )
        await pilot.pause()
        assert app.lines[:10] == [
            " you  Which box",
            "      is staging?",
            "",
            " zo   ▸ thought for 2 s",
            '      ▸ recall "staging box"' + "2 found · 4 ms".rjust(58 - 28),
            "      Staging is lab-3.",
            "",
            " you  thanks",
            "",
            "",
        ]


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        (Entry("a", "assistant"), " zo   (model returned no text)"),
        (Entry("a", "assistant", " \n "), " zo   (model returned no text)"),
        (Entry("a", "assistant", live=True), " zo   ▍"),
        (Entry("a", "assistant", "so far", live=True, status="running"), " zo   so far▍"),
        (Entry("a", "assistant", status="running"), " zo   ● running"),
        (Entry("a", "assistant", status="interrupted"), " zo   ■ interrupted"),
        (Entry("a", "assistant", "cut", status="interrupted"), " zo   cut\n      ■ interrupted"),
        (Entry("a", "user", "hi", status="queued"), " you  hi\n      ○ queued"),
        (Entry("a", "user", ""), " you"),
        (Entry("a", "reasoning", "hm\nso", live=True), " zo   ▸ thinking · hm"),
        (Entry("a", "reasoning", "", live=True), " zo   ▸ thinking"),
        (Entry("a", "reasoning", "hm\nso"), " zo   ▸ thought · hm"),
        (Entry("a", "error", "too fast", title="refused"), "      ✗ refused\n      too fast"),
        (Entry("a", "error", "", title=""), "      ✗ error"),
        (Entry("a", "note", "model changed"), "      model changed"),
    ],
)
async def test_kinds_and_states(entry: Entry, shown: str) -> None:
    app = Chat()
    async with app.run_test(size=(60, 10)) as pilot:
        app.transcript.append(entry)
        await pilot.pause()
        assert app.screen_text.rstrip() == shown


@pytest.mark.parametrize(
    ("status", "mark"),
    [
        ("queued", "○ queued"),
        ("running", "● running"),
        ("waiting", "? waiting"),
        ("failed", "✗ failed"),
        ("interrupted", "■ interrupted"),
        ("cancelled", "■ cancelled"),
    ],
)
async def test_states_of_a_tool_have_a_glyph_and_a_word(status: str, mark: str) -> None:
    app = Chat()
    async with app.run_test(size=(60, 10)) as pilot:
        app.transcript.append(tool(status=status, aside="3 s"))
        await pilot.pause()
        assert app.lines[0].endswith(f"{mark} · 3 s")


@pytest.mark.parametrize("kind", ["user", "assistant", "note", "error", "tool", "reasoning"])
async def test_markup_is_shown_as_written(kind: str) -> None:
    app = Chat()
    literal = "[red]x[/] [@click=app.quit]y[/]"
    async with app.run_test(size=(100, 10)) as pilot:
        entry = Entry("a", kind, literal, title=literal, detail=literal)  # type: ignore[arg-type]
        app.transcript.append(entry)
        app.transcript.focus()
        await pilot.press("enter")
        assert literal in app.screen_text
        assert not any(style and style.meta for y in range(6) for _, style, _ in app.transcript.render_line(y))


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_every_kind(size: tuple[int, int]) -> None:
    app = Chat()
    wide = "你好世界 👨‍👩‍👧 ❤️ " * 5
    entries = [
        Entry("1", "user", wide),
        Entry("2", "reasoning", wide),
        tool("3", title=wide, aside="2 found · 4 ms", status="failed", detail=wide),
        Entry("4", "assistant", f"# {wide}\n\n> - {wide}\n\n```py\n{wide}\n```\n\n|a|b|c|\n|-|-|-|\n|1|{wide}|3|"),
        Entry("5", "error", wide, title=wide),
        Entry("6", "note", wide),
    ]
    async with app.run_test(size=size) as pilot:
        transcript = app.transcript
        transcript.show(entries)
        transcript.focus()
        await pilot.pause()
        for _ in range(14):
            await pilot.press("up", "enter")
            width = transcript.container_size.width - 1
            for y in range(size[1]):
                strip = transcript.render_line(y)
                assert sum(cell_len(text) for text, _, _ in strip) == strip.cell_length == width
        assert "你好" in app.screen_text


async def test_twenty_columns() -> None:
    app = Chat()
    async with app.run_test(size=(20, 6)) as pilot:
        app.transcript.show([Entry("1", "user", "which box is staging?"), tool(status="failed", aside="4 ms")])
        await pilot.pause()
        assert app.lines == [
            " › which box is",
            "   staging?",
            "",
            ' • ▸ recall "stagi…',
            "    ✗ failed · 4 ms",
            "",
        ]


async def test_a_huge_text_is_cut() -> None:
    app = Chat()
    async with app.run_test(size=(80, 10)) as pilot:
        app.transcript.append(Entry("1", "user", "x" * 1_000_000))
        await pilot.pause()
        assert app.lines[-1].strip() == "… 980 kB more: o opens it whole"
        app.transcript.replace(Entry("1", "user", "line\n" * 1000))
        await pilot.pause()
        assert app.lines[-1].strip() == "… 4 kB more: o opens it whole"
        assert app.transcript.virtual_size.height == 201


# Streaming


async def test_text_that_grows_is_the_same_as_text_that_came_at_once() -> None:
    text = (
        "# Title\n\nSome *words* and more.\n\n- one\n- two\n\n```python\n"
        + "def f():\n    return 1\n\n" * 40
        + "```\n\n|a|b|\n|-|-|\n"
        + "|1|**2**|\n" * 30
        + "\nThe end."
    )
    grown, whole = Chat(), Chat()
    async with grown.run_test(size=(60, 40)) as pilot:
        entry = Entry("a", "assistant", live=True)
        grown.transcript.append(entry)
        for end in range(0, len(text), 37):
            grown.transcript.replace(replace(entry, text=text[:end]))
        grown.transcript.replace(replace(entry, text=text, live=False))
        await pilot.pause()
        sizes = [grown.transcript.virtual_size]
        shown = [grown.lines]
        await pilot.press("home") if grown.transcript.focus() else None
        shown.append(grown.lines)
    async with whole.run_test(size=(60, 40)) as pilot:
        whole.transcript.append(Entry("a", "assistant", text))
        await pilot.pause()
        sizes.append(whole.transcript.virtual_size)
        assert shown[0] == whole.lines
        assert "The end." in whole.screen_text
    assert sizes[0] == sizes[1]


async def test_sealed_lines_are_not_painted_again() -> None:
    sheet = Sheet(Entry("a", "assistant", "one\n\ntwo\n\nthree"), Frame(60), Palette())
    first = sheet.line(0)
    assert sheet.update(Entry("a", "assistant", "one\n\ntwo\n\nthree and more\n\nfour")) == 4
    assert sheet.line(0) is first
    assert sheet.update(Entry("a", "assistant", "something else")) == 0


async def test_only_what_changed_is_refreshed() -> None:
    app = Chat()
    async with app.run_test(size=(60, 20)) as pilot:
        entry = Entry("a", "assistant", "one\n\ntwo", live=True)
        app.transcript.show([Entry("u", "user", "hi"), entry])
        await pilot.pause()
        painted = app.transcript._finish._made
        before = dict(painted)
        app.transcript.replace(replace(entry, text="one\n\ntwo words"))
        await until(pilot, lambda: len(painted) > len(before))
        new = [line for source, line in painted.values() if id(source) not in before]
        assert [line.text.strip() for line in new] == ["two words▍"]


async def test_it_follows_the_end_until_scrolled_up() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        transcript = app.transcript
        live = Entry("live", "assistant", live=True)
        transcript.show([*turns(20), live])
        await pilot.pause()
        for count in range(1, 30):
            transcript.replace(replace(live, text="\n\n".join(f"line {at}" for at in range(count))))
            assert app.lines[-1].strip() == f"line {count - 1}▍"
        assert not transcript.unseen
        assert app.told == []

        transcript.focus()
        await pilot.press("pageup")
        before = app.lines
        transcript.replace(replace(live, text="\n\n".join(f"line {at}" for at in range(60))))
        transcript.append(Entry("more", "user", "more"))
        await pilot.pause()
        assert app.lines == before
        assert transcript.unseen
        assert app.told == ["unseen True", "unseen True"]  # more text, then one more entry

        await pilot.press("end")
        assert app.lines[-1] == " you  more"
        await until(pilot, lambda: app.told == ["unseen True", "unseen True", "unseen False"])
        transcript.append(Entry("last", "note", "follows again"))
        assert app.lines[-1].strip() == "follows again"


async def test_scrolling_down_to_the_end_follows_again() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.show(turns(30))
        app.transcript.focus()
        await pilot.press("pageup", "pageup")
        app.transcript.append(Entry("new", "user", "new"))
        assert app.transcript.unseen
        await pilot.press("pagedown", "pagedown", "pagedown")
        assert not app.transcript.unseen
        assert app.lines[-1] == " you  new"


async def test_a_change_above_the_view_does_not_move_it() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        transcript = app.transcript
        transcript.show(turns(60))
        transcript.focus()
        await pilot.press(*["pageup"] * 5)
        before = app.lines
        y = transcript.scroll_offset.y
        transcript.replace(Entry("e1", "assistant", "grown\n\n" * 40))
        transcript.replace(replace(transcript.entries[31], text="grown\n\n" * 40))
        transcript.drop("e3")
        transcript.drop("nobody")
        transcript.replace(Entry("nobody", "user", "x"))
        await pilot.pause()
        assert app.lines == before
        assert transcript.scroll_offset.y != y


# Where the view is


async def test_prepend_keeps_the_view() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        transcript = app.transcript
        transcript.show(turns(30, first=100), older=True)
        transcript.focus()
        await pilot.press("home")
        assert app.lines[0] == " you  question 100"
        before = app.lines
        transcript.prepend(turns(50, first=50), older=True)
        await pilot.pause()
        assert app.lines == before
        await pilot.press("pageup")
        assert app.lines[-1] == before[0]
        transcript.prepend(turns(50), older=False)
        await pilot.press("home")
        assert app.lines[0] == " you  question 0"
        assert [entry.id for entry in transcript.entries] == [f"e{at}" for at in range(130)]


async def test_older_is_asked_for_once() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        transcript = app.transcript
        transcript.show(turns(40, first=100), older=True)
        transcript.focus()
        await pilot.pause()
        assert app.told == []
        await pilot.press("home", "pagedown", "home")
        await until(pilot, lambda: app.told == ["older wanted"])
        transcript.prepend(turns(40, first=60), older=True)
        await pilot.press("home")
        await until(pilot, lambda: app.told == ["older wanted"] * 2)
        transcript.prepend(turns(20, first=40), older=False)
        await pilot.press("home", "end", "home")
        assert app.told == ["older wanted"] * 2


async def test_older_is_asked_for_when_the_first_page_is_short() -> None:
    app = Chat()
    async with app.run_test(size=(60, 30)) as pilot:
        app.transcript.show(turns(2), older=True)
        await until(pilot, lambda: app.told == ["older wanted"])


async def test_paging_up_and_down_shows_every_line_once() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.show(turns(80))
        app.transcript.focus()
        await pilot.pause()
        seen = app.lines
        while app.transcript.scroll_offset.y:
            y = app.transcript.scroll_offset.y
            await pilot.press("pageup")
            height = len(app.lines) - 1
            seen = app.lines[: min(y, height)] + seen
        text = "\n".join(seen)
        assert [f"question {at}" for at in range(0, 80, 2)] == [
            line.split("  ", 1)[1] for line in seen if line.startswith(" you")
        ]
        assert all(text.count(f"answer {at}\n") == 1 for at in range(1, 80, 2))


@pytest.mark.parametrize("size", [(30, 12), (60, 30), (110, 8)])
async def test_resize_keeps_the_place(size: tuple[int, int]) -> None:
    app = Chat()
    words = "some words that will be wrapped quite differently at another width " * 3
    entries = [Entry(f"e{at}", "user", f"entry {at} {words}") for at in range(60)]
    async with app.run_test(size=(60, 12)) as pilot:
        transcript = app.transcript
        transcript.show(entries)
        transcript.focus()
        await pilot.press(*["pageup"] * 6, "up")
        while not app.lines[0].startswith(" you"):
            transcript.scroll_up(animate=False)
            await pilot.pause()
        first = app.lines[0].split()[2]
        await pilot.resize_terminal(*size)
        await until(pilot, lambda: transcript.container_size.height == size[1])
        top = app.lines[0] or app.lines[1]
        assert top.split()[2] == first
        await pilot.resize_terminal(60, 12)
        await until(pilot, lambda: transcript.container_size.height == 12)
        assert (app.lines[0] or app.lines[1]).split()[2] == first


async def test_resize_at_the_end_stays_at_the_end() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.show([*turns(60), Entry("last", "user", "the last words of it")])
        for size in ((30, 20), (20, 6), (100, 40)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda size=size: app.transcript.container_size.height == size[1])
            assert "of it" in app.lines[-1]
            assert app.transcript.scroll_offset.y == app.transcript.max_scroll_y


async def test_a_theme_repaints_what_is_seen() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.show([*turns(30), Entry("c", "assistant", "```python\nimport os\n```")])
        app.transcript.focus()
        await pilot.press("pageup")
        before, styles = app.lines, [list(app.transcript.render_line(y)) for y in range(12)]
        app.theme = "textual-light"
        await until(pilot, lambda: [list(app.transcript.render_line(y)) for y in range(12)] != styles)
        assert app.lines == before


async def test_no_color_still_says_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.show([tool(status="failed"), Entry("a", "assistant", "`x`", status="interrupted")])
        await pilot.pause()
        assert "✗ failed" in app.screen_text
        assert "■ interrupted" in app.screen_text
        assert app.export_screenshot()


# Keys and the mouse


async def test_the_cursor_moves_between_entries() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        transcript = app.transcript
        transcript.show(turns(20))
        transcript.focus()
        await pilot.pause()
        assert transcript.current is not None
        assert transcript.current.id == "e19"
        for keys, expected in (("up", "e18"), ("k", "e17"), ("down", "e18"), ("j", "e19"), ("j", "e19")):
            await pilot.press(keys)
            assert transcript.current.id == expected
        for _ in range(30):
            await pilot.press("up")
            marked = [line for line in app.lines if line.startswith("▎")]
            assert len(marked) == (1 if transcript.current.kind == "user" else 5)
        assert transcript.current.id == "e0"
        assert transcript.scroll_offset.y == 0
        await pilot.press("end", "up")
        assert transcript.current.id == "e19"
        transcript.drop("e19")
        assert transcript.current.id == "e18"


async def test_the_cursor_shows_only_with_focus() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.show(turns(4))
        app.transcript.focus()
        await until(pilot, lambda: "▎" in app.screen_text)
        app.set_focus(None)
        await until(pilot, lambda: "▎" not in app.screen_text)


async def test_an_entry_higher_than_the_screen_is_scrolled_through() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        transcript = app.transcript
        long = Entry("long", "assistant", "\n\n".join(f"line {at}" for at in range(40)))
        transcript.show([*turns(2), long, *turns(2, first=10)])
        transcript.focus()
        await pilot.press("home", "j", "j", "j")
        seen = set()
        for _ in range(40):
            if transcript.current is None or transcript.current.id != "long":
                break
            seen |= {line.split()[-1] for line in app.lines if "line" in line}
            await pilot.press("j")
        assert seen == {str(at) for at in range(40)}
        assert transcript.current is not None
        assert transcript.current.id == "e10"
        await pilot.press("k", "k")
        assert transcript.current.id == "long"


@pytest.mark.parametrize("key", ["enter", "space"])
async def test_folding(key: str) -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        transcript = app.transcript
        transcript.show([tool("1"), Entry("2", "reasoning", "**so** it is", title="thought"), tool("3", detail="")])
        transcript.focus()
        await pilot.press("home", "up", "up", key)
        assert app.lines[:4] == [
            '▎zo   ▾ recall "staging box"' + "2 found · 4 ms".rjust(58 - 28),
            "▎       first",
            "▎       second [red]x[/]",
            "",
        ]
        await pilot.press("down", key)
        assert app.lines[4:6] == ["▎     ▾ thought", "▎       so it is"]
        await pilot.press("down", key)
        assert app.lines[8].strip("▎ ") == "(nothing to show)"
        await pilot.press(key, "up", key, "up", key)
        assert [line[6:7] for line in app.lines[:4]] == ["▸", "▸", "▸", ""]
        assert transcript.virtual_size.height == 3


async def test_fold_at_the_end_keeps_its_title_in_view() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        transcript = app.transcript
        transcript.show([*turns(30), tool(detail="\n".join(f"row {at}" for at in range(50)))])
        transcript.focus()
        await pilot.press("enter")
        assert any("▾ recall" in line for line in app.lines)
        await pilot.press("enter")
        assert "▸ recall" in app.lines[-1]
        transcript.append(Entry("n", "note", "new"))
        assert app.lines[-1].strip() == "new"


async def test_clicks() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        transcript = app.transcript
        transcript.show([Entry("1", "user", "hello"), tool("2")])
        await pilot.click(Transcript, offset=(10, 2))
        assert transcript.current is not None
        assert transcript.current.id == "2"
        assert "▾" in app.lines[2]
        await pilot.click(Transcript, offset=(10, 3))  # not its title
        assert "▾" in app.lines[2]
        await pilot.click(Transcript, offset=(10, 2))
        assert "▸" in app.lines[2]
        await pilot.click(Transcript, offset=(10, 0))
        assert transcript.current.id == "1"
        await pilot.click(Transcript, offset=(10, 11))  # below it all
        assert transcript.current.id == "1"


async def test_the_wheel_scrolls() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        transcript = app.transcript
        transcript.show(turns(30))
        await pilot.pause()
        end = transcript.scroll_offset.y
        for _ in range(3):
            transcript.post_message(MouseScrollUp(transcript, 5, 5, 0, 0, 0, False, False, False))
        await until(pilot, lambda: transcript.scroll_offset.y < end)
        before = app.lines
        transcript.append(Entry("new", "user", "new"))
        assert app.lines == before


async def test_keys_on_nothing() -> None:
    app = Chat()
    async with app.run_test(size=(20, 6)) as pilot:
        app.transcript.focus()
        keys = ["up", "down", "j", "k", "pageup", "pagedown", "home", "end", "enter", "space"]
        await pilot.press(*keys)
        app.transcript.append(Entry("1", "note", "one"))
        await pilot.press(*keys)
        app.transcript.clear()
        await pilot.press(*keys)
        assert app.transcript.entries == []
        assert app.transcript.current is None
        assert app.screen_text.strip() == ""


async def test_entries_given_before_there_is_a_size() -> None:
    class Early(Chat):
        def compose(self) -> ComposeResult:
            transcript = Transcript()
            transcript.show(turns(50))
            transcript.append(Entry("last", "user", "last"))
            yield transcript

    app = Early()
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        assert app.lines[-1] == " you  last"


# Many


async def test_ten_thousand_entries_are_laid_out_only_near_the_view() -> None:
    app = Chat()
    async with app.run_test(size=(80, 24)) as pilot:
        transcript = app.transcript
        transcript.show(turns(10_000))
        transcript.focus()
        await pilot.pause()
        assert len(transcript._roll._sheets) < 60
        assert "answer 9999" in app.screen_text
        await pilot.press("home")
        assert app.lines[0] == " you  question 0"
        transcript.scroll_to(y=transcript.max_scroll_y // 2, animate=False)
        await pilot.pause()
        assert "question" in app.screen_text
        await pilot.press("end")
        assert "answer 9999" in app.screen_text
        assert len(transcript._roll._sheets) < 200


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_the_view_shows_what_is_there(seed: int) -> None:
    chance = random.Random(seed)
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        transcript, roll = app.transcript, app.transcript._roll
        ids = map(str, range(10_000))
        transcript.focus()
        transcript.show([anything(chance, next(ids)) for _ in range(30)])
        for _ in range(60):
            entries = transcript.entries or [anything(chance, next(ids))]
            one = chance.choice(entries)
            match chance.randrange(9):
                case 0:
                    transcript.append(anything(chance, next(ids)))
                case 1:
                    transcript.replace(anything(chance, one.id))
                case 2:
                    transcript.replace(replace(one, text=one.text + "more\n\nwords" * chance.randint(1, 9)))
                case 3:
                    transcript.drop(one.id)
                case 4:
                    transcript.prepend([anything(chance, next(ids)) for _ in range(5)])
                case 5:
                    await pilot.resize_terminal(chance.choice([20, 33, 60, 100]), chance.choice([3, 6, 12, 30]))
                case 6:
                    transcript.scroll_to(y=chance.randint(0, 1 + transcript.max_scroll_y), animate=False)
                case _:
                    await pilot.press(chance.choice(["up", "down", "pageup", "home", "end", "enter"]))
            await pilot.pause()
            width, height = transcript._shape
            top = transcript.scroll_offset.y
            assert transcript.virtual_size.height == roll.column.total
            assert top <= max(0, roll.column.total - height)
            for row in range(top, min(top + height, roll.column.total)):
                place, line = roll.column.find(row)
                anew = Sheet(roll.entries[place], roll._frame(place), roll._palette)
                gap = roll.gap(place)
                assert roll.column.height(place) == len(anew) + gap
                shown = transcript.render_line(row - top).text
                assert shown[1:] == (anew.line(line - gap).text[1:] if line >= gap else " " * (width - 1))


def anything(chance: random.Random, id: str) -> Entry:
    """An entry of any kind and state."""
    parts = ["words " * 15, "", "- item", "```py", "x = 1", "|a|b|", "|-|-|", "|1|2|", "> quote", "# head"]
    text = "\n".join(chance.choices(parts, k=chance.randint(0, 25)))
    kind = chance.choice(["user", "assistant", "assistant", "reasoning", "tool", "note", "error"])
    status = chance.choice(["done", "running", "failed", "queued"])
    aside = chance.choice(["", "4 ms"])
    return Entry(id, kind, text, detail=text, status=status, aside=aside, live=chance.random() < 0.2)  # type: ignore[arg-type]


def test_painted_sheets_are_let_go() -> None:
    roll = Roll()
    roll.reset([Entry(f"{at}", "user", "line\n" * 90) for at in range(1000)], 80)
    for place in range(1000):
        roll.measure(place)
    assert len(roll._sheets) <= KEPT_SHEETS
    assert sum(map(len, roll._sheets.values())) <= KEPT_LINES + 90
    assert roll.column.total == 1000 * 91 - 1
    assert roll.strip(0, None).text.strip().startswith("you")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("iirs"), st.integers(0, 99), st.integers(0, 9)), max_size=40))
def test_a_column_adds_up(steps: list[tuple[str, int, int]]) -> None:
    column, heights = Column(), []
    for what, at, height in steps:
        place = at % (len(heights) + 1)
        if what == "i":
            column.insert(place, [height, height + 1])
            heights[place:place] = [height, height + 1]
        elif place < len(heights) and what == "r":
            column.remove(place)
            del heights[place]
        elif place < len(heights):
            column.settle(place, height)
            heights[place] = height
        assert column.total == sum(heights)
        assert [column.top(at) for at in range(len(heights))] == [sum(heights[:at]) for at in range(len(heights))]
        for line in range(sum(heights)):
            found, row = column.find(line)
            assert column.top(found) + row == line
            assert row < column.height(found)
