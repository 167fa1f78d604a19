"""The real command in child processes, each with a home of its own."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.openai_server import OpenAIServer, openai_server
from tests.processes import ROOT
from zotui.home import Home

if TYPE_CHECKING:
    from tests.cli.inside import Inside


class Done:
    """A command that has ended."""

    def __init__(self, done: "subprocess.CompletedProcess[bytes]") -> None:
        self.code = done.returncode
        self.raw = done.stdout or b""
        self.out = self.raw.decode("utf-8", "replace")
        self.err = (done.stderr or b"").decode("utf-8", "replace")
        assert "Traceback" not in self.err, self.err
        assert "unforeseen" not in self.err, self.err
        assert "Exception ignored" not in self.err, self.err

    @property
    def json(self) -> Any:
        """Its output, which is exactly one JSON document."""
        return json.loads(self.raw.decode("utf-8"))

    @property
    def complaint(self) -> str:
        """What it said on stderr: exactly one line of ours."""
        assert self.err.startswith("zotui: "), self.err
        assert self.err.count("\n") == 1, self.err
        return self.err


class Command:
    """``zotui`` on one home. It does its work itself: no background process is started."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LC_", "LANG", "PYTHON", "COVERAGE", "ZOTUI"))
        } | {"HOME": str(home.path.parent), "ZOTUI_HOME": str(home.path), "LANG": "C.UTF-8", "TERM": "xterm-256color"}

    def words(self, *words: str | bytes, daemon: bool = False) -> list[str | bytes]:
        """The command line."""
        return [sys.executable, "-m", "zotui", *([] if daemon else ["--no-daemon"]), *words]

    def __call__(
        self,
        *words: str | bytes,
        given: bytes | None = None,
        daemon: bool = False,
        env: dict[str, str] | None = None,
        **options: Any,
    ) -> Done:
        """Run it to its end; ``given`` is its stdin, a pipe."""
        if given is None:
            options = {"stdin": subprocess.DEVNULL, **options}
        done = subprocess.run(
            self.words(*words, daemon=daemon),
            input=given,
            timeout=60,
            cwd=ROOT,
            env={**self.environment, **(env or {})},
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )
        return Done(done)


@pytest.fixture
def run(home: Home) -> Command:
    """The command."""
    return Command(home)


@pytest.fixture
async def server(home: Home) -> AsyncIterator[OpenAIServer]:
    """A model server that the home's configuration names."""
    async with openai_server() as server:
        home.config_file.write_text(f'model = "lab/tiny"\n[providers.lab]\nbase_url = "{server.url}"\n')
        yield server


@pytest.fixture
def inside(home: Home) -> "Inside":
    """The command in this process, for tests that are no coroutines."""
    from tests.cli.inside import Inside

    return Inside(home)


@pytest.fixture
def lab(home: Home) -> Iterator[OpenAIServer]:
    """A model server in a thread of its own, that the home's configuration names."""
    from tests.cli.inside import in_a_thread

    with in_a_thread(openai_server) as server:
        home.config_file.write_text(f'model = "lab/tiny"\n[providers.lab]\nbase_url = "{server.url}"\n')
        yield server
