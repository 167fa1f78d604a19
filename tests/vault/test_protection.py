"""What the file gives away, and how keys get from one protection to another."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.vault.canary import CANARY, leaked, painted
from tests.vault.conftest import PASSPHRASE, PASSPHRASES, again
from zotui.errors import ZotuiError
from zotui.secret import Secret
from zotui.vault import Protection, Vault, VaultError, VaultLocked

SECRET = Secret(CANARY)


def test_another_protection_seals_everything_anew(vault: Vault, path: Path) -> None:
    vault.create("file")
    vault.set("groq", SECRET)
    vault.set("openai", Secret("two"))
    records, old_key, old = vault.names(), vault.master(), path.read_bytes()
    vault.protect("passphrase", PASSPHRASE)
    assert vault.protection == "passphrase"
    assert vault.names() == records, "they are as old as before"
    assert vault.get("groq") == SECRET
    assert vault.master() != old_key
    other = again(path)
    with pytest.raises(VaultError):
        other.unlock_with(old_key)  # whoever read the file before
    other.unlock(PASSPHRASE)
    assert other.get("openai") == Secret("two")
    assert leaked(path.read_bytes(), old_key) == set()
    boxes = [json.loads(text)["records"]["groq"]["box"] for text in (old, path.read_bytes())]
    assert boxes[0] != boxes[1]


def test_another_passphrase(vault: Vault, path: Path) -> None:
    vault.create("passphrase", PASSPHRASE)
    vault.set("groq", SECRET)
    other = again(path)
    other.unlock(PASSPHRASE)
    vault.protect("passphrase", Secret("new"))
    assert other.locked, "the old key is dropped where another process has changed it"
    with pytest.raises(VaultLocked):
        other.get("groq")
    with pytest.raises(VaultError, match="wrong passphrase"):
        other.unlock(PASSPHRASE)
    other.unlock(Secret("new"))
    assert other.get("groq") == vault.get("groq") == SECRET


def test_a_weaker_protection_has_to_be_meant(vault: Vault, path: Path) -> None:
    vault.create("passphrase", PASSPHRASE)
    vault.set("groq", SECRET)
    with pytest.raises(VaultError, match="'file' protects the keys less than 'passphrase' does"):
        vault.protect("file")
    assert vault.protection == "passphrase"
    vault.protect("file", weaker=True)
    assert again(path).get("groq") == SECRET


@pytest.mark.parametrize("protection", PASSPHRASES)
def test_nothing_of_a_secret_is_in_the_file(protection: Protection, vault: Vault, path: Path) -> None:
    vault.create(protection, PASSPHRASES[protection])
    secrets = [CANARY, "gsk_0123456789abcdefghijklmnopqrstuvwxyz", "A" * 100]
    for number, secret in enumerate(secrets):
        vault.set(f"key{number}", Secret(secret))
    for file in path.parent.iterdir():
        assert leaked(file.read_bytes(), *secrets, PASSPHRASE.reveal()) == set()
        if protection != "file":
            assert leaked(file.read_bytes(), vault.master()) == set()


@pytest.mark.parametrize("protection", PASSPHRASES)
def test_the_file_says_what_it_is_worth(protection: Protection, vault: Vault, path: Path) -> None:
    vault.create(protection, PASSPHRASES[protection])
    told = json.loads(path.read_text("utf-8"))
    assert told["zotui-vault"] == 1
    assert told["protection"] == protection
    assert ("not encrypted against someone who can read your files" in told["note"].lower()) is (protection == "file")
    assert ("master" in told) is (protection == "file")
    if protection == "passphrase":
        kdf = told["kdf"]
        assert (kdf["name"], kdf["memory_kib"], kdf["passes"], kdf["lanes"]) == ("argon2id", 65536, 3, 1)


def test_the_same_secret_twice_makes_two_boxes(vault: Vault, path: Path) -> None:
    vault.create("file")
    for name in ("a", "b"):
        vault.set(name, SECRET)
    records = json.loads(path.read_bytes())["records"]
    assert records["a"]["box"] != records["b"]["box"]
    assert records["a"]["nonce"] != records["b"]["nonce"]


@pytest.mark.parametrize("protection", PASSPHRASES)
def test_tracebacks_of_its_errors_do_not_tell(protection: Protection, vault: Vault, path: Path) -> None:
    vault.create(protection, PASSPHRASES[protection])
    vault.set("groq", SECRET)
    told = json.loads(path.read_bytes())
    told["records"]["groq"]["nonce"] = "A" * 16
    path.write_text(json.dumps(told))
    secrets = (CANARY, PASSPHRASE.reveal(), vault.master())
    attempts: list[Any] = [
        lambda: vault.get("groq"),
        lambda: vault.set("x", SECRET),
        lambda: vault.protect("passphrase", PASSPHRASE),
        lambda: vault.unlock(PASSPHRASE),
        lambda: again(path).unlock_with(CANARY.encode()),
        vault.names,
    ]
    for attempt in attempts:
        with pytest.raises(ZotuiError) as caught:
            attempt()
        assert caught.value.__traceback__ is not None
        text = painted(caught.value, caught.value.__traceback__.tb_next.tb_next)  # type: ignore[union-attr]
        assert "locals" in text
        assert leaked(text, *secrets) == set()
