"""A real keyring: gnome-keyring on a D-Bus of its own."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import Children
from tests.vault.canary import leaked
from tests.vault.conftest import PASSPHRASE, again
from tests.waiting import wait_until
from zotui.secret import Secret
from zotui.vault import Vault, VaultError, keyrings
from zotui.vault.box import Key

PROGRAMS = ("dbus-daemon", "gnome-keyring-daemon")
SECRET = Secret("gsk_0123456789abcdef")
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow eavesdrop="false"/><allow own="*"/></policy></busconfig>
"""  # it starts nothing by itself, as the desktop's would


@pytest.fixture
def start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, children: Children
) -> Callable[[str], "subprocess.Popen[str]"]:
    """Starts the keyring: unlocked with a password, or locked where that is empty."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    for name in ("HOME", "XDG_RUNTIME_DIR"):
        (tmp_path / name).mkdir(mode=0o700)
        monkeypatch.setenv(name, str(tmp_path / name))
    bus = tmp_path / "bus"
    (tmp_path / "bus.conf").write_text(BUS.format(path=bus))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={bus}")
    children.start(["dbus-daemon", f"--config-file={tmp_path / 'bus.conf'}", "--nofork"])
    wait_until(bus.exists)

    def started(password: str) -> "subprocess.Popen[str]":
        options = ["--unlock"] if password else []
        daemon = children.start(
            ["gnome-keyring-daemon", "--foreground", "--components=secrets", *options], stdin=subprocess.PIPE
        )
        assert daemon.stdin is not None
        daemon.stdin.write(password)
        daemon.stdin.close()
        daemon.stdin = None
        wait_until(keyrings.available)
        return daemon

    return started


@pytest.fixture
def service(start: Callable[[str], "subprocess.Popen[str]"]) -> None:
    """An unlocked keyring."""
    start("password")


pytestmark = pytest.mark.usefixtures("start")


@pytest.mark.usefixtures("service")
def test_it_is_found_and_keeps_a_key() -> None:
    assert keyrings.look() == ("Secret Service", "")
    key = Key.new()
    assert keyrings.keep("one", key) == "Secret Service"
    found = keyrings.read("Secret Service", "one")
    assert found is not None
    assert found.raw() == key.raw()
    assert keyrings.read("Secret Service", "two") is None
    keyrings.forget("Secret Service", "one")
    assert keyrings.read("Secret Service", "one") is None
    with pytest.raises(VaultError):
        keyrings.forget("Secret Service", "one")


@pytest.mark.usefixtures("service")
def test_round_trip(vault: Vault, path: Path) -> None:
    vault.create("keyring")
    vault.set("groq", SECRET)
    other = again(path)
    assert (other.protection, other.locked) == ("keyring", False)
    assert other.get("groq") == SECRET
    assert leaked(path.read_bytes(), SECRET.reveal(), vault.master()) == set()
    other.lock()
    other.set("more", SECRET)
    assert vault.get("more") == SECRET


@pytest.mark.usefixtures("service")
def test_two_homes_do_not_share(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    second = again(tmp_path / "second" / "vault")
    vault.create("keyring")
    second.create("keyring")
    second.set("groq", SECRET)
    vault.set("groq", Secret("of the first"))
    assert vault.master() != second.master()
    assert again(second.path).get("groq") == SECRET


@pytest.mark.usefixtures("service")
def test_to_it_and_away_from_it(vault: Vault, path: Path) -> None:
    vault.create("file")
    vault.set("groq", SECRET)
    vault.protect("keyring")
    assert again(path).get("groq") == SECRET
    place = json.loads(path.read_bytes())["keyring"]
    with pytest.raises(VaultError, match="'file' protects the keys less than 'keyring' does"):
        vault.protect("file")
    vault.protect("passphrase", PASSPHRASE)
    assert vault.get("groq") == SECRET
    assert keyrings.read(place["backend"], place["id"]) is None, "the old key is not left there"
    vault.protect("keyring")
    assert json.loads(path.read_bytes())["keyring"]["id"] != place["id"]
    assert again(path).get("groq") == SECRET


@pytest.mark.usefixtures("service")
def test_a_keyring_that_lost_the_key(vault: Vault, path: Path) -> None:
    vault.create("keyring")
    vault.set("groq", SECRET)
    place = json.loads(path.read_bytes())["keyring"]
    keyrings.forget(place["backend"], place["id"])
    assert vault.get("groq") == SECRET, "it is in memory"
    with pytest.raises(VaultError, match=f"the keyring has lost the key of the vault {path}: .*zotui keys set NAME"):
        again(path).get("groq")
    keyrings.keep(place["id"], Key.new())
    with pytest.raises(VaultError, match=f"the key from the keyring does not open the vault {path}"):
        again(path).get("groq")


@pytest.mark.usefixtures("service")
def test_a_session_without_the_keyring_gets_the_key_handed(
    vault: Vault, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.create("keyring")
    vault.set("groq", SECRET)
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    other = again(path)
    with pytest.raises(VaultError, match=f"the vault {path} cannot be opened: Secret Service does not work here"):
        other.get("groq")
    other.unlock_with(vault.master())
    assert other.get("groq") == SECRET


@pytest.mark.usefixtures("service")
def test_a_vault_that_cannot_be_written_leaves_no_key_behind(vault: Vault, path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "gone" / "vault")
    with pytest.raises(VaultError, match="cannot write the vault"):
        vault.create("keyring")
    kept = b"".join(file.read_bytes() for file in (tmp_path / "HOME").rglob("*.keyring"))
    assert b"zotui" not in kept


def test_a_locked_keyring_that_nobody_unlocks(
    start: Callable[[str], "subprocess.Popen[str]"], vault: Vault, path: Path
) -> None:
    daemon = start("password")
    vault.create("keyring")
    vault.set("groq", SECRET)
    daemon.terminate()
    daemon.wait()
    daemon = start("")
    with pytest.raises(VaultError, match=f"the vault {path} cannot be opened: the keyring refused: "):
        again(path).get("groq")
    assert vault.get("groq") == SECRET, "it is in memory"
    daemon.terminate()
    daemon.wait()
    start("password")
    assert again(path).get("groq") == SECRET
