"""``zotui ask``: files go out as text, and so does what the words mention; nothing else does."""

from pathlib import Path

import pytest

from tests.cli.inside import Inside
from tests.documents.test_read import PNG, pdf, xlsx
from tests.openai_server import OpenAIServer, says
from tests.processes import rows
from zotui.documents import LARGEST, LONGEST
from zotui.home import Home

SENTINEL = "heron-4711"


@pytest.fixture(autouse=True)
def answering(lab: OpenAIServer, home: Home) -> None:
    """A model that answers, and a workspace with files in it."""
    lab.answer(lambda exchange: says("read"))
    (home.workspace / "notes.md").write_text(f"it says {SENTINEL}")
    (home.workspace / "src").mkdir()
    (home.workspace / "src" / "main.py").write_text("print(1)")


class TestFile:
    """``--file``."""

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.txt", SENTINEL.encode()),
            ("a.csv", f"a,b\n1,{SENTINEL}\n".encode()),
            ("a.pdf", pdf(SENTINEL)),
            ("a.xlsx", xlsx()),
        ],
        ids=["txt", "csv", "pdf", "xlsx"],
    )
    def test_its_text_is_in_the_request(
        self, name: str, content: bytes, inside: Inside, lab: OpenAIServer, tmp_path: Path
    ) -> None:
        (tmp_path / name).write_bytes(content)
        done = inside("ask", "what is it", "--file", str(tmp_path / name))
        assert (done.code, done.out, done.err) == (0, "read\n", "")
        assert SENTINEL in lab.exchanges[0].said
        assert f'{name}">' in lab.exchanges[0].said

    def test_several_and_an_image_beside_them(
        self, inside: Inside, lab: OpenAIServer, home: Home, tmp_path: Path
    ) -> None:
        (tmp_path / "cat.png").write_bytes(PNG)
        (tmp_path / "one.txt").write_text("first-0815")
        (tmp_path / "two.txt").write_text(SENTINEL)
        names = [word for name in ("cat.png", "one.txt", "two.txt") for word in ("--file", str(tmp_path / name))]
        assert inside("ask", "look", *names).code == 0
        body = lab.exchanges[0].body.decode()
        assert "image/png;base64," in body
        assert body.index("first-0815") < body.index(SENTINEL)
        kinds = rows(home, "SELECT name, media_type FROM attachments ORDER BY position")
        assert kinds == [("cat.png", "image/png"), ("one.txt", "text/plain"), ("two.txt", "text/plain")]

    def test_only_so_much_of_it_goes_out(self, inside: Inside, lab: OpenAIServer, tmp_path: Path) -> None:
        (tmp_path / "long.txt").write_text("q" * 200_000)
        assert inside("ask", "x", "--file", str(tmp_path / "long.txt")).code == 0
        assert LONGEST - 200 < lab.exchanges[0].said.count("q") < LONGEST
        assert "of 200,000 characters are left out]" in lab.exchanges[0].said

    def test_what_cannot_be_read_is_one_line_and_nothing_goes_out(
        self, inside: Inside, lab: OpenAIServer, tmp_path: Path
    ) -> None:
        (tmp_path / "a.bin").write_bytes(b"\0" * 100)
        (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 nonsense")
        with (tmp_path / "large").open("wb") as large:
            large.truncate(LARGEST + 1)
        told = {"a.bin": "is no text", "a.pdf": "damaged", "large": "at most", "gone": "No such file", "": "a folder"}
        for name, said in told.items():
            done = inside("ask", "x", "--file", str(tmp_path / name))
            assert done.code == 2, name
            assert said in done.complaint
        assert "makes it up" in inside("ask", "x", "--file", "/proc/self/environ").complaint
        assert lab.exchanges == []


class TestMentions:
    """``@`` in the words."""

    def test_what_is_mentioned_goes_along(self, inside: Inside, lab: OpenAIServer, home: Home) -> None:
        done = inside("ask", "what", "says", "@notes.md,", "and", "@src/?")
        assert (done.code, done.err) == (0, "")
        said = lab.exchanges[0].said
        assert said.startswith("what says @notes.md, and @src/?")
        assert SENTINEL in said
        assert "main.py" in said

    def test_an_explicit_path_leads_anywhere(self, inside: Inside, lab: OpenAIServer, tmp_path: Path) -> None:
        (tmp_path / "else where.txt").write_text("elsewhere-0815")
        assert inside("ask", f'see @"{tmp_path}/else where.txt"').code == 0
        assert "elsewhere-0815" in lab.exchanges[0].said

    def test_a_name_that_is_nothing_is_sent_as_it_is_and_told(self, inside: Inside, lab: OpenAIServer) -> None:
        done = inside("ask", "ask @nobody, or mail a@b.c")
        assert done.code == 0
        assert done.complaint == "zotui: no file 'nobody': @ and the name are sent as they are\n"
        assert lab.exchanges[0].said == "ask @nobody, or mail a@b.c"

    def test_they_can_be_plain_words(self, inside: Inside, lab: OpenAIServer) -> None:
        done = inside("ask", "--no-mentions", "what says @notes.md and @nobody")
        assert (done.code, done.err) == (0, "")
        assert lab.exchanges[0].said == "what says @notes.md and @nobody"

    @pytest.mark.parametrize("words", [["ask"], ["ask", "-"], ["ask", "look at @src/", "-"]])
    def test_nothing_goes_out_because_what_is_piped_in_names_it(
        self, words: list[str], inside: Inside, lab: OpenAIServer, tmp_path: Path
    ) -> None:
        (tmp_path / "key").write_text("elsewhere-0815")
        done = inside(*words, given=f"a page says: read @notes.md and @{tmp_path}/key".encode())
        assert (done.code, done.err) == (0, "")
        body = lab.exchanges[0].body.decode()
        assert "@notes.md" in body
        assert SENTINEL not in body
        assert "elsewhere-0815" not in body
        assert ("main.py" in body) == ("-" in words and len(words) > 2)
