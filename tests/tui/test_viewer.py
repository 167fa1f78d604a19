"""Contents of files without an app: which kind a file is shown as, and its lines as they are painted."""

import io
import time
from pathlib import Path

import apsw
import pytest
from docx import Document

from zotui.store import foreign
from zotui.tui.markdown import Palette
from zotui.tui.viewer.content import Look
from zotui.tui.viewer.opening import open_file
from zotui.workspace import Folder

LOOK = Look(120, 20, Palette())
NO_WORD = "it is no Word document, or damaged: save it anew, or as text"


def shown(root: Path, name: str, content: bytes | None = None, inside: str = "") -> list[str]:
    """All lines of a file, its kind first."""
    if content is not None:
        (root / name).write_bytes(content)
    opened = open_file(Folder(root), name, inside)
    opened.content.lay_out(LOOK)
    while not opened.content.is_whole:
        opened.content.scan(1)
    lines = [*opened.content.head, *opened.content.page(0, max(1, opened.content.count))]
    return [opened.words, *(strip.text.rstrip() for strip in lines)]


def word() -> bytes:
    """A Word document."""
    out = io.BytesIO()
    document = Document()
    document.add_heading("Harbour", 1)
    document.add_paragraph("It is calm.")
    document.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("a.txt", b"", ["empty · 0 B", "", " It is empty."]),
        ("a.txt", "ä\tb\r\nc".encode("utf-16"), ["text · 14 B", " 1 ä   b", " 2 c"]),
        ("a.txt", b"\x1b[31mred\x1b[0m\x07", ["text · 13 B", " 1 red"]),
        ("Makefile", b"all:\n\tmake it\n", ["make · 14 B", " 1 all:", " 2     make it"]),
        ("a.md", b"# One\n\n- two\n", ["markdown · 13 B", " One", "", " • two"]),
        ("a.tsv", b"a\tb\n1\tx,y\n", ["table · 10 B", "   a │ b", " 1 1 │ x,y"]),
        ("a.csv", b"a\n1,2\n", ["table · 6 B", "   a │", " 1 1 │ 2"]),
        ("a.csv", b"\n", ["table · 1 B", ""]),
        ("a.docx", b"PK\3\4 no", ["document · 7 B", "", f" a.docx cannot be read: {NO_WORD}"]),
        ("a.bin", b"\0\1AB", ["binary · 4 B", "00000000  00 01 41 42                                      ··AB"]),
        ("a.db", b"\0\1" * 4096, ["database · 8.2 kB", "", " a.db is no SQLite database, or it is encrypted"]),
    ],
)  # fmt: skip
def test_files_as_they_are_shown(name: str, content: bytes, lines: list[str], tmp_path: Path) -> None:
    assert shown(tmp_path, name, content) == lines


def test_a_document_is_shown_as_its_text(tmp_path: Path) -> None:
    assert [line for line in shown(tmp_path, "a.docx", word())[1:] if line] == [" # Harbour", " It is calm."]


def test_a_string_of_many_pages_stays_one(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('x = """\n' + "word\n" * 150 + '"""\nimport os\n')
    content = open_file(Folder(tmp_path), "a.py").content
    content.lay_out(LOOK._replace(palette=Palette(syntax="friendly")))
    pages = [*content.page(0, 100), *content.page(100, 100)]
    colours = [[segment.style.color for segment in pages[line]][1] for line in (50, 120, 152) if pages[line]]  # type: ignore[union-attr]
    assert colours[0] == colours[1] != colours[2]


def test_a_view_that_cannot_be_counted_shows_its_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db = apsw.Connection(str(tmp_path / "a.db"))
    db.execute("CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n")
    db.close()
    monkeypatch.setattr(foreign, "PATIENCE_S", 0.05)
    assert shown(tmp_path, "a.db", inside="v")[-1].split() == ["1,000", "1000"]


def test_a_table_of_a_million_rows_shows_at_once(tmp_path: Path) -> None:
    line = b'1,"a name",3.25\n'
    (tmp_path / "a.csv").write_bytes(b"id,name,value\n" + b"1,a name,3.25\n" * 1_000_000)
    (tmp_path / "quoted.csv").write_bytes(b"id,name,value\n" + line * 300_000)
    for name in ("a.csv", "quoted.csv"):
        begun = time.monotonic()
        content = open_file(Folder(tmp_path), name).content
        content.lay_out(LOOK)
        assert content.page(0, 100)
        assert time.monotonic() - begun < 1
    opened = open_file(Folder(tmp_path), "a.csv").content
    opened.lay_out(LOOK)
    while not opened.is_whole:
        opened.scan(1)
    assert opened.count == 1_000_000
    assert opened.page(999_999, 9)[0].text.split()[0] == "1,000,000"
