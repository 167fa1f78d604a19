"""The keyring of the operating system where there is none, none to be trusted, or one that does not answer."""

import base64
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Children, output
from tests.vault.canary import leaked, painted
from tests.vault.conftest import PASSPHRASE
from tests.waiting import wait_until
from zotui.secret import Secret
from zotui.vault import Vault, VaultError, keyrings
from zotui.vault.box import Key

SLACK_S = 3.0
KEY = Key(bytes(range(100, 132)))

PLAIN = """
from pathlib import Path
Path({marker!r}).touch()
from keyring.backend import KeyringBackend
class Keyring(KeyringBackend):
    priority = 99
    def get_password(self, service, user): return Path({marker!r}).read_text()
    def set_password(self, service, user, password): Path({marker!r}).write_text(password)
    def delete_password(self, service, user): pass
"""


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package with a backend that keeps keys in a plain file, as ``keyrings.alt`` does.

    ``keyring`` would pick it. The test fails where so much as its code is loaded.
    """
    site, marker = tmp_path / "site", tmp_path / "loaded"
    (site / "plain-1.0.dist-info").mkdir(parents=True)
    (site / "plain.py").write_text(PLAIN.format(marker=str(marker)))
    (site / "plain-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: plain\nVersion: 1.0\n")
    (site / "plain-1.0.dist-info" / "entry_points.txt").write_text("[keyring.backends]\nplain = plain\n")
    monkeypatch.setenv("PYTHONPATH", str(site))
    yield marker
    assert not marker.exists()


@pytest.fixture
def silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A D-Bus that lets everybody in and then says nothing."""
    inside: list[socket.socket] = []
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(tmp_path / "bus"))
        bus.listen()

        def let_in() -> None:
            while True:
                try:
                    guest = bus.accept()[0]
                except OSError:
                    return
                inside.append(guest)
                for line in guest.makefile("rb"):
                    if b"BEGIN" in line:
                        break
                    guest.sendall(b"AGREE_UNIX_FD\r\n" if b"NEGOTIATE" in line else b"OK 0123456789abcdef\r\n")

        thread = threading.Thread(target=let_in)
        thread.start()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'bus'}")
        yield
        bus.shutdown(socket.SHUT_RDWR)
        thread.join()
    for guest in inside:
        guest.close()


def helpers() -> list[int]:
    """The child processes of this one that ask a keyring."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            parent = re.search(r"PPid:\s(\d+)", (folder / "status").read_text())
            if parent and int(parent[1]) == os.getpid() and b"keyring_child" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def test_none_here() -> None:
    start = time.monotonic()
    assert keyrings.available() == ""
    assert time.monotonic() - start < keyrings.PROBE_S + SLACK_S
    reason = keyrings.look().reason
    assert "no keyring of the operating system works here" in reason
    assert "DBUS_SESSION_BUS_ADDRESS is unset" in reason
    assert "\n" not in reason


def test_a_vault_that_wants_one(vault: Vault, path: Path) -> None:
    with pytest.raises(VaultError, match=r"no keyring of the operating system works here.*: choose a passphrase"):
        vault.create("keyring")
    assert not path.exists()
    vault.create("passphrase", PASSPHRASE)
    vault.set("groq", Secret("kept"))
    with pytest.raises(VaultError, match="no keyring of the operating system works here"):
        vault.protect("keyring")
    assert vault.protection == "passphrase"
    assert vault.get("groq") == Secret("kept")


def test_a_plain_file_that_keyring_would_pick_is_not_even_loaded(plain: Path, children: Children) -> None:
    assert "plain.Keyring" in output(children.python("import keyring; print(keyring.get_keyring())"))
    plain.unlink()
    assert keyrings.available() == ""
    with pytest.raises(VaultError, match="no keyring of the operating system works here"):
        keyrings.keep("id", KEY)


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize(
    "name", ["plain.Keyring", "keyring.backends.null.Keyring", "keyring.backends.chainer.ChainerBackend", "nonsense"]
)
def test_one_that_is_named_in_the_environment_and_not_trusted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
    assert keyrings.look() == ("", f"keyring is set to {name}, which zotui does not trust with keys")


def test_one_that_is_named_in_its_file_and_not_trusted(plain: Path, tmp_path: Path) -> None:
    folder = tmp_path / "config" / "python_keyring"
    folder.mkdir(parents=True)
    (folder / "keyringrc.cfg").write_text(
        f"[backend]\ndefault-keyring=plain.Keyring\nkeyring-path={tmp_path / 'site'}\n"
    )
    assert keyrings.look() == ("", "keyring is set to plain.Keyring, which zotui does not trust with keys")
    (folder / "keyringrc.cfg").write_bytes(b"\xff no file of settings")
    assert "no keyring of the operating system works here" in keyrings.look().reason


def test_a_vault_file_cannot_name_one_that_is_not_trusted(plain: Path) -> None:
    for name in ("plain.Keyring", "keyring.backends.null.Keyring", "fail"):
        with pytest.raises(VaultError, match=f"there is no keyring '{name}'"):
            keyrings.read(name, "id")


def test_one_that_is_trusted_but_not_here() -> None:
    for name in ("Secret Service", "macOS Keychain", "KWallet", "libsecret", "Windows vault"):
        with pytest.raises(VaultError, match=f"{name} does not work here: "):
            keyrings.read(name, "id")


@pytest.mark.usefixtures("silent")
def test_one_that_does_not_answer_is_given_up() -> None:
    start = time.monotonic()
    assert keyrings.look() == ("", "the keyring did not answer within 3 s")
    assert helpers() == []
    assert time.monotonic() - start < keyrings.PROBE_S + SLACK_S
    with pytest.raises(VaultError, match=r"the keyring did not answer within 0\.5 s: unlock it and try again"):
        keyrings.read("Secret Service", "id", patience=0.5)
    assert helpers() == []


@pytest.mark.usefixtures("silent")
def test_the_key_is_in_no_ones_sight_while_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOTUI_PASSPHRASE", PASSPHRASE.reveal())
    errors: list[VaultError] = []

    def keep() -> None:
        try:
            keyrings.keep("id", KEY, patience=2)
        except VaultError as error:
            errors.append(error)

    thread = threading.Thread(target=keep)
    thread.start()
    pid = wait_until(helpers)[0]
    seen = b""
    while thread.is_alive() and helpers():
        try:
            seen += Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            break
    thread.join()
    assert b"zotui.vault.keyring_child" in seen
    assert b"DBUS_SESSION_BUS_ADDRESS" in seen
    assert leaked(seen, KEY.raw(), PASSPHRASE.reveal()) == set()
    assert len(errors) == 1
    text = painted(errors[0], errors[0].__traceback__)
    assert "Key(…)" in text
    assert leaked(text, KEY.raw(), base64.b64encode(KEY.raw())) == set()


def test_a_python_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for program in ("", str(tmp_path / "gone"), "/bin/false", "/bin/echo"):
        monkeypatch.setattr("sys.executable", program)
        found = keyrings.look()
        assert found.backend == ""
        assert found.reason.startswith("the keyring cannot be asked: ")
