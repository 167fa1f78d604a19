"""``--offline``: nothing that is not on this machine is asked, whoever would ask it."""

import ast
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.openai_server import OpenAIServer, answers, says
from tests.processes import rows
from zotui.home import Home

# Notes every address that is connected to or looked up; it goes into each Python that a test starts, and its children.
WATCH = """
import os, sys
def note(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        told = repr(arguments[1])
    elif event == "socket.getaddrinfo":
        told = repr((arguments[0], arguments[1]))
    else:
        return
    with open(os.environ["WATCHED"], "a") as file:
        file.write(told + "\\n")
sys.addaudithook(note)
"""
FAR = '[providers.far]\nbase_url = "http://far.test:9/v1"\n'
KEY = {"GROQ_API_KEY": "gsk_0123456789abcdef"}


class Watched:
    """The command, and where it went."""

    def __init__(self, run: Command, folder: Path) -> None:
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(WATCH)
        self._run = run
        self._noted = folder / "noted"
        self.env = {"PYTHONPATH": str(folder), "WATCHED": str(self._noted), **KEY}

    def __call__(self, *words: str, daemon: bool = False, **env: str) -> tuple[int, str, str]:
        """Run it; its exit code, output and complaint."""
        done = self._run("--offline", *words, daemon=daemon, env={**self.env, **env})
        return done.code, done.out, done.err

    @property
    def places(self) -> set[str]:
        """Where it went: hosts; empty for a unix socket."""
        told = self._noted.read_text().splitlines() if self._noted.exists() else []
        found = [ast.literal_eval(line) for line in told]
        return {str(address[0]) if isinstance(address, tuple) else "" for address in found}

    def stayed_here(self) -> None:
        """It went nowhere but to this machine."""
        assert self.places <= {"127.0.0.1", "::1", ""}, self.places


@pytest.fixture
def watched(run: Command, tmp_path: Path) -> Watched:
    return Watched(run, tmp_path / "watch")


@pytest.mark.parametrize("daemon", [False, True], ids=["own", "background"])
def test_a_server_here_still_answers(daemon: bool, watched: Watched, lab: OpenAIServer) -> None:
    lab.answer(lambda exchange: says("hello"))
    assert watched("ask", "hi", daemon=daemon) == (0, "hello\n", "")
    watched.stayed_here()
    assert "127.0.0.1" in watched.places, "the watch works"
    assert ("" in watched.places) == daemon


@pytest.mark.parametrize("daemon", [False, True], ids=["own", "background"])
def test_one_elsewhere_is_refused_before_anything_is_sent(
    daemon: bool, watched: Watched, lab: OpenAIServer, home: Home
) -> None:
    home.config_file.write_text(home.config_file.read_text() + FAR)
    for model in ("far/x", "groq"):
        code, out, complaint = watched("ask", "-m", model, "hi", daemon=daemon)
        assert (code, out) == (1, "")
        assert "is not on this machine, and nothing else may be asked (private mode)" in complaint
    assert lab.exchanges == []
    assert rows(home, "SELECT count(*) FROM usage") == [(0,)]
    watched.stayed_here()


def test_nobody_elsewhere_answers_instead(watched: Watched, lab: OpenAIServer, home: Home) -> None:
    home.config_file.write_text('fallback = ["far/x", "groq"]\n' + home.config_file.read_text() + FAR)
    lab.answer(lambda exchange: answers(401, '{"error": "no"}'))
    code, out, complaint = watched("ask", "hi")
    assert (code, out) == (1, "")
    assert "not on this machine" in complaint
    watched.stayed_here()


def test_the_configuration_may_say_so_for_good(watched: Watched, run: Command, home: Home) -> None:
    home.config_file.write_text("private = true\n" + FAR)
    done = run("ask", "-m", "far/x", "hi", env=watched.env)
    assert done.code == 1
    assert "not on this machine" in done.complaint
    watched.stayed_here()


def test_other_verbs(watched: Watched, home: Home) -> None:
    home.config_file.write_text(FAR)
    assert watched("models", "list", "far")[0] == 2
    assert watched("models", "list", "groq")[0] == 0  # what is known
    assert watched("keys", "test", "far")[0] == 1
    assert watched("keys", "test", "groq")[0] == 1
    assert watched("models", "list")[0] == 0
    assert watched("models", "find", OLLAMA_HOST="far.test:11434")[0] == 0
    assert watched("ask", "help")[0] == 0
    watched.stayed_here()
