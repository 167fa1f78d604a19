"""The tests that a skill brings: run as its scripts are, each told of by name."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator

import pytest

from tests.cli.inside import Inside
from tests.skills.shelves import put, trust
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.home import Home
from zotui.skills.running import Ran
from zotui.skills.runs import Asked

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")

FILES = {
    "test_sums.py": """
import os, unittest
from sums import run
from unittest import TestCase
def test_adds(): assert run(1) == 3
async def test_waits(): assert run(2) == 4
def test_wrong():
    assert run(1) == 4
def test_says(): raise ValueError("no\\x1b[31m way")
def test_leaves(): raise SystemExit(3)
def test_reads_nothing(): assert not os.path.exists(os.path.expanduser("~/.ssh"))
class TestMore:
    def test_in_a_class(self): assert run(5) == 7
class Old(unittest.TestCase):
    def setUp(self): self.n = 1
    def test_old(self): self.assertEqual(run(self.n), 3)
    def test_old_wrong(self): self.assertEqual(run(self.n), 5)
""",
    "plain.py": "from sums import run\nassert run(0) == 2\nif __name__ == '__main__': raise SystemExit(0)\n",
    "plain_wrong.py": "from sums import run\nassert run(0) == 3, 'not three'\n",
    "broken.py": "def test_x(:\n",
    "_helper.py": "raise ValueError\n",
    "conftest.py": "raise ValueError\n",
}


@pytest.fixture
async def computer(home: Home) -> AsyncIterator[Computer]:
    folder = put(home.skills, "sums", "Adds. Use in tests.", sums="def run(a, b=2):\n    return a + b\n")
    (folder / "tests").mkdir()
    for name, source in FILES.items():
        (folder / "tests" / name).write_text(source)
    put(home.skills, "bare", bare="def run(): pass\n")
    async with Computer.open(home, workers="none") as computer:
        await asyncio.to_thread(computer.skills.list)
        yield computer


async def outcome(computer: Computer, *only: str) -> Ran:
    assert computer.skills.running is not None
    skill, found = await computer.skills.running.tests("sums")
    return await computer.skills.running.test(skill, only or found, Asked())


async def test_each_is_told_of_and_what_is_wrong_with_it(computer: Computer) -> None:
    assert computer.skills.running is not None
    with pytest.raises(UsageError, match="nobody has looked"):
        await outcome(computer)
    await asyncio.to_thread(trust, computer.skills, "sums")
    one = await outcome(computer)
    assert one.value["passed"] == ["tests/plain.py"] + [
        f"tests/test_sums.py::{name}"
        for name in ("test_adds", "test_waits", "test_reads_nothing", "TestMore.test_in_a_class", "Old.test_old")
    ]
    failed = {name.removeprefix("tests/"): said for name, said in one.value["failed"].items()}
    assert failed.pop("broken.py").startswith("SyntaxError: ")
    assert failed.pop("test_sums.py::test_says") == "ValueError: no\x1b[31m way (test_sums.py, line 9)"
    assert failed == {
        "plain_wrong.py": "AssertionError: not three (plain_wrong.py, line 2)",
        "test_sums.py::test_wrong": "AssertionError: assert run(1) == 4 (test_sums.py, line 8)",
        "test_sums.py::test_leaves": "it left by itself (3)",
        "test_sums.py::Old.test_old_wrong": failed["test_sums.py::Old.test_old_wrong"],
    }
    assert "3 != 5" in failed["test_sums.py::Old.test_old_wrong"]
    assert one.error == "6 of 12 tests failed"
    assert "FAILED tests/plain_wrong.py: AssertionError: not three" in one.printed
    good = await outcome(computer, "tests/plain.py")
    assert (good.error, good.value) == ("", {"passed": ["tests/plain.py"], "failed": {}})
    rows = await computer.skill_runs.list("sums")
    assert [(row.script, row.status, row.error) for row in rows] == [
        ("tests", "done", None),
        ("tests", "failed", "6 of 12 tests failed"),
    ]
    assert rows[1].hash == computer.skills.find("sums").hash
    await asyncio.to_thread(trust, computer.skills, "bare")
    with pytest.raises(UsageError, match="the skill bare brings no tests"):
        await computer.skills.running.tests("bare")


def test_by_the_command_line(home: Home) -> None:
    inside = Inside(home)
    assert inside("skills", "new", "page-toy", "--script").code == 0
    assert "nobody has looked" in inside("skills", "test", "page-toy").complaint
    inside("skills", "trust", "page-toy", "--yes")
    done = inside("skills", "test", "page-toy")
    assert (done.code, done.out) == (0, "1 test passed\n")
    assert done.err == "ok tests/test_page_toy.py::test_it_says_it_as_often_as_asked\n"
    place = home.skills / "page-toy" / "tests" / "test_page_toy.py"
    place.write_text("import os\ndef test_ends(): os._exit(7)\n")
    inside("skills", "trust", "page-toy", "--yes")
    ended = inside("skills", "test", "page-toy", "--json")
    assert (ended.code, ended.json["error"]) == (1, "it ended without a result (exit code 7)")
    assert os.listdir(home.skills / "page-toy" / "tests") == ["test_page_toy.py"]  # nothing is left beside them
    assert [row["status"] for row in inside("skills", "history", "--json").json] == ["failed", "done"]
