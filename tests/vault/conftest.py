"""A vault in a folder of the test's own, and an environment without a keyring."""

from pathlib import Path

import pytest

from zotui.secret import Secret
from zotui.vault import Protection, Vault

PASSPHRASE = Secret("correct horse battery staple")
PASSPHRASES: dict[Protection, Secret | None] = {"file": None, "passphrase": PASSPHRASE}


@pytest.fixture(autouse=True)
def no_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests keeps the keyring, and what ``keyring`` is told, to themselves."""
    for name in ("DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND", "XDG_DATA_HOME", "XDG_CURRENT_DESKTOP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def vault(path: Path) -> Vault:
    """There is no file yet."""
    return again(path)


def again(path: Path) -> Vault:
    """The same vault as another process sees it."""
    return Vault(path, path.parent / "vault.lock")
