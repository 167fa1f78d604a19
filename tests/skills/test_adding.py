"""Skills that come from elsewhere: whole or not at all, and not used before somebody has looked."""

import io
import json
import os
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import AsyncIterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.skills.shelves import put, states, trust
from zotui.computer import Computer
from zotui.errors import NotFound, UsageError, ZotuiError
from zotui.home import Home
from zotui.skills import unpacking
from zotui.skills.adding import AWAY
from zotui.skills.away import KEPT_MS, Away
from zotui.skills.fetching import fetch
from zotui.skills.locking import read_lock
from zotui.skills.unpacking import Member, copy, unpack
from zotui.store import now_ms

BODY = "---\nname: {name}\ndescription: Does {name}. Use in tests.\n---\nDo it.\n"


@pytest.fixture
async def computer(home: Home) -> AsyncIterator[Computer]:
    async with Computer.open(home, workers="none") as computer:
        yield computer


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


def tarred(path: Path, files: dict[str, bytes], *links: tarfile.TarInfo) -> Path:
    with tarfile.open(path, f"w:{path.suffix[1:]}") as packed:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
        for link in links:
            packed.addfile(link)
    return path


def skill(name: str, folder: str = "") -> dict[str, bytes]:
    place = f"{folder}{name}/"
    return {
        f"{place}SKILL.md": BODY.format(name=name).encode(),
        f"{place}scripts/{name}.py": b"def run():\n    return 1\n",
    }


def left(home: Home) -> list[str]:
    return sorted(name for name in os.listdir(home.skills) if name != AWAY)


async def test_every_kind_of_source(computer: Computer, home: Home, tmp_path: Path) -> None:
    source = computer.skill_source
    put(tmp_path / "mine", "alpha", "Does alpha. Use in tests.", alpha="def run():\n    return 1\n")
    repository = tmp_path / "repo.git"
    subprocess.run(["git", "init", "-q", tmp_path / "work"], check=True)
    for name, content in skill("epsilon").items():
        (tmp_path / "work" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "work" / name).write_bytes(content)
    git = ["git", "-C", str(tmp_path / "work"), "-c", "user.name=t", "-c", "user.email=t@t"]
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "one"], check=True)
    subprocess.run(["git", "clone", "-q", "--bare", tmp_path / "work", repository], check=True)
    tarred(tmp_path / "all.gz", {**skill("zeta", "top/skills/"), **skill("eta", "top/skills/"), "top/README": b"x"})
    manifest = {"tarball_url": f"file://{tmp_path}/all.gz", "archive_root": "top", "skills": [{"name": "zeta"}]}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    for where, name in (
        (str(tmp_path / "mine" / "alpha"), "alpha"),
        (str(zipped(tmp_path / "b.zip", skill("beta"))), "beta"),
        (str(tarred(tmp_path / "c.gz", skill("gamma", "a/b/"))), "gamma"),
        (str(tarred(tmp_path / "d.xz", skill("delta"))), "delta"),
        (f"file://{repository}", "epsilon"),
        (f"file://{tmp_path}/manifest.json", "zeta"),
    ):
        (added,) = await source.add(where)
        assert (added.name, added.state) == (name, "untrusted"), where
        assert [script.name for script in added.scripts] == [name]
    assert left(home) == ["alpha", "beta", "delta", "epsilon", "gamma", "zeta"]
    assert set(states(computer.skills).values()) == {"untrusted"}
    with pytest.raises(UsageError, match="nobody has looked"):
        computer.skills.usable("alpha")
    one = computer.skills.find("epsilon")
    computer.skills.trust(one, one.hash)
    lock = computer.skills.lock()["skills"][one.path]
    assert lock["origin"] == f"file://{repository}"
    assert len(lock["commit"]) == 40


async def test_over_the_network(computer: Computer, home: Home, tmp_path: Path) -> None:
    zipped(tmp_path / "w.zip", skill("omega"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        (added,) = await computer.skill_source.add(f"{url}/w.zip")
        assert (added.name, added.state) == ("omega", "untrusted")
        with pytest.raises(UsageError, match="answered with 404"):
            await computer.skill_source.add(f"{url}/gone.zip")
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(ZotuiError):
        await computer.skill_source.add(f"{url}/w.zip")
    assert left(home) == ["omega"]


async def test_several_are_named_or_all(computer: Computer, home: Home, tmp_path: Path) -> None:
    where = str(zipped(tmp_path / "m.zip", {**skill("one"), **skill("two"), **skill("three")}))
    with pytest.raises(UsageError, match="there are 3 skills in it: one, three, two"):
        await computer.skill_source.add(where)
    with pytest.raises(NotFound, match="no skill 'four' in it"):
        await computer.skill_source.add(where, ["one", "four"])
    assert left(home) == []
    await computer.skill_source.add(where, ["two"])
    with pytest.raises(UsageError, match="there is a skill two already"):
        await computer.skill_source.add(where, every=True)
    assert left(home) == ["two"]


async def test_update_and_rm(computer: Computer, home: Home, tmp_path: Path) -> None:
    source = computer.skill_source
    path = tmp_path / "u.zip"
    zipped(path, skill("upward"))
    (one,) = await source.add(str(path))
    computer.skills.trust(one, one.hash)
    assert (await source.update("upward"))[1] is False
    zipped(path, {**skill("upward"), "upward/notes.md": b"new"})
    found, changed = await source.update("upward")
    assert (found.state, changed) == ("changed", True)
    (home.skills / "upward" / "mine.md").write_text("mine")
    with pytest.raises(UsageError, match="was changed here since it came"):
        await source.update("upward")
    put(home.skills, "own")
    with pytest.raises(UsageError, match="came from nowhere that is known"):
        await source.update("own")
    with pytest.raises(UsageError, match="comes with zotui"):
        await source.remove("convert")
    await source.remove("upward")
    await source.remove("own")
    assert left(home) == []
    with pytest.raises(NotFound):
        await source.remove("own")


async def test_an_update_that_is_killed_loses_nothing(
    computer: Computer, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, path = computer.skill_source, tmp_path / "k.zip"
    await source.add(str(zipped(path, skill("killed"))))
    zipped(path, {**skill("killed"), "killed/new.md": b"new"})
    came_from, rename, renames = computer.skills.came_from, os.rename, []

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    def second(one: Path, other: Path) -> None:
        renames.append(one)
        dies() if len(renames) == 2 else rename(one, other)

    monkeypatch.setattr("zotui.skills.adding.os.rename", second)
    with pytest.raises(KeyboardInterrupt):
        await source.update("killed")
    monkeypatch.setattr("zotui.skills.adding.os.rename", rename)
    assert left(home) == [".old-killed"]
    monkeypatch.setattr(computer.skills, "came_from", dies)
    with pytest.raises(KeyboardInterrupt):
        await source.update("killed")  # it is there again, and is updated but for its row
    monkeypatch.setattr(computer.skills, "came_from", came_from)
    assert (await source.update("killed"))[1] is False
    assert "new.md" in os.listdir(home.skills / "killed")
    assert left(home) == ["killed"]


async def test_a_manifest_from_elsewhere_leads_to_nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("file:///etc/passwd", "http://127.0.0.1:1/x.tar.gz", "ftp://x.test/y"):
        manifest = json.dumps({"tarball_url": url, "skills": []}).encode()

        async def got(asked: str, manifest: bytes = manifest) -> bytes:
            return manifest

        monkeypatch.setattr("zotui.skills.fetching._got", got)
        with pytest.raises(UsageError, match="tarball_url is not fetched"):
            await fetch("https://registry.test/manifest.json", tmp_path)
    (tmp_path / "loop.json").write_text(json.dumps({"tarball_url": f"file://{tmp_path}/loop.json", "skills": []}))
    with pytest.raises(UsageError, match="the archive cannot be read"):
        await fetch(str(tmp_path / "loop.json"), tmp_path)


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info


REFUSED = {
    "up": ({"../x": b"1"}, "would lie outside"),
    "deep up": ({"a/../../x": b"1"}, "would lie outside"),
    "absolute": ({"/etc/x": b"1"}, "would lie outside"),
    "backslash": ({"..\\x": b"1"}, "no name for a file"),
    "control": ({"a\nb": b"1"}, "no name for a file"),
    "twice by case": ({"A": b"1", "a": b"2"}, "is twice in it"),
    "deep": ({"/".join("abcdefghijklmnopqrstuvwxyz"): b""}, "too deep"),
    "long": ({"x" * 500: b""}, "no name for a file"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("kind", ["zip", "gz"])
async def test_what_is_refused(computer: Computer, home: Home, tmp_path: Path, name: str, kind: str) -> None:
    files, said = REFUSED[name]
    pack = zipped if kind == "zip" else tarred
    where = pack(tmp_path / f"bad.{kind}", {**skill("good"), **files})
    with pytest.raises(UsageError, match=said):
        await computer.skill_source.add(str(where))
    assert left(home) == []
    assert not (tmp_path / "x").exists()


async def test_links_bombs_and_what_is_no_archive(
    computer: Computer, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = computer.skill_source.add
    for number, bad in enumerate(
        (link("good/l", "/etc/passwd"), link("good/h", "x", tarfile.LNKTYPE), link("d", "", tarfile.CHRTYPE))
    ):
        with pytest.raises(UsageError, match=r"a link|no file"):
            await add(str(tarred(tmp_path / f"{number}.gz", skill("good"), bad)))
    monkeypatch.setattr(unpacking, "LARGEST", 1_000_000)
    with pytest.raises(UsageError, match="big has more than 1,000,000 bytes"):
        await add(str(zipped(tmp_path / "bomb.zip", {**skill("good"), "good/big": bytes(5_000_000)})))
    monkeypatch.setattr(unpacking, "MOST_FILES", 5)
    with pytest.raises(UsageError, match="more than 5 files"):
        await add(str(zipped(tmp_path / "many.zip", {**skill("good"), **{f"good/{n}": b"" for n in range(9)}})))
    (tmp_path / "text").write_text("hello")
    (tmp_path / "empty").mkdir()
    packed = bytearray((tmp_path / "bomb.zip").read_bytes())
    packed[120:400] = bytes(280)
    (tmp_path / "rotten.zip").write_bytes(packed)
    (tmp_path / "cut.zip").write_bytes((tmp_path / "many.zip").read_bytes()[:-30])
    put(tmp_path / "linked", "good")
    (tmp_path / "linked" / "good" / "l").symlink_to("/etc/passwd")
    for where, said in (
        (tmp_path / "text", "the archive cannot be read"),
        (tmp_path / "cut.zip", "the archive cannot be read"),
        (tmp_path / "rotten.zip", "the archive cannot be read"),
        (tmp_path / "empty", "there is no skill in it"),
        (tmp_path / "gone", "there is no such folder or file"),
        (tmp_path / "linked", "is a link"),
        ("ftp://x.test/y.zip", "ftp is not known"),
        ("git+file:///no/such/repository", "git: "),
        ("git@-oProxyCommand=x:y", "git"),
    ):
        with pytest.raises(ZotuiError, match=said):
            await add(str(where))
    assert left(home) == []


@given(st.text(max_size=40), st.booleans())
def test_no_name_leaves_the_folder(name: str, folder: bool) -> None:
    try:
        path = unpacking._checked(Member(name, False, None if folder else io.BytesIO), set())
    except UsageError:
        return
    if path is not None:
        assert os.path.normpath(os.path.join("/base", path)).startswith("/base/")


def test_a_copy_leaves_what_is_no_skill(tmp_path: Path) -> None:
    place = put(tmp_path, "good", good="def run(): pass\n")
    (place / ".git").mkdir()
    (place / ".git" / "config").write_text("x")
    copy(place, tmp_path / "copy")
    assert not (tmp_path / "copy" / ".git").exists()
    assert (tmp_path / "copy" / "scripts" / "good.py").exists()
    with pytest.raises(UsageError):
        unpack(tmp_path / "good" / "SKILL.md", tmp_path / "other")


async def test_a_manifest_that_leads_to_itself_or_nowhere(computer: Computer, home: Home, tmp_path: Path) -> None:
    path = tmp_path / "registry"
    for url, said in ((path.as_uri(), "archive"), ("http://[::1", "no address")):
        path.write_text(json.dumps({"tarball_url": url, "skills": []}))
        with pytest.raises(UsageError, match=said):
            await computer.skill_source.add(str(path))
    with pytest.raises(UsageError, match="no address"):
        await computer.skill_source.add("http://[::1")
    assert left(home) == []


async def test_a_link_to_a_skill_goes_and_what_it_leads_to_stays(
    computer: Computer, home: Home, tmp_path: Path
) -> None:
    place = put(tmp_path / "mine", "linked")
    (home.skills / "linked").symlink_to(place)
    await computer.skill_source.remove("linked")
    assert left(home) == []
    assert (place / "SKILL.md").exists()


async def test_what_was_put_away_comes_back_as_it_was(computer: Computer, home: Home, tmp_path: Path) -> None:
    source = computer.skill_source
    put(home.skills, "mine", mine="def run():\n    return 1\n")
    trust(computer.skills, "mine")
    (home.skills / "linked").symlink_to(put(tmp_path / "there", "linked"))
    await source.remove("mine")
    await source.remove("linked")
    put(home.skills, "mine", "Another of the name.")
    with pytest.raises(UsageError, match="there is a skill mine already"):
        await source.restore("mine")
    await source.remove("mine")
    assert [name for name, _ in await source.removed()] == ["mine", "linked", "mine"]
    assert (await source.restore("mine")).description == "Another of the name."
    os.rename(home.skills / "mine", tmp_path / "other")
    back = await source.restore("mine")
    assert (back.state, back.trusted) == ("ready", True)
    await source.restore("linked")
    assert (home.skills / "linked").is_symlink()
    with pytest.raises(NotFound, match="no skill 'linked' was put away"):
        await source.restore("linked")


def test_what_was_put_away_long_ago_goes(tmp_path: Path) -> None:
    away, old = Away(tmp_path / "away"), now_ms() - KEPT_MS - 1
    (tmp_path / "away" / f"{old}-old").mkdir(parents=True)
    (tmp_path / "kept").mkdir()
    (tmp_path / "away" / f"{old}-link").symlink_to(tmp_path / "kept")
    away.put(put(tmp_path, "new"))
    assert [name for name, _ in away.list()] == ["new"]
    assert (tmp_path / "kept").exists()


async def test_exactly_what_a_lockfile_has(computer: Computer, home: Home, tmp_path: Path) -> None:
    source, path = computer.skill_source, zipped(tmp_path / "s.zip", {**skill("one"), **skill("two"), **skill("three")})
    assert [one.name for one in await source.offered(str(path))] == ["one", "three", "two"]
    assert left(home) == []
    for one in await source.add(str(path), ["one", "two"]):
        trust(computer.skills, one.name)
    lockfile = tmp_path / "lock.json"
    lockfile.write_text(json.dumps(computer.skills.lock()))
    locked = read_lock(lockfile)
    assert {name: one.origin for name, one in locked.items()} == {"one": str(path), "two": str(path)}
    for name in ("one", "two"):
        await source.remove(name)
    with pytest.raises(UsageError, match="the skill three is not in the lockfile"):
        await source.add(str(path), every=True, locked=locked)
    await source.add(str(path), ["one"], locked=locked)
    zipped(path, {**skill("one"), **skill("two"), "two/more.md": b"more"})
    with pytest.raises(UsageError, match="the skill two is another than in the lockfile"):
        await source.add(str(path), ["two"], locked=locked)
    assert left(home) == ["one"]
    for content, said in (("{}", "is no lockfile"), ("[" * 100_000, "is no lockfile"), ("\udcff", "is no lockfile")):
        lockfile.write_bytes(content.encode("utf-8", "surrogatepass"))
        with pytest.raises(UsageError, match=said):
            read_lock(lockfile)
    with pytest.raises(UsageError, match="No such file"):
        read_lock(tmp_path / "gone.json")
