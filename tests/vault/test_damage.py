"""A file that is not as it was written: never a wrong secret, always one line that says what is wrong."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.vault.conftest import PASSPHRASE, PASSPHRASES, again
from zotui.secret import Secret
from zotui.vault import Protection, Vault, VaultError

KEYS = {"groq": Secret("gsk_0123456789"), "openai": Secret("sk-9876543210"), "lab": Secret("k")}


class Made:
    """A vault with keys in it, for a test that damages its file again and again."""

    def __init__(self, path: Path, protection: Protection) -> None:
        self.path = path
        vault = again(path)
        vault.create(protection, PASSPHRASES[protection])
        for name, secret in KEYS.items():
            vault.set(name, secret)
        self.raw = path.read_bytes()
        self._master = vault.master() if protection == "passphrase" else b""

    def opened(self, raw: bytes) -> Vault:
        """The vault with these bytes as its file, unlocked. Raises VaultError."""
        self.path.write_bytes(raw)
        vault = again(self.path)
        if self._master:
            vault.unlock_with(self._master)
        return vault

    def refuses(self, raw: bytes) -> bool:
        """Whether each key is refused, and everything else too."""
        try:
            vault = self.opened(raw)
        except VaultError:
            vault = again(self.path)
        uses: list[Callable[[], object]] = [lambda name=name: vault.get(name) for name in KEYS]  # type: ignore[misc]
        uses += [vault.names, lambda: vault.protection, lambda: vault.set("x", Secret("x")), lambda: vault.remove("x")]
        return all(refused(use) for use in uses) and self.path.read_bytes() == raw


def refused(use: Callable[[], object]) -> bool:
    try:
        use()
    except VaultError as error:
        return "\n" not in str(error)
    return False


@pytest.fixture(params=PASSPHRASES)
def made(request: pytest.FixtureRequest, path: Path) -> Made:
    return Made(path, request.param)


def test_every_single_bit(made: Made) -> None:
    passed = []
    for position in range(len(made.raw)):
        for bit in range(8):
            raw = bytearray(made.raw)
            raw[position] ^= 1 << bit
            if not made.refuses(bytes(raw)):
                passed.append((position, bit, bytes(raw[max(0, position - 10) : position + 10])))
    assert passed == []
    assert made.opened(made.raw).get("groq") == KEYS["groq"]


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_any_bytes_at_any_place(made: Made, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(made.raw)))
    gone = data.draw(st.integers(0, 40))
    raw = made.raw[:start] + data.draw(st.binary(max_size=40)) + made.raw[start + gone :]
    if same_words(raw, made.raw):  # only the room between them is another
        assert made.opened(raw).get("groq") == KEYS["groq"]
    else:
        assert made.refuses(raw)


def same_words(raw: bytes, other: bytes) -> bool:
    try:
        return repr(json.loads(raw.decode())) == repr(json.loads(other.decode()))  # as bytes it would take a BOM
    except ValueError:
        return False


def test_every_length_that_is_too_short(made: Made) -> None:
    assert [length for length in range(len(made.raw) - 1) if not made.refuses(made.raw[:length])] == []


def resealed(table: dict[str, Any]) -> bytes:
    """The file as one would forge it who knows how it is made but has no key."""
    table = {name: value for name, value in table.items() if name != "sum"}
    ordered = msgspec.json.encode(table, order="sorted")
    return msgspec.json.encode({**table, "sum": hashlib.sha256(ordered).hexdigest()})


@pytest.fixture(params=[json.dumps, resealed], ids=["by hand", "with the sum mended"])
def forge(request: pytest.FixtureRequest) -> Callable[[Any], bytes]:
    def encoded(table: Any) -> bytes:
        made = request.param(table)
        return made if isinstance(made, bytes) else str(made).encode()

    return encoded


def test_the_forger_knows_how(made: Made) -> None:
    assert made.opened(resealed(json.loads(made.raw))).get("groq") == KEYS["groq"]


def test_two_records_with_each_others_box(made: Made, forge: Callable[[Any], bytes]) -> None:
    table = json.loads(made.raw)
    records = table["records"]
    records["groq"], records["openai"] = records["openai"], records["groq"]
    vault = made.opened(forge(table))
    for name in ("groq", "openai"):
        with pytest.raises(VaultError, match=f"the record {name} of the vault {made.path} is damaged or another's"):
            vault.get(name)
    with pytest.raises(VaultError):
        vault.protect("passphrase", Secret("new"))
    assert made.path.read_bytes() == forge(table), "nothing is sealed anew then"


def test_a_forged_sum_changes_no_other_record(made: Made) -> None:
    table = json.loads(made.raw)
    table["records"]["groq"]["box"] = table["records"]["openai"]["box"]
    vault = made.opened(resealed(table))
    with pytest.raises(VaultError, match="the record groq"):
        vault.get("groq")
    assert vault.get("openai") == KEYS["openai"]
    vault.set("groq", Secret("new"))  # as the hint says
    assert vault.get("groq") == Secret("new")


def test_a_wrong_check(made: Made, forge: Callable[[Any], bytes]) -> None:
    table = json.loads(made.raw)
    table["check"] = {name: table["records"]["groq"][name] for name in ("nonce", "box")}
    made.path.write_bytes(forge(table))
    vault = again(made.path)
    assert refused(lambda: vault.unlock(PASSPHRASE))
    assert refused(lambda: vault.get("groq"))
    assert refused(vault.master)


def test_a_protection_that_is_another(made: Made, forge: Callable[[Any], bytes]) -> None:
    table = json.loads(made.raw)
    for protection in {"file", "passphrase", "keyring"} - {table["protection"]}:
        assert made.refuses(forge({**table, "protection": protection}))


@pytest.mark.parametrize(
    ("field", "value"),
    [("memory_kib", 2**31), ("passes", 10**6), ("lanes", 64), ("salt", "AA=="), ("name", "argon2i"), ("memory_kib", 0)],
)
def test_a_derivation_that_would_take_all_memory_is_none(field: str, value: object, path: Path) -> None:
    made = Made(path, "passphrase")
    table = json.loads(made.raw)
    table["kdf"][field] = value
    path.write_bytes(resealed(table))
    with pytest.raises(VaultError, match=f"the vault {path} is damaged"):
        again(path).unlock(PASSPHRASE)


OTHER_FILES = {
    "newer": (b'{"zotui-vault": 2, "anything": []}', "{path} was written by a newer zotui: update zotui"),
    "much newer": (b'{"zotui-vault": 2000000000000000000000}', "{path}"),
    "JSON but no vault": (b'{"keys": {"groq": "x"}}', "{path} is no vault of zotui: move it away"),
    "a list": (b"[1, 2]", "{path} is no vault of zotui"),
    "a text": (b'"zotui-vault"', "{path} is no vault of zotui"),
    "null": (b"null", "{path} is no vault of zotui"),
    "a version that is none": (b'{"zotui-vault": true}', "{path} is no vault of zotui"),
    "version 0": (b'{"zotui-vault": 0}', "{path} is no vault of zotui"),
    "nothing but a version": (b'{"zotui-vault": 1}', "the vault {path} is damaged"),
    "empty": (b"", "the vault {path} is damaged: put a copy back, or move it away and then: zotui keys set NAME"),
    "no JSON": (b"SQLite format 3\0", "the vault {path} is damaged"),
    "UTF-16": ('{"zotui-vault": 1}'.encode("utf-16"), "the vault {path} is damaged"),
    "deep": (b"[" * 100_000, "the vault {path} is damaged"),
    "large": (b" " * 5_000_000, "{path} is no vault of zotui: it is too large"),
}


@pytest.mark.parametrize(("raw", "said"), OTHER_FILES.values(), ids=OTHER_FILES)
def test_other_files(raw: bytes, said: str, path: Path, vault: Vault) -> None:
    path.write_bytes(raw)
    uses: list[Callable[[], object]] = [
        lambda: vault.protection,
        lambda: vault.locked,
        vault.names,
        vault.master,
        lambda: vault.get("groq"),
        lambda: vault.set("groq", Secret("x")),
        lambda: vault.remove("groq"),
        lambda: vault.create("file"),
        lambda: vault.protect("file"),
        lambda: vault.unlock(PASSPHRASE),
    ]
    for use in uses:
        with pytest.raises(VaultError) as caught:
            use()
        assert str(caught.value).startswith(said.format(path=path))
    assert path.read_bytes() == raw, "it is left as it is"
