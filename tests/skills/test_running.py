"""Scripts of skills behind the wall: what they return, what they cannot do, what is left of it."""

import ast
import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator
from typing import Any

import apsw
import pytest
from msgspec import structs

from tests.processes import rows
from tests.skills.shelves import put
from tests.waiting import wait_for
from zotui.computer import Computer
from zotui.errors import UsageError, ZotuiError
from zotui.home import Home
from zotui.skills.allowing import permits
from zotui.skills.running import BOOT, Ran, SkillFailed, script_of
from zotui.skills.runs import Asked
from zotui.toolbox import Result, ToolContext
from zotui.workers import toolbox

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")

DEED = """
import os, sys, json
from helper import SAID

def run(what: str = "value", n: int = 3, secret_key: str = "") -> object:
    print("begin", what, SAID, file=sys.stderr if n == 4 else sys.stdout)
    if what == "value": return {"n": n, "list": [1, None, "é"]}
    if what == "nothing": return None
    if what == "exit": os._exit(7)
    if what == "leave": sys.exit(3)
    if what == "raise": raise ValueError("no\\x1b[31m way\\nat all")
    if what == "set": return {1}
    if what == "nan": return float("nan")
    if what == "half": return "\\ud800é"
    if what == "half raised": raise ValueError("\\ud800é")
    if what == "colour": print("\\x1b[31mred\\x07"); return "\\x1b]0;t\\x07done"
    if what == "loop":
        while True: pass
    if what == "memory": return len(bytearray(50_000_000_000))
    if what == "much": return "x" * 1_200_000
    if what == "flood":
        for _ in range(30): sys.stdout.write("x" * 1_000_000)
        return "flooded"
    if what == "write": open("made.txt", "w").write("yes"); open("/etc/passwd", "a")
    if what == "look": return {"env": sorted(os.environ), "home": os.path.exists(os.environ["THE_HOME"]) if "THE_HOME" in os.environ else
        [os.path.exists(p) for p in json.loads(SAID)], "here": os.getcwd(), "mine": sorted(os.listdir(os.environ["SKILL_DIR"]))}
    if what == "stdin": return sys.stdin.read()
"""
MORE = """
async def execute(a, /, b: int = 2, **more):
    return [a, b, more]
"""


@pytest.fixture
async def computer(home: Home) -> AsyncIterator[Computer]:
    folder = put(home.skills, "deed", "Does what it is told. Use in tests.")
    (folder / "scripts").mkdir(exist_ok=True)
    (folder / "scripts" / "deed.py").write_text(DEED)
    (folder / "scripts" / "helper.py").write_text(
        f"SAID = {json.dumps(json.dumps([str(home.path), str(home.vault)]))}\n"
    )
    (folder / "scripts" / "more.py").write_text(MORE)
    (folder / "link").symlink_to(home.config_file)
    async with Computer.open(home, workers="none") as computer:
        await asyncio.to_thread(computer.skills.list)
        skill = computer.skills.find("deed")
        computer.skills.trust(skill, skill.hash)
        yield computer


async def ran(computer: Computer, script: str = "deed", timeout_s: float = 30, **values: Any) -> Ran:
    assert computer.skills.running is not None
    skill, found = await computer.skills.running.script("deed", script)
    return await computer.skills.running.run(skill, found, values, Asked(), timeout_s=timeout_s)


async def test_values_come_back_and_what_is_printed_is_apart(computer: Computer, home: Home) -> None:
    for values, value in (
        ({}, {"n": 3, "list": [1, None, "é"]}),
        ({"what": "nothing"}, None),
        ({"what": "set"}, "{1}"),
        ({"what": "nan"}, "nan"),
        ({"what": "stdin"}, ""),
        ({"what": "half"}, "?é"),
        ({"n": 4}, {"n": 4, "list": [1, None, "é"]}),
    ):
        one = await ran(computer, **values)
        assert (one.value, one.error) == (value, ""), values
        assert one.printed.startswith("begin ")
    assert await computer.skills.run("deed", script="more", a=1, c=3) == [1, 2, {"c": 3}]
    coloured = await ran(computer, what="colour")
    assert (coloured.text, "\x1b" in coloured.printed, "red" in coloured.printed) == ("done", False, True)
    found = await ran(computer, what="look")
    assert found.value["home"] == [False, False]
    assert found.value["mine"] == ["SKILL.md", "scripts"]  # a link leads nowhere
    assert not any("ZOTUI" in name or "KEY" in name for name in found.value["env"])


async def test_what_goes_wrong_is_one_line_and_a_row(computer: Computer, home: Home) -> None:
    kept = home.config_file.read_bytes()
    for what, said in (
        ("exit", "it ended without a result (exit code 7)"),
        ("much", "it returned more than 1,000,000 bytes; have it write a file"),
        ("leave", "it left by itself (3)"),
        ("raise", "ValueError: no way at all"),
        ("half raised", "ValueError: ?é"),
        ("write", "OSError: [Errno 30] Read-only file system: '/etc/passwd'"),
        ("memory", "MemoryError"),
    ):
        one = await ran(computer, what=what)
        assert said in one.error
        assert one.value is None
    assert (home.workspace / "made.txt").read_text() == "yes"
    slow = await ran(computer, what="loop", timeout_s=0.7)
    assert slow.error == "it took more than 0.7 s"
    with pytest.raises(SkillFailed, match="ValueError: no way"):
        await computer.skills.run("deed", script="deed", what="raise")
    await ran(computer, what="value", secret_key="sk-123")
    found = await computer.skill_runs.list("deed")
    assert [(one.status, one.reason) for one in found[:3]] == [("done", None), ("failed", None), ("failed", "timeout")]
    assert json.loads(found[0].arguments) == {"what": "value", "secret_key": "…"}
    assert found[1].error == "ValueError: no way at all"
    assert "begin raise" in found[1].output
    assert found[0].ms is not None
    assert home.config_file.read_bytes() == kept
    assert b"sk-123" not in home.database.read_bytes()


async def test_a_flood_is_cut(computer: Computer) -> None:
    one = await ran(computer, what="flood")
    assert one.value == "flooded"
    assert len(one.printed) < 1_100_000


async def test_what_does_not_fit_never_starts(computer: Computer) -> None:
    for values, said in (({"what": 5}, "what: 5 is no str"), ({"who": "me"}, "deed has no argument 'who'")):
        with pytest.raises(UsageError, match=said):
            await ran(computer, **values)
    assert await computer.skill_runs.list() == []
    assert computer.skills.running is not None
    with pytest.raises(UsageError, match="has no script 'x'"):
        await computer.skills.running.script("deed", "x")
    with pytest.raises(UsageError, match="nothing to run, only instructions"):
        script_of(computer.skills.find("meeting-notes"))
    with pytest.raises(UsageError, match="has several scripts"):
        script_of(structs.replace(computer.skills.find("deed"), name="other"))


async def test_only_what_was_looked_at_runs(computer: Computer, home: Home) -> None:
    assert computer.skills.running is not None
    skill, script = await computer.skills.running.script("deed", "deed")
    path = home.skills / "deed" / "scripts" / "helper.py"
    path.write_text("SAID = 'evil'\n")
    with pytest.raises(UsageError, match="has changed since it was looked at"):
        await computer.skills.running.run(skill, script, {}, Asked())
    with pytest.raises(UsageError, match="has changed"):
        await computer.skills.run("deed", script="deed")
    computer.skills.turn(computer.skills.find("deed"), False)
    with pytest.raises(UsageError, match="is disabled"):
        await computer.skills.run("deed", script="deed")
    put(home.skills, "fresh", "New here. Use in tests.", fresh="def run(): return 1\n")
    with pytest.raises(UsageError, match="nobody has looked at the skill fresh yet"):
        await computer.skills.run("fresh")


async def test_one_whose_process_dies_is_marked(computer: Computer, home: Home) -> None:
    task = asyncio.create_task(ran(computer, what="loop"))

    def running() -> bool:
        try:
            return bool(rows(home, "SELECT 1 FROM skill_runs WHERE status = 'running'"))
        except apsw.Error:
            return False

    await wait_for(running)
    await computer.store.write(lambda db: db.execute("UPDATE skill_runs SET owner = 'gone:1:1'"))
    (one,) = await computer.skill_runs.list()
    assert (one.status, one.reason) == ("interrupted", "lost")
    task.cancel()
    await asyncio.wait({task})
    (one,) = await computer.skill_runs.list()
    assert one.status == "interrupted"  # what is known of it stays


async def test_one_that_is_stopped(computer: Computer, home: Home) -> None:
    task = asyncio.create_task(ran(computer, what="loop"))
    await wait_for(lambda: rows(home, "SELECT 1 FROM skill_runs WHERE status = 'running'"))
    task.cancel()
    await asyncio.wait({task})
    (one,) = await computer.skill_runs.list()
    assert (one.status, one.reason) == ("cancelled", "stopped")


async def test_one_that_is_stopped_while_its_beginning_is_written(computer: Computer, home: Home) -> None:
    task = asyncio.create_task(ran(computer, what="loop"))
    while not rows(home, "SELECT 1 FROM skill_runs WHERE status = 'running'"):
        await asyncio.sleep(0)  # seen in the file before the task is told of it
    task.cancel()
    await asyncio.wait({task})
    (one,) = await computer.skill_runs.list()
    assert (one.status, one.reason) == ("cancelled", "stopped")


async def test_the_agents_tool(computer: Computer) -> None:
    tool = toolbox(computer).find("run_skill")

    async def call(**given: Any) -> Result:
        result = await tool.run(tool.parse(given), ToolContext("c", "t", "k", True))
        assert isinstance(result, Result)
        return result

    told = await call(name="deed", script="deed", arguments={"n": 5})
    assert told.text.startswith("[it printed]\nbegin value")
    assert '"n": 5' in told.text
    assert not told.tainted
    assert '"n": 6' in (await call(name="deed", script="deed", words="n=6")).text
    (one, _) = await computer.skill_runs.list("deed")
    printed_and_returned = len(told.text) - len("[it printed]\n\n")
    assert (one.asked_by, one.turn_id, one.tokens) == ("agent", "t", printed_and_returned // 4 + 1)
    for given, said in (
        ({"name": "nobody"}, "no skill 'nobody'"),
        ({"name": "deed", "script": "deed", "arguments": {"n": "x"}}, "n: 'x' is no int"),
        ({"name": "deed", "script": "deed", "arguments": {"what": "raise"}}, "ValueError: no way"),
        ({"name": "deed", "script": "deed", "words": "n='"}, "No closing quotation"),
    ):
        with pytest.raises(ZotuiError, match=said):
            await call(**given)
    assert tool.preview is not None
    seen = await tool.preview(tool.parse({"name": "deed", "script": "deed"}))
    assert seen == "deed: scripts/deed.py, as you have looked at it."
    assert tool.effect == "run"


def test_what_a_skill_allows() -> None:
    def covered(pattern: str) -> bool:
        return pattern == "Bash(git *)"

    assert permits([], "write_file", covered)
    assert permits(["Read"], "read_file", covered)
    assert permits(["Read"], "find_skill", covered)
    assert not permits(["Read"], "write_file", covered)
    assert not permits(["Read"], "run_command", covered)
    assert permits(["Read", "Bash"], "run_command", covered)
    assert permits(["Bash(git:*)"], "run_command", covered)
    assert not permits(["Bash(ls:*)"], "run_command", covered)
    assert permits(["write_file"], "write_file", covered)
    assert not permits(["Bash(", "???"], "run_command", covered)


def test_the_program_of_the_child_imports_nothing_of_ours() -> None:
    imports = [node for node in ast.walk(ast.parse(BOOT.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {name.name.partition(".")[0] for node in imports if isinstance(node, ast.Import) for name in node.names}
    assert names <= set(sys.stdlib_module_names)
    assert len(imports) == len([node for node in imports if isinstance(node, ast.Import)])
