"""Lines changed beside an anchor: the one place that was meant or none, and no other byte."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zotui.errors import UsageError
from zotui.toolbox import Result, Toolbox, ToolContext, ToolError
from zotui.workspace import Folder
from zotui.workspace.blocks import LONG, EditLines, edited
from zotui.workspace.tools import tools
from zotui.workspace.writing import Writing

TEXT = "def a():\n    return 1\n\n\ndef b():\n    return 1\n# end\n"


def edit(before: str, action: str, anchor: str = "", until: str = "", text: str = "", large: bool = False) -> str:
    return edited(before, EditLines("f.py", action, anchor, until, text, large))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "after"),
    [
        (("insert_before", "def b():", "", "import c"), TEXT.replace("def b", "import c\ndef b")),
        (("insert_after", "def a():", "", "    c = 1\n    d = 2\n"), TEXT.replace("a():\n", "a():\n    c = 1\n    d = 2\n")),
        (("insert_after", "# end", "", "\n"), TEXT + "\n"),
        (("append", "", "", "# more"), TEXT + "# more\n"),
        (("replace", "# end", "", "# END"), TEXT.replace("end", "END")),
        (("replace", "def b():", "    return 1", "b = 2\n"), TEXT.replace("def b():\n    return 1", "b = 2")),
        (("replace", "def b():\n    return 1", "", "b = 2"), TEXT.replace("def b():\n    return 1", "b = 2")),
        (("delete", "def a():", "def b():", ""), "    return 1\n# end\n"),
        (("delete", "  def  b():\t", "# end", ""), "def a():\n    return 1\n\n\n"),
    ],
)  # fmt: skip
def test_lines_are_put_where_they_belong(wanted: tuple[str, ...], after: str) -> None:
    assert edit(TEXT, *wanted) == after


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (("delete", "    return 1"), "anchor stands in 2 places of f.py: lines 2, 6"),
        (("delete", "return  1"), "anchor stands in 2 places of f.py: lines 2, 6"),
        (("delete", "def c():"), "no line of f.py is anchor; the nearest: lines 1, 5"),
        (("delete", "zzz"), "no line of f.py is anchor: give whole lines"),
        (("delete", "def b"), "no line of f.py is anchor; the nearest: lines 1, 5"),
        (("delete", "def b():", "def a():"), "no line of f.py from line 5 on is until; the nearest: line 5"),
        (("delete", "def a():", "    return 1"), "until stands in 2 places of f.py: lines 2, 6"),
        (("append", "# end", "", "x"), "append has no anchor"),
        (("insert_after", "", "", "x"), "insert_after needs an anchor"),
        (("insert_after", "# end", "# end", "x"), "insert_after has no until"),
        (("replace", "# end"), "replace needs a text"),
        (("delete", "# end", "", "x"), "delete has no text"),
    ],
)
def test_what_is_not_clear_is_refused(wanted: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        edit(TEXT, *wanted)
    assert str(caught.value).startswith(said)


def test_a_line_to_the_letter_goes_before_those_that_are_like_it() -> None:
    assert edit("x\n  x\nx \n", "replace", "  x", "", "y") == "x\ny\nx \n"


def test_most_of_a_long_file_is_changed_on_purpose_only() -> None:
    long = "".join(f"{number}\n" for number in range(LONG))
    last = str(LONG // 2)
    with pytest.raises(UsageError, match=f"{LONG // 2 + 1} of the {LONG} lines .*large=true"):
        edit(long, "delete", "0", last)
    assert edit(long, "delete", "0", last, large=True) == long.partition(f"\n{last}\n")[2]
    assert edit(long, "delete", "1", last).startswith("0\n")
    assert edit("a\nb\n", "replace", "a", "b", "c") == "c\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "x\n"), ("a", "a\nx"), ("a\n", "a\nx\n"), ("a\r\nb\r\n", "a\r\nb\r\nx\r\n"), ("a\r\nb", "a\r\nb\r\nx"),
        ("a\rb\r", "a\rb\rx\r"), ("a\u2028b", "a\u2028b\nx"), ("a\n\n", "a\n\nx\n"),
    ],
)  # fmt: skip
def test_what_is_appended_ends_as_the_file_does(before: str, after: str) -> None:
    assert edit(before, "append", text="x\n") == after
    assert edit(before, "append", text="x") == after


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x85\u2028\u2029"), max_size=5)
ENDS = st.sampled_from(["\n", "\r\n", "\u2028"])


@given(
    lines=st.lists(st.tuples(WORDS, ENDS).map("".join), min_size=1, max_size=8),
    ended=st.booleans(),
    new=st.lists(st.text("xy", min_size=1, max_size=3), min_size=1, max_size=3),
    action=st.sampled_from(["insert_before", "insert_after", "replace", "delete", "append"]),
    mark=st.sampled_from([(b"", "utf-8"), (b"\xef\xbb\xbf", "utf-8"), (b"\xfe\xff", "utf-16-be")]),
    data=st.data(),
)
def test_no_other_byte_is_touched(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[str],
    ended: bool,
    new: list[str],
    action: str,
    mark: tuple[bytes, str],
    data: st.DataObject,
) -> None:
    bom, encoding = mark
    words = [line.rstrip("\r\n\u2028") for line in lines]
    if not ended:
        lines[-1] = words[-1]
    first = data.draw(st.integers(0, len(lines) - 1))
    last = data.draw(st.integers(first, len(lines) - 1))
    block = action in ("replace", "delete")
    anchor, until = "" if action == "append" else words[first], words[last] if block else ""
    new = [] if action == "delete" else new
    path = tmp_path_factory.mktemp("w") / "f"
    path.write_bytes(bom + "".join(lines).encode(encoding))
    wanted = EditLines("f", action, anchor, until, "\n".join(new))  # type: ignore[arg-type]
    try:
        Writing(Folder(path.parent)).change("f", lambda text: edited(text, wanted))
    except UsageError:
        assert path.read_bytes() == bom + "".join(lines).encode(encoding)
        assert not anchor or words.count(anchor) > 1 or (until and words[first:].count(until) > 1) or not "".join(lines)
        return
    at = {"insert_after": first + 1, "append": len(lines)}.get(action, first)
    stop = (last if until else first) + 1 if block else at
    before, rest = ("".join(part).encode(encoding) for part in (lines[:at], lines[stop:]))
    after = path.read_bytes()
    assert after.startswith(bom + before)
    assert after.endswith(rest)
    made = after[len(bom + before) : len(after) - len(rest)].decode(encoding)
    assert made.split() == new
    if new and not rest:
        assert made.endswith("\n") is (ended or not words[-1])


async def test_the_tool_shows_first_and_is_found(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    box, context = Toolbox(tools(Folder(tmp_path))), ToolContext("c", "t", "call", False)
    found = await box.run("find_tool", {"query": "insert a line after another"}, context, 5)
    assert isinstance(found, Result)
    assert found.text.splitlines()[1].startswith("- edit_lines:")
    given = {"path": "f.py", "action": "replace", "anchor": "# end", "text": "# END"}
    tool = box.find("edit_lines")
    assert tool.preview is not None
    shown = await tool.preview(tool.parse(given))
    assert shown.endswith("-# end\n+# END")
    assert tool.touches(tool.parse(given)) == ("f.py",)
    assert (tmp_path / "f.py").read_bytes() == b"\xef\xbb\xbf" + TEXT.encode()
    done = await box.run("edit_lines", given, context, 5)
    assert isinstance(done, Result)
    assert (done.text, done.summary) == (shown, "+1 −1")
    assert (tmp_path / "f.py").read_bytes().endswith(b"# END\n")
    for wrong in ({"anchor": "nothing like it"}, {"path": "none"}, {"path": "../f"}, {"action": "swap"}):
        with pytest.raises(ToolError):
            await box.run("edit_lines", given | wrong, context, 5)
