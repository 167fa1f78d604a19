"""Pipes, closed and full outputs, encodings, and messages of any kind."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.processes import rows
from zotui.computer import Computer
from zotui.home import Home

ASCII = {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


class TestStdin:
    """What is piped in."""

    @pytest.mark.parametrize("words", [[], ["-"]])
    def test_a_pipe_is_the_message(self, words: list[str], run: Command) -> None:
        found = run("ask", "--json", *words, given=b"remember that it came\nthrough a pipe\n").json
        assert found["tool_calls"][0]["arguments"] == {"content": "it came\nthrough a pipe"}

    def test_words_before_a_dash_go_in_front_of_the_pipe(self, run: Command, home: Home) -> None:
        assert run("ask", "what does", "this say:", "-", given=b"diff --git a b\n").code == 0
        assert rows(home, "SELECT input FROM turns") == [("what does this say:\n\ndiff --git a b",)]

    def test_with_words_the_pipe_is_left_alone(self, run: Command, home: Home) -> None:
        assert run("ask", "help", given=b"ignored").code == 0
        assert rows(home, "SELECT input FROM turns") == [("help",)]

    @pytest.mark.parametrize("given", [b"", b"   \n\n", b"\x1b[31m\x1b[0m", b"\x00\x07"])
    def test_nothing_in_it(self, given: bytes, run: Command, home: Home) -> None:
        for verb, said in (("ask", "the message is empty"), ("memory", "cannot be empty")):
            words = [verb] if verb == "ask" else [verb, "add"]
            done = run(*words, given=given)
            assert done.code == 2
            assert said in done.complaint
        assert rows(home, "SELECT count(*) FROM turns") == [(0,)]

    def test_an_empty_word_is_no_reason_to_wait_for_stdin(self, run: Command) -> None:
        for words in (["ask", ""], ["memory", "add", ""]):
            done = run(*words, given=b"not this")
            assert done.code == 2
            assert "empty" in done.complaint

    def test_five_megabytes(self, run: Command, home: Home) -> None:
        done = run("ask", given=b"x" * 5_000_000)
        assert done.code == 2
        assert "the message is 5.0 MB long, the limit is 1.0 MB" in done.complaint
        assert "put it in a file of the workspace" in done.complaint
        assert "100,000" in run("memory", "add", given=b"x" * 5_000_000).complaint
        assert rows(home, "SELECT count(*) FROM turns") == [(0,)]

    def test_almost_a_megabyte_is_kept_whole(self, run: Command, home: Home) -> None:
        done = run("ask", "--json", given=b"x" * 900_000)
        assert rows(home, "SELECT length(input) FROM turns") == [(900_000,)]
        assert done.json["status"] in ("done", "failed")  # it may be more than the model's context holds

    def test_any_bytes_are_text(self, run: Command, home: Home) -> None:
        assert run("ask", given=bytes(range(256))).code == 0
        (kept,) = rows(home, "SELECT input FROM turns")[0]
        assert "\x1b" not in kept
        assert "ABC" in kept

    def test_nobody_is_at_a_closed_stdin(self, run: Command) -> None:
        for words in (["ask"], ["memory", "add"]):
            done = run(*words, stdin=None, preexec_fn=lambda: os.close(0))
            assert done.code == 2
            assert "empty" in done.complaint
        assert run("ask", "help", stdin=None, preexec_fn=lambda: os.close(0)).code == 0


class TestStdout:
    """Where the output goes."""

    READERS: tuple[list[str], ...] = (
        ["--help"],
        ["ask", "help"],
        ["memory", "list"],
        ["memory", "list", "--json"],
        ["skills", "list"],
        ["doctor"],
    )

    @pytest.fixture
    async def much(self, home: Home) -> None:
        """More than a pipe holds."""
        async with Computer.open(home, workers="none") as zo:
            await zo.memory.memorize_many([(f"{number} " + "x" * 90_000, None) for number in range(3)])

    @pytest.mark.usefixtures("much")
    @pytest.mark.parametrize("words", READERS)
    def test_a_reader_that_has_left(self, words: list[str], run: Command) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        try:
            done = run(*words, stdout=writing)
        finally:
            os.close(writing)
        assert done.code == 1
        assert done.err == ""

    @pytest.mark.usefixtures("much")
    def test_head_takes_its_line_and_leaves(self, run: Command) -> None:
        line = subprocess.list2cmdline([str(word) for word in run.words("memory", "list", "--json")])
        piped = subprocess.run(
            ["sh", "-c", f"{line} | head -c 20"],
            capture_output=True,
            env=run.environment,
            timeout=60,
            cwd=Path(__file__).parents[2],
        )
        assert (piped.returncode, len(piped.stdout), piped.stderr) == (0, 20, b"")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
    @pytest.mark.parametrize(
        "words", [["--help"], ["ask", "help"], ["memory", "list"], ["memory", "list", "--json"], ["doctor", "--json"]]
    )
    def test_a_full_disk(self, words: list[str], run: Command) -> None:
        with open("/dev/full", "wb") as full:
            done = run(*words, stdout=full)
        assert done.code == 1
        assert "No space left" in done.complaint

    def test_closed_ones(self, run: Command) -> None:
        for words in (["ask", "help"], ["memory", "list", "--json"], ["--help"], ["doctor"]):
            assert run(*words, stdout=None, preexec_fn=lambda: os.close(1)).code == 0
        assert run("frob", stderr=None, preexec_fn=lambda: os.close(2)).code == 2
        assert run("ask", "help", stdout=None, stderr=None, preexec_fn=lambda: os.closerange(0, 3)).code == 0

    def test_json_goes_to_stdout_and_all_else_to_stderr(self, run: Command) -> None:
        done = run("ask", "--json", "remember x")
        assert json.loads(done.raw)
        assert done.err == ""


class TestEncodings:
    """A terminal that knows nothing but ASCII."""

    TEXT = "ü é 🎉 → “x”"

    @pytest.fixture
    def filled(self, run: Command) -> Command:
        run("memory", "set", "key", self.TEXT)
        run("ask", f"remember {self.TEXT}")
        return run

    @pytest.mark.parametrize("env", [ASCII, {"LC_ALL": "POSIX", "PYTHONIOENCODING": "latin-1"}])
    def test_everything_can_be_printed(self, env: dict[str, str], filled: Command) -> None:
        run = filled
        for words in (
            ["memory", "list"],
            ["memory", "get", "key"],
            ["memory", "history", "key"],
            ["memory", "recall", "é"],
            ["chats", "list"],
            ["chats", "show", "last"],
            ["chats", "search", "é"],
            ["skills", "list"],
            ["skills", "show", "meeting-notes"],
            ["doctor"],
            ["status"],
            ["ask", "what do you remember?"],
            ["--help"],
            ["ask", "--help"],
        ):
            assert run(*words, env=env).code == 0, words
        assert run("memory", "get", "nothing ü 🎉", env=env).code == 1

    def test_what_cannot_be_shown_is_a_question_mark_and_json_is_escaped(self, filled: Command) -> None:
        run = filled
        done = run("memory", "get", "key", env=ASCII)
        assert done.raw.decode("ascii") == "? ? ? ? ?x?\n"
        done = run("memory", "get", "key", "--json", env=ASCII)
        assert done.raw.isascii()
        assert done.json["value"] == self.TEXT
        assert "+ sqlite" in run("doctor", env=ASCII).out
        assert "✓ sqlite" in run("doctor").out

    def test_arguments_that_are_no_utf8(self, run: Command, home: Home) -> None:
        assert run("memory", "add", b"caf\xe9").code == 0
        assert run("memory", "set", b"k\xff", b"v\xff").code == 0
        assert rows(home, "SELECT value FROM memory ORDER BY seq") == [("caf\ufffd\ufffd\ufffd"[:4],), ("v\ufffd",)]
        for words in (
            ["memory", "recall", b"\xff"],
            ["memory", "list", "--search", b"\xff"],
            ["chats", "search", b"\xff"],
        ):
            assert run(*words).code == 0
        for words in (
            ["memory", "get", b"\xff"],
            ["memory", "rm", b"\xff"],
            ["skills", "show", b"\xff"],
            ["ask", "-c", b"\xff", "x"],
        ):
            assert run(*words).code == 1
        for words in (["ask", "-m", b"\xff/x", "x"], ["ask", "--file", b"/\xff", "x"], [b"\xff"], ["ask", b"--\xff"]):
            assert run(*words).code == 2

    def test_a_home_that_is_no_utf8(self, run: Command, tmp_path: Path) -> None:
        name = os.fsencode(tmp_path) + b"/h\xff"
        for words in (["status"], ["doctor"], ["doctor", "--json"], ["memory", "add", "x"]):
            done = run("--home", name, *words)
            assert done.code == 1
            assert "UTF-8" in done.out + done.err

    def test_a_skill_folder_that_is_no_utf8(self, run: Command, home: Home) -> None:
        folder = Path(os.fsdecode(os.fsencode(home.skills) + b"/caf\xe9\x1b[31m"))
        folder.mkdir()
        (folder / "SKILL.md").write_text("---\ndescription: x\n---\n")
        done = run("skills", "list", "--json")
        assert done.code == 0
        assert {skill["source"] for skill in done.json} == {"bundled"}  # it has no name that could be kept or said
        assert "\x1b" not in run("skills", "list").out


class TestMessages:
    """Messages of any kind."""

    TEXTS = (
        "\x1b[31mred\x1b[0m \x1b]0;title\x07 bell\x07 \x9b31m",
        "\u202eright to left",
        "-",
        "--",
        "line\r\nline\rline",
        "'; DROP TABLE messages; --",
        "%s %d {0} {x} $HOME `id` $(id)",
        "🎉" * 1000,
        "שלום עולם 👩‍👩‍👧",
        "[bold]markup[/bold] [/]",
    )

    def test_they_are_kept_clean_and_shown_again(self, run: Command, home: Home) -> None:
        for text in self.TEXTS:
            done = run("ask", "--", f"remember {text} ok")
            assert done.code == 0
            assert "\x1b" not in done.out + done.err
        for words in (["chats", "list"], ["chats", "show", "last"], ["chats", "search", "ok"], ["memory", "list"]):
            shown = run(*words).out
            assert "ok" in shown
            assert not set(shown) & set("\x1b\x07\x9b\r\u202e")
        assert rows(home, "SELECT count(*) FROM memory") == [(len(self.TEXTS),)]
        assert rows(home, "PRAGMA integrity_check") == [("ok",)]

    def test_words_that_look_like_options(self, run: Command, home: Home) -> None:
        assert run("ask", "--", "--json", "-c", "last").code == 0
        assert rows(home, "SELECT input FROM turns") == [("--json -c last",)]

    @pytest.mark.timeout(60)
    def test_files_that_are_none(self, run: Command, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "binary").write_bytes(b"\x7fELF\0\0")
        with (tmp_path / "huge").open("wb") as huge:
            huge.truncate(10 << 30)
        told: dict[str, Any] = {
            "/dev/zero": "no regular file",
            str(tmp_path / "pipe"): "no regular file",
            str(tmp_path): "a folder",
            str(tmp_path / "gone"): "No such file",
            str(tmp_path / "binary"): "is no text",
            str(tmp_path / "huge"): "11 GB, at most 20 MB",
            "": "No such file",
        }
        for name, said in told.items():
            done = run("ask", "--file", name, "x")
            assert done.code == 2, name
            assert said in done.complaint
