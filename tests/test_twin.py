"""The synchronous twin: a ZoClone script with its import line changed, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Children, output, rows
from zotui.home import Home
from zotui.twin import Twin


def script(children: Children, home: Path, code: str, **more: str) -> "subprocess.Popen[str]":
    """A script whose default home is the test's."""
    environment = {**os.environ, "ZOTUI_HOME": str(home), "HOME": str(home.parent), **more}
    return children.start([sys.executable, "-c", code], env=environment)


ZOCLONE = """
import json
from zotui import SKILL_DIR, SKILLS, load_all_skills, load_skill, whoami, zo

first = zo.ask("conv-1", "remember that the staging box is lab-3")
nid = zo.memory.memorize("Anna likes tea", {"source": "test"})
second = zo.ask("conv-1", "what do you know about staging?", "", "", None)
third = zo.ask(conv_id="conv-1", message="help", provider="offline", model="", tools=[])
zo.memory.set("city", "Berlin")
skills = load_all_skills()
print(json.dumps({
    "first": first, "second": second, "third": third, "nid": nid,
    "recall": zo.memory.recall("tea", 3), "context": zo.memory.get_context("conv-1"), "city": zo.memory.get("city"),
    "nothing": zo.memory.get("nothing"), "who": whoami(), "skills": {name: skill.name for name, skill in skills.items()},
    "named": load_skill(SKILL_DIR / "weather").triggers, "known": "weather" in SKILLS,
}))
"""


def test_a_zoclone_script_runs_and_ends(tmp_path: Path, children: Children) -> None:
    (tmp_path / "home" / "skills" / "weather").mkdir(parents=True)
    (tmp_path / "home" / "skills" / "weather" / "SKILL.md").write_text(
        "---\nname: weather\ndescription: The weather.\ntriggers: rain, storm\n---\nLook outside.\n"
    )
    (tmp_path / "home").chmod(0o700)
    child = script(children, tmp_path / "home", ZOCLONE)
    told, complaint = child.communicate(timeout=60)
    assert (child.returncode, complaint) == (0, "")
    found: dict[str, Any] = json.loads(told)
    assert {"output", "conversation_id", "model", "tool_calls", "usage"} <= set(found["first"])
    assert found["first"]["conversation_id"] == "conv-1"
    assert "Remembered" in found["first"]["output"]
    assert "the staging box is lab-3" in found["second"]["output"]
    assert found["third"]["tool_calls"] == []
    assert found["recall"] == [{"id": found["nid"], "content": "Anna likes tea", "meta": {"source": "test"}}]
    assert all(set(memory) == {"id", "content", "meta"} for memory in found["context"])
    assert (found["city"], found["nothing"]) == ("Berlin", None)
    assert found["who"]
    assert all(name == skill for name, skill in found["skills"].items())
    assert (found["named"], found["known"]) == (["rain", "storm"], True)
    home = Home(tmp_path / "home")
    assert rows(
        home, "SELECT id, messages FROM (SELECT id, (SELECT count(*) FROM messages) messages FROM conversations)"
    ) == [("conv-1", 8)]
    assert list(home.run.glob("*.bell")) == []  # it was closed, not only left


@pytest.mark.parametrize(
    ("ending", "code"),
    [("pass", 0), ("raise SystemExit(3)", 3), ("zo.close()", 0), ("zo.close(); zo.close()", 0)],
)
def test_the_end_of_a_script_closes_it(ending: str, code: int, tmp_path: Path, children: Children) -> None:
    child = script(children, tmp_path / "home", f"from zotui import zo\nzo.memory.memorize('x')\n{ending}")
    told, complaint = child.communicate(timeout=60)
    assert (child.returncode, told, complaint) == (code, "", "")
    assert list((tmp_path / "home" / "run").glob("*.bell")) == []


def test_a_script_that_fails_shows_only_its_own_fault(tmp_path: Path, children: Children) -> None:
    child = script(children, tmp_path / "home", "from zotui import zo\nzo.memory.set('a', 'b')\nraise KeyError('mine')")
    _, complaint = child.communicate(timeout=60)
    assert child.returncode == 1
    assert complaint.count("Traceback") == 1
    assert complaint.endswith("KeyError: 'mine'\n")


def test_ctrl_c_in_the_middle_of_an_answer_ends_a_script(tmp_path: Path, children: Children) -> None:
    code = """
import socket, sys
from pathlib import Path
from zotui import zo
from zotui.home import Home
listening = socket.create_server(("127.0.0.1", 0))
home = Home().prepare()
port = listening.getsockname()[1]
home.config_file.write_text(f'model = "lab/tiny"\\n[providers.lab]\\nbase_url = "http://127.0.0.1:{port}/v1"\\n')
zo.memory.set("a", "b")
import threading
def accept():
    held.append(listening.accept())
    print("asked", flush=True)
held = []
threading.Thread(target=accept, daemon=True).start()
zo.ask("c", "hello")
"""
    child = script(children, tmp_path / "home", code)
    assert child.stdout
    assert child.stdout.readline() == "asked\n"
    child.send_signal(signal.SIGINT)
    _, complaint = child.communicate(timeout=60)
    assert child.returncode in (1, 130, -signal.SIGINT)
    assert complaint.rstrip().endswith("KeyboardInterrupt")
    assert rows(Home(tmp_path / "home"), "SELECT status FROM turns") in ([("queued",)], [("interrupted",)])


def test_importing_and_naming_it_opens_nothing(tmp_path: Path, children: Children) -> None:
    code = "from zotui import zo, whoami\nimport threading\nprint(whoami() != '', zo.memory is not None, threading.active_count())"
    assert output(script(children, tmp_path / "home", code)) == "True True 1\n"
    assert not (tmp_path / "home").exists()


def test_calls_from_many_threads_at_once(tmp_path: Path, children: Children) -> None:
    code = """
from concurrent.futures import ThreadPoolExecutor
from zotui import zo
with ThreadPoolExecutor(8) as pool:
    ids = list(pool.map(lambda n: zo.memory.memorize(f"fact {n}"), range(40)))
print(len(set(ids)), len(zo.memory.recall("fact", 100)))
"""
    assert output(script(children, tmp_path / "home", code)) == "40 40\n"


def test_errors_are_those_of_the_computer_and_leave_it_usable(tmp_path: Path) -> None:
    from zotui.errors import UsageError
    from zotui.replies import TurnFailed

    twin = Twin(str(tmp_path / "home"))
    try:
        with pytest.raises(UsageError, match="no provider 'nope'"):
            twin.ask("c", "hello", "nope", "x")
        with pytest.raises(TurnFailed, match="GROQ_API_KEY"):
            twin.ask("c", "hello", provider="groq")
        with pytest.raises(UsageError, match="one line"):
            twin.ask("a\nb", "hello")
        with pytest.raises(UsageError, match="empty"):
            twin.memory.memorize(" ")
        reply = twin.ask(None, "remember: it works")
        assert reply["conversation_id"]
        refused = twin.ask("c", "remember that tools are off", tools=[])
        assert "not allowed" in refused["output"]
        assert [memory["content"] for memory in twin.memory.recall("works")] == ["it works"]
        assert twin.memory.recall("tools") == []
    finally:
        twin.close()


def test_it_opens_again_after_closing(tmp_path: Path) -> None:
    twin = Twin(str(tmp_path / "home"))
    twin.memory.set("a", "1")
    twin.close()
    assert twin.memory.get("a") == "1"
    twin.close()


def test_a_home_that_cannot_be_opened_is_said_each_time(tmp_path: Path) -> None:
    from zotui.errors import HomeError

    (tmp_path / "file").touch()
    twin = Twin(str(tmp_path / "file"))
    for _ in range(2):
        with pytest.raises(HomeError, match="is a file"):
            twin.memory.get("a")
    twin.close()


def test_two_twins_of_two_homes(tmp_path: Path) -> None:
    one, other = Twin(str(tmp_path / "one")), Twin(str(tmp_path / "other"))
    try:
        one.memory.set("a", "1")
        assert other.memory.get("a") is None
    finally:
        one.close()
        other.close()


def test_its_scheduler(home: Home) -> None:
    twin = Twin(str(home.path))
    try:
        when = {"rrule": "FREQ=DAILY;BYHOUR=9", "tz": "UTC"}
        made = twin.scheduler.add(ask="What is on today?", title="brief", **when)
        [one] = twin.scheduler.list()
        assert (one["id"], one["title"], one["state"]) == (made, "brief", "active")
        assert [at.hour for at in twin.scheduler.preview(3, **when)] == [9, 9, 9]
        twin.scheduler.remove("brief")
        assert twin.scheduler.list() == []
    finally:
        twin.close()
