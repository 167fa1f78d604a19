"""Streaming Markdown: how it is cut into pieces, and how the pieces are painted."""

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.cells import cell_len
from rich.style import Style

from zotui.tui.markdown import Line, Palette, Pieces, height, markdown_lines, paint
from zotui.tui.markdown.code import code_lines
from zotui.tui.markdown.growth import CHUNK, LIMIT, QUIET, SAMPLE
from zotui.tui.markdown.piece import Code, Piece, Prose, Rows, Rule

PLAIN = Palette()
LOUD = Palette(
    muted=Style(color="grey50"), code=Style(color="cyan"), block=Style(bgcolor="grey11"), syntax="github-dark"
)
FRAGMENTS = [
    *("foo", "bar baz", "- a", "* b", "+ c", "  - d", "    - e", "1. x", "2. y", "3) z", "   10. w", "-", "1."),
    *("> q", ">> r", "> - s", ">", "# H", "## H2 ##", "#", "---", "***", "===", "<div>", "", "", "", "- - n"),
    *("```", "```py", "~~~", "- ```", "  ```", "    code", "      deep", "  ind", "   text"),
    *("a | b", "|a|b|", "|-|-|", "--- | ---", "- # h"),
]
INLINE = [
    "*",
    "**",
    "`",
    "[",
    "](x)",
    "![",
    "~~",
    "<",
    "&#27;",
    "&amp;",
    "\\",
    "\t",
    "你好",
    "👨‍👩‍👧",
    "❤️",
    "\u200d",
    "é",
]
DOCUMENTS = st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("\n".join)
WILD = st.lists(
    st.one_of(st.sampled_from([*FRAGMENTS, *INLINE, "\n", " ", "| 1 | 2 |"]), st.text(max_size=12)), max_size=30
).map("".join)


def pieces_of(text: str) -> list[Piece]:
    pieces = Pieces(text)
    return pieces.sealed + pieces.tail()


def text_of(line: Line) -> str:
    return "".join(segment.text for segment in line)


def painted(source: str, width: int = 60, palette: Palette = PLAIN) -> list[str]:
    return [text_of(line).rstrip() for line in markdown_lines(source, width, palette)]


def outline(text: str) -> list[tuple[tuple[str, ...], str, str]]:
    """The leaves of a text as the pieces have them: containers, kind, words."""
    found = []
    for piece in pieces_of(text):
        boxes, leaf = tuple(box.marker for box in piece.boxes), piece.leaf
        match leaf:
            case Prose():
                found.append((boxes, f"h{leaf.level}" if leaf.level else "p", leaf.text))
            case Code():
                found.append((boxes, "code", "\n".join(leaf.lines)))
            case Rows():
                found.append((boxes, "table", str(len(leaf.rows))))
            case Rule():
                found.append((boxes, "hr", ""))
    return found


def outline_by_markdown_it(text: str) -> list[tuple[tuple[str, ...], str, str]]:
    """The same by the tokens of markdown-it."""
    found: list[tuple[tuple[str, ...], str, str]] = []
    stack, marks, counts = [], [], []
    kind, rows = "", 0
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        match token.type:
            case "ordered_list_open":
                counts.append(int(token.attrGet("start") or 0) if token.attrGet("start") is not None else 1)
            case "bullet_list_open":
                counts.append(-1)
            case "ordered_list_close" | "bullet_list_close":
                counts.pop()
            case "blockquote_open" | "list_item_open":
                mark = token.markup
                if token.type == "list_item_open" and counts[-1] >= 0:
                    mark = f"{counts[-1]}{mark}"
                    counts[-1] += 1
                stack.append(mark)
                marks.append(len(found))
            case "blockquote_close" | "list_item_close":
                if marks.pop() == len(found):
                    found.append((tuple(stack), "p", ""))
                stack.pop()
            case "paragraph_open":
                kind = "p"
            case "heading_open":
                kind = token.tag
            case "inline" if kind != "table":
                found.append((tuple(stack), kind, token.content))
            case "fence" | "code_block":
                found.append((tuple(stack), "code", token.content))
            case "hr":
                found.append((tuple(stack), "hr", ""))
            case "html_block":
                found.append((tuple(stack), "p", token.content))
            case "table_open":
                kind, rows = "table", -1
            case "tr_open":
                rows += 1
            case "table_close":
                found.append((tuple(stack), "table", str(rows)))
                kind = ""
    return found


def bare(leaves: list[tuple[tuple[str, ...], str, str]]) -> list[tuple[tuple[str, ...], str, str]]:
    """Without the spaces around lines of prose and the empty lines around code."""
    return [
        (boxes, kind, words.strip("\n") if kind == "code" else re.sub(r"(?m)^\s+|\s+$", "", words))
        for boxes, kind, words in leaves
    ]


# Pieces


@settings(max_examples=400, deadline=None)
@given(DOCUMENTS)
def test_blocks_are_those_of_commonmark(text: str) -> None:
    if re.search(r"(?s)>.*\n {4}", text):  # markdown-it does not see a lazy line there, the specification does
        return
    if re.search(r"(?m)^[ >]*\d+[.)] *\n[ >]*\n", text):  # after an empty item markdown-it begins another list
        return
    assert bare(outline(text)) == bare(outline_by_markdown_it(text))


@settings(max_examples=300, deadline=None)
@given(st.one_of(DOCUMENTS, WILD), st.data())
def test_the_split_makes_no_difference(text: str, data: st.DataObject) -> None:
    pieces, at = Pieces(), 0
    while at < len(text):
        step = data.draw(st.integers(1, 9))
        pieces.feed(text[at : at + step])
        pieces.tail()  # looking at the tail changes nothing
        at += step
    assert pieces.sealed + pieces.tail() == pieces_of(text)


@pytest.mark.parametrize("step", [1, 7, 100, 5000])
def test_the_split_makes_no_difference_past_the_bounds(step: int) -> None:
    text = "word " * 2500 + "\n\n" + "x" * 10_000 + "\n\n```py\n" + "a = 1\n" * 200 + "y" * 9000 + "\n```\n"
    text += "|a|b|\n|-|-|\n" + "|1|2|\n" * 60 + "\ntail"
    pieces = Pieces()
    for at in range(0, len(text), step):
        pieces.feed(text[at : at + step])
    assert pieces.sealed + pieces.tail() == pieces_of(text)


def test_what_is_open_stays_small() -> None:
    for text in (
        "word " * 40_000,
        "some line of a paragraph\n" * 4000,
        "```python\n" + "x = 1\n" * 3000,
        "|a|b|\n|-|-|\n" + "| some | cells |\n" * 500,
        "- item with some words\n" * 3000,
        "- outer\n" + "  - inner\n" * 3000,
        "1. code\n   ```py\n" + "   x = 1\n" * 3000,
        "> quoted line\n" * 3000,
    ):
        pieces = Pieces(text)
        tail = pieces.tail()
        assert len(pieces.sealed) > 5
        assert sum(len(str(piece.leaf)) for piece in tail) < 3 * LIMIT, text[:20]
        assert len(tail) <= 2


def test_halves_of_a_long_paragraph_have_nothing_between_them() -> None:
    pieces = pieces_of("before\n\n" + "word " * 2000 + "\n\nafter")
    assert [piece.gap for piece in pieces] == [False, True, False, False, True]
    assert all(len(piece.leaf.text) <= LIMIT for piece in pieces)
    assert "".join(painted("word " * 2000, 4096)).replace(" ", "") == "word" * 2000


def test_a_long_fence_is_cut_where_it_is_quiet() -> None:
    step = (QUIET + CHUNK) // 2
    body = [f"line {at}" if at % step != step - 1 else "" for at in range(4 * step)]
    codes = [piece.leaf for piece in pieces_of("```py\n" + "\n".join(body) + "\n```")]
    assert [line for code in codes for line in code.lines] == body
    assert len(codes) == 4
    assert [code.first for code in codes] == [True, False, False, False]
    assert all(len(code.lines) <= CHUNK for code in codes)


def test_a_string_that_began_in_an_earlier_piece_stays_a_string() -> None:
    source = '```python\n"""doc\n' + "words of it\n" * (CHUNK + 6) + '"""\nx = 1\n```'
    first, second = (piece for piece in pieces_of(source) if isinstance(piece.leaf, Code))
    assert (first.leaf.inside, second.leaf.inside) == ("", '"""')
    inside = paint(first, 60, LOUD)[5][1].style
    lines = paint(second, 60, LOUD)
    assert lines[0][1].style == inside
    assert text_of(lines[-1]).strip() == "▎ x = 1"
    assert lines[-1][1].style != inside


def test_columns_are_settled_by_the_first_rows() -> None:
    source = "|a|b|\n|-|-|\n" + "| 1 | 2 |\n" * SAMPLE + "| much longer than before | 3 |\n"
    pieces = Pieces(source)
    head, row = pieces.sealed
    assert (head.leaf.first, head.leaf.last, len(head.leaf.rows)) == (True, False, SAMPLE)
    assert (row.leaf.first, row.leaf.last, len(row.leaf.rows)) == (False, False, 1)
    assert [piece.leaf.last for piece in pieces.tail()] == [True]
    widths = {cell_len(text_of(line)) for piece in pieces_of(source) for line in paint(piece, 60, PLAIN)}
    assert len(widths) == 1


# Painting


@settings(max_examples=400, deadline=None)
@given(st.one_of(DOCUMENTS, WILD), st.integers(4, 70), st.sampled_from([PLAIN, LOUD]))
def test_no_line_is_wider_than_the_width(text: str, width: int, palette: Palette) -> None:
    for piece in pieces_of(text):
        lines = paint(piece, width, palette)
        assert lines
        for line in lines:
            assert sum(cell_len(segment.text) for segment in line) <= width
            assert not any("\n" in segment.text for segment in line)
        assert height(piece, width) in (None, len(lines))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.integers(4, 40))
def test_plain_words_are_all_there(text: str, width: int) -> None:
    words = re.sub(r"[\W_]", "x", text)
    assert "".join(painted(words, width)).replace(" ", "") == words


def test_headings_lists_quotes_rules() -> None:
    source = """# Title
Words that
go on.

- one
- two
  1. deep
  2. deeper
     - deepest

  still two
- [ ] open
- [x] ticked

7. seven
7. eight

> quote
> - in it
>
> after

---
end"""
    assert painted(source, 20) == [
        "Title",
        "Words that go on.",
        "",
        "• one",
        "• two",
        "  1. deep",
        "  2. deeper",
        "     ▪ deepest",
        "",
        "  still two",
        "☐ open",
        "☑ ticked",
        "",
        "7. seven",
        "8. eight",
        "",
        "▎ quote",
        "▎ • in it",
        "▎",
        "▎ after",
        "",
        "─" * 20,
        "end",
    ]


def test_inline_styles() -> None:
    [line] = markdown_lines("a **b** *c* `d` ~~e~~", 60, LOUD)
    styles = {segment.text: segment.style for segment in line}
    assert styles["b"].bold
    assert styles["c"].italic
    assert styles["d"].color.name == "cyan"
    assert styles["e"].strike


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("[the docs](https://docs.python.org/3/)", "the docs (docs.python.org)"),
        ("[docs.python.org](https://docs.python.org/3/)", "docs.python.org"),
        ("[https://docs.python.org/3](https://docs.python.org/3)", "https://docs.python.org/3"),
        ("<https://docs.python.org>", "https://docs.python.org"),
        ("[https://bank.com](https://evil.com)", "https://bank.com (evil.com)"),
        ("[https://bank.com/?x=://evil.com](https://evil.com)", "https://bank.com/?x=://evil.com (evil.com)"),
        ("[bank.com](https://bank.com@evil.com/)", "bank.com (evil.com)"),
        ("[write](mailto:a@b.org)", "write (a@b.org)"),
        ("[README.md](README.md)", "README.md"),
        ("[read me](docs/README.md)", "read me (docs/README.md)"),
        ("[phone](tel:123)", "phone (tel:123)"),
        ("![a *fine* cat](cat.png)", "▣ a fine cat (cat.png)"),
        ("[red]x[/] and [bold]", "[red]x[/] and [bold]"),
        ("<b>bold</b> <br> &amp; &lt;", "<b>bold</b> <br> & <"),
        ("a&#27;[31m&#x202e;b&#13;", "a�[31mb"),
    ],
)
def test_links_images_and_what_is_shown_as_written(source: str, shown: str) -> None:
    lines = markdown_lines(source, 80, LOUD)
    assert [text_of(line) for line in lines] == [shown]
    assert not any(segment.style.link or segment.style.meta for line in lines for segment in line)


def test_html_is_shown_as_written() -> None:
    assert painted("<div class='x'>\n  *not* this\n</div>\n\n*this*") == [
        "<div class='x'>",
        "  *not* this",
        "</div>",
        "",
        "this",
    ]


def test_code_has_its_language_a_bar_and_colours() -> None:
    lines = markdown_lines("```python\nimport os\n\n    x = 1\n```", 30, LOUD)
    assert [text_of(line) for line in lines] == [
        f"{row:<30}" for row in ("▎ python", "▎ import os", "▎ ", "▎     x = 1")
    ]
    assert len({segment.style.color for segment in lines[1]}) > 1
    assert all(segment.style.bgcolor == LOUD.block.bgcolor for line in lines for segment in line)
    assert painted("```nosuchlanguage\nx\n```") == ["▎ nosuchlanguage", "▎ x"]
    assert painted("```\n```") == ["▎"]
    assert painted("    by indent") == ["▎ by indent"]
    assert painted("```\na\tb\n" + "long " * 4 + "long\n```", 14) == ["▎ a   b", "▎ long long lo", "▎ ng long long"]


def test_a_fence_in_a_list_stands_in() -> None:
    assert painted("1. do\n   ```sh\n   ls\n   ```\n2. done") == ["1. do", "   ▎ sh", "   ▎ ls", "2. done"]


def test_tables_fit_wrap_and_align() -> None:
    source = "| host | load | what |\n|:--|--:|:-:|\n| lab-3 | 7 | a `x \\| y` |\n| l | 12 |\n"
    assert painted(source, 60) == [
        "┌───────┬──────┬─────────┐",
        "│ host  │ load │  what   │",
        "├───────┼──────┼─────────┤",
        "│ lab-3 │    7 │ a x | y │",
        "│ l     │   12 │         │",
        "└───────┴──────┴─────────┘",
    ]
    assert painted("|a|words|\n|-|-|\n|1|some words that wrap|", 20) == [
        "┌────┬─────────────┐",
        "│ a  │ words       │",
        "├────┼─────────────┤",
        "│ 1  │ some words  │",
        "│    │ that wrap   │",
        "└────┴─────────────┘",
    ]


def test_a_table_that_fits_nowhere_is_a_list() -> None:
    assert painted("|name|state|load|days|\n|-|-|-|-|\n|lab-3|up|0.5|9 or more|", 14) == [
        "─" * 14,
        "name: lab-3",
        "state: up",
        "load: 0.5",
        "days: 9 or",
        "more",
        "─" * 14,
    ]


def test_wide_characters_and_long_words() -> None:
    assert painted("你好世界，你好世界。", 8) == ["你好世", "界，你好", "世界。"]
    assert painted("see https://example.org/a/long/path now", 12) == [
        "see",
        "https://exam",
        "ple.org/a/lo",
        "ng/path now",
    ]
    assert all(cell_len(line) <= 4 for line in painted("👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧 ❤️❤️❤️ 漢漢漢", 4))


def test_hard_breaks_are_kept() -> None:
    assert painted("one  \ntwo\\\nthree\nfour") == ["one", "two", "three four"]


def test_it_needs_no_textual() -> None:
    code = "import sys, zotui.tui.markdown; sys.exit(bool({'textual', 'pygments', 'markdown_it'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_block_that_grows_is_coloured_as_a_whole_one() -> None:
    palette = Palette(syntax="monokai")
    rows = ("def f():", '    """a', "    heron", '    """', '    return "x"  # y', "")
    grown = [code_lines(Code(rows[:count], "python", open=True), 40, palette) for count in range(1, 7)]
    for count, lines in enumerate(grown, 1):
        texts = ["".join(segment.text for segment in line).rstrip() for line in lines]
        assert texts == ["▎ python", *(f"▎ {row}".rstrip() for row in rows[:count])]
    whole = code_lines(Code(rows, "python"), 40, palette)
    for line, other in zip(grown[-1][3:], whole[3:], strict=True):
        assert [segment.style for segment in line if segment.text.strip()] == [
            segment.style for segment in other if segment.text.strip()
        ]
    shorter = code_lines(Code(rows[:2], "python", open=True), 40, palette)
    assert shorter == grown[1]
