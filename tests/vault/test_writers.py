"""Many writers, killed writers, no room: nothing that was kept is lost, and the file is never half a file."""

import json
import os
import signal
import stat
from pathlib import Path

import pytest

from tests.processes import ROOT, Children, output
from tests.store.test_full_disk import Disk, disk  # noqa: F401
from tests.vault.conftest import PASSPHRASE, again
from zotui.secret import Secret
from zotui.vault import VaultError

HEAD = f"""
import os, signal, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from tests.vault.conftest import again
from zotui.secret import Secret
from zotui.vault import file
path, word = Path(sys.argv[1]), sys.argv[2]
vault = again(path)
"""
SET_MANY = f"""{HEAD}
for number in range(int(sys.argv[3])):
    vault.set(f"{{word}}-{{number}}", Secret(f"{{word}} {{number}}"))
    print(number, flush=True)
"""
DIE_BEFORE_THE_RENAME = f"""{HEAD}
file._sync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
vault.set("groq", Secret("new"))
"""
DIE_AFTER_THE_RENAME = f"""{HEAD}
file._sync_folder = lambda folder: os.kill(os.getpid(), signal.SIGKILL)
vault.set("groq", Secret("new"))
"""
TURN_THE_KEY = f"""{HEAD}
for number in range(int(sys.argv[3])):
    vault.protect("file")
"""


def test_four_processes_lose_nothing(path: Path, children: Children) -> None:
    again(path).create("file")
    for child in [children.python(SET_MANY, str(path), f"p{number}", "25") for number in range(4)]:
        output(child)
    vault = again(path)
    assert len(vault.names()) == 100
    for process in range(4):
        for number in range(25):
            assert vault.get(f"p{process}-{number}") == Secret(f"p{process} {number}")


@pytest.mark.parametrize("after", [1, 30, 77, 150])
def test_killed_in_the_middle_of_200_sets(after: int, path: Path, children: Children) -> None:
    again(path).create("file")
    child = children.python(SET_MANY, str(path), "k", "200")
    assert child.stdout is not None
    for _ in range(after):
        child.stdout.readline()
    child.kill()
    acknowledged = after + len(child.stdout.readlines())
    child.wait()
    vault = again(path)
    assert acknowledged < 200
    assert len(vault.names()) in (acknowledged, acknowledged + 1)
    for number in range(acknowledged):
        assert vault.get(f"k-{number}") == Secret(f"k {number}")
    vault.set("after", Secret("it goes on"))
    assert sorted(os.listdir(path.parent)) == ["vault", "vault.lock"]


@pytest.mark.parametrize(("code", "kept"), [(DIE_BEFORE_THE_RENAME, "old"), (DIE_AFTER_THE_RENAME, "new")])
def test_killed_at_the_worst_moment(code: str, kept: str, path: Path, children: Children) -> None:
    vault = again(path)
    vault.create("file")
    vault.set("groq", Secret("old"))
    child = children.python(code, str(path), "w")
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    left = path.with_name("vault.new")
    assert left.exists() is (kept == "old")
    assert not left.exists() or stat.S_IMODE(left.stat().st_mode) == 0o600
    assert again(path).get("groq") == Secret(kept)
    vault.set("more", Secret("more"))
    assert sorted(os.listdir(path.parent)) == ["vault", "vault.lock"]
    assert vault.get("groq") == Secret(kept)


def test_reading_goes_on_while_another_changes_the_key(path: Path, children: Children) -> None:
    vault = again(path)
    vault.create("file")
    vault.set("groq", Secret("kept"))
    child = children.python(TURN_THE_KEY, str(path), "t", "100")
    seen = set()
    while child.poll() is None:
        assert vault.get("groq") == Secret("kept")
        seen.add(json.loads(path.read_bytes())["master"])
    output(child)
    assert len(seen) > 1


def test_a_full_disk(disk: Disk) -> None:  # noqa: F811
    path = disk.path / "vault"
    vault = again(path)
    vault.create("passphrase", PASSPHRASE)
    vault.set("groq", Secret("kept"))
    before = path.read_bytes()
    disk.fill()
    with pytest.raises(VaultError, match=f"no room left on the disk of the vault {path}; .*: make room"):
        vault.set("more", Secret("x" * 1000))
    with pytest.raises(VaultError, match="no room left"):
        vault.protect("passphrase", Secret("new"))
    assert not path.with_name("vault.new").exists()
    assert path.read_bytes() == before
    other = again(path)
    other.unlock(PASSPHRASE)
    assert other.get("groq") == vault.get("groq") == Secret("kept"), "reading goes on"
    disk.free()
    vault.set("more", Secret("x" * 1000))
    assert other.get("more") == Secret("x" * 1000)


def test_a_full_vault(path: Path) -> None:
    vault = again(path)
    vault.create("file")
    large = Secret("x" * 65_000)
    for number in range(48):
        vault.set(f"large-{number}", large)
    with pytest.raises(VaultError, match=f"the vault {path} is full"):
        vault.set("one-more", large)
    assert len(vault.names()) == 48
    assert vault.get("large-47") == large
    assert vault.remove("large-0")
    vault.set("one-more", large)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_somebody_elses_file(path: Path, children: Children) -> None:
    again(path).create("file")
    path.parent.chmod(0o755)
    code = f"""{HEAD}
from zotui.vault import VaultError, sealed, box
import cryptography.hazmat.primitives.ciphers.aead, cryptography.exceptions
os.setgroups([]); os.setgid(65534); os.setuid(65534)
for use in (lambda: vault.get("x"), lambda: vault.names(), lambda: vault.create("file")):
    try:
        use()
    except VaultError as error:
        print(error)
"""
    # the folders above are the owner's alone, as a home is
    said = output(children.python(code, str(path), "s")).splitlines()
    assert len(said) == 3
    assert all(str(path.parent) in line and "Permission denied" in line for line in said)
