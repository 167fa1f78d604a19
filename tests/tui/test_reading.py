"""Going through what was said: blocks of every kind of entry, matches that are wrapped, selections, turns, changes."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from tests.tui.conftest import wait_for
from tests.tui.test_blocks import Chat, call
from tests.tui.test_markdown import DOCUMENTS, pieces_of
from zotui.conversations.records import Attachment, Message
from zotui.tui.markdown import Blocks, Palette, Pieces, blocks_of, links_in, margin, markdown_lines, paint
from zotui.tui.panes.entries import _tool, entries_of
from zotui.tui.widgets.links import links_of
from zotui.tui.widgets.sheet import Frame, Sheet
from zotui.tui.widgets.transcript import Entry, Transcript

WORDS = "some words of a paragraph that is long enough to be wrapped more than once, and then it ends"
LIST = "Do this:\n\n1. look\n   ```sh\n   ls -l\n   ```\n2. done\n\n> said\n> twice\n\nEnd."


def reversed_words(app: Chat, y: int) -> list[str]:
    """What is marked in a line."""
    return [part.text for part in app.transcript.render_line(y) if part.style and part.style.reverse]


# Blocks


@settings(max_examples=200, deadline=None)
@given(st.lists(DOCUMENTS, min_size=1, max_size=5))
def test_blocks_of_a_text_that_grows_are_those_of_the_whole(parts: list[str]) -> None:
    blocks, text = Blocks(), ""
    for part in parts:
        text += part
        assert blocks.of(text) == blocks_of(text)


@settings(max_examples=200, deadline=None)
@given(DOCUMENTS)
def test_pieces_know_the_line_they_begin_in(text: str) -> None:
    lines = text.split("\n")
    pieces = pieces_of(text)
    assert [piece.line for piece in pieces] == sorted(piece.line for piece in pieces)
    for piece in pieces:
        words = getattr(piece.leaf, "text", "").split()
        if words and not getattr(piece.leaf, "level", 0):
            assert words[0] in lines[piece.line]


def test_every_line_of_a_block_is_marked_and_no_other() -> None:
    sheet = Sheet(Entry("a", "assistant", LIST), Frame(40), Palette())
    shown = {
        block.kind + block.text[:4]: [sheet.text(row) for row in sheet.rows_of(block.first, block.last)]
        for block in blocks_of(LIST)
    }
    assert shown == {
        "paragraphDo t": ["Do this:"],
        "list1. l": ["1. look", "sh", "ls -l", "2. done"],
        "codels -": ["sh", "ls -l"],
        "quote> sa": ["said twice"],
        "paragraphEnd.": ["End."],
    }


async def test_a_block_stays_marked_while_the_text_grows() -> None:
    app = Chat()
    async with app.run_test(size=(60, 30)) as pilot:
        live = Entry("a", "assistant", "one\n\n- two", live=True)
        app.transcript.show([live])
        app.transcript.focus()
        await pilot.pause()
        await pilot.press("right", "right")
        for more in ("\n- three", "\n\nfour", "\n\n```\nfive\n```"):
            live = Entry("a", "assistant", live.text + more, live=True)
            app.transcript.replace(live)
            await pilot.pause()
        assert app.transcript.current_block is not None
        assert app.transcript.current_block.text == "- two\n- three"
        assert [line.strip("▎ ") for line in app.lines if line.startswith("▎")] == ["• two", "• three"]
        await pilot.press("left", "left")
        assert app.transcript.current_block.kind == "message"
        assert app.transcript.copyable("code") == "five"


async def test_the_parts_of_a_tool_call_are_its_blocks() -> None:
    app = Chat()
    arguments = '{"path": "a.py", "old_string": "x = 1", "new_string": "x = 2"}'
    async with app.run_test(size=(60, 30)) as pilot:
        app.transcript.show([_tool(call(arguments, "it is\ndone"))])
        app.transcript.focus()
        await pilot.pause()
        await pilot.press("right")
        assert app.transcript.copyable("block") == f"{arguments}\n\nit is\ndone"  # folded: the whole
        await pilot.press("enter", "right")
        assert app.transcript.copyable("block") == arguments
        marked = [line for line in app.lines if line.startswith("▎")]
        assert [json.loads(line.split(": ")[1].rstrip(",")) for line in marked[1:-1]] == ["a.py", "x = 1", "x = 2"]
        await pilot.press("right")
        assert app.transcript.current_block is not None
        assert app.transcript.current_block.language == "diff"
        assert app.transcript.copyable("block").endswith("-x = 1\n+x = 2")
        await pilot.press("right", "right")
        assert app.transcript.copyable("block") == "it is\ndone"
        assert [line.strip("▎ ") for line in app.lines if line.startswith("▎")] == ["it is", "done"]
        await pilot.press("enter")  # folded: there are no blocks
        assert app.transcript.copyable("block") == f"{arguments}\n\nit is\ndone"


async def test_code_in_view_is_copied_first_and_the_last_where_none_is_behind() -> None:
    app = Chat()
    text = "\n\n".join(f"```\ncode {at}\n```\n\n" + "words\n\n" * 8 for at in range(6))
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.show([Entry("u", "user", "a request"), Entry("a", "assistant", text)])
        app.transcript.focus()
        await pilot.press("home")
        assert app.transcript.copyable("code") == "code 0"
        await pilot.press("pagedown")
        while not (codes := [line.strip("▎ ") for line in app.lines if "code" in line]):
            await pilot.press("pagedown")
        assert app.transcript.copyable("code") == codes[0] != "code 0"
        await pilot.press("end")
        assert app.transcript.copyable("code") == "code 5"
        assert app.transcript.copyable("turn") == f"a request\n\n{text}"


async def test_code_of_a_request_is_copied_too() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.show([Entry("u", "user", "why?\n\n```py\n\tx = 1\n```", attached=("▤ a.txt · 4 B",))])
        app.transcript.focus()
        await pilot.pause()
        assert app.transcript.copyable("code") == "\tx = 1"
        assert app.transcript.copyable("message") == "why?\n\n```py\n\tx = 1\n```"
        assert "▤ a.txt · 4 B" in "\n".join(app.lines)
        await pilot.press("right", "right")
        assert [line[1:].strip() for line in app.lines if line.startswith("▎")] == ["```py", "x = 1", "```"]


# The mouse


async def drag(pilot, app: Chat, start: tuple[int, int], end: tuple[int, int]) -> str:  # type: ignore[no-untyped-def]
    """Select with the mouse; what is told."""
    count = len(app.selected)
    await pilot.mouse_down(Transcript, offset=start)
    await pilot.hover(Transcript, offset=end)
    await pilot.mouse_up(Transcript, offset=end)
    await wait_for(pilot, lambda: len(app.selected) > count)
    return app.selected[-1]


@pytest.mark.parametrize("padding", [0, 1])
async def test_a_selection_is_one_line_where_it_was_wrapped(padding: int) -> None:
    app = Chat()
    async with app.run_test(size=(40, 30)) as pilot:
        app.transcript.styles.padding = (0, padding)
        text = f"{WORDS}\n\n- {WORDS}\n\n```sh\n{'x' * 50}\nls\n```\n\n> {WORDS}"
        app.transcript.show([Entry("a", "assistant", text)])
        await pilot.pause()
        last = next(y for y, line in reversed(list(enumerate(app.lines))) if line)
        assert last > 12
        assert await drag(pilot, app, (padding, 0), (39 - padding, last)) == (
            f"{WORDS}\n\n• {WORDS}\n\nsh\n{'x' * 50}\nls\n\n{WORDS}"
        )
        assert await drag(pilot, app, (padding + 9, 0), (padding + 5, 0)) == "some"
        assert reversed_words(app, 0) == ["some"]


async def test_a_selection_stays_on_its_words() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.show([Entry("u", "user", "first words")])
        await pilot.pause()
        assert await drag(pilot, app, (6, 0), (11, 0)) == "first"
        app.transcript.prepend([Entry("before", "user", "older")])
        await pilot.pause()
        row = next(y for y, line in enumerate(app.lines) if "first" in line)
        assert reversed_words(app, row) == ["first"]
        await pilot.click(Transcript, offset=(20, row))
        assert reversed_words(app, row) == []
        app.transcript.drop("u")
        await pilot.pause()


# Finding


async def test_what_is_wrapped_is_found_and_marked_in_both_lines() -> None:
    app = Chat()
    async with app.run_test(size=(40, 12)) as pilot:
        app.transcript.show([Entry("a", "assistant", WORDS)])
        await pilot.pause()
        first, second = (line[5:].strip() for line in app.lines[:2])
        words = f"{first.split()[-1]} {second.split()[0]}".upper()
        assert app.transcript.find(words) == 1
        assert reversed_words(app, 0) == [first.split()[-1]]
        assert reversed_words(app, 1) == [second.split()[0]]


async def test_the_match_gone_to_stands_out() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.show([Entry("a", "assistant", "heron, heron\n\nheron")])
        await pilot.pause()
        assert app.transcript.find("heron") == 3
        for step, wanted in ((1, (0, 0)), (1, (0, 1)), (1, (2, 0)), (1, (0, 0)), (-1, (2, 0))):
            app.transcript.find_next(step)
            marked = [
                (y, at)
                for y in (0, 2)
                for at, part in enumerate(p for p in app.transcript.render_line(y) if p.style and p.style.reverse)
                if part.style and part.style.underline
            ]
            assert marked == [wanted]


async def test_a_match_that_is_not_seen_as_it_is_written_leads_to_its_paragraph() -> None:
    app = Chat()
    text = "\n\n".join(["plain"] * 30 + ["see [it](https://heron.example/heron)"] + ["plain"] * 30)
    async with app.run_test(size=(60, 12)):
        app.transcript.show([Entry("a", "assistant", text), Entry("u", "user", "heron")])
        assert app.transcript.find("heron") == 3
        for place in (1, 2):
            assert app.transcript.find_next(1) == (place, 3)
            assert any("it (heron.example)" in line for line in app.lines)
        assert app.transcript.find_next(1) == (3, 3)


async def test_what_comes_while_finding_keeps_the_place() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)):
        app.transcript.show([Entry("a", "assistant", "heron"), Entry("b", "assistant", "heron and heron")])
        app.transcript.find("heron")
        assert [app.transcript.find_next(1) for _ in range(3)] == [(1, 3), (2, 3), (3, 3)]
        app.transcript.prepend([Entry("older", "assistant", "a heron")])
        assert app.transcript.find("heron") == 4
        assert app.transcript.find_next(-1) == (3, 4)


# Going


async def test_turns_are_gone_through() -> None:
    app = Chat()
    async with app.run_test(size=(60, 12)) as pilot:
        app.transcript.show(
            [
                Entry(f"{kind}{at}", kind, f"{kind} {at}\n\nmore\n\nand more", message=f"m{at}{kind}")
                for at in range(20)
                for kind in ("user", "assistant")
            ]
        )
        await pilot.pause()
        app.transcript.jump_turn(-1)
        app.transcript.jump_turn(-1)
        app.transcript.jump_turn(-1)
        assert app.lines[0].startswith(" you  user 17")
        app.transcript.jump_turn(1)
        assert any("user 18" in line for line in app.lines)
        assert app.transcript.show_entry("m3assistant")
        assert app.transcript.current is not None
        assert app.transcript.current.id == "assistant3"
        assert app.lines[1] == " zo   assistant 3"
        assert app.transcript.show_entry("user5")
        assert not app.transcript.show_entry("nowhere")
        assert app.transcript.current.id == "user5"


# Changes


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        ('{"file_path": "x", "old": "one\\ntwo", "new": "one\\n2"}', "ok"),
        ("{}", "Done.\n\n```diff\n--- a\n+++ b\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n```\n"),
        ("{}", "--- a\n+++ b\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"),
    ],
)
def test_a_change_is_found_in_arguments_or_output(arguments: str, result: str) -> None:
    lines = _tool(call(arguments, result)).diff.rstrip("\n").split("\n")
    assert [line[:3] for line in lines[:2]] == ["---", "+++"]
    assert lines[3:] == [" one", "-two", "+2"]


def test_lines_of_a_difference_are_told_by_sign_and_colour_and_the_words_that_changed() -> None:
    palette = Palette(added=Style(color="green"), removed=Style(color="red"), heading=Style(bold=True))
    source = "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n same\n-the old words\n+the new words\n--- not a name\n\\ No newline"
    lines = markdown_lines(f"```diff\n{source}\n```", 60, palette)[1:]
    text = ["".join(part.text for part in line).rstrip()[2:] for line in lines]
    assert text == source.split("\n")

    def colours(at: int) -> set[str]:
        return {part.style.color.name for part in lines[at] if part.style and part.style.color}

    assert [colours(at) for at in range(8)] == [set(), set(), set(), set(), {"red"}, {"green"}, {"red"}, set()]
    changed = [part.text for line in lines for part in line if part.style and part.style.underline]
    assert changed == ["old", "new"]


@pytest.mark.parametrize("width", [12, 20, 60])
def test_a_long_changed_line_stands_in_from_its_sign(width: int) -> None:
    lines = markdown_lines(f"```patch\n+{'ab' * 20}\n```", width, Palette())[1:]
    text = ["".join(part.text for part in line)[2:] for line in lines]
    assert [line[0] for line in text] == ["+", *" " * (len(text) - 1)]
    assert "".join(line[1:].rstrip() for line in text) == "ab" * 20
    assert all(cell_len(line) <= width - 2 for line in text)


async def test_a_long_output_says_how_much_more_there_is() -> None:
    app = Chat()
    async with app.run_test(size=(60, 300)) as pilot:
        app.transcript.show([_tool(call('{"rows": [' + "1, " * 5000 + "1]}", "row\n" * 100_000))])
        app.transcript.focus()
        await pilot.pause()
        await pilot.press("enter")
        height = app.transcript.virtual_size.height
        assert height < 800
        more = [app.transcript._roll.strip(y, None).text for y in range(height)]
        assert re.findall(r"… (\S+ kB) more: o opens it whole", "\n".join(more)) == ["33.6 kB", "399 kB"]


# Links and other things of Markdown


def test_the_links_of_a_text() -> None:
    text = (
        "[a](https://one.example/x) and https://two.example/y. `https://no.example`\n\n"
        "![p](https://three.example/p.png) [a](https://one.example/x) [r](docs/x.md) [j](javascript:x)\n\n"
        "| h |\n|---|\n| [t](mailto:x@y.z) |\n\n```\nhttps://no.example\n```"
    )
    urls = [link.url for link in links_in(text)]
    assert urls == [
        "https://one.example/x", "https://two.example/y", "https://three.example/p.png", "mailto:x@y.z",
    ]  # fmt: skip
    assert links_of(Entry("a", "assistant", text)) == links_in(text)


@pytest.mark.parametrize(
    ("source", "shown", "linked"),
    [
        ("[docs](https://evil.example)", "docs (evil.example)", True),
        ("[apple.com](https://\u0430pple.com)", "apple.com (xn--pple-43d.com)", True),
        ("<https://xn--e1afmkfd.xn--p1ai/>", "https://пример.рф/ (xn--e1afmkfd.xn--p1ai)", True),
        ("[open](file:///etc/passwd)", "open (file:/etc/passwd)", True),
        ("[read](docs/x.md)", "read (docs/x.md)", False),
        ("[call](tel:1)", "call (tel:1)", False),
    ],
)
def test_only_what_can_be_opened_looks_like_a_link(source: str, shown: str, linked: bool) -> None:
    [line] = markdown_lines(source, 80, Palette())
    assert "".join(part.text for part in line) == shown
    assert any(part.style and part.style.underline for part in line) == linked


@pytest.mark.parametrize("width", [20, 100])
def test_everything_is_shown_at_any_width(width: int) -> None:
    source = (
        "# A heading that is long enough to wrap\n\n9. nine\n10. ten\n    - [x] ticked and long enough to wrap\n"
        "    - [ ] open\n\n***\n\n| a | b | c | d | e |\n|---|---|---|---|---|\n| one | two | three | four | five |\n\n"
        "![a picture](https://h.example/p.png)\n"
    )
    text = "\n".join("".join(part.text for part in line).rstrip() for line in markdown_lines(source, width, Palette()))
    for words in (
        "A heading",
        "9. nine",
        "10. ten",
        "☑ ticked",
        "☐ open",
        "─" * 20,
        "▣ a picture",
    ):
        assert words in text
    for cell in ("one", "two", "three", "four", "five"):
        assert cell in text
    assert max(map(cell_len, text.split("\n"))) <= width


@settings(max_examples=200, deadline=None)
@given(DOCUMENTS, st.integers(8, 60))
def test_the_margin_is_bars_and_blanks(text: str, width: int) -> None:
    pieces = Pieces(text)
    for piece in pieces.sealed + pieces.tail():
        for line in paint(piece, width, Palette())[piece.gap :]:
            left = "".join(part.text for part in line)[: margin(piece, width)]
            assert set(left) <= set("▎ •◦▪☐☑0123456789.)")


# Entries


def test_files_go_under_a_request_and_are_not_its_text() -> None:
    files = (
        Attachment("1", "plan.pdf", "application/pdf", 2048, "h", text="words"),
        Attachment("2", "cat\x1b[2J.png", "image/png", 1_500_000, "h"),
    )
    message = Message("m", "c", "t", 1, "user", "look", "", "", "done", None, 77, None, attachments=files)
    [entry] = entries_of([message], {})
    assert entry.attached == ("▤ plan.pdf · 2.0 kB", "▣ cat.png · 1.5 MB")
    assert (entry.text, entry.message) == ("look", "m")
