"""What is done with what was said: blocks, copying, finding, going through turns, differences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import on
from textual.app import App, ComposeResult

from tests.tui.conftest import opened, said, typed, wait_for
from zotui.computer import Computer
from zotui.conversations.records import ToolCallRecord
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.markdown import Palette, blocks_of, diff_of, markdown_lines
from zotui.tui.panes.entries import _tool
from zotui.tui.widgets.find_line import FindLine
from zotui.tui.widgets.transcript import Entry, Transcript

TEXT = "Intro *words*.\n\n- one\n- two\n\n```python\nprint(1)\n\nprint(2)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quoted\n\nThe end."


class Chat(App[None]):
    """A transcript by itself."""

    AUTO_FOCUS = None

    def __init__(self) -> None:
        super().__init__()
        self.selected: list[str] = []

    def compose(self) -> ComposeResult:
        yield Transcript()

    @property
    def transcript(self) -> Transcript:
        return self.query_one(Transcript)

    @on(Transcript.Selected)
    def _selected(self, event: Transcript.Selected) -> None:
        self.selected.append(event.text)

    @property
    def lines(self) -> list[str]:
        return [self.transcript.render_line(y).text.rstrip() for y in range(self.transcript.size.height)]


def test_blocks_are_what_was_written() -> None:
    found = blocks_of(TEXT)
    assert [block.kind for block in found] == ["paragraph", "list", "code", "table", "quote", "paragraph"]
    assert [block.text for block in found] == [
        "Intro *words*.", "- one\n- two", "print(1)\n\nprint(2)", "| a | b |\n|---|---|\n| 1 | 2 |", "> quoted", "The end.",
    ]  # fmt: skip
    assert found[2].language == "python"


@given(st.text(alphabet="ab `\n#-*>|[]()~1.", max_size=120))
def test_no_text_breaks_blocks(text: str) -> None:
    for block in blocks_of(text):
        assert 0 <= block.first < block.last <= text.count("\n") + 1


async def test_blocks_are_stepped_through_marked_and_copied() -> None:
    app = Chat()
    async with app.run_test(size=(60, 40)) as pilot:
        app.transcript.show([Entry("u", "user", "hello"), Entry("a", "assistant", TEXT)])
        app.transcript.focus()
        await pilot.pause()
        assert app.transcript.copyable("block") == TEXT
        await pilot.press("right", "right", "right")
        assert app.transcript.copyable("block") == "print(1)\n\nprint(2)"
        marked = [line for line in app.lines if line.startswith("▎")]
        assert len(marked) == 4
        assert "print(1)" in marked[1]
        await pilot.press("right_square_bracket")
        assert app.transcript.copyable("block").startswith("| a | b |")
        await pilot.press("left_square_bracket", "left")
        assert app.transcript.copyable("block") == "- one\n- two"
        assert app.transcript.copyable("code") == "print(1)\n\nprint(2)"
        assert app.transcript.copyable("message") == TEXT
        await pilot.press("left", "left", "left", "left")
        assert app.transcript.copyable("block") == TEXT
        await pilot.press("up")
        assert app.transcript.copyable("block") == "hello"
        assert app.transcript.copyable("code") == ""


async def test_without_a_cursor_it_is_the_last_answer() -> None:
    app = Chat()
    async with app.run_test(size=(60, 20)):
        assert app.transcript.copyable("message") == ""
        app.transcript.show(
            [Entry("a", "assistant", "one"), Entry("b", "assistant", "two\n\n```\ncode\n```"), Entry("u", "user", "me")]
        )
        assert app.transcript.copyable("message") == "two\n\n```\ncode\n```"
        assert app.transcript.copyable("code") == "code"


async def test_words_are_found_through_all_entries_and_around_the_ends() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        entries = [Entry(f"e{n}", "assistant", f"line {n}" + (" the HERON" if n % 20 == 3 else "")) for n in range(100)]
        app.transcript.show([*entries, Entry("t", "tool", title="recall", detail="a heron in a result")])
        await pilot.pause()
        assert app.transcript.find("heron") == 6
        assert app.transcript.find_next(1) == (1, 6)
        assert any("the HERON" in line for line in app.lines)
        for place in (2, 3, 4, 5):
            assert app.transcript.find_next(1) == (place, 6)
        assert app.transcript.find_next(1) == (6, 6)
        assert any("a heron in a result" in line for line in app.lines)  # unfolded to show it
        assert app.transcript.find_next(1) == (1, 6)
        assert app.transcript.find_next(-1) == (6, 6)
        strip = next(app.transcript.render_line(y) for y, line in enumerate(app.lines) if "heron" in line)
        assert [segment.text for segment in strip if segment.style and segment.style.reverse] == ["heron"]
        assert app.transcript.find("") == 0
        assert app.transcript.find_next(1) == (0, 0)


async def test_what_the_mouse_selects_is_told_without_the_gutter() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.show([Entry("u", "user", "first words"), Entry("a", "assistant", "second line")])
        await pilot.pause()
        rows = [y for y, line in enumerate(app.lines) if "words" in line or "second" in line]
        await pilot.mouse_down(Transcript, offset=(6, rows[0]))
        await pilot.hover(Transcript, offset=(12, rows[1]))
        await pilot.mouse_up(Transcript, offset=(12, rows[1]))
        await wait_for(pilot, lambda: app.selected)
        assert app.selected[0].split("\n")[0] == "first words"
        assert app.selected[0].split("\n")[-1] == "second"


async def test_where_the_reader_was_comes_back() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.show([Entry(f"e{n}", "assistant", f"line {n}\n\nmore") for n in range(60)])
        app.transcript.focus()
        assert app.transcript.position is None
        await pilot.press("pageup", "pageup")
        place, before = app.transcript.position, app.lines
        assert place is not None
        await pilot.press("end")
        assert app.transcript.position is None
        assert app.transcript.restore(*place)
        await pilot.pause()
        assert app.lines == before
        assert not app.transcript.restore("nothing", 0)


def test_a_difference_keeps_its_signs() -> None:
    diff = diff_of("a\nb\nc", "a\nB\nc", "x.txt")
    painted = markdown_lines(f"```diff\n{diff}\n```", 40, Palette())[1:]
    lines = ["".join(segment.text for segment in line).rstrip()[2:] for line in painted]
    assert lines == ["--- a/x.txt", "+++ b/x.txt", "@@ -1,3 +1,3 @@", " a", "-b", "+B", " c"]
    assert diff_of("same", "same") == ""
    assert diff_of("x" * 300_000, "y") == ""


def call(arguments: str, result: str | None = None) -> ToolCallRecord:
    return ToolCallRecord("i", "m", "t", "c", "edit_file", arguments, "write", "done", None, result, "", 0, 0, 1500)


@pytest.mark.parametrize(
    ("arguments", "result", "has"),
    [
        ('{"path": "a.py", "old_string": "x = 1", "new_string": "x = 2"}', "ok", True),
        ('{"path": "a.py"}', "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x\n+y", True),
        ('{"path": "a.py"}', "ok", False),
        ('{"old": 1, "new": 2}', "ok", False),
        ("no json with old", "ok", False),
    ],
)
async def test_a_tool_call_unfolds_to_arguments_changes_and_output(arguments: str, result: str, has: bool) -> None:
    app = Chat()
    async with app.run_test(size=(60, 30)) as pilot:
        entry = _tool(call(arguments, result))
        assert bool(entry.diff) == has
        assert entry.aside == "1.5 s"
        app.transcript.show([entry])
        app.transcript.focus()
        await pilot.pause()
        assert len([line for line in app.lines if line]) == 1
        await pilot.press("enter")
        text = "\n".join(line.strip(" ▎") for line in app.lines)
        assert "arguments" in text
        assert ("changes" in text) == has
        if has:
            assert "\n-x" in text
            assert "\n+" in text


# In the app


async def test_finding_reads_older_pages(home: Home) -> None:
    async with Computer.open(home, workers="own") as computer:
        chat = (await computer.ask("recall the heron in the reed")).conversation_id

        def more(db) -> None:  # type: ignore[no-untyped-def]
            for number in range(10, 400):
                db.execute(
                    "INSERT INTO messages(id, conv_id, position, role, content, created_at) VALUES (?, ?, ?, ?, ?, 0)",
                    (f"m{number}", chat, number, "assistant", f"message {number}"),
                )

        await computer.store.write(more)
        await computer.desk.set("conversation", chat)
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        assert "heron" not in said(app)
        await pilot.press("ctrl+f", *typed("heron"), "enter")
        await wait_for(pilot, lambda: "heron in the reed" in said(app))
        line = app.desk.query_one(FindLine)
        await wait_for(pilot, lambda: "1 of" in str(line.query_one("#count").content))  # type: ignore[attr-defined]
        await pilot.press("down")
        await wait_for(pilot, lambda: "2 of" in str(line.query_one("#count").content))  # type: ignore[attr-defined]
        await pilot.press("up", "escape")
        assert not line.display
        await pilot.press("end")
        await wait_for(pilot, lambda: app.desk.conversation.transcript.position is None)


async def test_copied_to_the_terminal_and_into_a_file(home: Home) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        await pilot.press(*typed("help"), "enter")
        await wait_for(pilot, lambda: "Without a model" in said(app) and not app.desk.conversation.state())
        await pilot.press("shift+tab", "y")
        kept = home.path / "clipboard.txt"
        await wait_for(pilot, lambda: kept.exists() and kept.read_text())
        assert kept.read_text() == app.desk.conversation.transcript.copyable("message") == app.clipboard
        assert kept.stat().st_mode & 0o077 == 0
        await pilot.press("right", "right", "y")
        await wait_for(pilot, lambda: kept.read_text() == app.desk.conversation.transcript.copyable("block"))
        await pilot.press("Y")
        await wait_for(pilot, lambda: kept.read_text() == app.desk.conversation.transcript.copyable("message"))
