"""Turns of the agent that touch files: each has its checkpoint, commands included, and what they did is in the log."""

import os
import shutil

import pytest

from tests.openai_server import OpenAIServer, calls, says
from tests.waiting import wait_for
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.store import audit
from zotui.workspace.undo import scan as scanning

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")


async def test_what_tools_and_commands_did_is_undone_turn_by_turn(computer: Computer, server: OpenAIServer) -> None:
    root = computer.home.workspace
    (root / "kept").write_text("mine")
    server.script(calls(("write_file", {"path": "a/b.txt", "content": "one\n"})), says("written"))
    first = await computer.ask("write")
    server.script(
        calls(("edit_file", {"path": "a/b.txt", "old_string": "one", "new_string": "two"})),
        calls(("run_command", {"command": "rm kept; mkdir d; cp a/b.txt d/; chmod +x d/b.txt"})),
        says("changed"),
    )
    await computer.ask("change", first.conversation_id)
    assert (root / "d" / "b.txt").read_text() == "two\n"
    undone = await computer.checkpoints.undo(first.conversation_id)
    assert sorted(undone.paths) == ["a/b.txt", "d", "d/b.txt", "kept"]
    assert (root / "kept").read_text() == "mine"
    assert (root / "a" / "b.txt").read_text() == "one\n"
    assert not (root / "d").exists()
    await computer.checkpoints.undo(first.conversation_id)
    assert [path.name for path in root.iterdir()] == ["kept"]
    await computer.checkpoints.redo(first.conversation_id)
    await computer.checkpoints.redo(first.conversation_id)
    assert (root / "d" / "b.txt").read_text() == "two\n"
    assert os.access(root / "d" / "b.txt", os.X_OK)


async def test_a_stopped_turn_has_its_checkpoint(computer: Computer, server: OpenAIServer) -> None:
    server.script(calls(("run_command", {"command": "echo 1 > a; sleep 600"})), says("never"))
    turn = await computer.submit("go")
    await wait_for((computer.home.workspace / "a").exists)
    with pytest.raises(UsageError, match="a turn is at work on files"):
        await computer.checkpoints.undo()
    await computer.stop_everything()
    await wait_for(lambda: settled(computer))
    view = await computer.turns.view(turn)
    await computer.checkpoints.undo(view.turn.conv_id)
    assert not (computer.home.workspace / "a").exists()


async def settled(computer: Computer) -> bool:
    """Whether no checkpoint is open and one is there."""
    found = await computer.store.read(lambda db: db.execute("SELECT status FROM checkpoints").fetchall())
    return found == [("done",)]


async def test_what_cannot_come_back_is_told_before(
    computer: Computer, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "LARGEST", 1_000)
    (computer.home.workspace / "big").write_bytes(os.urandom(5_000))
    server.script(calls(("run_command", {"command": "sleep 600"})), says("never"))
    turn = await computer.submit("go")

    async def told() -> bool:
        view = await computer.turns.view(turn)
        return any("undo would not bring back: big (5.0 kB)" in (call.result or "") for call in view.tool_calls)

    await wait_for(told)
    await computer.stop_everything()


async def test_what_acted_is_in_the_log_and_what_read_is_not(computer: Computer, server: OpenAIServer) -> None:
    server.script(
        calls(("list_files", {})),
        calls(("write_file", {"path": "a", "content": "secret words"})),
        calls(("write_file", {"path": "../a", "content": "x"})),
        calls(("no_such_tool", {})),
        says("done"),
    )
    await computer.ask("go")
    rows = list(reversed(await computer.store.read(audit.entries)))
    assert [(row.kind, row.subject.split()[0]) for row in rows] == [
        ("call", "write_file"),
        ("call", "write_file"),
        ("call", "write_file"),
        ("call", "write_file"),
        ("refused", "no_such_tool"),
    ]
    assert (await computer.store.read(audit.verify)).broken_at is None


async def test_an_approval_is_in_the_log(computer: Computer, server: OpenAIServer) -> None:
    computer.home.config_file.write_text(computer.home.config_file.read_text() + '[policy]\nwrite_file = "ask"\n')
    server.script(calls(("write_file", {"path": "a", "content": "x"})), says("done"))
    await computer.submit("go", attended=True)
    question = (await wait_for(computer.turns.questions))[0]
    await computer.turns.answer(question.id, "allow")
    await wait_for((computer.home.workspace / "a").exists)

    async def logged() -> bool:
        return len(await computer.store.read(audit.entries)) == 4

    await wait_for(logged)
    rows = list(reversed(await computer.store.read(audit.entries)))
    assert [row.kind for row in rows] == ["approval", "approval", "call", "call"]
    assert all(row.call == rows[0].call for row in rows)
