"""Files as what a model can read of them: each kind for real, and what cannot be read in one line."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
import zlib
from datetime import datetime, time
from pathlib import Path

import pytest

from zotui.computer import Computer
from zotui.documents import LARGEST, LONGEST, attach_paths, child, read, read_bytes
from zotui.documents.tables import MOST_ROWS
from zotui.documents.xlsx import MOST_COLUMNS
from zotui.errors import NotFound, UsageError
from zotui.home import Home
from zotui.toolbox import Result, ToolContext, ToolError
from zotui.workers import toolbox

SENTINEL = "heron-4711"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def pdf(text: str, *, pages: int = 1) -> bytes:
    """A small PDF with this text on each page."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for _ in range(pages):
        stream = f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET"
        kids.append(len(objects) + 1)
        font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {len(objects) + 2} 0 R /Resources {font} >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] /Count {pages} >>"
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    tail = (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>"
    )
    return out + f"{tail}\nstartxref\n{len(out)}\n%%EOF\n".encode()


def docx(more: str = "") -> bytes:
    """A Word document with a heading, a paragraph, a table and what else is wanted."""
    from docx import Document

    document = Document()
    document.add_heading("Birds", level=2)
    document.add_paragraph(f"A {SENTINEL} stands in the reed.")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "left", "right"
    document.add_paragraph(more)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def xlsx() -> bytes:
    """A spreadsheet with dates, numbers and formulas, one long sheet and one that is hidden."""
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    birds, long, hidden = book.active, book.create_sheet("Long"), book.create_sheet("Hidden")
    assert birds is not None
    birds.title = "Birds"
    birds.append(["name", "seen", "share"])
    birds.append([f"{SENTINEL}\nin reed", datetime(2024, 5, 1), 0.1 + 0.2])
    birds.append([])
    birds.append([None, datetime(2024, 5, 1, 9, 30), True, time(9, 30)])
    for number in range(MOST_ROWS + 1):
        long.append([number, *([] if number else range(MOST_COLUMNS))])
    hidden.sheet_state = "hidden"
    book.save(out)
    return out.getvalue()


CHAPTER = (
    "<html xmlns='http://www.w3.org/1999/xhtml'><head><title/><style>p {{}}</style></head><body><h2>{}</h2>"
    "<p>A <b>{}</b>\n&amp; reed.</p><script src='x'/><pre>a\n b</pre><ul><li>one</li></ul>"
    "<table><tr><td>left</td><td>right</td></tr></table></body></html>"
)


def epub(*chapters: str, **more: str) -> bytes:
    """A book of chapters, in its spine the last one first, and other files."""
    items = "".join(f'<opf:item id="c{n}" href="c%20{n}.xhtml"/>' for n in range(len(chapters)))
    spine = "".join(f'<opf:itemref idref="c{n}"/>' for n in reversed(range(len(chapters))))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        container = "<container><rootfiles><rootfile full-path='OPS/a.opf'/></rootfiles></container>"
        packed.writestr("META-INF/container.xml", container)
        packed.writestr("OPS/a.opf", f"<opf:package>{items}<opf:spine>{spine}</opf:spine></opf:package>")
        for number, chapter in enumerate(chapters):
            packed.writestr(f"OPS/c {number}.xhtml", chapter)
        for name, content in more.items():
            packed.writestr(f"META-INF/{name}.xml", content)
    return out.getvalue()


NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "markdown", "source": ["# Birds\n", SENTINEL]},
            {
                "cell_type": "code",
                "source": "print(1)",
                "outputs": [
                    {"output_type": "stream", "text": ["one\n"]},
                    {"output_type": "display_data", "data": {"image/png": "iVBOR"}},
                    {"output_type": "error", "ename": "ValueError", "evalue": "no"},
                ],
            },
        ]
    }
).encode()


@pytest.mark.parametrize(
    ("name", "content", "also"),
    [
        ("a.txt", f"x {SENTINEL}".encode(), ""),
        ("a.md", f"# x\n{SENTINEL}".encode(), "# x"),
        ("a.py", f"print('{SENTINEL}')".encode(), "print"),
        ("latin.txt", f"caf\xe9 {SENTINEL}".encode("latin-1"), "café"),
        ("wide.txt", f"wide {SENTINEL}".encode("utf-16"), "wide"),
        ("mark.txt", b"\xef\xbb\xbf" + f"mark {SENTINEL}".encode(), "mark"),
        ("a.csv", f'name;note\n"one; two";{SENTINEL}\n'.encode(), "one; two | "),
        ("a.tsv", f"name\tnote\none\t{SENTINEL}\n".encode(), "one | "),
        ("a.ipynb", NOTEBOOK, "→ one"),
        ("a.pdf", pdf(SENTINEL, pages=2), "[page 2]"),
        ("a.docx", docx(), "left | right"),
        ("a.xlsx", xlsx(), "name | seen | share"),
        ("a.epub", epub(CHAPTER.format("End", SENTINEL), CHAPTER.format("Begin", "wren")), "left | right"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_each_kind_is_read(tmp_path: Path, name: str, content: bytes, also: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    found = read(path)
    assert found.text is not None
    assert SENTINEL in found.text
    assert also in found.text
    assert (found.name, found.content, found.path) == (name, content, str(path))


def test_headings_and_pictures_of_documents() -> None:
    word, notes = read_bytes("a.docx", docx()).text, read_bytes("a.ipynb", NOTEBOOK).text
    assert word is not None
    assert "## Birds" in word
    assert notes is not None
    assert "[image/png]" in notes
    assert "ValueError: no" in notes


def test_sheets_stand_under_their_names() -> None:
    text = read_bytes("a.xlsx", xlsx()).text
    assert text is not None
    birds, long, hidden = text.split("\n\n")
    assert birds.splitlines() == [
        "## Birds",
        "name | seen | share",
        f"{SENTINEL} in reed | 2024-05-01 | 0.3",
        " | 2024-05-01 09:30:00 | TRUE | 09:30:00",
    ]
    rows = long.splitlines()
    assert rows[1].endswith(f" | {MOST_COLUMNS - 2} | …")
    assert rows[2:] == [*map(str, range(1, MOST_ROWS)), "[there are more rows]"]
    assert hidden == "## Hidden (hidden)\n(empty)"


def test_what_formulas_gave_is_told_not_what_they_say() -> None:
    content, out = xlsx(), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            more = (
                b'<row r="9"><c r="A9"><f>6*7</f><v>42</v></c></row><row r="99999999999"><c r="A1"><v>7</v></c></row>'
            )
            sheet = old.read(name).replace(b"</sheetData>", more + b"</sheetData>")
            new.writestr(name, re.sub(rb"<dimension[^>]*>", b'<dimension ref="A1:A1"/>', sheet))
    text = read_bytes("a.xlsx", out.getvalue()).text
    assert text is not None
    assert "09:30:00\n42\n" in text
    assert "6*7" not in text


def test_a_book_is_read_in_its_order() -> None:
    book = epub(CHAPTER.format("End", SENTINEL), CHAPTER.format("Begin", "wren"))
    part = "## {}\n\nA {} & reed.\n\na\nb\n\n- one\n\nleft | right"
    assert read_bytes("a.epub", book).text == part.format("Begin", "wren") + "\n\n" + part.format("End", SENTINEL)
    long = read_bytes("a.epub", epub(*["<p>" + "word " * 5_000] * 4)).text
    assert long is not None
    assert long.endswith("\n[the rest of part 3 and what follows is left out, of 4 parts]")
    assert LONGEST - 400 < len(long) <= LONGEST


def test_an_image_is_shown_not_told() -> None:
    found = read_bytes("a.jpg", PNG)  # whatever its name says
    assert (found.text, found.media_type) == (None, "image/png")


def test_a_long_text_is_cut_and_says_how_much() -> None:
    text = read_bytes("a.txt", b"x" * (LONGEST + 500)).text
    assert text is not None
    kept = text.count("x")
    assert text.endswith(f"\n[{LONGEST + 500 - kept:,} of {LONGEST + 500:,} characters are left out]")
    assert LONGEST - 200 < len(text) <= LONGEST
    assert read_bytes("a.txt", b"x" * LONGEST).text == "x" * LONGEST


def test_a_long_document_is_cut_and_says_how_much() -> None:
    text = read_bytes("a.pdf", pdf("word " * 800, pages=40)).text
    assert text is not None
    assert re.search(r"\n\[the rest of page 1\d and what follows is left out, of 40 pages\]$", text)
    assert LONGEST - 400 < len(text) <= LONGEST
    word = read_bytes("a.docx", docx("word " * 20_000)).text
    assert word is not None
    assert "characters are left out]" in word.splitlines()[-1]
    assert len(word) <= LONGEST


def test_pages_without_text_are_named_beside_others() -> None:
    from pypdf import PdfReader, PdfWriter

    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    writer.append(PdfReader(io.BytesIO(pdf(SENTINEL))))
    writer.write(out)
    text = read_bytes("a.pdf", out.getvalue()).text
    assert text is not None
    assert text.startswith("[page 1: no text, perhaps scanned]\n\n[page 2]\n")
    assert SENTINEL in text


def test_a_large_table_says_how_many_rows_there_are() -> None:
    text = read_bytes("a.csv", b"a,b\n" + b"1,2\n" * 2_000).text
    assert text is not None
    assert text.startswith("2,001 rows, 2 columns\na | b\n1 | 2\n")
    assert text.endswith("\n[1,501 more rows]")


@pytest.mark.parametrize(
    ("name", "content", "row"),
    [
        ("a.tsv", "a\tb\nx, y, z\tq, r, s\n", "x, y, z | q, r, s"),
        ("a.csv", '"a, b, c";d\n1;2\n', "1 | 2"),
        ("a.csv", 'a,b\nit\'s,"he said ""hi"""\n', 'it\'s | he said "hi"'),
        ("a.csv", "a|b\r\n1|2\r\n", "1 | 2"),
    ],
)
def test_columns_are_told_apart(name: str, content: str, row: str) -> None:
    text = read_bytes(name, content.encode()).text
    assert text is not None
    assert row in text.splitlines()


def test_a_document_is_known_by_its_content() -> None:
    text = read_bytes("report", docx()).text
    assert text is not None
    assert SENTINEL in text
    for name, content in (("sheet", xlsx()), ("book.zip", epub(SENTINEL))):
        assert SENTINEL in (read_bytes(name, content).text or "")
    scan = read_bytes("scan.txt", pdf(SENTINEL)).text
    assert scan is not None
    assert SENTINEL in scan
    assert read_bytes("said.txt", "“café” – 5 €".encode("cp1252")).text == "“café” – 5 €"


def test_control_characters_stay_outside() -> None:
    assert read_bytes("a.txt", b"a\x1b]52;c;AAAA\x07b\x1b[2J").text == "ab"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.bin", b"\0\1\2" * 100, "is no text"),
        ("a.txt", b"\1\2\3abc", r"is no text \(an unknown kind"),
        ("a.zip", b"PK\3\4\0\0", r"is no text \(a zip archive"),
        ("a.pptx", b"PK\3\4\0\0 ppt/presentation.xml", r"is no text \(slides \(pptx\)"),
        ("a.gz", b"\x1f\x8b\x08\x08abc\x01\x02\x03\x81\x92" * 4, r"is no text \(gzip"),
        ("a.mp4", b"\0\0\0\x18ftypmp42", r"is no text \(video/mp4"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "encrypted, or of before 2007"),
        ("a.pdf", b"%PDF-1.4\nnonsense", "cannot be read: it is damaged"),
        ("a.pdf", pdf(""), "was it scanned"),
        ("a.docx", b"PK\3\4 no document", "no Word document"),
        ("a.docx", b"words", "no Word document"),
        ("a.xlsx", b"a,b\n", "no spreadsheet"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "encrypted, or of before 2007"),
        ("a.xlsx", xlsx()[:-4_000], "no spreadsheet, or damaged"),
        ("a.xlsx", epub("x"), r"it is damaged \(KeyError\)"),
        ("a.epub", b"words", "no book"),
        ("a.epub", docx(), "no book"),
        ("a.epub", epub("<p/>", "<head>x</head>"), "none of its 2 parts has text"),
        ("a.epub", epub("x", encryption="<a:CipherReference URI='OPS/c%200.xhtml'/>"), "it is encrypted"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # bytes of archives hold the time
)
def test_what_cannot_be_read_is_said_in_one_line(name: str, content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        read_bytes(name, content)
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def test_an_encrypted_pdf_says_so() -> None:
    from pypdf import PdfWriter

    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(out)
    with pytest.raises(UsageError, match="encrypted"):
        read_bytes("a.pdf", out.getvalue())


def test_a_document_that_swells_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", b"0" * 300_000_000)
    for name in ("bomb.docx", "bomb.xlsx", "bomb.epub"):
        with pytest.raises(UsageError, match="too large"):
            read_bytes(name, out.getvalue())


@pytest.mark.parametrize(("name", "package"), [("a.pdf", "pypdf"), ("a.docx", "python-docx"), ("a.xlsx", "openpyxl")])
def test_a_reader_that_is_not_installed_is_named(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, child.READERS[name[2:]][0], None)
    content = pdf("x") if name.endswith("pdf") else docx_head()
    with pytest.raises(UsageError, match=package) as caught:
        read_bytes(name, content)
    assert "pip install 'zotui[documents]'" in str(caught.value)


@pytest.mark.parametrize("module", ["pypdf", "docx", "zotui"])
def test_nothing_is_imported_from_where_one_is(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"{module}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", ".", *map(os.path.abspath, filter(None, sys.path))])
    for name, content in (("a.pdf", pdf(SENTINEL)), ("a.docx", docx())):
        assert SENTINEL in (read_bytes(name, content).text or "")
    assert not (tmp_path / "ran").exists()


def test_a_reader_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "PATIENCE_S", 0)
    with pytest.raises(UsageError, match="takes longer than"):
        read_bytes("a.pdf", pdf("x"))


def test_a_reader_that_swells_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    content = zlib.compress(b" " * 400_000_000)  # 400 kB
    stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(content) + content + b"\nendstream"
    head = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    head += b"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
    head += b"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>\nendobj\n4 0 obj\n"
    with pytest.raises(UsageError) as caught:
        read_bytes("a.pdf", head + stream + b"\nendobj\ntrailer\n<< /Root 1 0 R >>\n")
    assert "\n" not in str(caught.value)


def test_a_child_has_only_so_much_memory() -> None:
    words = f"from zotui.documents.child import bound; bound(); print('bound'); bytearray({child.MEMORY})"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True)
    assert done.stdout == "bound\n"
    assert done.stderr.endswith("MemoryError\n")


def docx_head() -> bytes:
    """What begins as a Word document does."""
    return b"PK\3\4"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/proc/self/environ")
    (tmp_path / "new\nline").mkdir()
    for path in (
        tmp_path, tmp_path / "pipe", tmp_path / "link", tmp_path / "new\nline",
        Path("/dev/zero"), Path("/proc/self/status"), Path("/proc/self/environ"),
    ):  # fmt: skip
        with pytest.raises(UsageError) as caught:
            read(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(NotFound):
        read(tmp_path / "nothing")
    large = tmp_path / "large"
    large.touch()
    os.truncate(large, LARGEST + 1)
    with pytest.raises(UsageError, match="at most"):
        read(large)


def test_pasted_paths_are_files_and_other_texts_are_not(tmp_path: Path) -> None:
    one, two = tmp_path / "one file.txt", tmp_path / "two.txt"
    one.touch()
    two.touch()
    escaped = str(one).replace(" ", "\\ ")
    for text, found in (
        (str(two), [two]), (f"'{one}'", [one]), (escaped, [one]), (str(one), [one]), (f"{two.as_uri()}", [two]),
        (one.as_uri(), [one]), (f"{escaped} {two}", [one, two]), (f"{two}\n", [two]),
        (f"{one}\n{two}\n", [one, two]), (f"file://localhost{two}", [two]), (f"file://elsewhere{two}", []), ("file://[/x", []),
        ("two.txt", []), (f"see {two}", []), (str(tmp_path), []), ("", []), ("/", []), ("~", []),
        ("a" * 5000, []), (f"{two} {tmp_path}/nothing", []), ("it's /odd", []), ("a/\0b", []),
    ):  # fmt: skip
        assert attach_paths(text) == found, text


async def test_the_agent_reads_documents_of_the_workspace(home: Home) -> None:
    (home.workspace / "a.xlsx").write_bytes(xlsx())
    (home.workspace / "a.pdf").write_bytes(b"%PDF-1.4\nnonsense")
    async with Computer.open(home, workers="none") as computer:
        box, context = toolbox(computer), ToolContext("c", "t", "call", False)
        found = await box.run("read_file", {"path": "a.xlsx", "line": 2, "lines": 2}, context, 30)
        assert isinstance(found, Result)
        assert found.text.startswith(f"name | seen | share\n{SENTINEL} in reed | 2024-05-01 | 0.3\n[")
        with pytest.raises(ToolError, match=r"a\.pdf cannot be read: it is damaged"):
            await box.run("read_file", {"path": "a.pdf"}, context, 30)
