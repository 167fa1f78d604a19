"""Keys are planted wherever a person may have one, everything is run, and they are looked for everywhere."""

import asyncio
import base64
import contextlib
import json
import os
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.openai_server import Exchange, answers, openai_server, says
from tests.processes import serving
from zotui.home import Home

ENVIRONMENT = "sk-planted-in-the-environment-7f3a91c2"
VAULT = "sk-planted-in-the-vault-55d0e8b1"
OWN = "sk-planted-as-zotuis-own-29c4fa60"
OTHER = "sk-planted-for-another-provider-c81b"
PASSPHRASE = "a passphrase that is planted too 93a"
PLANTED = (ENVIRONMENT, VAULT, OWN, OTHER, PASSPHRASE)


def forms(secret: str) -> Iterator[bytes]:
    """A secret as it may be found: as it is, backwards, in hex, base64 and URL form."""
    raw = secret.encode()
    yield raw
    yield raw[::-1]
    yield raw.hex().encode()
    yield base64.b64encode(raw).rstrip(b"=")[:-1]
    yield base64.urlsafe_b64encode(raw).rstrip(b"=")[:-1]
    yield urllib.parse.quote(secret).encode()


def found_in(content: bytes, *allowed: str) -> list[str]:
    """The planted secrets that are in these bytes."""
    return [secret for secret in PLANTED if secret not in allowed and any(form in content for form in forms(secret))]


def files_of(home: Home) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in home.path.rglob("*") if path.is_file() and not path.is_socket()}


@pytest.fixture
def run(home: Home) -> Command:
    """The command with planted keys in its environment."""
    command = Command(home)
    command.environment |= {
        "LAB_LOGIN": ENVIRONMENT,  # a name that does not say what it is
        "ZOTUI_KEY_OWN": OWN,
        "OPENAI_API_KEY": OTHER,
        "ZOTUI_PASSPHRASE": PASSPHRASE,
    }
    return command


def configure(home: Home, url: str) -> None:
    home.config_file.write_text(
        'model = "lab/tiny"\n'
        + "".join(f'[providers.{name}]\nbase_url = "{url}"\nmodels = ["tiny"]\n{key}' for name, key in (
            ("lab", 'key = "env:LAB_LOGIN"\n'), ("own", ""), ("kept", ""), ("open", 'key = "none"\n')
        ))
    )  # fmt: skip


def leaking(exchange: Exchange) -> Any:
    """A server that throws back whatever it was sent, once as an error."""
    if exchange.path.endswith("/models"):
        return answers(200, '{"data": [{"id": "tiny"}]}')
    sent = exchange.headers.get("authorization", "")
    if "fail" in exchange.said:
        return answers(
            401, json.dumps({"error": {"message": f"bad key {sent}, really: {sent.removeprefix('Bearer ')}"}})
        )
    return says("all is well")


async def test_a_key_is_nowhere_but_on_its_way(home: Home, run: Command) -> None:
    async with openai_server() as server:
        configure(home, server.url)
        server.answer(leaking)
        printed = served = b""
        given = VAULT.encode()
        words: list[tuple[list[str], bytes | None]] = [
            (["keys", "set", "kept", "--stdin", "--protect", "passphrase"], given),
            (["keys", "list"], None),
            (["keys", "list", "--json"], None),
            (["ask", "hello"], None),
            (["ask", "-m", "own", "hello"], None),
            (["ask", "-m", "kept", "hello"], None),
            (["ask", "-m", "open", "hello"], None),
            (["ask", "-m", "kept", "fail"], None),
            (["--debug", "ask", "-m", "own", "fail"], None),
            (["keys", "test", "kept"], None),
            (["models", "list", "lab"], None),
            (["models", "find"], None),
            (["chats", "list", "--json"], None),
            (["chats", "show", "last", "--json"], None),
            (["chats", "context", "last"], None),
            (["chats", "cost", "--csv"], None),
            (["doctor"], None),
            (["status", "--json"], None),
        ]
        for line, stdin in words:
            done = await asyncio.to_thread(run, *line, given=stdin, daemon=True)
            printed += done.raw + done.err.encode()
            if pid := serving(home):  # it leaves when nobody needs it
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    served += Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
        assert b"zotui" in served
        assert found_in(served) == []
        assert found_in(printed) == []
        for path, content in files_of(home).items():
            assert found_in(content) == [], path
        headers = {exchange.headers.get("authorization") for exchange in server.exchanges}
        assert headers == {None, *(f"Bearer {key}" for key in (ENVIRONMENT, OWN, VAULT))}
        for exchange in server.exchanges:  # each went to its own provider only, and none into what a model reads
            assert found_in(exchange.body) == []


async def test_a_crash_of_the_app_tells_no_key(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual's own crash screen shows the values of variables."""
    monkeypatch.setenv("LAB_KEY", ENVIRONMENT)
    code = f"""
import sys
from pathlib import Path
from zotui.home import Home
from zotui.secret import Secret
from zotui.tui.app import Zotui
app = Zotui(Home(sys.argv[1]).prepare(), own_workers=True)
async def crash(pilot):
    key = Secret({ENVIRONMENT!r}); plain = key.reveal()
    app.call_later(lambda: (lambda key: 1 / 0)(plain))
    await pilot.pause(0.5)
app.run(headless=True, auto_pilot=crash)
if app.fault: print(app.fault, file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(home.path)], capture_output=True, timeout=60, env={**os.environ}
    )
    assert b"ZeroDivisionError" in done.stderr + done.stdout
    assert found_in(done.stdout + done.stderr) == []
    for path, content in files_of(home).items():
        assert found_in(content) == [], path
    assert (home.logs / "app.log").exists()
