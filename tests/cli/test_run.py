"""``zotui run``: one command in the sandbox."""

import shutil
import subprocess

import pytest

from tests.cli.conftest import Command
from tests.sandbox.world import running
from tests.tui.conftest import within
from zotui.home import Home

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")


def test_its_exit_code_and_its_streams_are_those_of_the_command(run: Command) -> None:
    done = run("run", "echo out; echo err >&2; exit 3")
    assert (done.code, done.out, done.err) == (3, "out\n", "err\n")


def test_words_are_words_and_a_line_is_a_line(run: Command) -> None:
    assert run("run", "printf", "%s.", "a b", "$HOME").out == "a b.$HOME."
    assert run("run", "printf '%s.' a b").out == "a.b."
    assert run("run", "ls", "--version").out.startswith("ls ")


def test_bytes_pass_as_they_are(run: Command) -> None:
    assert run("run", r"printf '\377\0\033[31m'").raw == b"\xff\x00\x1b[31m"


def test_json(run: Command) -> None:
    found = run("run", "--json", r"printf 'a\033[31mb'; echo c >&2").json
    assert found.pop("duration_s") > 0
    assert found == {
        "exit_code": 0,
        "stdout": "ab",
        "stderr": "c\n",
        "sandbox": "bubblewrap · network off",
        "reason": "",
        "put_right": "",
        "reached": [],
        "refused": [],
    }


def test_a_host_may_be_named(run: Command, echo: str) -> None:
    asked = f"curl -s --noproxy '' http://{echo}/there; curl -s -o /dev/null http://other.example/"
    done = run("run", "--host", echo, asked)
    assert "GET /there HTTP/1.1" in done.out
    assert "zotui: not reached: other.example:80 (it was not named); --host names what may be\n" in done.err
    found = run("run", "--json", "--host", echo, asked).json
    assert (found["reached"], found["refused"]) == ([echo], ["other.example:80 (it was not named)"])
    done = run("run", "--host", "http://x/", "true")
    assert (done.code, "is no host" in done.complaint) == (1, True)


def test_one_that_takes_too_long(run: Command) -> None:
    done = run("run", "--timeout", "0.3", "sleep 60")
    assert (done.code, done.complaint) == (137, "zotui: the command was ended: it took more than 0.3 s\n")
    assert run("run", "--json", "--timeout", "0.3", "sleep 60").json["reason"] == "timeout"


def test_it_runs_in_the_workspace_and_reaches_nothing_else(run: Command, home: Home) -> None:
    (home.workspace / "sub").mkdir()
    done = run("run", "--folder", "sub", f"pwd; cat {home.config_file}; echo x > made")
    assert done.out == "/work/sub\n"
    assert "No such file" in done.err
    assert (home.workspace / "sub" / "made").read_text() == "x\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("run",), "Missing argument"),
        (("run", "--folder", "../..", "ls"), "one of the workspace"),
        (("run", "--timeout", "-1", "ls"), "'--timeout'"),
        (("run", ""), "there is no command"),
    ],
)
def test_what_cannot_be_run_is_one_line(run: Command, words: tuple[str, ...], complaint: str) -> None:
    done = run(*words)
    assert done.code in (1, 2)
    assert complaint in done.complaint


def test_without_a_wall(run: Command, home: Home) -> None:
    home.config_file.write_text("[sandbox]\nnetwork = 'none'\n")
    run.environment["PATH"] = "/nowhere"  # bwrap is looked for where a system has it, not here
    assert run("run", "echo here").out == "here\n"


def test_limits_come_from_the_configuration(run: Command, home: Home) -> None:
    home.config_file.write_text("[sandbox]\nlimits = { processes = 77, open_files = 99 }\n")
    assert run("run", "ulimit -u; ulimit -n").out == "77\n99\n"
    home.config_file.write_text("[sandbox]\nlimits = { processes = 0 }\n")
    assert "sandbox.limits.processes" in run("run", "true").complaint
    home.config_file.write_text("[sandbox]\nlimits = { cpus = 1 }\n")
    assert "allowed here: memory_mb, processes" in run("run", "true").complaint


def test_the_status_and_the_doctor_say_what_stands(run: Command) -> None:
    assert run("status", "--json").json["sandbox"] == "bubblewrap · network off"
    assert "sandbox: bubblewrap · network off" in run("status").out
    checks = {check["name"]: check for check in run("doctor", "--json").json["checks"]}
    assert (checks["sandbox"]["status"], checks["sandbox"]["found"]) == ("ok", "bubblewrap · network off, proved")


def test_one_that_nobody_reads_ends(run: Command) -> None:
    zotui = subprocess.Popen(run.words("run", "yes; sleep 7654333"), env=run.environment, stdout=subprocess.PIPE)
    assert zotui.stdout is not None
    assert zotui.stdout.readline() == b"y\n"
    zotui.stdout.close()
    assert zotui.wait(60) == 1


async def test_nothing_is_left_when_zotui_is_killed(run: Command) -> None:
    zotui = subprocess.Popen(
        run.words("run", "trap '' HUP TERM; setsid sleep 7654334 & sleep 7654334"), env=run.environment
    )
    await within(lambda: len(running("7654334")) == 2)
    zotui.kill()
    zotui.wait(30)
    await within(lambda: not running("7654334"))
