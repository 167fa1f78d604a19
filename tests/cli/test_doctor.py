"""``zotui doctor``: what works, what does not, and the line that mends it."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.offline.test_discovery import GENERIC, OLLAMA, Fake, fake
from tests.processes import rows
from zotui.config import read_config
from zotui.home import Home

NAMES = [
    "versions",
    "sqlite",
    "modes",
    "disk",
    "file",
    "background",
    "config",
    "model",
    "sandbox",
    "terminal",
    "encoding",
]


@pytest.fixture
async def nobody() -> AsyncIterator[str]:
    """Where Ollama is not."""
    import socket

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


def check(run: Command, name: str, **env: str) -> dict[str, Any]:
    """One finding."""
    found: list[dict[str, Any]] = run("doctor", "--json", env=env).json["checks"]
    return next(check for check in found if check["name"] == name)


def test_a_healthy_home(run: Command, nobody: str) -> None:
    done = run("doctor", "--json", env={"OLLAMA_HOST": nobody})
    assert done.code == 0
    assert done.json["healthy"] is True
    assert [found["name"] for found in done.json["checks"]] == NAMES
    assert all(set(found) == {"name", "status", "found", "mend"} for found in done.json["checks"])
    assert {found["status"] for found in done.json["checks"]} <= {"ok", "warn"}
    assert all(found["mend"] for found in done.json["checks"] if found["status"] != "ok")
    text = run("doctor", env={"OLLAMA_HOST": nobody})
    assert text.code == 0
    assert [line.split()[1] for line in text.out.splitlines() if line[0] in "✓!✗"] == NAMES


def test_it_makes_a_new_home_and_leaves_nothing_running(run: Command, tmp_path: Path, nobody: str) -> None:
    assert run("--home", str(tmp_path / "new"), "doctor", env={"OLLAMA_HOST": nobody}).code == 0
    home = Home(tmp_path / "new")
    assert rows(home, "SELECT count(*) FROM conversations") == [(0,)]
    assert list(home.run.glob("*.bell")) == []


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ("modle = 1", '"modle"'),
        ('model = "nope"', "'nope'"),
        ("x = [", "config.toml"),
        ("[providers.lab]\nbase_url = 'http://x'\nkey = 'sk-secret'", '"providers.lab.key"'),
    ],
)
def test_a_bad_configuration(config: str, named: str, run: Command, home: Home, nobody: str) -> None:
    home.config_file.write_text(config)
    done = run("doctor", "--json", env={"OLLAMA_HOST": nobody})
    assert done.code == 1
    assert done.json["healthy"] is False
    (bad,) = [found for found in done.json["checks"] if found["status"] == "fail"]
    assert bad["name"] == "config"
    assert named in bad["found"]
    assert "sk-secret" not in done.out
    assert "file" in [found["name"] for found in done.json["checks"]]  # what does not depend on it is still looked at


def test_a_damaged_file(run: Command, home: Home, nobody: str) -> None:
    home.database.write_text("no database at all " * 500)
    done = run("doctor", "--json", env={"OLLAMA_HOST": nobody})
    assert done.code == 1
    bad = next(found for found in done.json["checks"] if found["name"] == "file")
    assert bad["status"] == "fail"
    assert "damaged" in bad["found"]
    assert "backups" in bad["mend"]
    assert home.database.read_text().startswith("no database at all")


def test_a_home_that_cannot_be_used(run: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("--home", str(tmp_path / "file"), "doctor", "--json")
    assert done.code == 1
    assert [(found["name"], found["status"]) for found in done.json["checks"] if found["status"] == "fail"] == [
        ("home", "fail")
    ]
    assert run("--home", str(tmp_path / "file"), "doctor").code == 1


def test_open_modes_are_said_with_the_command_that_closes_them(run: Command, home: Home, nobody: str) -> None:
    run("memory", "list")
    home.database.chmod(0o644)
    home.config_file.chmod(0o644)
    bad = check(run, "modes", OLLAMA_HOST=nobody)
    assert bad["status"] == "fail"
    assert f"chmod 600 {home.config_file}" in bad["mend"]


class TestModel:
    """Who answers."""

    async def look(self, run: Command, **env: str) -> dict[str, Any]:
        return await asyncio.to_thread(check, run, "model", **env)

    async def test_offline_though_somebody_is_there(self, run: Command, home: Home) -> None:
        async with fake(OLLAMA) as server:
            found = await self.look(run, OLLAMA_HOST=f"127.0.0.1:{server.port}")
            text = await asyncio.to_thread(run, "doctor", env={"OLLAMA_HOST": f"127.0.0.1:{server.port}"})
        assert found["status"] == "warn"
        assert f"Ollama at http://127.0.0.1:{server.port} with llama3.2:latest, tiny" in found["found"]
        where, _, lines = found["mend"].partition("\n")
        assert where == f"in {home.config_file}:"
        assert read_config(lines).model == "ollama/llama3.2:latest"
        shown = [line.strip().removeprefix("→ ") for line in text.out.splitlines()]
        assert 'model = "ollama/llama3.2:latest"' in shown
        assert "[providers.ollama]" in shown

    async def test_offline_though_a_key_is_set(self, run: Command, nobody: str) -> None:
        found = await self.look(run, GROQ_API_KEY="sk-secret", OLLAMA_HOST=nobody)
        assert "GROQ_API_KEY is set" in found["found"]
        assert found["mend"].endswith('model = "groq"')
        assert "sk-secret" not in json.dumps(found)

    async def test_a_key_that_is_missing(self, run: Command, home: Home, nobody: str) -> None:
        home.config_file.write_text('model = "groq"')
        found = await self.look(run, OLLAMA_HOST=nobody)
        assert (found["status"], found["mend"]) == ("fail", "zotui keys set groq, or: export GROQ_API_KEY=…")
        assert (await self.look(run, OLLAMA_HOST=nobody, GROQ_API_KEY="x"))["status"] == "ok"
        home.config_file.write_text(
            'model = "lab/x"\n[providers.lab]\nbase_url = "https://x.invalid/v1"\nkey = "vault:lab"'
        )
        assert (await self.look(run, OLLAMA_HOST=nobody))["status"] == "fail"

    async def test_a_server_of_this_machine_that_is_down_or_up(self, run: Command, home: Home, nobody: str) -> None:
        home.config_file.write_text(f'model = "lab"\n[providers.lab]\nbase_url = "http://{nobody}/v1"\n')
        found = await self.look(run, OLLAMA_HOST=nobody)
        assert (found["status"], found["mend"]) == ("warn", "start that server")
        async with fake(GENERIC) as server:
            home.config_file.write_text(
                f'model = "lab"\n[providers.lab]\nbase_url = "http://127.0.0.1:{server.port}/v1"\n'
            )
            assert (await self.look(run, OLLAMA_HOST=nobody))["status"] == "ok"
            self.no_key(server)

    def no_key(self, server: Fake) -> None:
        assert server.heads
        assert all("authorization" not in head.lower() for head in server.heads)


def test_terminals(run: Command, nobody: str) -> None:
    assert check(run, "terminal", OLLAMA_HOST=nobody, TERM="dumb")["status"] == "warn"
    assert check(run, "terminal", OLLAMA_HOST=nobody, TERM="")["status"] == "warn"
    assert "24-bit" in check(run, "terminal", OLLAMA_HOST=nobody, COLORTERM="truecolor")["found"]
    assert "ssh, " in check(run, "terminal", OLLAMA_HOST=nobody, SSH_CONNECTION="1 2 3 4")["found"]
    assert check(run, "encoding", OLLAMA_HOST=nobody, PYTHONIOENCODING="ascii")["status"] == "warn"
