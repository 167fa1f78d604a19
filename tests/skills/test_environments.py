"""Packages that skills depend on: had once, as wheels, seen by their scripts alone; or not had, in one line."""

import asyncio
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.skills.shelves import put, trust
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.home import Home
from zotui.skills import load_skill
from zotui.skills.environments import NEW, NotFetched, checked, mistake, packages_in
from zotui.skills.running import Ran
from zotui.skills.runs import Asked

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")

USES = """# /// script
# dependencies = ["heronlib>=1"]
# ///
import os
def run(write: bool = False):
    import heronlib
    if write:
        open(os.path.join(os.path.dirname(heronlib.__file__), "evil.py"), "w")
    return [heronlib.SAID, os.environ.get("SKILL_PACKAGES")]
"""


def wheel(folder: Path, name: str = "heronlib", version: str = "1.2", requires: str = "") -> Path:
    """A wheel with one module."""
    folder.mkdir(exist_ok=True)
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as made:
        made.writestr(f"{name}/__init__.py", f"SAID = 'from {name} {version}'\n")
        made.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        made.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        made.writestr(f"{about}/RECORD", "")
    return folder


@pytest.fixture
def wheels(home: Home, tmp_path: Path) -> Path:
    """A folder of wheels, from which packages come."""
    folder = wheel(tmp_path / "wheels")
    home.config_file.write_text(f'[skills]\nindex = "{folder}"\n')
    return folder


async def ran(computer: Computer, name: str, told: list[str] | None = None, **values: Any) -> Ran:
    assert computer.skills.running is not None

    def listen(piece: bytes) -> None:
        if told is not None:
            told.append(piece.decode())

    skill, script = await computer.skills.running.script(name)
    return await computer.skills.running.run(skill, script, values, Asked(), listener=listen)


def left(home: Home) -> list[str]:
    """The environments there are, whole or not."""
    found = home.cache / "packages"
    return sorted(name for name in os.listdir(found) if not name.endswith(".lock")) if found.exists() else []


async def test_they_are_had_once_and_seen_by_the_script_alone(home: Home, wheels: Path) -> None:
    put(home.skills, "bird", "Says something. Use in tests.", bird=USES)
    put(home.skills, "other", "Says something else. Use in tests.", other=USES)
    async with Computer.open(home, workers="none") as computer:
        await asyncio.to_thread(computer.skills.list)
        computer.skills.route("a bird")
        with pytest.raises(UsageError, match="nobody has looked"):
            await computer.skills.run("bird")
        assert left(home) == []  # nothing is fetched before the person has seen what
        await asyncio.to_thread(trust, computer.skills, "bird")
        await asyncio.to_thread(trust, computer.skills, "other")
        first: list[str] = []
        second: list[str] = []
        both = await asyncio.gather(ran(computer, "bird", first), ran(computer, "other", second))
        assert [one.value for one in both] == [["from heronlib 1.2", None]] * 2
        assert [one for one in first + second if one.startswith("zotui: ")] == [
            "zotui: fetching heronlib>=1\n",
            "zotui: fetched heronlib 1.2\n",
        ]
        (place,) = left(home)
        assert packages_in(home.cache / "packages" / place) == ["heronlib 1.2"]
        shutil.rmtree(wheels)
        first.clear()
        assert (await ran(computer, "bird", first)).value[0] == "from heronlib 1.2"
        assert first == []
        kept = await ran(computer, "bird", write=True)
        assert "Read-only file system" in kept.error


async def test_what_cannot_be_had_is_one_line_and_a_row(home: Home, wheels: Path) -> None:
    wheel(wheels, "egret", requires="nowhere")
    (wheels / "built-1.0.tar.gz").write_bytes(b"")  # it would have to be built
    for name in ("egret", "built", "missing"):
        put(home.skills, f"of-{name}", **{f"of_{name}": USES.replace("heronlib>=1", name)})
    put(home.skills, "of-url", of_url=USES.replace("heronlib>=1", "x @ git+https://x.test/y"))
    async with Computer.open(home, workers="none") as computer:
        await asyncio.to_thread(computer.skills.list)
        for name, wanted in (("egret", "nowhere"), ("built", "built"), ("missing", "missing")):
            await asyncio.to_thread(trust, computer.skills, f"of-{name}")
            with pytest.raises(NotFetched, match=f"the packages {name} cannot be had: .*{wanted}") as said:
                await ran(computer, f"of-{name}")
            assert "\n" not in str(said.value)
            (row,) = await computer.skill_runs.list(f"of-{name}")
            assert (row.status, row.ms is not None) == ("failed", True)
            assert f"the packages {name} cannot be had" in (row.error or "")
        await asyncio.to_thread(trust, computer.skills, "of-url")
        with pytest.raises(UsageError, match="'x @ git"):
            await ran(computer, "of-url")
    assert left(home) == []


async def test_what_a_killed_one_left_is_no_environment(home: Home, wheels: Path) -> None:
    put(home.skills, "bird", bird=USES)
    async with Computer.open(home, workers="none") as computer:
        await asyncio.to_thread(computer.skills.list)
        await asyncio.to_thread(trust, computer.skills, "bird")
        await ran(computer, "bird")
        (place,) = left(home)
        half = home.cache / "packages" / f"{NEW}{place}"
        os.rename(home.cache / "packages" / place, half)
        (half / "heronlib" / "__init__.py").write_text("SAID = 'half'\n")
        assert (await ran(computer, "bird")).value[0] == "from heronlib 1.2"
    assert left(home) == [place]


def test_which_words_name_a_package(tmp_path: Path) -> None:
    good = ["requests", "a.b_c-d>=1.2,<3", "uvicorn[standard] ~= 0.30", "x==1.*; python_version < '3.12'", "x (>=2)"]
    assert checked([*good, "requests"]) == sorted(good)
    for bad in (
        "",
        "-r x",
        "--index-url=http://x",
        "./x",
        "/x",
        "x @ file:///x",
        "git+https://x",
        "x==1 --pre",
        "x y",
        "é",
    ):
        with pytest.raises(UsageError, match="is no name of a package"):
            checked([bad])
    place = put(tmp_path, "many", many="def run(): pass\n")
    (place / "SKILL.md").write_text(
        "---\nname: many\ndescription: It is.\ndependencies: a>=1,<2, b[c,d], ./e\n---\nDo.\n"
    )
    skill = load_skill(place)
    assert skill.dependencies == ("a>=1,<2", "b[c,d]", "./e")
    assert skill.problems == ["SKILL.md: line 4: the dependency './e' is no name of a package with versions"]


def test_what_is_a_dependency_is_known_at_once() -> None:
    for one in (
        "requests",
        "a.b_c>=2.31,<3",
        "x[socks,tls] ~= 1.0",
        "y (>=1, !=1.5)",
        "z==1.*; python_version < '3.12'",
        "w===1+local",
    ):
        assert not mistake(one)
    for one in (
        "",
        "-r x",
        "a @ https://x",
        "./e",
        "a==",
        "a>=1,,<2",
        "a b",
        "x" * 300,
        "a; $(x)",
        "git+https://x",
    ):
        assert mistake(one)
    hostile = (
        "a" + "==a  " * 200 + "$",
        "a" + " " * 5_000 + "$",
        "a[" + " ,a" * 2_000,
        "a" + "==!=" * 1_000,
        "a;" + "a " * 5_000 + "$",
    )
    assert all(map(mistake, hostile))  # where this takes for ever, looking at a skill does
