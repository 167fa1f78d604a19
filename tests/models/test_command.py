"""Agents on the command line: real child processes that print what Claude Code and Codex print."""

import asyncio
import base64
import json
import os
import stat
import sys
import time
import tracemalloc
from collections.abc import Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import HELLO

from tests.processes import alive
from tests.waiting import wait_for, wait_until
from zotui.models import Event, Finished, ProviderError, ReasoningDelta, TextDelta, Usage, errand
from zotui.models.child import HELD_BYTES, Child
from zotui.models.command import COMMANDS, CommandLine, installed, open_command
from zotui.models.complaints import Complaints
from zotui.models.errand import Printed
from zotui.models.faults import Host
from zotui.models.turn import Trace
from zotui.secret import Secret

pytestmark = pytest.mark.timeout(60)

KEY = "sk-planted-key"
SESSION = "0f7c9c1e-5a77-4d0e-9d5b-6f3f6c2b1a11"
NEXT = "11111111-5a77-4d0e-9d5b-6f3f6c2b1a11"
AT_ONCE_S = 5.0  # what takes milliseconds; a busy machine has its own time

FAKE = '''#!{python}
import base64, json, os, signal, subprocess, sys, time
here = os.path.dirname(os.path.abspath(__file__))
name = os.path.basename(__file__)
GRANDCHILD = """
import signal, sys, time
if sys.argv[1] != "mild":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", file=sys.stderr, flush=True)
time.sleep(600)
"""
def put(path, document):
    with open(path + ".new", "w") as file:
        json.dump(document, file)
    os.rename(path + ".new", path)
number = sum(entry.startswith(name + "-call-") for entry in os.listdir(here))
said = sys.stdin.buffer.read().decode()
call = dict(argv=sys.argv[1:], said=said, env=dict(os.environ), cwd=os.getcwd(), pid=os.getpid(), pgid=os.getpgid(0))
put(os.path.join(here, f"{{name}}-call-{{number}}"), call)
steps = json.load(open(os.path.join(here, name + ".json")))
for step in steps[min(number, len(steps) - 1)]:
    (do, what), = step.items()
    if do == "write":
        os.write(1, base64.b64decode(what))
    elif do == "print":
        sys.stdout.buffer.write(base64.b64decode(what)); sys.stdout.flush()
    elif do == "complain":
        sys.stderr.write(what); sys.stderr.flush()
    elif do == "wait":
        open(os.path.join(here, what)).read()
    elif do == "flood":
        for _ in range(what[1]):
            sys.stdout.buffer.write(base64.b64decode(what[0]))
        sys.stdout.flush()
    elif do == "child":
        child = subprocess.Popen(
            [sys.executable, "-c", GRANDCHILD, what], stdout=None if what == "holding" else subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        child.stderr.readline()
        put(os.path.join(here, "child"), child.pid)
    elif do == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    elif do == "kill":
        os.kill(os.getpid(), what)
    elif do == "exit":
        sys.exit(what)
    elif do == "mark":
        put(os.path.join(here, what), True)
'''


class Bench:
    """A PATH with agents on it that do as they are told."""

    def __init__(self, path: Path) -> None:
        self.bin = path / "bin"
        self.workspace = path / "workspace"
        self.bin.mkdir()
        self.workspace.mkdir()

    def make(self, program: str, *calls: Sequence[dict[str, Any]]) -> None:
        """Put a program there; each call of it has its steps, the last ones go on."""
        (self.bin / f"{program}.json").write_text(json.dumps(calls))
        script = self.bin / program
        script.write_text(FAKE.format(python=sys.executable))
        script.chmod(0o755)

    def gate(self, name: str) -> Path:
        """Where a program waits until it is opened."""
        os.mkfifo(self.bin / name)
        return self.bin / name

    def call(self, number: int = 0, program: str = "claude") -> Any:
        """What a call was given; None before it came."""
        found = self.bin / f"{program}-call-{number}"
        return json.loads(found.read_text()) if found.exists() else None

    def told(self, name: str) -> Any:
        """What a program left; None before it did."""
        found = self.bin / name
        return json.loads(found.read_text()) if found.exists() else None


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench(tmp_path)
    monkeypatch.setenv("PATH", f"{bench.bin}")
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ZOTUI_SOMETHING", KEY)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", "/somewhere/claude")
    monkeypatch.setenv("CODEX_HOME", "/somewhere/codex")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return bench


def children() -> list[int]:
    """The processes that this one has started and not reaped."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.append(int(path.parent.name))
    return found


async def opened(gate: Path) -> None:
    """Let the program go on that waits there."""
    await asyncio.to_thread(gate.write_text, "")


def line(document: Any) -> dict[str, Any]:
    return {"print": base64.b64encode(json.dumps(document).encode() + b"\n").decode()}


def raw(text: bytes) -> dict[str, Any]:
    return {"write": base64.b64encode(text).decode()}


def event(**fields: Any) -> dict[str, Any]:
    document = {"type": "stream_event", "event": fields, "session_id": SESSION, "parent_tool_use_id": None, "uuid": "u"}
    return line(document)


def began(id_: str = "msg_1") -> dict[str, Any]:
    return event(type="message_start", message={"id": id_, "role": "assistant", "content": [], "usage": {}})


def delta(text: str, kind: str = "text") -> dict[str, Any]:
    field = {"text": "text", "thinking": "thinking"}[kind]
    return event(type="content_block_delta", index=0, delta={"type": f"{kind}_delta", field: text})


def whole(text: str, id_: str = "msg_1", **fields: Any) -> dict[str, Any]:
    message = {
        "id": id_,
        "model": "claude-sonnet-4-5",
        "role": "assistant",
        "content": [{"type": "text", "text": text}],
    }
    message |= {name: fields.pop(name) for name in ("model", "content") if name in fields}
    return line({"type": "assistant", "message": message, "session_id": SESSION, "parent_tool_use_id": None} | fields)


def result(text: str = "", **fields: Any) -> dict[str, Any]:
    document = {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "duration_ms": 1200,
        "num_turns": 1,
        "result": text,
        "session_id": SESSION,
        "total_cost_usd": 0.0125,
        "usage": {
            "input_tokens": 3,
            "cache_creation_input_tokens": 1000,
            "cache_read_input_tokens": 200,
            "output_tokens": 12,
        },
    }
    return line(document | fields)


INIT = line({"type": "system", "subtype": "init", "session_id": SESSION, "tools": ["Bash"], "apiKeySource": "none"})
USED = Usage(input_tokens=1203, output_tokens=12, cached_tokens=200, cache_write_tokens=1000, cost=0.0125)
HI = [INIT, began(), delta("Hi"), whole("Hi"), result("Hi")]
HI_EVENTS = [TextDelta("Hi"), USED, Finished("stop")]


def item(text: str, type_: str = "agent_message", id_: str = "item_0", how: str = "completed") -> dict[str, Any]:
    return line({"type": f"item.{how}", "item": {"id": id_, "type": type_, "text": text}})


def completed(input_: int, cached: int, output: int, **more: int) -> dict[str, Any]:
    usage = {"input_tokens": input_, "cached_input_tokens": cached, "output_tokens": output} | more
    return line({"type": "turn.completed", "usage": usage})


STARTED = [line({"type": "thread.started", "thread_id": SESSION}), line({"type": "turn.started"})]


def agent(bench: Bench, name: str = "claude-code", **options: Any) -> CommandLine:
    return open_command(name, bench.workspace, **options)


def joined(events: list[Event]) -> list[Event]:
    """Neighbouring deltas as one, however they arrived."""
    out: list[Event] = []
    for found in events:
        last = out[-1] if out else None
        if isinstance(found, TextDelta | ReasoningDelta) and type(last) is type(found):
            out[-1] = type(found)(last.text + found.text)
        else:
            out.append(found)
    return out


async def answered(
    provider: CommandLine, messages: list[dict[str, Any]] = HELLO, model: str = "default", **more: Any
) -> tuple[list[Event], Any]:
    """The events of one turn, and the turn."""
    async with aclosing(provider.stream(model=model, messages=messages, **more)) as turn:
        return joined([found async for found in turn]), turn


async def failed(provider: CommandLine, messages: list[dict[str, Any]] = HELLO) -> tuple[list[Event], ProviderError]:
    """What was shown, and the fault."""
    events: list[Event] = []
    error = None
    try:
        async with aclosing(provider.stream(model="default", messages=messages)) as turn:
            async for found in turn:
                events.append(found)
    except ProviderError as caught:
        error = caught
    assert error
    assert "\n" not in str(error)
    assert "\x1b" not in str(error)
    assert not error.retryable  # it may have acted
    assert provider.running == set()
    return joined(events), error


async def test_text_is_shown_before_the_answer_is_whole(bench: Bench) -> None:
    gate = bench.gate("gate")
    end = [delta("lo", "text"), whole("Hello"), result("Hello"), {"mark": "ended"}]
    bench.make("claude", [INIT, began(), delta("Hmm", "thinking"), delta("Hel"), {"wait": "gate"}, *end])
    provider = agent(bench)
    async with aclosing(provider.stream(model="default", messages=HELLO)) as turn:
        first = [await anext(turn)]
        while not isinstance(first[-1], TextDelta):
            first.append(await anext(turn))
        assert joined(first) == [ReasoningDelta("Hmm"), TextDelta("Hel")]
        assert bench.told("ended") is None
        assert turn.opaque is None
        await opened(gate)
        assert joined([found async for found in turn]) == [TextDelta("lo"), USED, Finished("stop")]
    assert bench.told("ended")
    assert turn.opaque == {"session": SESSION}
    assert turn.sent == b"Hi"
    assert '"subtype": "success"' in turn.last_raw
    assert provider.running == set()


async def test_what_it_is_run_with(bench: Bench) -> None:
    bench.make("claude", HI)
    said = "Grüße, 世界 🦊\nzweite Zeile; $HOME `id` --help"
    events, turn = await answered(agent(bench), [{"role": "user", "content": said}], model="opus")
    assert events == HI_EVENTS
    call = bench.call()
    assert call["said"] == said
    assert turn.sent == said.encode()
    assert call["argv"][0] == "-p"
    assert "--output-format=stream-json" in call["argv"]
    assert "--model=opus" in call["argv"]
    assert not [word for word in call["argv"] if "Grüße" in word or "HOME" in word or "resume" in word]
    assert call["cwd"] == str(bench.workspace)
    assert call["pgid"] == call["pid"]  # a group of its own


@pytest.mark.parametrize("name", list(COMMANDS))
async def test_its_environment_holds_no_key_of_ours(bench: Bench, name: str) -> None:
    row = COMMANDS[name]
    bench.make(row.program, HI if name == "claude-code" else [*STARTED, item("Hi"), completed(1, 0, 1)])
    await answered(agent(bench, name))
    env = bench.call(program=row.program)["env"]
    assert KEY not in json.dumps(env)
    assert env["TERM"] == "dumb"
    assert env["PATH"] == str(bench.bin)
    assert env["LC_ALL"] == "C.UTF-8"
    assert ("CLAUDE_CONFIG_DIR" in env, "CODEX_HOME" in env) == (name == "claude-code", name == "codex")
    assert [known for known in env if known.endswith(("_KEY", "_TOKEN")) or known.startswith("ZOTUI")] == []


@pytest.mark.parametrize(("model", "word"), [("--help", "--model=--help"), ("opus; id", "--model=opus; id")])
async def test_a_model_is_never_an_option(bench: Bench, model: str, word: str) -> None:
    bench.make("claude", HI)
    await answered(agent(bench), model=model)
    assert word in bench.call()["argv"]


async def test_a_model_that_cannot_be_named(bench: Bench) -> None:
    bench.make("claude", HI)
    with pytest.raises(ProviderError) as caught:
        await answered(agent(bench), model="a\0b")
    assert caught.value.kind == "model_not_found"


async def test_a_conversation_is_told_and_then_goes_on_in_its_session(bench: Bench) -> None:
    bench.make("claude", HI, [INIT, began(), delta("Hi"), whole("Hi"), result("Hi", session_id=NEXT)])
    system = [
        {"type": "text", "name": "persona", "text": "You are zotui. Use your tools."},
        {"type": "text", "name": "memory", "text": "They like tea."},
    ]
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": system},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": "three"},
    ]
    _, turn = await answered(agent(bench), messages)
    told = bench.call()["said"]
    assert [told.index(word) for word in ("They like tea.", "Person: one", "You: two", "three")] == sorted(
        told.index(word) for word in ("They like tea.", "Person: one", "You: two", "three")
    )
    assert told.endswith("three")
    assert "zotui" not in told

    messages += [
        {"role": "assistant", "content": "four", "opaque": turn.opaque},
        {"role": "user", "content": "five"},
    ]
    _, turn = await answered(agent(bench), messages)
    call = bench.call(1)
    assert call["said"] == "five"
    assert f"--resume={SESSION}" in call["argv"]
    assert turn.opaque == {"session": NEXT}

    messages += [{"role": "assistant", "content": "cut off"}, {"role": "user", "content": "six"}]
    await answered(agent(bench), messages)
    call = bench.call(2)
    assert not [word for word in call["argv"] if "resume" in word]
    assert "Person: five" in call["said"]


@pytest.mark.parametrize("session", ["--dangerous", "a b", "", None, 7, "../x", "x" * 200])
async def test_what_is_no_session_is_not_resumed(bench: Bench, session: Any) -> None:
    bench.make("claude", HI)
    kept = {"role": "assistant", "content": "Hi", "opaque": {"session": session}}
    await answered(agent(bench), [*HELLO, kept, *HELLO])
    assert not [word for word in bench.call()["argv"] if "resume" in word or "dangerous" in word]


LOST = "No conversation found with session ID: x"


@pytest.mark.parametrize(
    "steps",
    [
        [result(subtype="error_during_execution", is_error=True, errors=[LOST]), {"exit": 1}],
        [{"complain": f"{LOST}\n"}, {"exit": 1}],
        [{"complain": "Error: thread/resume failed: no rollout found for thread id 1 (code -32600)\n"}, {"exit": 1}],
    ],
)
async def test_where_the_session_is_lost_all_is_told_again(bench: Bench, steps: list[dict[str, Any]]) -> None:
    bench.make("claude", steps, HI)
    kept = {"role": "assistant", "content": "two", "opaque": {"session": SESSION}}
    messages = [{"role": "user", "content": "one"}, kept, {"role": "user", "content": "three"}]
    events, _ = await answered(agent(bench), messages)
    assert events == HI_EVENTS
    assert bench.call(0)["said"] == "three"
    assert "Person: one" in bench.call(1)["said"]
    assert bench.call(2) is None


@pytest.mark.parametrize(
    ("told", "cost"),
    [
        (
            {"total_cost_usd": 0.5, "model_usage_since_last_result": {"a": {"costUSD": 0.125}, "b": {"costUSD": 0}}},
            0.125,
        ),
        ({"total_cost_usd": 0.5, "model_usage_since_last_result": {"a": {"costUSD": None}}}, None),
        ({"total_cost_usd": 0.5}, None),  # of the whole session, maybe
        ({"total_cost_usd": float("inf")}, None),
    ],
)
async def test_what_a_turn_cost_in_a_session_that_goes_on(
    bench: Bench, told: dict[str, Any], cost: float | None
) -> None:
    bench.make("claude", [INIT, began(), delta("Hi"), whole("Hi"), result("Hi", **told)])
    kept = {"role": "assistant", "content": "two", "opaque": {"session": SESSION}}
    events, _ = await answered(agent(bench), [*HELLO, kept, *HELLO])
    assert [event.cost for event in events if isinstance(event, Usage)] == [cost]


async def test_codex_resumes_and_counts_what_this_turn_used(bench: Bench) -> None:
    first = [*STARTED, item("Thinking", "reasoning"), item("Hi", id_="item_1"), completed(100, 40, 10)]
    bench.make("codex", first, [*STARTED, item("Ho"), completed(350, 240, 25, reasoning_output_tokens=5)])
    events, turn = await answered(agent(bench, "codex"))
    usage = Usage(input_tokens=100, output_tokens=10, cached_tokens=40)
    assert events == [ReasoningDelta("Thinking"), TextDelta("Hi"), usage, Finished("stop")]
    assert bench.call(program="codex")["argv"] == ["exec", "--json", "--skip-git-repo-check", "-"]
    assert turn.opaque["session"] == SESSION

    kept = {"role": "assistant", "content": "Hi", "opaque": json.loads(json.dumps(turn.opaque))}
    events, _ = await answered(
        agent(bench, "codex"), [*HELLO, kept, {"role": "user", "content": "more"}], model="gpt-5.2"
    )
    assert events[1] == Usage(input_tokens=250, output_tokens=15, cached_tokens=200, reasoning_tokens=5)
    call = bench.call(1, "codex")
    options = ["exec", "--json", "--skip-git-repo-check", "--model=gpt-5.2"]
    assert call["argv"] == [*options, "resume", SESSION, "-"]
    assert call["said"] == "more"


async def test_codex_items_as_they_grow_and_what_is_no_end(bench: Bench) -> None:
    steps = [
        *STARTED,
        line({"type": "error", "message": "Reconnecting... 1/5 (stream disconnected before completion)"}),
        item("On", how="started"),
        item("One", how="updated"),
        item("One.", how="completed"),
        line({"type": "item.started", "item": {"id": "item_1", "type": "command_execution", "command": "ls"}}),
        line({"type": "item.completed", "item": {"id": "item_2", "type": "error", "message": "a warning"}}),
        line({"type": "item.of.tomorrow", "item": None}),
        item("Two.", id_="item_3"),
        completed(0, 0, 0),
    ]
    bench.make("codex", steps)
    events, _ = await answered(agent(bench, "codex"))
    assert events == [TextDelta("One.\n\nTwo."), Finished("stop")]


async def test_claude_messages_are_shown_once(bench: Bench) -> None:
    tool = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}
    theirs = {"type": "user", "message": {"role": "user", "content": [{"type": "tool_result", "content": "files"}]}}
    steps = [
        INIT,
        line({"type": "rate_limit_event", "rate_limit_info": {"status": "allowed_warning"}}),
        began("msg_1"),
        event(type="ping"),
        delta("Let me "),
        delta("look."),
        whole("Let me look.", "msg_1"),
        whole("", "msg_1", content=[tool]),
        whole("I am a subagent.", "msg_sub", parent_tool_use_id="toolu_1"),
        line(theirs),
        whole(
            "Not streamed.", "msg_2", content=[{"type": "text", "text": "Not "}, {"type": "text", "text": "streamed."}]
        ),
        began("msg_3"),
        delta("Do"),
        delta("ne."),
        whole("Done.", "msg_3"),
        whole("No response requested.", "x", model="<synthetic>"),
        result("Done."),
    ]
    bench.make("claude", steps)
    events, _ = await answered(agent(bench))
    assert events == [TextDelta("Let me look.\n\nNot streamed.\n\nDone."), USED, Finished("stop")]


async def test_a_result_that_is_all_there_is(bench: Bench) -> None:
    bench.make("claude", [INIT, result("Only this.", usage=None, total_cost_usd=None, stop_reason="max_tokens")])
    events, _ = await answered(agent(bench))
    assert events == [TextDelta("Only this."), Finished("length")]


@pytest.mark.parametrize("how", ["aclose", "cancel", "forget", "close"])
@pytest.mark.parametrize("nature", ["mild", "deaf"])
async def test_whoever_stops_leaves_nothing_behind(bench: Bench, how: str, nature: str) -> None:
    bench.gate("gate")
    deaf = [{"deaf": True}] if nature == "deaf" else []
    bench.make("claude", [*deaf, {"child": nature}, INIT, began(), delta("Hi"), {"wait": "gate"}])
    provider = agent(bench)
    turn = provider.stream(model="default", messages=HELLO)
    assert await anext(turn) == TextDelta("Hi")
    pids = [bench.call()["pid"], bench.told("child")]
    assert all(map(alive, pids))
    stopped = time.monotonic()
    if how == "aclose":
        await turn.aclose()
    elif how == "cancel":
        task = asyncio.ensure_future(anext(turn))
        await asyncio.wait([task], timeout=0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    elif how == "close":
        await provider.close()
    else:
        del turn
    await wait_for(lambda: not any(map(alive, pids)), AT_ONCE_S)
    assert time.monotonic() - stopped < AT_ONCE_S
    await wait_for(lambda: not Path(f"/proc/{pids[0]}").exists())  # and no zombie
    if how == "close":
        with pytest.raises(ProviderError):
            await anext(turn)
    await wait_for(lambda: not provider.running)


async def test_cancelling_twice_still_kills(bench: Bench) -> None:
    bench.gate("gate")
    bench.make("claude", [{"deaf": True}, INIT, began(), delta("Hi"), {"wait": "gate"}])
    turn = agent(bench).stream(model="default", messages=HELLO)
    await anext(turn)
    task = asyncio.ensure_future(turn.aclose())
    await asyncio.wait([task], timeout=0.05)
    task.cancel()
    await asyncio.wait([task])
    await wait_for(lambda: not Path(f"/proc/{bench.call()['pid']}").exists(), AT_ONCE_S)


async def test_turns_leave_no_descriptors_open(bench: Bench) -> None:
    bench.make("claude", HI)
    await answered(agent(bench))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        await answered(agent(bench))
    await wait_for(lambda: len(os.listdir("/proc/self/fd")) <= before)


async def test_who_does_not_exit_after_the_answer_is_ended(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errand, "GRACE_S", 0.2)
    bench.gate("gate")
    bench.make("claude", [*HI, {"wait": "gate"}])
    assert (await answered(agent(bench)))[0] == HI_EVENTS
    assert not alive(bench.call()["pid"])


def test_a_loop_that_ends_leaves_nothing_behind(bench: Bench) -> None:
    bench.make("claude", [{"deaf": True}, {"child": "deaf"}, INIT, began(), delta("Hi"), {"wait": "gate"}])
    bench.gate("gate")

    async def ask() -> None:
        turn = agent(bench).stream(model="default", messages=HELLO)
        await anext(turn)
        bench.turn = turn  # type: ignore[attr-defined]  # nobody closes it

    asyncio.run(ask())
    wait_until(lambda: not alive(bench.call()["pid"]) and not alive(bench.told("child")), AT_ONCE_S)


async def test_what_is_left_behind_holds_up_nobody(bench: Bench) -> None:
    bench.make("claude", [{"child": "holding"}, INIT, began(), delta("Hi"), {"exit": 1}])
    events, error = await failed(agent(bench))
    assert events == [TextDelta("Hi")]
    assert (error.kind, error.partial) == ("server", True)
    await wait_for(lambda: not alive(bench.told("child")))


def test_who_is_not_there_is_hidden(bench: Bench) -> None:
    assert not installed("claude-code")
    bench.make("claude", HI)
    assert installed("claude-code")
    assert not installed("codex")
    assert not installed("claude-code", path=str(bench.workspace))
    assert not installed("somebody")
    (bench.bin / "claude").chmod(stat.S_IRUSR)
    assert not installed("claude-code") or os.geteuid() == 0


async def test_who_is_not_there_cannot_be_asked(bench: Bench) -> None:
    _, error = await failed(agent(bench))
    assert (error.kind, error.message) == ("connection", "Claude Code is not installed")
    assert "`claude`" in error.hint


async def test_what_cannot_be_run(bench: Bench) -> None:
    bench.make("claude", HI)
    (bench.bin / "claude").write_text("#!/nowhere/at/all\n")
    _, error = await failed(agent(bench))
    assert error.kind == "connection"
    assert "No such file" in error.message


async def test_a_workspace_that_is_gone(bench: Bench) -> None:
    bench.make("claude", HI)
    bench.workspace.rmdir()
    _, error = await failed(agent(bench))
    assert error.kind == "connection"
    assert str(bench.workspace) in error.message


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 8, 13, 50])
async def test_cancelling_while_it_starts(bench: Bench, steps: int) -> None:
    bench.gate("gate")
    bench.make("claude", [{"wait": "gate"}])
    provider = agent(bench)
    before = set(children())
    task = asyncio.ensure_future(answered(provider))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not provider.running
    await wait_for(lambda: set(children()) <= before, AT_ONCE_S)


def test_names_we_do_not_know(bench: Bench) -> None:
    with pytest.raises(ProviderError) as caught:
        agent(bench, "somebody")
    assert caught.value.kind == "unsupported"


async def test_models(bench: Bench) -> None:
    assert [info.id for info in await agent(bench).models()] == ["default", "sonnet", "opus", "haiku"]
    assert [info.id for info in await agent(bench, "codex").models()] == ["default"]


LOGIN = "Not logged in · Please run /login"
LIMIT = "You've hit your limit · resets 3pm (Europe/Berlin)"


def own(words: str, error: str) -> dict[str, Any]:
    return whole(words, "x", model="<synthetic>", error=error)


@pytest.mark.parametrize(
    ("steps", "kind", "words"),
    [
        ([INIT, own(LOGIN, "authentication_failed"), result(LOGIN, is_error=True), {"exit": 1}], "auth", LOGIN),
        ([INIT, result(LOGIN, is_error=True), {"exit": 1}], "auth", LOGIN),
        ([{"complain": "Invalid API key · Please run /login\n"}, {"exit": 1}], "auth", "Invalid API key"),
        ([raw(b"Invalid API key \xc2\xb7 Please run /login\n"), {"exit": 1}], "auth", "Invalid API key"),
        ([INIT, result("Failed", is_error=True, api_error_status=401), {"exit": 1}], "auth", "Failed"),
        ([INIT, own(LIMIT, "rate_limit"), result(LIMIT, is_error=True), {"exit": 1}], "rate_limit", LIMIT),
        (
            [INIT, result("Claude AI usage limit reached|1753077600", is_error=True)],
            "rate_limit",
            "usage limit reached",
        ),
        ([INIT, own("Overloaded", "overloaded"), result("Overloaded", is_error=True)], "overloaded", "Overloaded"),
        ([INIT, own("Credit balance is too low", "billing_error"), result("x", is_error=True)], "billing", "x"),
        ([INIT, result("Prompt is too long", is_error=True)], "context_overflow", "too long"),
        ([INIT, result(subtype="error_max_turns", is_error=False)], "server", "error max turns"),
        ([INIT, result(subtype="error_during_execution", errors=["a", "b"])], "server", "a; b"),
        ([{"complain": "error: unknown option '--x'\n"}, {"exit": 1}], "server", "unknown option"),
    ],
)
async def test_claude_errors(bench: Bench, steps: list[dict[str, Any]], kind: str, words: str) -> None:
    bench.make("claude", steps)
    events, error = await failed(agent(bench))
    assert events == []
    assert (error.kind, error.partial) == (kind, False)
    assert error.message.startswith("Claude Code ")
    assert words in error.message
    if kind == "auth":
        assert "run `claude`" in error.hint


USAGE_LIMIT = "You've hit your usage limit. Upgrade to Pro or try again at 12:16 PM."
NO_BEARER = "unexpected status 401 Unauthorized: Missing bearer or basic authentication in header"


READING = "Reading prompt from stdin...\n"


def turn_failed(words: str) -> dict[str, Any]:
    return line({"type": "turn.failed", "error": {"message": words}})


@pytest.mark.parametrize(
    ("steps", "kind", "words"),
    [
        (
            [*STARTED, line({"type": "error", "message": USAGE_LIMIT}), turn_failed(USAGE_LIMIT)],
            "rate_limit",
            "usage limit",
        ),
        ([*STARTED, turn_failed(NO_BEARER), {"exit": 1}], "auth", "Missing bearer"),
        ([*STARTED, line({"type": "error", "message": USAGE_LIMIT})], "rate_limit", "12:16"),
        ([*STARTED, turn_failed("stream disconnected"), {"exit": 1}], "server", "stream disconnected"),
        ([*STARTED, {"exit": 0}], "truncated", "before the answer was whole"),
        (
            [{"complain": f"{READING}Error: \x1b[31mno config\x1b[0m\n{READING}"}, {"exit": 1}],
            "server",
            'failed (exit 1): "Error: no config"',
        ),
    ],
)
async def test_codex_errors(bench: Bench, steps: list[dict[str, Any]], kind: str, words: str) -> None:
    bench.make("codex", steps)
    events, error = await failed(agent(bench, "codex"))
    assert events == []
    assert error.kind == kind
    assert words in error.message
    if kind == "auth":
        assert "run `codex login`" in error.hint


async def test_an_answer_about_logging_in_is_no_fault(bench: Bench) -> None:
    bench.make("claude", [INIT, began(), delta(LOGIN), whole(LOGIN), result(LOGIN)])
    assert (await answered(agent(bench)))[0][0] == TextDelta(LOGIN)


CRASH = """/usr/lib/cli.js:12
    throw new Error("boom")
Error: boom
    at Object.<anonymous> (/usr/lib/cli.js:12:11)
Node.js v20.20.0
"""


@pytest.mark.parametrize(
    ("end", "kind", "words"),
    [
        ([{"complain": CRASH}, {"exit": 7}], "server", 'failed (exit 7): "Error: boom"'),
        ([{"kill": 9}], "server", "was killed (signal 9)"),
        ([{"exit": 0}], "truncated", "stopped before the answer was whole"),
        ([raw(b'{"type": "assistant", "mess')], "truncated", "stopped before the answer was whole"),
    ],
)
async def test_a_crash_in_mid_answer_keeps_the_text(
    bench: Bench, end: list[dict[str, Any]], kind: str, words: str
) -> None:
    bench.make("claude", [INIT, began(), delta("Half an ans"), *end])
    events, error = await failed(agent(bench))
    assert events == [TextDelta("Half an ans")]
    assert (error.kind, error.partial) == (kind, True)
    assert words in error.message


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        (b"Segmentation \x1b]0;title\x07fault\n", 'no answer: "Segmentation fault"'),
        (b"<html>", "<html>"),
        (b"[1, 2, 3]\n\x80\xff\n", "no answer"),
        (b"", "no answer"),
        (b"\x00" * 100, "no answer"),
    ],
)
async def test_garbage(bench: Bench, printed: bytes, words: str) -> None:
    bench.make("claude", [raw(printed)])
    events, error = await failed(agent(bench))
    assert events == []
    assert error.kind == "protocol"
    assert words in error.message


async def test_lines_that_are_no_json_between_those_that_are(bench: Bench) -> None:
    odd = [
        raw(b"(node:12) Warning: old\n\n"),
        line({"type": 7}),
        line({}),
        line({"type": "stream_event", "event": [1]}),
    ]
    more = [line({"type": "assistant", "message": "none"}), line({"type": "system"}), raw(b"\xef\xbb\xbf{}\r\n")]
    bench.make("claude", [*odd, INIT, began(), *more, delta("Hi"), raw(b"null\n"), whole("Hi"), result("Hi")])
    assert (await answered(agent(bench)))[0] == HI_EVENTS


@pytest.mark.parametrize(("piece", "count"), [("x" * 65536, 1024), ("x\n" * 32768, 1024)], ids=["line", "lines"])
async def test_output_without_an_end_is_cut_off_in_flat_memory(bench: Bench, piece: str, count: int) -> None:
    bench.make("claude", [INIT, began(), delta("Hi"), {"flood": [base64.b64encode(piece.encode()).decode(), count]}])
    longest, last, over = 0.0, time.monotonic(), False

    async def tick() -> None:
        nonlocal longest, last
        while not over:
            await asyncio.sleep(0.005)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()

    ticking = asyncio.ensure_future(tick())
    tracemalloc.start()
    try:
        events, error = await failed(agent(bench))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        over = True
        await ticking
    assert events == [TextDelta("Hi")]
    assert error.kind == "protocol"
    assert "without an end" in error.message
    assert len(str(error)) < 600
    assert peak < 40 << 20
    assert longest < 1


async def test_who_prints_faster_than_is_read_has_to_wait(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "y" * 1000
    many = base64.b64encode(b"".join(base64.b64decode(delta(text)["print"]) for _ in range(100))).decode()
    bench.make("claude", [INIT, began(), {"flood": [many, 40]}, {"mark": "printed"}, result()])
    received, most = Child.pipe_data_received, 0

    def watched(self: Child, fd: int, data: bytes) -> None:
        nonlocal most
        received(self, fd, data)
        most = max(most, len(self._held))

    monkeypatch.setattr(Child, "pipe_data_received", watched)
    events: list[Event] = []
    async with aclosing(agent(bench).stream(model="default", messages=HELLO)) as turn:
        events.append(await anext(turn))
        await wait_for(lambda: most >= HELD_BYTES)
        assert bench.told("printed") is None
        events += [found async for found in turn]
    assert joined(events)[0] == TextDelta(text * 4000)
    assert most < 3 * HELD_BYTES


async def test_complaints_hold_up_nobody(bench: Bench) -> None:
    bench.make("claude", [INIT, {"complain": "warning: \x1b[2J\n" * 300_000}, *HI[1:]])
    assert (await answered(agent(bench)))[0] == HI_EVENTS


async def test_a_large_prompt_is_given_to_one_that_does_not_read_it(bench: Bench) -> None:
    script = bench.bin / "claude"
    script.write_text(f"#!{sys.executable}\nprint('no', flush=True)\nraise SystemExit(3)\n")
    script.chmod(0o755)
    _, error = await failed(agent(bench), [{"role": "user", "content": "z" * 5_000_000}])
    assert "exit 3" in error.message


async def test_a_large_prompt_arrives(bench: Bench) -> None:
    bench.make("claude", HI)
    said = "ä" * 1_000_000
    await answered(agent(bench), [{"role": "user", "content": said}])
    assert bench.call()["said"] == said


async def test_characters_split_between_writes(bench: Bench) -> None:
    gate = bench.gate("gate")
    document = {
        "type": "stream_event",
        "event": {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "🦊 é"}},
    }
    encoded = json.dumps(document, ensure_ascii=False).encode() + b"\n"
    cut = encoded.index("🦊".encode()) + 2
    bench.make(
        "claude", [INIT, began(), delta("a"), raw(encoded[:cut]), {"wait": "gate"}, raw(encoded[cut:]), result()]
    )
    async with aclosing(agent(bench).stream(model="default", messages=HELLO)) as turn:
        assert await anext(turn) == TextDelta("a")
        await opened(gate)
        assert joined([found async for found in turn])[0] == TextDelta("🦊 é")


def test_lines_wherever_they_are_cut() -> None:
    documents = [{"text": "é🦊"}, {"b": "\u2028 x"}, {"c": 1}]
    body = b"\n".join(json.dumps(document, ensure_ascii=False).encode() for document in documents)
    host = Host("Lab", Secret(""))
    for cut in range(1, len(body)):
        printed = Printed(Trace(host), Complaints(COMMANDS["codex"], host))
        found = [document for chunk in (body[:cut], body[cut:], b"") for document in printed.documents(chunk)]
        assert found == documents
        assert printed.ended


async def test_halves_of_a_character_are_joined(bench: Bench) -> None:
    bench.make("claude", [INIT, began(), delta("\ud83e"), delta("\udd8a!"), result()])
    assert (await answered(agent(bench)))[0][0] == TextDelta("🦊!")


async def test_half_a_character_in_the_prompt(bench: Bench) -> None:
    bench.make("claude", HI)
    await answered(agent(bench), [{"role": "user", "content": "a\ud83eb"}])
    assert bench.call()["said"] == "a?b"


@pytest.mark.parametrize(
    ("steps", "shown"),
    [
        ([INIT, line({"type": "system", "subtype": "api_retry", "error": "rate_limit", "error_status": 429})], False),
        ([INIT, began(), delta("Hi")], True),
    ],
)
async def test_silence(bench: Bench, steps: list[dict[str, Any]], shown: bool) -> None:
    bench.gate("gate")
    bench.make("claude", [*steps, {"wait": "gate"}])
    limits = {"first_event_timeout_s": 30.0, "idle_timeout_s": 0.3} if shown else {"first_event_timeout_s": 3.0}
    events, error = await failed(agent(bench, **limits))
    assert bool(events) is shown
    assert (error.kind, error.partial) == ("timeout", shown)
    assert f"nothing new for {0.3 if shown else 3:g} s" in error.message
    assert ("rate_limit 429" in error.message) is not shown
    assert not alive(bench.call()["pid"])


async def test_images_are_not_shown_to_it(bench: Bench) -> None:
    bench.make("claude", HI)
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    pictured = {"role": "user", "content": [{"type": "text", "text": "look"}, image]}
    _, error = await failed(agent(bench), [pictured])
    assert error.kind == "unsupported"
    await answered(agent(bench), [pictured, {"role": "assistant", "content": "ok"}, *HELLO])
    assert "Person: look\n[an image was here]" in bench.call()["said"]


async def test_json_is_asked_for_in_words(bench: Bench) -> None:
    bench.make("claude", HI)
    await answered(agent(bench), schema={"type": "object", "title": "Größe"}, tools=[{"type": "function"}])
    said = bench.call()["said"]
    assert said.startswith("Hi\n\n")
    assert '{"type": "object", "title": "Größe"}' in said
