"""The sandbox by what it does: codes, limits, outputs, stopping, and what it says where no wall stands."""

import asyncio
import os
import resource
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec import structs

from tests.sandbox.world import Missing, NoLandlock, running
from tests.tui.conftest import within
from zotui.config import Config, SandboxConfig
from zotui.config.tables import Answer
from zotui.errors import SandboxError
from zotui.home import Home
from zotui.limits import Limits
from zotui.sandbox import Command, Outcome, Profile, Sandbox, protected, shell
from zotui.sandbox.namespaces import Namespaces
from zotui.sandbox.output import KEPT_S, SHOWN, Output, forget_old
from zotui.sandbox.probe import probe
from zotui.sandbox.sandbox import mend_for
from zotui.sandbox.settings import profile_of, sandbox_of
from zotui.sandbox.watch import descendants

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")
# What is written is seen by what the disk has left: whatever else runs on the machine writes, too.
SMALL = Limits(memory_mb=300, processes=40, file_mb=20, disk_mb=1_000_000, tmp_mb=10, output_mb=5)


class Place:
    """A sandbox with a workspace."""

    def __init__(self, folder: Path, limits: Limits = SMALL) -> None:
        self.folder = folder
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        self.profile = Profile(self.workspace, limits=limits)
        self.sandbox = Sandbox(lambda: self.profile, folder)
        self.out = self.sandbox.output()
        self.err = self.sandbox.output()

    async def run(self, line: str, timeout_s: float = 30.0, folder: str = "") -> Outcome:
        """Run a line, its two streams apart."""
        self.out, self.err = self.sandbox.output(), self.sandbox.output()
        return await self.sandbox.run(shell(line, folder, timeout_s), self.out, self.err)


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(tmp_path)
    yield place
    await place.sandbox.close()


@pytest.mark.parametrize(
    ("line", "code"), [("true", 0), ("exit 7", 7), ("nosuch", 127), ("kill -9 $$", 137), ("kill -TERM $$", 143)]
)
async def test_a_command_ends_as_in_a_shell(place: Place, line: str, code: int) -> None:
    outcome = await place.run(line)
    assert (outcome.exit_code, outcome.reason) == (code, "")
    assert outcome.wall == "bubblewrap · network off"


async def test_its_streams_are_apart_or_one(place: Place) -> None:
    await place.run("echo out; echo err >&2; cat")
    assert (place.out.text, place.err.text) == ("out\n", "err\n")
    both = place.sandbox.output()
    await place.sandbox.run(shell("echo 1; echo 2 >&2; echo 3"), both, both)
    assert both.text == "1\n2\n3\n"


async def test_what_it_writes_is_the_persons_own(place: Place) -> None:
    await place.run("mkdir -p sub; echo hi > sub/made; pwd", folder="")
    made = place.workspace / "sub" / "made"
    assert (made.read_text(), made.stat().st_uid, place.out.text) == ("hi\n", os.geteuid(), "/work\n")
    await place.run("pwd; cat made; rm made", folder="sub")
    assert place.out.text == "/work/sub\nhi\n"
    assert not made.exists()


async def test_its_environment_is_no_other(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "heron")
    out = place.sandbox.output()
    await place.sandbox.run(Command(("env",), environment={"MORE": "é"}), out, out)
    names = {line.partition("=")[0] for line in out.text.splitlines()}
    assert names <= {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TERM", "TMPDIR", "PWD", "MORE", "OLDPWD"}
    assert "MORE=é" in out.text


# Limits


async def test_one_that_hangs_is_ended_in_time(place: Place) -> None:
    began = time.monotonic()
    outcome = await place.run("trap '' TERM INT HUP; sleep 7654323 & sleep 7654323", timeout_s=0.5)
    assert (outcome.exit_code, outcome.reason, outcome.said) == (137, "timeout", "it took more than 0.5 s")
    assert time.monotonic() - began < 20  # of a machine that is busy
    assert running("7654323") == []


async def test_one_that_multiplies_is_held(place: Place) -> None:
    outcome = await place.run("f() { sleep 7654331 & f | f & }; f; sleep 1; echo here", timeout_s=10)
    assert outcome.duration_s < 11
    assert "fork" in place.err.text
    await within(lambda: not running("7654331"))


async def test_one_that_takes_memory_fails_or_is_ended(place: Place) -> None:
    outcome = await place.run("python3 -c 'x = bytearray(400_000_000)'")
    assert outcome.exit_code != 0
    assert "MemoryError" in place.err.text
    several = "import time; x = bytearray(150_000_000); time.sleep(20)"
    outcome = await place.run(f"for i in 1 2 3 4; do python3 -c '{several}' & done; wait", timeout_s=25)
    assert (outcome.reason, outcome.said) == ("limit", "it took more than 300 MB of memory")


async def test_one_that_fills_the_disk_is_ended(place: Place) -> None:
    await place.run("head -c 50M /dev/zero > big; ls -l big")
    assert (place.workspace / "big").stat().st_size == 20_000_000
    place.profile = Profile(place.workspace, limits=structs.replace(SMALL, disk_mb=30))
    outcome = await place.run("for i in 1 2 3 4 5 6 7 8 9; do head -c 15M /dev/urandom > f$i; sync; sleep 0.1; done")
    assert (outcome.reason, outcome.said) == ("limit", "it wrote more than 30 MB")
    place.profile = Profile(place.workspace, limits=SMALL)
    outcome = await place.run(
        "head -c 50M /dev/zero > /tmp/big; head -c 50M /dev/zero > /dev/shm/big; du -sm /tmp /dev/shm"
    )
    assert place.err.text.count("No space left") == 2


async def test_one_that_prints_much_costs_no_memory(place: Place) -> None:
    place.profile = Profile(place.workspace, limits=Limits(output_mb=50))
    await place.run("true")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await place.run("echo begin; head -c 100000000 /dev/zero | tr '\\0' 'x'; echo; echo end", timeout_s=100)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB
    assert place.out.size == 100_000_011
    assert place.out.path is not None
    assert place.out.path.stat().st_size == 50_000_000
    assert place.out.path.stat().st_mode & 0o777 == 0o600
    text = place.out.text
    assert text.startswith("begin\nxxx")
    assert text.endswith("xxx\nend\n")
    assert f"the first 50,000,000 bytes are in {place.out.path}" in text
    assert len(text) < SHOWN + 1000


async def test_binary_output_is_text_where_text_is_wanted(place: Place) -> None:
    await place.run("printf '\\377\\376\\0x'")
    assert (place.out.content, place.out.text) == (b"\xff\xfe\0x", "\ufffd\ufffd\0x")


@pytest.mark.parametrize("sizes", [(), (3,), (SHOWN,), (SHOWN, 10)])
def test_an_output_that_is_to_be_kept_is_in_its_file_at_once(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    output = Output(tmp_path / "kept", SHOWN + 15)
    for size in sizes:
        output._take(b"a" * size)
    assert output.keep() == output.keep() == output.path == tmp_path / "kept"
    assert output.path.stat().st_mode & 0o777 == 0o600
    assert output.path.read_bytes() == b"a" * sum(sizes)
    output._take(b"b" * 10)
    output.close()
    assert output.path.read_bytes() == (b"a" * sum(sizes) + b"b" * 10)[: SHOWN + 15]
    assert ("left out" in output.text) is (output.size > SHOWN)


@pytest.mark.parametrize(
    "sizes", [(SHOWN,), (SHOWN + 1,), (10, SHOWN, 10), (SHOWN // 2, SHOWN // 2, 1, SHOWN), (300_000,) * 9]
)
def test_an_output_keeps_its_ends(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    output = Output(tmp_path / "long", 10**9)
    whole = b"".join(bytes([65 + at % 26]) * size for at, size in enumerate(sizes))
    at = 0
    for size in sizes:
        output._take(whole[at : at + size])
        at += size
    output.close()
    if len(whole) <= SHOWN:
        assert (output.content, output.path) == (whole, None)
    else:
        assert output.content[: SHOWN // 2] == whole[: SHOWN // 2]
        assert output.content.endswith(whole[-SHOWN // 2 :])
        assert output.path is not None
        assert output.path.read_bytes() == whole


def test_old_outputs_go(tmp_path: Path) -> None:
    for name, age in (("output-1-a.txt", KEPT_S + 60), ("output-1-b.txt", 60), ("mine.txt", KEPT_S * 2)):
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    forget_old(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt", "output-1-b.txt"]


# Running ones


async def test_one_can_be_fed_and_stopped(place: Place) -> None:
    out = place.sandbox.output()
    child = await place.sandbox.start(shell("cat; sleep 7654324"), out, out, fed=True)
    await child.write(b"one\n")
    await within(lambda: out.text == "one\n")
    child.close_input()
    await within(lambda: running("7654324"))
    child.stop()
    assert (await child.wait()).reason == "stopped"
    assert running("7654324") == []
    await child.write(b"nobody reads this\n")


async def test_whoever_waits_no_longer_ends_it(place: Place) -> None:
    task = asyncio.create_task(place.run("sleep 7654325"))
    await within(lambda: running("7654325"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert running("7654325") == []


async def test_many_run_at_once(place: Place) -> None:
    async def one(number: int) -> str:
        out = place.sandbox.output()
        await place.sandbox.run(shell(f"sleep 0.1; echo {number}"), out, out)
        return out.text

    assert await asyncio.gather(*map(one, range(12))) == [f"{number}\n" for number in range(12)]


async def test_what_appears_while_another_runs_is_not_bound(place: Place) -> None:
    """It could be swapped for a link just as bwrap follows it; what was there before is held in both."""
    (place.workspace / ".vscode").mkdir()
    out = place.sandbox.output()
    other = await place.sandbox.start(shell("mkdir .idea; mv .vscode x || sleep 7654332"), out, out)
    await within(lambda: running("7654332"))
    assert (await place.run("touch .idea/made && ! touch .vscode/planted")).exit_code == 0
    other.stop()
    await other.wait()
    assert not (place.workspace / ".idea").exists()


async def test_what_is_planted_where_nothing_was_is_put_aside(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    (place.workspace / ".profile").write_text("mine")
    outcome = await place.run(
        "echo evil > .envrc; mkdir -p .vscode sub; echo x > .vscode/tasks.json; echo y > sub/.envrc"
    )
    assert sorted(path.name for path in place.workspace.iterdir()) == [".profile", "sub"]
    assert outcome.put_right.startswith("put back: .envrc, .vscode (the command’s own is in ")
    kept = sorted(path.name for path in place.folder.glob("put-aside-*/*/**/*"))
    assert kept == [".envrc", ".vscode", "tasks.json"]
    assert (await place.run("cat .profile; ls sub/.envrc")).put_right == ""
    monkeypatch.setattr("zotui.sandbox.namespaces.ITS_OWN_S", 0.0)  # it may be the person's by then
    assert (await place.run("touch .envrc")).put_right == "new, and run by others outside of the sandbox: .envrc"
    assert (place.workspace / ".envrc").exists()


async def test_a_repository_that_a_command_makes_is_named(place: Place) -> None:
    outcome = await place.run("git init -q a; git -C a config core.fsmonitor ./evil")
    assert outcome.put_right == "new, and obeyed by git outside of the sandbox: a/.git"
    outcome = await place.run("git -C a config core.fsmonitor ./worse; git -C a status")
    assert (outcome.put_right, "worse" in (place.workspace / "a/.git/config").read_text()) == ("", False)


# What it refuses, and where nothing stands


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (Command(()), "there is no command"),
        (shell("a\0b"), "NUL"),
        (shell("x" * 200_000), "too long"),
        (shell("true", "../up"), "one of the workspace"),
        (shell("true", "/etc"), "one of the workspace"),
    ],
)
async def test_what_no_program_can_be_given(place: Place, command: Command, words: str) -> None:
    out = place.sandbox.output()
    with pytest.raises(SandboxError, match=words):
        await place.sandbox.run(command, out, out)


async def test_a_folder_that_is_not_there_is_a_failed_command(place: Place) -> None:
    outcome = await place.run("true", folder="nowhere")
    assert outcome.exit_code != 0
    assert "nowhere" in place.err.text


async def test_without_a_wall_commands_are_refused_until_the_person_wants_them(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zotui.sandbox.sandbox.Namespaces", Missing)
    monkeypatch.setattr("zotui.sandbox.sandbox.Landlock", NoLandlock)
    wall = await place.sandbox.wall()
    assert (wall.kind, wall.name, wall.mend) == ("none", "no sandbox: commands are refused", "apt install bubblewrap")
    with pytest.raises(SandboxError, match="no sandbox, no commands: bwrap is not installed"):
        await place.run("true")
    place.sandbox.allow_no_wall()
    outcome = await place.run("pwd")
    assert outcome.wall == "NO SANDBOX · commands run as you, with your files and network"
    assert place.out.text == f"{place.workspace}\n"


async def test_a_wall_that_does_not_hold_is_none(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.sandbox.bubblewrap.SYSTEM", ())
    monkeypatch.setattr("zotui.sandbox.sandbox.Landlock", NoLandlock)
    wall = await place.sandbox.wall()
    assert wall.kind == "none"
    assert "bubblewrap does not work here" in wall.gaps


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
async def test_root_without_a_keeper_says_what_is_missing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.sandbox.reach.KEEPER", "/nowhere/keeper.py")
    wall = await place.sandbox.wall()
    assert wall.kind == "bubblewrap"
    assert "as root" in wall.gaps
    assert (await place.run("id -u")).exit_code == 0


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        ("bwrap: setting up uid map: Permission denied", "AppArmor"),
        ("bwrap: loopback: Failed RTM_NEWADDR", "AppArmor"),
        ("bwrap: Creating new namespace failed: No space left on device", "max_user_namespaces"),
        ("something else", "zotui doctor"),
    ],
)
def test_what_mends_it(words: str, mend: str) -> None:
    assert mend in mend_for(words)


async def test_another_profile_is_another_wall(place: Place) -> None:
    await place.run("true")
    beside = place.folder / "beside"
    beside.mkdir()
    place.profile = Profile(place.workspace, (beside,), network=True)
    assert (await place.sandbox.wall()).name == "bubblewrap · network: public hosts"
    assert (await place.run(f"echo there > {beside}/made")).exit_code == 0, place.err.text
    assert (beside / "made").read_text() == "there\n"


async def test_looking_takes_no_wall_from_a_command_that_starts(place: Place) -> None:
    for _ in range(5):
        outcome, wall = await asyncio.gather(place.run("true"), place.sandbox.look())
        assert (outcome.exit_code, wall.kind) == (0, "bubblewrap")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
async def test_a_full_disk_does_not_keep_an_output_from_being_closed() -> None:
    output, stream = Output(Path("/dev/full"), 10**9), asyncio.StreamReader()
    output.keep()
    stream.feed_data(b"more than there is room for")
    with pytest.raises(OSError, match="No space left"):
        await output.drain(stream)
    output.close()


async def test_output_that_cannot_be_kept_ends_the_command(place: Place) -> None:
    out = Output(place.folder / "no" / "such" / "folder", 10**9)
    with pytest.raises(FileNotFoundError):
        await place.sandbox.run(shell("yes", timeout_s=60), out, out)


async def test_looking_keeps_nothing(place: Place) -> None:
    assert (await place.sandbox.look()).kind == "bubblewrap"
    assert place.sandbox._builder is None
    assert (await place.run("true")).exit_code == 0


async def test_the_probe_finds_what_is_open(place: Place) -> None:
    beside = place.folder / "beside.txt"
    beside.write_text("x")
    assert await probe(place.sandbox, beside) == []
    place.profile = Profile(place.workspace, (place.folder,), network=True)
    assert await probe(place.sandbox, beside) == [
        "reads files outside of the workspace",
        "writes files outside of the workspace",
    ]
    assert sorted(path.name for path in place.folder.iterdir()) == ["beside.txt", "workspace"]


def test_the_configuration_is_what_it_says(home: Home, tmp_path: Path) -> None:
    sandbox = SandboxConfig(
        "allow", ("a.example",), [str(tmp_path), "relative", "/no/such/folder"], Limits(processes=9)
    )
    policy: dict[str, Answer] = {"Net(b.example)": "deny", "!Net(*.c)": "deny", "Net(d)": "ask", "Bash(x)": "deny"}
    profile = profile_of(home, Config(sandbox=sandbox, policy=policy))
    assert profile == Profile(
        home.workspace, (tmp_path,), True, Limits(processes=9), ("a.example",), ("b.example", "*.c"), (home.cache,)
    )


def test_what_is_protected(tmp_path: Path) -> None:
    for name in (".git/hooks", "a/.git/hooks", "a/b/c/d/.git/hooks", "node_modules/x/.git/hooks", ".vscode"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / ".git/config").write_text("")
    (tmp_path / ".bashrc").write_text("")
    (tmp_path / ".envrc").symlink_to("/etc/passwd")
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare/.git").write_text("gitdir: ../elsewhere")
    shown = {str(path.relative_to(tmp_path)) for path in protected.read_only(tmp_path)}
    assert shown == {".git/config", ".git/hooks", "a/.git/hooks", ".vscode", ".bashrc", "bare/.git"}
    held = [str(path.relative_to(tmp_path)) for path in protected.held(tmp_path)]
    assert sorted(held) == [".git", "a", "a/.git", "bare"]
    assert held.index("a") < held.index("a/.git")
    (tmp_path / ".git/hooks").rmdir()
    protected.prepare(tmp_path)
    assert (tmp_path / ".git/hooks").is_dir()


def test_the_wall_stands_on_linux_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(SandboxError, match="Linux"):
        asyncio.run(Namespaces(tmp_path).raise_(Profile(tmp_path)))


async def test_one_that_is_cancelled_while_a_wall_is_tried_leaves_nothing(home: Home) -> None:
    """Whenever that is: no process is left, and no pipe of one."""
    before = set(descendants(os.getpid()))
    for steps in range(0, 60, 7):
        sandbox = sandbox_of(home, home.config)
        task = asyncio.create_task(sandbox.wall())
        for _ in range(steps):
            await asyncio.sleep(0.002)
        task.cancel()
        await asyncio.wait({task})
        await sandbox.close()
        await within(lambda: not (set(descendants(os.getpid())) - before))
