"""Pages of files: they are what ``splitlines`` and the ``csv`` module give of the whole, wherever they begin."""

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zotui.errors import UsageError
from zotui.regular import NotRegular
from zotui.workspace.viewing import Held, Lines, OpenFile, Paged, Records, encoded, encodings, paged, records
from zotui.workspace.viewing.lines import SHOWN


@pytest.fixture(autouse=True, scope="module")
def _small_blocks() -> None:
    """What lies between two marks is found at every place."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paged, "BLOCK", 7)
        patch.setattr(records, "BLOCK", 7)
        yield  # type: ignore[misc]


def all_pages(rows: Paged, page: Callable[[int, int], list[object]], size: int) -> list[object]:
    """All rows, by pages, once the index is made."""
    while not rows.scan(0):
        pass
    found = [row for first in range(0, rows.count + size, size) for row in page(first, size)]
    assert len(found) == rows.count
    return found


TEXT = st.text(alphabet='ab,;"\n\r\t é猫\x00\x85\u2028', max_size=60)


@given(TEXT, st.integers(1, 5), st.booleans())
def test_pages_of_a_text_are_its_lines(text: str, size: int, marked: bool) -> None:
    content = text.encode()
    lines = Lines(encoded(Held(b"\xef\xbb\xbf" * marked + content)))
    beginning = lines.page(0, size)
    whole = [line.decode() for line in content.splitlines()]
    assert all_pages(lines, lines.page, size) == whole
    assert beginning == whole[:size]


@given(TEXT, st.integers(1, 5), st.booleans())
def test_pages_of_a_table_are_the_rows_of_the_csv_module(text: str, size: int, marked: bool) -> None:
    table = Records(encoded(Held(b"\xef\xbb\xbf" * marked + text.encode())), ",")
    beginning = table.page(0, size)
    whole = list(csv.reader(io.StringIO(text, newline="")))
    assert all_pages(table, table.page, size) == whole
    assert beginning == whole[:size]


@given(st.lists(st.lists(TEXT, min_size=1, max_size=4), max_size=6), st.integers(1, 3))
def test_what_the_csv_module_writes_is_read(rows: list[list[str]], size: int) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    table = Records(encoded(Held(out.getvalue().encode())), ",")
    assert all_pages(table, table.page, size) == rows


@pytest.mark.parametrize(
    ("head", "delimiter"),
    [("a;b;c\n1,5;2;3", ";"), ("a\tb\n", "\t"), ('"x,y,z"|b\n', "|"), ("alone\n", ","), ("", ",")],
)
def test_the_delimiter_is_what_the_first_line_has_most_of(head: str, delimiter: str) -> None:
    assert Records(encoded(Held(head.encode()))).delimiter == delimiter


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding: str) -> None:
    held = encoded(Held("naïve;café\r\nöl;“x”\r\n".encode(encoding)))
    assert Lines(held).page(0, 9) == ["naïve;café", "öl;“x”"]
    assert Records(held).page(0, 9) == [["naïve", "café"], ["öl", "“x”"]]


def test_too_much_utf_16_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "LARGEST", 10)
    with pytest.raises(UsageError, match="UTF-16"):
        encoded(Held("a long text".encode("utf-16")))


def test_a_long_line_is_cut_and_the_next_is_found() -> None:
    lines = Lines(encoded(Held(b"x" * 50_000 + b"\nnext\n")))
    assert all_pages(lines, lines.page, 1) == ["x" * (SHOWN - 1) + "…", "next"]


def test_a_cell_without_an_end_is_said_and_what_follows_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paged, "BLOCK", 1 << 17)
    monkeypatch.setattr(records, "BLOCK", 1 << 17)
    table = Records(encoded(Held(b'a,b\n"' + b"x\n" * 70_000 + b"1,2\n")), ",")
    found = all_pages(table, table.page, 100)
    assert found[:2] == [["a", "b"], [records.TOO_LONG]]
    assert found[-1] == ["1", "2"]


def test_an_open_file_stays_the_one_that_was_opened(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("one\ntwo\n")
    file = OpenFile(os.open(path, os.O_RDONLY))
    path.unlink()
    assert Lines(encoded(file)).page(1, 1) == ["two"]
    with pytest.raises(NotRegular, match="folder"):
        OpenFile(os.open(tmp_path, os.O_RDONLY))
