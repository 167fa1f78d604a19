"""``zotui keys``: what is typed or piped in is kept and never shown, and each fault of a provider has its sentence."""

import asyncio
import json
import os
import pty
import select
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.cli.inside import Inside, in_a_thread, serving
from tests.openai_server import Exchange, OpenAIServer, Script, answers, says
from tests.processes import ROOT, Children
from tests.processes import serving as background
from tests.vault.canary import leaked
from tests.waiting import wait_until
from zotui.home import Home
from zotui.models.registry import BUILT_IN
from zotui.secret import Secret
from zotui.vault import Vault

KEY = "gsk_0123456789abcdefghijKLMN"
PASSPHRASE = "correct horse battery staple"
UNDER = {"ZOTUI_PASSPHRASE": PASSPHRASE}
HIDDEN = (KEY.encode(), PASSPHRASE.encode())
NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


def vault_of(home: Home) -> Vault:
    """The vault as another process sees it."""
    return Vault(home.vault, home.run / "vault.lock")


def kept(home: Home, name: str, passphrase: str = "") -> str:
    """The key of that name; empty where there is none."""
    vault = vault_of(home)
    if passphrase:
        vault.unlock(Secret(passphrase))
    secret = vault.get(name)
    return secret.reveal() if secret else ""


def nowhere(home: Home) -> None:
    """No file of the home has a key or the passphrase, nor half of it, in any form."""
    for path in home.path.rglob("*"):
        if path.is_file() and path.name != "vault":
            assert leaked(path.read_bytes(), *HIDDEN) == set(), path


class TestSet:
    """``keys set`` from a pipe."""

    @pytest.mark.parametrize(
        "given",
        [KEY, f"{KEY}\n", f"  {KEY}\r\n\n", f'"{KEY}"\n', f"'{KEY}'"],
        ids=["bare", "a line", "spaces", "quotes", "single quotes"],
    )
    def test_what_it_was_copied_with_is_left_out(self, given: str, inside: Inside, home: Home) -> None:
        done = inside("keys", "set", "groq", "--stdin", given=given.encode())
        assert (done.code, done.out) == (0, "")
        warned, said = done.err.splitlines()
        assert warned.startswith("zotui: no keyring and no passphrase: the keys are under the modes of files only")
        assert said.startswith("the key of groq (…KLMN) is in the vault, under the modes of files only")
        assert kept(home, "groq") == KEY
        nowhere(home)
        assert home.vault.stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (b"", "the key is empty"),
            (b" \n\n", "the key is empty"),
            (b'""', "the key is empty"),
            (b"gsk_one\ngsk_two\n", "a space or a line break in it"),
            (b"export GROQ_API_KEY=gsk_x", "a space or a line break in it"),
            ("gsk_\u00a0x".encode(), "a space or a line break in it"),
            ("gsk_🎉".encode(), "characters that no key has"),
            (b"gsk_\xff\xfe", "characters that no key has"),
            (b"gsk_\x1b[31m", "characters that no key has"),
            (b"gsk_\x00x", "characters that no key has"),
            (b"k" * 200_000, "is no key"),
        ],
        ids=["nothing", "lines", "quotes", "two", "a command", "nbsp", "emoji", "bytes", "escape", "nul", "200 kB"],
    )
    def test_what_is_no_key_changes_nothing(self, given: bytes, said: str, inside: Inside, home: Home) -> None:
        inside("keys", "set", "groq", "--stdin", given=KEY.encode())
        before = home.vault.read_bytes()
        done = inside("keys", "set", "groq", "--stdin", given=given)
        assert (done.code, done.out) == (2, "")
        assert said in done.complaint
        assert "nothing was changed" in done.complaint
        assert home.vault.read_bytes() == before

    @pytest.mark.parametrize(
        ("provider", "said"),
        [
            ("nope", "no provider 'nope'"),
            ("", "no provider ''"),
            ("offline", "offline needs no key"),
            ("ollama", "ollama needs no key"),
            ("claude-code", "claude-code needs no key"),
            ("groq/llama", "a key belongs to a provider, not to a model"),
        ],
    )
    def test_who_needs_none(self, provider: str, said: str, inside: Inside, home: Home) -> None:
        done = inside("keys", "set", provider, "--stdin", given=KEY.encode())
        assert done.code == 2
        assert said in done.complaint
        assert not home.vault.exists()

    def test_without_a_terminal_and_without_a_pipe_it_says_how(self, inside: Inside, home: Home) -> None:
        done = inside("keys", "set", "groq", given=KEY.encode())
        assert done.code == 2
        assert "--stdin" in done.complaint
        assert not home.vault.exists()

    def test_a_provider_of_the_configuration_and_its_own_place_in_the_vault(self, inside: Inside, home: Home) -> None:
        home.config_file.write_text(
            '[providers.lab]\nbase_url = "http://127.0.0.1:9/v1"\n'
            '[providers.team]\nbase_url = "http://127.0.0.1:9/v1"\nkey = "vault:shared"\n'
        )
        for name in ("lab", "team"):
            done = inside("keys", "set", name, "--stdin", given=f"{KEY}{name}".encode())
            assert done.code == 0, done.err
        assert (kept(home, "lab"), kept(home, "shared"), kept(home, "team")) == (f"{KEY}lab", f"{KEY}team", "")
        assert inside("keys", "list", "--json").json == [
            {"provider": "lab", "source": "vault", "hint": "…Nlab"},
            {"provider": "team", "source": "vault", "hint": "…team"},
        ]
        assert inside("keys", "rm", "team").code == 0
        assert kept(home, "shared") == ""
        failed = inside("ask", "-m", "team/x", "hello")
        assert "team needs a key, and the vault has no 'shared'" in failed.complaint
        assert "zotui keys set team" in failed.complaint

    def test_the_environment_goes_before_the_vault_and_that_is_said(self, inside: Inside, home: Home) -> None:
        env = {"GROQ_API_KEY": "gsk_from_the_environment"}
        done = inside("keys", "set", "groq", "--stdin", given=KEY.encode(), env=env)
        assert done.code == 0
        assert done.err.endswith("zotui: GROQ_API_KEY in the environment goes before it\n")
        assert kept(home, "groq") == KEY
        assert inside("keys", "list", "--json", env=env).json == [
            {"provider": "groq", "source": "GROQ_API_KEY", "hint": "…ment"}
        ]
        both = {**env, "ZOTUI_KEY_GROQ": "gsk_from_our_own_one"}
        assert inside("keys", "list", "--json", env=both).json == [
            {"provider": "groq", "source": "ZOTUI_KEY_GROQ", "hint": "…_one"}
        ]
        gone = inside("keys", "rm", "groq", env=env)
        assert gone.err == "forgot the key of groq\nzotui: GROQ_API_KEY in the environment is still there\n"

    def test_the_variable_that_the_configuration_names_is_the_one_that_counts(self, inside: Inside, home: Home) -> None:
        home.config_file.write_text('[providers.groq]\nkey = "env:WORK_KEY"\n')
        env = {"GROQ_API_KEY": "gsk_of_somebody_else", "WORK_KEY": KEY}
        assert inside("keys", "list", "--json", env=env).json == [
            {"provider": "groq", "source": "WORK_KEY", "hint": "…KLMN"}
        ]
        assert inside("keys", "list", "--json", env={"GROQ_API_KEY": KEY}).json == []


class TestList:
    """``keys list`` and ``keys rm``."""

    def test_nothing(self, inside: Inside) -> None:
        assert inside("keys", "list").out == "no keys: zotui keys set PROVIDER\n"
        assert inside("keys", "list", "--json").json == []

    def test_no_key_is_shown_whole(self, inside: Inside) -> None:
        inside("keys", "set", "groq", "--stdin", given=KEY.encode())
        inside("keys", "set", "openai", "--stdin", given=b"short")
        env = {name: f"{KEY}{name}" for row in BUILT_IN.values() for name in row.env[:1] if name != "GROQ_API_KEY"}
        shown = inside("keys", "list", env=env)
        assert shown.out.splitlines()[0].split() == ["groq", "vault", "…KLMN"]
        assert len(shown.out.splitlines()) == 1 + len(env)
        assert leaked(shown.out, KEY) == set()
        assert "short" not in inside("keys", "list").out

    def test_rm(self, inside: Inside, home: Home) -> None:
        inside("keys", "set", "groq", "--stdin", given=KEY.encode())
        done = inside("keys", "rm", "groq")
        assert (done.code, done.out, done.err) == (0, "", "forgot the key of groq\n")
        assert kept(home, "groq") == ""
        again = inside("keys", "rm", "groq")
        assert again.code == 1
        assert "the vault has no key of 'groq'" in again.complaint
        assert inside("keys", "rm", "a/b").code == 2
        assert inside("keys", "rm", "nobody").code == 1

    def test_what_belongs_to_nobody_is_listed_and_can_go(self, inside: Inside, home: Home) -> None:
        inside("keys", "set", "groq", "--stdin", given=KEY.encode())
        vault_of(home).set("old-lab", Secret(KEY))
        assert inside("keys", "list", "--json").json[1] == {
            "provider": "old-lab",
            "source": "vault",
            "hint": "(of no provider)",
        }
        assert inside("keys", "rm", "old-lab").code == 0

    def test_a_damaged_vault_is_one_line(self, inside: Inside, home: Home) -> None:
        home.vault.write_text("{}")
        for words in (["list"], ["set", "groq", "--stdin"], ["rm", "groq"], ["protect", "file"]):
            done = inside("keys", *words, given=KEY.encode())
            assert done.code == 1
            assert "is no vault of zotui" in done.complaint


class TestPassphrase:
    """A vault under a passphrase."""

    @pytest.fixture
    def locked(self, inside: Inside, home: Home) -> Home:
        """A home with such a vault, and a key in it."""
        done = inside("keys", "set", "groq", "--stdin", given=KEY.encode(), env=UNDER)
        assert (done.code, done.err) == (0, "the key of groq (…KLMN) is in the vault, under a passphrase\n")
        nowhere(home)
        return home

    def test_the_variable_opens_it(self, locked: Home, inside: Inside) -> None:
        assert kept(locked, "groq", PASSPHRASE) == KEY
        assert leaked(locked.vault.read_bytes(), *HIDDEN) == set()
        assert inside("keys", "list", "--json").json == [{"provider": "groq", "source": "vault", "hint": "(locked)"}]
        assert inside("keys", "list", "--json", env=UNDER).json[0]["hint"] == "…KLMN"

    def test_a_wrong_one_is_said_with_its_name(self, locked: Home, inside: Inside) -> None:
        before = locked.vault.read_bytes()
        env = {"ZOTUI_PASSPHRASE": "wrong"}
        for words in (["list"], ["set", "openai", "--stdin"], ["test", "groq"], ["unlock"], ["protect", "passphrase"]):
            done = inside("keys", *words, given=KEY.encode(), env=env)
            assert done.code == 1, words
            assert "wrong passphrase in ZOTUI_PASSPHRASE" in done.complaint
        assert locked.vault.read_bytes() == before

    def test_locked_nothing_is_claimed(self, locked: Home, inside: Inside) -> None:
        """Without a passphrase and without a terminal: what needs it open says so, and how."""
        before = locked.vault.read_bytes()
        for words in (["set", "openai", "--stdin"], ["test", "groq"], ["unlock"], ["protect", "file", "--weaker"]):
            done = inside("keys", *words, given=KEY.encode())
            assert done.code == 1, words
            assert "locked" in done.complaint
            assert "unlocked" not in done.complaint
            assert "ZOTUI_PASSPHRASE" in done.complaint
        assert locked.vault.read_bytes() == before

    def test_a_key_is_forgotten_while_it_is_locked(self, locked: Home, inside: Inside) -> None:
        assert inside("keys", "rm", "groq").code == 0
        assert inside("keys", "list", "--json").json == []
        assert vault_of(locked).locked

    def test_unlock_without_anybody_to_keep_it(self, locked: Home, inside: Inside) -> None:
        done = inside("keys", "unlock", env=UNDER)
        assert (done.code, done.err) == (0, "the passphrase is right; no background process is there to keep it\n")

    def test_unlock_of_what_is_not_locked(self, inside: Inside) -> None:
        assert inside("keys", "unlock").code == 2
        inside("keys", "set", "groq", "--stdin", given=KEY.encode())
        assert "there is nothing to unlock" in inside("keys", "unlock").complaint

    def test_another_protection_than_it_has_is_refused(self, locked: Home, inside: Inside) -> None:
        done = inside("keys", "set", "groq", "--stdin", "--protect", "file", given=KEY.encode(), env=UNDER)
        assert done.code == 2
        assert "zotui keys protect file" in done.complaint


class TestProtect:
    """``keys protect``."""

    def test_there_is_none_yet(self, inside: Inside) -> None:
        done = inside("keys", "protect", "passphrase", env=UNDER)
        assert done.code == 1
        assert "there is no vault yet" in done.complaint

    def test_to_a_passphrase_and_back(self, inside: Inside, home: Home) -> None:
        inside("keys", "set", "groq", "--stdin", "--protect", "file", given=KEY.encode())
        done = inside("keys", "protect", "passphrase", env=UNDER)
        assert (done.code, done.err) == (0, "the vault is under a passphrase\n")
        assert kept(home, "groq", PASSPHRASE) == KEY
        refused = inside("keys", "protect", "file", env=UNDER)
        assert refused.code == 2
        assert "protects the keys less" in refused.complaint
        assert "--weaker" in refused.complaint
        assert vault_of(home).protection == "passphrase"
        assert inside("keys", "protect", "file", "--weaker", env=UNDER).code == 0
        assert (vault_of(home).protection, kept(home, "groq")) == ("file", KEY)

    def test_an_empty_passphrase_protects_nothing(self, inside: Inside, home: Home) -> None:
        inside("keys", "set", "groq", "--stdin", given=KEY.encode())
        done = inside("keys", "protect", "passphrase")
        assert done.code == 2
        assert "ZOTUI_PASSPHRASE" in done.complaint
        assert vault_of(home).protection == "file"

    def test_to_a_keyring_that_is_not_there(self, run: Command, home: Home) -> None:
        assert run("keys", "set", "groq", "--stdin", given=KEY.encode(), env=NO_KEYRING).code == 0
        done = run("keys", "protect", "keyring", env=NO_KEYRING)
        assert done.code == 1
        assert "keyring" in done.complaint
        assert kept(home, "groq") == KEY

    def test_a_new_vault_under_a_keyring_that_is_not_there(self, run: Command, home: Home) -> None:
        done = run("keys", "set", "groq", "--stdin", "--protect", "keyring", given=KEY.encode(), env=NO_KEYRING)
        assert done.code == 1
        assert not home.vault.exists()


class Typed:
    """``zotui`` at a real terminal."""

    def __init__(self, run: Command, *words: str, env: dict[str, str] | None = None) -> None:
        self.seen = b""
        self.pid, self.handle = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            command = [os.fsdecode(word) for word in run.words(*words)]
            os.execve(command[0], command, {**run.environment, **NO_KEYRING, **(env or {})})
        self.code: int | None = None

    def prompted(self, text: str) -> None:
        """Wait until this is asked behind all that was typed before."""
        wait_until(lambda: self._read() or text.encode() in self.seen.rpartition(b"\n")[2])

    def type(self, text: str) -> None:
        """Type it."""
        os.write(self.handle, text.encode())

    def answer(self, prompt: str, text: str) -> None:
        """Wait for the prompt, type the answer and enter."""
        self.prompted(prompt)
        self.type(f"{text}\n")

    def over(self) -> int:
        """Wait for its end; its exit code."""
        wait_until(self._ended)
        assert self.code is not None
        return self.code

    def kill(self) -> None:
        """End it, however it stands."""
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.handle)

    @property
    def said(self) -> str:
        """All that stands on the terminal."""
        return self.seen.decode().replace("\r\n", "\n")

    def _ended(self) -> bool:
        self._read()
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code is not None

    def _read(self) -> None:
        while select.select([self.handle], [], [], 0)[0]:
            try:
                piece = os.read(self.handle, 1 << 16)
            except OSError:  # it has ended
                return
            if not piece:
                return
            self.seen += piece


@pytest.fixture
def at_terminal(run: Command) -> Iterator[Callable[..., Typed]]:
    """Start ``zotui`` at a terminal."""
    started: list[Typed] = []

    def start(*words: str, **options: Any) -> Typed:
        started.append(Typed(run, *words, **options))
        return started[-1]

    yield start
    for terminal in started:
        terminal.kill()


class TestTyped:
    """At a real terminal nothing that is typed is echoed."""

    def test_key_and_passphrase(self, at_terminal: Callable[..., Typed], home: Home) -> None:
        terminal = at_terminal("keys", "set", "groq")
        terminal.answer("Key of groq (it is not shown): ", KEY)
        terminal.answer("A passphrase for the vault", PASSPHRASE)
        terminal.answer("Again: ", PASSPHRASE)
        assert terminal.over() == 0
        assert "the key of groq (…KLMN) is in the vault, under a passphrase\n" in terminal.said
        assert leaked(terminal.seen, *HIDDEN) == set()
        assert kept(home, "groq", PASSPHRASE) == KEY
        nowhere(home)
        again = at_terminal("keys", "set", "openai")
        again.answer("Key of openai", f"{KEY}2")
        again.answer("Passphrase of the vault: ", PASSPHRASE)
        assert again.over() == 0
        assert kept(home, "openai", PASSPHRASE) == f"{KEY}2"

    def test_two_that_are_not_alike(self, at_terminal: Callable[..., Typed], home: Home) -> None:
        terminal = at_terminal("keys", "set", "groq")
        terminal.answer("Key of groq", KEY)
        terminal.answer("A passphrase", PASSPHRASE)
        terminal.answer("Again: ", PASSPHRASE.upper())
        assert terminal.over() == 2
        assert "zotui: the two are not alike → nothing was changed\n" in terminal.said
        assert not home.vault.exists()

    def test_no_passphrase_is_a_file_and_that_is_said(self, at_terminal: Callable[..., Typed], home: Home) -> None:
        terminal = at_terminal("keys", "set", "groq")
        terminal.answer("Key of groq", KEY)
        terminal.answer("A passphrase", "")
        assert terminal.over() == 0
        assert "not encrypted" in terminal.said
        assert (vault_of(home).protection, kept(home, "groq")) == ("file", KEY)

    @pytest.mark.parametrize("typed", ["\x03", "\x04"], ids=["ctrl+c", "ctrl+d"])
    @pytest.mark.parametrize("prompt", ["Key of groq", "A passphrase"])
    def test_it_can_be_left(self, typed: str, prompt: str, at_terminal: Callable[..., Typed], home: Home) -> None:
        terminal = at_terminal("keys", "set", "groq")
        if prompt != "Key of groq":
            terminal.answer("Key of groq", KEY)
        terminal.prompted(prompt)
        terminal.type(typed)
        assert terminal.over() == 130
        assert "Traceback" not in terminal.said
        assert "unforeseen" not in terminal.said
        assert not home.vault.exists()

    def test_a_wrong_passphrase_then_the_right_one(self, at_terminal: Callable[..., Typed], inside: Inside) -> None:
        inside("keys", "set", "groq", "--stdin", given=KEY.encode(), env=UNDER)
        terminal = at_terminal("keys", "unlock")
        terminal.answer("Passphrase of the vault: ", "wrong")
        assert terminal.over() == 1
        assert "wrong passphrase" in terminal.said
        again = at_terminal("keys", "unlock")
        again.answer("Passphrase of the vault: ", PASSPHRASE)
        assert again.over() == 0

    def test_another_passphrase(self, at_terminal: Callable[..., Typed], inside: Inside, home: Home) -> None:
        inside("keys", "set", "groq", "--stdin", given=KEY.encode(), env=UNDER)
        terminal = at_terminal("keys", "protect", "passphrase", env=UNDER)
        terminal.answer("A passphrase", "another")
        terminal.answer("Again: ", "another")
        assert terminal.over() == 0
        assert kept(home, "groq", "another") == KEY

    def test_nobody_is_asked_where_the_key_is_not_in_the_vault(
        self, at_terminal: Callable[..., Typed], inside: Inside, lab: OpenAIServer
    ) -> None:
        lab.answer(lambda exchange: answers(200, '{"data": [{"id": "tiny"}]}'))
        inside("keys", "set", "groq", "--stdin", given=KEY.encode(), env=UNDER)
        assert at_terminal("keys", "test", "lab").over() == 0


class TestBackground:
    """The background process is handed what a door has."""

    def test_a_key_that_only_the_vault_has(
        self, run: Command, home: Home, lab: OpenAIServer, children: Children
    ) -> None:
        lab.answer(lambda exchange: says("hello"))
        home.config_file.write_text(home.config_file.read_text() + 'key = "vault:lab"\n')
        assert run("keys", "set", "lab", "--stdin", given=KEY.encode(), env={**UNDER, **NO_KEYRING}).code == 0
        serve = children.zotui(home, "serve", env={**run.environment, **NO_KEYRING})
        assert serve.stdout is not None
        assert "serving" in serve.stdout.readline()
        failed = run("ask", "hi", daemon=True)
        assert failed.code == 1
        assert "locked" in failed.complaint
        assert lab.exchanges == []
        for options in ({}, {"daemon": True}):
            unlocked = run("keys", "unlock", env=UNDER, **options)  # type: ignore[arg-type]
            assert (unlocked.code, unlocked.err) == (0, "unlocked\n")
        done = run("ask", "hi", daemon=True)
        assert (done.code, done.out) == (0, "hello\n")
        assert lab.exchanges[0].headers["authorization"] == f"Bearer {KEY}"
        assert background(home) == serve.pid
        assert KEY not in Path(f"/proc/{serve.pid}/environ").read_text()
        assert run("stop").code == 0
        assert leaked("".join(serve.communicate(timeout=20)), *HIDDEN) == set()
        nowhere(home)

    def test_a_key_that_is_set_while_it_runs(
        self, run: Command, home: Home, lab: OpenAIServer, children: Children
    ) -> None:
        """A vault made by a door under a passphrase is open for the process too."""
        lab.answer(lambda exchange: says("hello"))
        serve = children.zotui(home, "serve", env={**run.environment, **NO_KEYRING})
        assert serve.stdout is not None
        assert "serving" in serve.stdout.readline()
        assert run("ask", "hi", daemon=True).code == 0
        assert run("keys", "set", "lab", "--stdin", given=KEY.encode(), env={**UNDER, **NO_KEYRING}).code == 0
        assert run("ask", "hi", daemon=True).code == 0
        assert [exchange.headers.get("authorization") for exchange in lab.exchanges] == [None, f"Bearer {KEY}"]
        assert run("keys", "rm", "lab").code == 0
        assert run("ask", "hi", daemon=True).code == 0
        assert "authorization" not in lab.exchanges[2].headers


LISTED = json.dumps({"object": "list", "data": [{"id": "tiny"}, {"id": "large"}]})
PROBLEM = json.dumps({"error": {"message": "Incorrect API key provided", "type": "invalid_request_error"}})


async def silent(exchange: Exchange) -> None:
    """Never an answer."""
    await exchange.hung_up.wait()


# What the server does, what is said, its kind.
TRIALS: dict[str, tuple[Script, str, str]] = {
    "good": (answers(200, LISTED), "lab answers, with 2 models", "ok"),
    "one model": (answers(200, '{"data": [{"id": "tiny"}]}'), "lab answers, with 1 model", "ok"),
    "401": (answers(401, PROBLEM), "refuses the key (401)", "auth"),
    "403": (answers(403, '{"error": {"message": "Forbidden"}}'), "refuses the key (403)", "auth"),
    "no list": (answers(404, "Not Found", "text/plain"), "has no list of models (404)", "unsupported"),
    "another default": (
        answers(200, '{"data": [{"id": "large"}]}'),
        "lab answers, but does not list tiny, which would be asked",
        "model_not_found",
    ),
    "silence": (silent, "lab gave no answer within 0.3 s", "timeout"),
    "no JSON": (answers(200, "<html>hi</html>", "text/html"), "answered with no JSON", "protocol"),
    "something else": (answers(200, '{"status": "ok"}'), "no list of models", "protocol"),
    "a fault": (answers(500, '{"error": "boom"}'), "failed (500)", "server"),
    "no money": (answers(402, '{"error": "pay"}'), "wants to be paid first (402)", "billing"),
    "busy": (answers(429, '{"error": "slow down"}'), "asks for fewer requests (429)", "rate_limit"),
}


class TestTrial:
    """``keys test``: each fault has a sentence of its own, and the next step."""

    @pytest.fixture(autouse=True)
    def _soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("zotui.models.trial.TRIAL_S", 0.3)

    @pytest.fixture
    def keyed(self, lab: OpenAIServer, home: Home) -> OpenAIServer:
        """A server that wants a key."""
        home.config_file.write_text(home.config_file.read_text() + 'models = ["tiny"]\nkey = "env:LAB_KEY"\n')
        return lab

    @pytest.mark.parametrize("kind", TRIALS)
    def test_what_the_server_does(self, kind: str, inside: Inside, keyed: OpenAIServer) -> None:
        script, said, fault = TRIALS[kind]
        keyed.answer(lambda exchange: script)
        done = inside("keys", "test", "lab", env={"LAB_KEY": KEY})
        good = fault == "ok"
        assert done.code == (0 if good else 1)
        assert said in (done.out if good else done.complaint)
        assert (done.err if good else done.out) == ""
        assert good or " → " in done.complaint
        found = inside("keys", "test", "lab", "--json", env={"LAB_KEY": KEY})
        assert found.code == done.code
        assert set(found.json) == {"provider", "ok", "kind", "said", "hint", "models"}
        assert (found.json["provider"], found.json["ok"], found.json["kind"]) == ("lab", good, fault)
        assert said in found.json["said"]
        assert all(exchange.path == "/v1/models" for exchange in keyed.exchanges)
        assert keyed.exchanges[0].headers["authorization"] == f"Bearer {KEY}"
        assert leaked(done.out + done.err + found.out + found.err, KEY) == set()

    def test_the_sentences_are_distinct(self) -> None:
        said = [said for _, said, _ in TRIALS.values()]
        assert len(set(said)) == len(said)

    def test_a_server_that_repeats_the_key(self, inside: Inside, keyed: OpenAIServer) -> None:
        keyed.answer(lambda exchange: answers(401, json.dumps({"error": {"message": f"bad key {KEY}"}})))
        done = inside("keys", "test", "lab", env={"LAB_KEY": KEY})
        assert "bad key [key]" in done.complaint

    def test_a_model_that_is_named(self, inside: Inside, keyed: OpenAIServer) -> None:
        keyed.answer(lambda exchange: answers(200, LISTED))
        assert inside("keys", "test", "lab/large", env={"LAB_KEY": KEY}).code == 0
        done = inside("keys", "test", "lab/huge", env={"LAB_KEY": KEY})
        assert done.code == 1
        assert "lab answers, but does not list huge" in done.complaint

    def test_no_key(self, inside: Inside, keyed: OpenAIServer) -> None:
        done = inside("keys", "test", "lab")
        assert done.code == 1
        assert "lab needs a key, and LAB_KEY is not set → zotui keys set lab, or: export LAB_KEY=…" in done.complaint
        assert keyed.exchanges == []

    def test_a_key_that_cannot_be_sent(self, inside: Inside, keyed: OpenAIServer) -> None:
        done = inside("keys", "test", "lab", env={"LAB_KEY": "two words"})
        assert done.code == 1
        assert "its key has a space or a line break in it" in done.complaint
        assert keyed.exchanges == []

    def test_nobody_is_there(self, inside: Inside, home: Home) -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            home.config_file.write_text(f'[providers.lab]\nbase_url = "http://127.0.0.1:{bound.getsockname()[1]}/v1"\n')
            done = inside("keys", "test", "lab")
        assert done.code == 1
        assert "nobody answers at this address → is the server running?" in done.complaint

    def test_a_certificate_of_its_own(self, inside: Inside, home: Home, tmp_path: Path) -> None:
        words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout k -out c -subj /CN=x"
        subprocess.run(["openssl", *words.split()], cwd=tmp_path, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "c", tmp_path / "k")

        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        with in_a_thread(lambda: serving(hang, ssl=context)) as port:
            home.config_file.write_text(f'[providers.lab]\nbase_url = "https://127.0.0.1:{port}/v1"\n')
            done = inside("keys", "test", "lab", "--json")
        assert done.code == 1
        assert "its certificate is not trusted" in done.json["said"]
        assert "SSL_CERT_FILE" in done.json["hint"]

    def test_no_such_host(self, inside: Inside, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        def unknown(*_: object, **__: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr("socket.getaddrinfo", unknown)
        home.config_file.write_text('[providers.lab]\nbase_url = "http://nowhere.invalid/v1"\n')
        done = inside("keys", "test", "lab")
        assert done.code == 1
        assert "nowhere.invalid: no such host → check the spelling" in done.complaint

    def test_who_needs_nothing(self, inside: Inside) -> None:
        done = inside("keys", "test", "offline")
        assert (done.code, done.out) == (0, "offline needs no key and no network\n")

    def test_a_program_that_is_not_installed(self, inside: Inside, tmp_path: Path) -> None:
        done = inside("keys", "test", "claude-code", env={"PATH": str(tmp_path)})
        assert done.code == 1
        assert "claude-code is not on this machine" in done.complaint

    def test_unknown_ones(self, inside: Inside) -> None:
        for name in ("nope", "", "nope/x"):
            done = inside("keys", "test", name)
            assert done.code == 2
            assert "no provider" in done.complaint

    def test_offline_nobody_elsewhere_is_asked(
        self, inside: Inside, keyed: OpenAIServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keyed.answer(lambda exchange: answers(200, LISTED))
        monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("it looks for somebody"))
        done = inside("--offline", "keys", "test", "groq", env={"GROQ_API_KEY": KEY})
        assert done.code == 1
        assert "groq is not on this machine" in done.complaint
        monkeypatch.undo()
        assert inside("--offline", "keys", "test", "lab", env={"LAB_KEY": KEY}).code == 0


def test_nothing_of_a_key_is_in_the_file(inside: Inside, home: Home) -> None:
    """Of all that ``keys`` does, the file of the home knows nothing."""
    inside("keys", "set", "groq", "--stdin", given=KEY.encode())
    inside("keys", "list")
    inside("ask", "help")
    nowhere(home)


def test_debug_shows_no_key(run: Command, home: Home) -> None:
    """A traceback may show frames, and none of them has a key in it."""
    home.vault.mkdir()
    done = subprocess.run(
        [os.fsdecode(word) for word in run.words("--debug", "keys", "set", "groq", "--stdin")],
        input=KEY,
        env={**run.environment, **NO_KEYRING},
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert leaked(done.stdout + done.stderr, KEY) == set()


def test_the_password_of_mail(home: Home) -> None:
    inside = Inside(home)
    assert inside("keys", "set", "mail", "--stdin", "--protect", "file", given=b"word").code == 0
    assert kept(home, "mail") == "word"
    assert inside("keys", "rm", "mail").code == 0
    assert not kept(home, "mail")
