"""Keys that skills have: granted for the files that were looked at, hidden in all that comes out, kept nowhere else."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.inside import Inside
from tests.processes import rows
from tests.skills.shelves import put, trust
from zotui.computer import Computer
from zotui.errors import NotFound, UsageError
from zotui.home import Home
from zotui.sandbox.veil import Veil
from zotui.secret import Secret
from zotui.skills.granting import check
from zotui.skills.runs import Asked

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")

KEY = 'sk-heron-"4711"-0815'
SCRIPT = """
import os, sys, json, time
def run(what: str = "") -> object:
    key = os.environ.get("HERON_KEY")
    if what == "there": return [bool(key), "OTHER_KEY" in os.environ, len(key or "")]
    if what == "raise": raise ValueError("no " + key)
    for piece in (key[:5], key[5:], "\\n", key * 2, repr(key), json.dumps(key)):
        print(piece, end="", flush=True)
        print(piece, end="", file=sys.stderr, flush=True)
    return {"key": key, key: [key]}
"""
FRONT = "---\nname: bird\ndescription: Asks a server. Use in tests.\nhosts: api.x.test\nkeys: HERON_KEY OTHER_KEY LD_PRELOAD\n---\nDo.\n"


def bird(home: Home, name: str = "bird", front: str = FRONT) -> Path:
    place = put(home.skills, name, **{name: SCRIPT})
    (place / "SKILL.md").write_text(front.replace("bird", name))
    return place


@pytest.fixture
async def computer(home: Home) -> AsyncIterator[Computer]:
    bird(home)
    async with Computer.open(home, workers="none") as computer:
        await asyncio.to_thread(computer.skills.list)
        await asyncio.to_thread(trust, computer.skills, "bird")
        computer.keys.vault.create("file")
        computer.keys.vault.set("HERON_KEY", Secret(KEY))
        yield computer


async def grant(computer: Computer, name: str = "bird") -> None:
    await computer.skill_keys.grant(await asyncio.to_thread(computer.skills.find, name), "HERON_KEY")


async def there(computer: Computer, *, online: bool = True) -> object:
    assert computer.skills.running is not None
    skill, script = await computer.skills.running.script("bird")
    return (await computer.skills.running.run(skill, script, {"what": "there"}, Asked(), online=online)).value


async def test_it_has_what_was_granted_and_nothing_else(computer: Computer) -> None:
    assert await there(computer) == [False, False, 0]
    await grant(computer)
    assert await there(computer) == [True, False, len(KEY)]
    assert await there(computer, online=False) == [False, False, 0]  # where it reaches nothing, it needs none
    assert computer.skills.running is not None
    skill, script = await computer.skills.running.script("bird")
    tests = await computer.skills.running.preview(script)
    assert tests.endswith("It may reach api.x.test. It has HERON_KEY.")
    assert await computer.skill_keys.revoke(skill, "HERON_KEY")
    assert not await computer.skill_keys.revoke(skill, "HERON_KEY")
    assert await there(computer) == [False, False, 0]
    assert rows(computer.home, "SELECT count(*) FROM audit WHERE kind LIKE 'skill % a key'") == [(2,)]


async def test_another_file_takes_it_back(computer: Computer, home: Home) -> None:
    await grant(computer)
    path = home.skills / "bird" / "scripts" / "bird.py"
    path.write_text(SCRIPT + "\n# more\n")
    await asyncio.to_thread(trust, computer.skills, "bird")
    assert await there(computer) == [False, False, 0]
    path.write_text(SCRIPT)
    await asyncio.to_thread(trust, computer.skills, "bird")
    assert await there(computer) == [False, False, 0]  # it does not come back by itself


async def test_it_is_hidden_in_all_that_comes_out(computer: Computer, home: Home) -> None:
    await grant(computer)
    assert computer.skills.running is not None
    skill, script = await computer.skills.running.script("bird")
    heard: list[bytes] = []
    ran = await computer.skills.running.run(skill, script, {}, Asked(), listener=heard.append)
    assert ran.value == {"key": "[key]", "[key]": ["[key]"]}
    assert "[key][key]" in ran.printed
    failed = await computer.skills.running.run(skill, script, {"what": "raise"}, Asked())
    assert failed.error == "ValueError: no [key]"
    for text in (ran.printed, failed.trace, b"".join(heard).decode()):
        assert "heron" not in text
    assert b"heron-" not in home.database.read_bytes()
    assert [one for one in home.outputs.iterdir() if b"heron" in one.read_bytes()] == []


async def test_what_cannot_be_granted(computer: Computer, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    skill = await asyncio.to_thread(computer.skills.find, "bird")
    computer.keys.vault.set("SHORT", Secret("abc"))
    for key, record, said in (
        ("NO_KEY", "", "does not say that it wants 'NO_KEY': it wants HERON_KEY, OTHER_KEY, LD_PRELOAD"),
        ("LD_PRELOAD", "HERON_KEY", "is no name of a key"),
        ("OTHER_KEY", "SHORT", "fewer than 8 characters"),
    ):
        with pytest.raises(UsageError, match=said):
            await computer.skill_keys.grant(skill, key, record)
    with pytest.raises(NotFound, match="the vault has no 'OTHER_KEY'"):
        await computer.skill_keys.grant(skill, "OTHER_KEY")
    bird(home, "homely", FRONT.replace("hosts: api.x.test\n", ""))
    with pytest.raises(UsageError, match="declares no hosts that a key could be for"):
        check(await asyncio.to_thread(computer.skills.find, "homely"), "HERON_KEY")
    await grant(computer)
    monkeypatch.setattr(type(computer.sandbox), "has_network", True)
    with pytest.raises(UsageError, match="gets no key where no wall keeps it to its hosts"):
        await there(computer)
    monkeypatch.undo()
    computer.keys.vault.remove("HERON_KEY")
    with pytest.raises(NotFound, match="the vault has no 'HERON_KEY' any more"):
        await there(computer)


def test_by_the_command_line(home: Home) -> None:
    bird(home)
    inside = Inside(home)
    assert "nobody has looked" in inside("skills", "grant", "bird", "HERON_KEY", "--yes").complaint
    inside("skills", "trust", "bird", "--yes")
    words = ("skills", "grant", "bird", "HERON_KEY")
    assert "say --yes once you have looked" in inside(*words, "--stdin", given=b"heron-4711-key").complaint
    assert "nobody is at the terminal" in inside(*words, "--yes").complaint
    done = inside(*words, "--stdin", "--yes", "--protect", "file", given=b"heron-4711-key\n")
    assert (done.code, done.out.splitlines()[-1]) == (0, "bird has HERON_KEY, as it is now")
    assert "its scripts reach: api.x.test" in done.out
    assert "heron-4711" not in done.out + done.err
    assert "keys: HERON_KEY (granted), OTHER_KEY" in inside("skills", "show", "bird").out
    assert inside("skills", "run", "bird", "there").out.startswith("[\n  true")
    assert inside("skills", "run", "bird").out == '{\n  "key": "[key]",\n  "[key]": [\n    "[key]"\n  ]\n}\n'
    assert inside("skills", "grant", "bird", "OTHER_KEY", "--record", "HERON_KEY", "--yes").code == 0
    assert inside("skills", "show", "bird", "--json").json["granted"] == ["HERON_KEY", "OTHER_KEY"]
    assert inside("skills", "ungrant", "bird", "HERON_KEY").out == "bird has HERON_KEY no more\n"
    assert "has no 'HERON_KEY'" in inside("skills", "ungrant", "bird", "HERON_KEY").complaint


@given(st.data())
def test_wherever_it_is_cut_it_is_hidden(data: st.DataObject) -> None:
    secrets = data.draw(st.lists(st.text('ab"é', min_size=3, max_size=6), min_size=1, max_size=3))
    said = "".join(
        data.draw(st.lists(st.sampled_from([*secrets, "a", "b", '"', " ", *map(json.dumps, secrets)]), max_size=12))
    )
    text, cuts = said.encode(), data.draw(st.lists(st.integers(1, 5), min_size=40, max_size=40))
    whole, veil, shown = Veil(map(Secret, secrets)), Veil(map(Secret, secrets)), b""
    expected = whole.feed(text) + whole.rest()
    while text:
        size = cuts.pop() if cuts else len(text)
        shown, text = shown + veil.feed(text[:size]), text[size:]
    shown += veil.rest()
    for secret in secrets:
        assert secret.encode() not in shown.replace(b"[key]", b"\0")
        assert secret.encode() not in expected.replace(b"[key]", b"\0")
