"""Summaries."""

from pathlib import Path

import pytest

from tests.skills.bundled import script

extract = script("summarise", "extract")


def test_headings_and_sentences_with_their_lines(tmp_path: Path) -> None:
    text = "# Boats\n\nThe boat of the harbour was sold in spring.\nIt is fine. The boat left the harbour for 300 crowns.\n\n"
    text += "```\nthe code is not a sentence here.\n```\n"
    (tmp_path / "a.md").write_text(text)
    said = extract(str(tmp_path / "a.md"), sentences=1)
    assert "line 1: # Boats" in said
    assert "line 3: The boat of the harbour was sold in spring." in said
    assert "More with numbers:\nline 4: The boat left the harbour for 300 crowns." in said
    assert "code" not in said


def test_a_page_without_what_is_not_for_reading(tmp_path: Path) -> None:
    page = "<!doctype html><html><head><title>T</title><script>var a = 'no no no no';</script></head>\n"
    page += "<body><h1>Head</h1>\n<p>The <b>page</b> says this\x1b[2J one.</p></body>"
    (tmp_path / "a.html").write_text(page)
    said = extract(str(tmp_path / "a.html"))
    assert "line 2: # Head" in said
    assert "line 3: The page says this" in said
    assert "no no" not in said
    assert "\x1b" not in said


@pytest.mark.parametrize(("content", "said"), [(b"", "no sentences"), (b"\0\1", "no text")], ids=["empty", "binary"])
def test_what_cannot_be_summarised(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(ValueError, match=said):
        extract(str(tmp_path / "a"))
