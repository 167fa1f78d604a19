"""The vault as a person uses it: what goes in comes out, under each protection, and only with the key."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.vault.canary import CANARY
from tests.vault.conftest import PASSPHRASE, PASSPHRASES, again
from tests.waiting import wait_until
from zotui.errors import UsageError
from zotui.secret import Secret
from zotui.store import now_ms
from zotui.vault import Protection, Record, Vault, VaultError, VaultLocked

SECRET = Secret(CANARY)


def test_a_missing_file_is_an_empty_vault(vault: Vault, path: Path) -> None:
    assert vault.protection is None
    assert vault.names() == []
    assert vault.get("groq") is None
    assert vault.remove("groq") is False
    assert vault.locked is False
    vault.lock()
    for refused in (
        lambda: vault.set("groq", SECRET),
        lambda: vault.unlock(PASSPHRASE),
        lambda: vault.unlock_with(bytes(32)),
        lambda: vault.protect("file"),
        vault.master,
    ):
        with pytest.raises(VaultError, match=f"there is no vault {path} yet: make one: zotui keys set NAME"):
            refused()
    assert not path.exists()


@pytest.mark.parametrize("protection", PASSPHRASES)
def test_round_trip(protection: Protection, vault: Vault, path: Path) -> None:
    before = now_ms()
    vault.create(protection, PASSPHRASES[protection])
    assert (vault.protection, vault.names(), vault.locked) == (protection, [], False)
    vault.set("groq", SECRET)
    vault.set("a.b_C-9", Secret("half \ud83d and two\nlines"))
    other = again(path)
    if protection == "passphrase":
        assert other.locked
        with pytest.raises(VaultLocked, match=f"the vault {path} is locked: unlock it: zotui keys unlock"):
            other.get("groq")
        other.unlock(PASSPHRASE)
    for one in (vault, other):
        assert not one.locked
        assert one.get("groq") == SECRET
        assert one.get("a.b_C-9") == Secret("half \ud83d and two\nlines")
        assert one.get("nobody") is None
    assert [record.name for record in other.names()] == ["a.b_C-9", "groq"]
    assert all(before <= record.set_at <= now_ms() for record in other.names())


def test_setting_again_replaces_and_removing_removes(vault: Vault, path: Path) -> None:
    vault.create("file")
    vault.set("groq", Secret("old"))
    vault.set("groq", Secret("new"))
    assert again(path).get("groq") == Secret("new")
    assert (vault.remove("groq"), vault.remove("groq")) == (True, False)
    assert again(path).names() == []
    assert again(path).get("groq") is None


def test_there_is_one_vault_at_a_place(vault: Vault, path: Path) -> None:
    vault.create("file")
    vault.set("groq", SECRET)
    with pytest.raises(VaultError, match=f"there is a vault already: {path}"):
        again(path).create("file")
    assert vault.get("groq") == SECRET


def test_what_a_locked_vault_does(vault: Vault, path: Path) -> None:
    vault.create("passphrase", PASSPHRASE)
    vault.set("groq", SECRET)
    vault.lock()
    assert vault.locked
    assert vault.protection == "passphrase"
    assert [record.name for record in vault.names()] == ["groq"]
    for refused in (
        lambda: vault.get("groq"),
        lambda: vault.set("x", SECRET),
        vault.master,
        lambda: vault.protect("file", weaker=True),
    ):
        with pytest.raises(VaultLocked):
            refused()
    assert vault.get("nobody") is None
    assert vault.remove("groq") is True, "to forget a key needs no key"
    assert vault.names() == []


def test_a_wrong_passphrase(vault: Vault, path: Path) -> None:
    vault.create("passphrase", PASSPHRASE)
    vault.set("groq", SECRET)
    other = again(path)
    for wrong in ("", "correct horse battery stapl", "CORRECT HORSE BATTERY STAPLE", "x" * 1000):
        with pytest.raises(VaultError, match="wrong passphrase: try again: zotui keys unlock"):
            other.unlock(Secret(wrong))
    assert other.locked
    with pytest.raises(VaultError, match="wrong passphrase"):
        vault.unlock(Secret("wrong"))
    assert vault.get("groq") == SECRET, "a wrong one locks nothing"


def test_one_passphrase_from_two_keyboards(vault: Vault, path: Path) -> None:
    vault.create("passphrase", Secret("caf\u00e9"))
    again(path).unlock(Secret("cafe\u0301"))


def test_a_vault_without_a_passphrase_is_not_unlocked(vault: Vault) -> None:
    vault.create("file")
    with pytest.raises(VaultError, match="under no passphrase"):
        vault.unlock(PASSPHRASE)


def test_one_process_hands_the_open_vault_to_another(vault: Vault, path: Path) -> None:
    vault.create("passphrase", PASSPHRASE)
    vault.set("groq", SECRET)
    other = again(path)
    for wrong in (b"", bytes(32), b"x" * 33):
        with pytest.raises(VaultError, match="that key does not open the vault"):
            other.unlock_with(wrong)
    other.unlock_with(vault.master())
    assert other.get("groq") == SECRET
    other.set("more", Secret("more"))
    assert vault.get("more") == Secret("more")
    other.lock()
    assert other.locked


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä", "x" * 65, "a\n", "a:b", ":check", "\0"])
def test_names_that_are_none(name: str, vault: Vault) -> None:
    vault.create("file")
    for refused in (lambda: vault.set(name, SECRET), lambda: vault.get(name), lambda: vault.remove(name)):
        with pytest.raises(UsageError, match="the name of a key has"):
            refused()


@pytest.mark.parametrize("name", ["a", ".", "..", "-", "x" * 64, "OpenAI_2.key-3", "__proto__"])
def test_names_that_are_one(name: str, vault: Vault, path: Path) -> None:
    vault.create("file")
    vault.set(name, SECRET)
    assert again(path).get(name) == SECRET


def test_requests_that_make_no_sense(vault: Vault, path: Path) -> None:
    requests: list[tuple[Any, ...]] = [("passphrase",), ("passphrase", Secret("")), ("file", PASSPHRASE), ("paper",)]
    for request in requests:
        with pytest.raises(UsageError):
            vault.create(*request)
    assert not path.exists()
    vault.create("file")
    for text in ("", "x" * 70_000):
        with pytest.raises(UsageError):
            vault.set("groq", Secret(text))
    with pytest.raises(UsageError):
        vault.protect("passphrase")
    assert (vault.protection, vault.names()) == ("file", [])


def test_a_vault_that_was_made_anew_drops_the_key_of_the_old_one(vault: Vault, path: Path) -> None:
    vault.create("passphrase", PASSPHRASE)
    vault.set("groq", SECRET)
    path.unlink()
    assert (vault.protection, vault.locked, vault.names()) == (None, False, [])
    other = again(path)
    other.create("passphrase", Secret("another"))
    other.set("groq", Secret("another's"))
    assert vault.locked
    with pytest.raises(VaultLocked):
        vault.set("mine", SECRET)
    assert other.names() == [Record("groq", other.names()[0].set_at)]


def test_what_others_write_is_seen_at_once(vault: Vault, path: Path) -> None:
    vault.create("file")
    other = again(path)
    for number in range(50):  # within a tick of the file system's clock, at the same size
        other.set("groq", Secret(f"{number:04}"))
        assert vault.get("groq") == Secret(f"{number:04}")


def test_many_threads_one_vault(vault: Vault) -> None:
    vault.create("file")
    wrong: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(10):
                vault.set(f"t{number}", Secret(f"{number} {turn}"))
                assert vault.get(f"t{number}") == Secret(f"{number} {turn}")
                if number == 0:
                    vault.protect("file")
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    wait_until(lambda: not any(thread.is_alive() for thread in threads))
    assert wrong == []
    assert len(vault.names()) == 6


def test_a_key_that_is_changed_in_the_middle_of_reading(vault: Vault, path: Path) -> None:
    vault.create("file")
    vault.set("groq", SECRET)
    with ThreadPoolExecutor(1) as pool:
        with vault._asking:
            found = pool.submit(vault.get, "groq")
            wait_until(lambda: any(frame.f_code is Vault._key.__code__ for frame in sys._current_frames().values()))
            again(path).protect("passphrase", PASSPHRASE)  # it has read the file already
            vault.unlock(PASSPHRASE)
        assert found.result(timeout=30) == SECRET
    assert not vault.locked
