"""Where the file is: links, things that are no file, and its owner alone."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vault.conftest import again
from zotui.secret import Secret
from zotui.vault import Vault, VaultError

SECRET = Secret("gsk_0123456789")


def test_a_folder_a_pipe_and_a_link_that_leads_nowhere(path: Path, vault: Vault) -> None:
    path.mkdir(mode=0o755)
    with pytest.raises(VaultError, match=f"cannot read the vault {path}: it is a folder"):
        vault.get("groq")
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    path.rmdir()
    os.mkfifo(path)
    with pytest.raises(VaultError, match="it is no regular file"):
        vault.create("file")
    path.unlink()
    path.symlink_to(path.parent / "gone" / "vault")
    with pytest.raises(VaultError, match=f"cannot write the vault {path}: No such file"):
        vault.create("file")


def test_a_link_stays_a_link(path: Path, vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    path.symlink_to(tmp_path / "disk" / "kept")
    vault.create("file")
    vault.set("groq", SECRET)
    assert path.is_symlink()
    assert sorted(os.listdir(tmp_path / "disk")) == ["kept"]
    assert again(path).get("groq") == SECRET


def test_no_folder_for_it(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "gone" / "vault", tmp_path / "gone" / "lock")
    assert vault.names() == []
    with pytest.raises(VaultError, match=r"cannot lock the vault by .*gone/lock: No such file"):
        vault.create("file")


@pytest.fixture(params=[0, 0o022, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_it_is_the_owners_alone_whatever_the_umask(path: Path, vault: Vault) -> None:
    vault.create("file")
    vault.set("groq", SECRET)
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()} == {
        "vault": "0o600",
        "vault.lock": "0o600",
    }


def test_a_copy_that_others_may_read_is_closed(path: Path, vault: Vault) -> None:
    vault.create("file")
    path.chmod(0o644)
    assert vault.names() == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
