"""Every verb and option: what it prints, its JSON, its exit code."""

import asyncio
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.openai_server import OpenAIServer, calls, says
from tests.processes import Children, output, rows
from tests.waiting import wait_for
from zotui.cli.verbs import VERBS
from zotui.cli.verbs import run as run_verb
from zotui.home import Home

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def is_time(text: Any) -> bool:
    """RFC 3339, in UTC."""
    return bool(isinstance(text, str) and TIME.fullmatch(text) and datetime.fromisoformat(text))


class TestAsk:
    """``zotui ask``."""

    def test_it_prints_the_answer_and_what_ran_goes_to_stderr(self, run: Command) -> None:
        done = run("ask", "remember", "that", "tea", "is", "green")
        assert (done.code, done.err) == (0, "▸ remember  done  saved\n")
        assert done.out == "*offline: no model* · ran `remember`:\n\nRemembered.\n"

    def test_its_json(self, run: Command) -> None:
        found = run("ask", "--json", "remember that tea is green").json
        assert set(found) >= {"conversation_id", "message_id", "model", "output", "tool_calls", "usage", "stop_reason"}
        assert found["tool_calls"] == [
            {"name": "remember", "arguments": {"content": "tea is green"}, "result": "Remembered.", "status": "done"}
        ]
        assert found["usage"] == {"input_tokens": 0, "output_tokens": 0, "cost": 0.0}
        assert (found["model"], found["stop_reason"], found["status"]) == ("offline", "stop", "done")

    def test_going_on_with_a_conversation(self, run: Command) -> None:
        first = run("ask", "--json", "remember a").json["conversation_id"]
        for name in (first, first[-8:], first[:20], "last"):
            assert run("ask", "-c", name, "--json", "help").json["conversation_id"] == first
        assert run("ask", "--json", "help").json["conversation_id"] != first
        assert "no conversation 'nowhere'" in run("ask", "-c", "nowhere", "help").complaint

    def test_last_of_none(self, run: Command) -> None:
        done = run("ask", "-c", "last", "help")
        assert done.code == 1
        assert "there is no conversation yet" in done.complaint

    async def test_its_options_reach_the_model(
        self, run: Command, home: Home, server: OpenAIServer, tmp_path: Path
    ) -> None:
        server.answer(lambda exchange: says("ok"))
        run("memory", "add", "the canary is yellow")
        (tmp_path / "notes.md").write_text("a ``` fence\n````\nin it")
        words = [
            "ask",
            "-m",
            "lab/large",
            "--system",
            "Be a pirate.",
            "--file",
            str(tmp_path / "notes.md"),
            "--no-memory",
            "--no-tools",
        ]
        done = await asyncio.to_thread(run, *words, "canary?")
        assert (done.code, done.out) == (0, "ok\n")
        done = await asyncio.to_thread(run, "ask", "canary?")
        bare, full = server.exchanges
        assert bare.request["model"] == "large"
        assert "tools" not in bare.request
        assert "Be a pirate." in bare.messages[0]["content"]
        assert "yellow" not in bare.messages[0]["content"]
        assert bare.said.endswith('notes.md">\na ``` fence\n````\nin it\n</file>')
        assert "yellow" in full.messages[0]["content"]
        assert full.request["model"] == "tiny"

    async def test_text_and_calls_in_order(self, run: Command, server: OpenAIServer) -> None:
        server.script(calls(("recall", {"query": "x"}), text="Let me see."), says("Nothing."))
        done = await asyncio.to_thread(run, "ask", "x?")
        assert done.out == "Let me see.\nNothing.\n"
        assert done.err == "▸ recall  done  0 found\n"

    async def test_a_blank_answer_is_said(self, run: Command, server: OpenAIServer) -> None:
        server.script(says(""))
        done = await asyncio.to_thread(run, "ask", "x?")
        assert (done.code, done.out) == (0, "(model returned no text)\n")

    def test_a_failed_turn_is_one_line_and_exit_1(self, run: Command) -> None:
        done = run("ask", "-m", "groq", "hello")
        assert (done.code, done.out) == (1, "")
        assert "GROQ_API_KEY is not set" in done.complaint
        done = run("ask", "--json", "-m", "groq", "hello")
        assert done.code == 1
        assert (done.json["status"], done.json["output"]) == ("failed", "")
        assert "GROQ_API_KEY" in done.json["error"]

    @pytest.mark.parametrize("approve", ["ask", "all", "none"])
    def test_without_a_terminal_nobody_is_asked(self, approve: str, run: Command) -> None:
        done = run("ask", "--approve", approve, "/ask shall we go?")
        assert done.code == 0
        assert "nobody is there to answer" in done.out


class TestChats:
    """``zotui chats``."""

    @pytest.fixture
    def two(self, run: Command) -> list[str]:
        """Two conversations."""
        return [
            run("ask", "--json", text).json["conversation_id"]
            for text in ("remember the ferry to Oslo", "what is a heron")
        ]

    def test_list(self, run: Command, two: list[str]) -> None:
        found = run("chats", "list", "--json").json
        assert [chat["id"] for chat in found] == two[::-1]
        assert set(found[0]) >= {"id", "title", "updated_at", "messages"}
        assert (found[1]["title"], found[1]["messages"]) == ("remember the ferry to Oslo", 3)
        assert all(is_time(chat["updated_at"]) and is_time(chat["created_at"]) for chat in found)
        assert [chat["id"] for chat in run("chats", "list", "--search", "ferry", "--json").json] == [two[0]]
        assert len(run("chats", "list", "--limit", "1", "--json").json) == 1
        lines = run("chats", "list").out.splitlines()
        assert [line.split()[0] for line in lines] == [identity[-8:] for identity in two[::-1]]

    def test_nothing_to_list(self, run: Command) -> None:
        assert run("chats", "list").out == "no conversations yet: zotui ask TEXT\n"
        assert run("chats", "list", "--search", "x").out == "no conversations with these words\n"
        assert run("chats", "list", "--json").json == run("chats", "search", "x", "--json").json == []

    def test_show(self, run: Command, two: list[str]) -> None:
        found = run("chats", "show", two[0][-8:], "--json").json
        assert set(found) >= {"id", "title", "updated_at", "messages"}
        assert [message["role"] for message in found["messages"]] == ["user", "assistant", "assistant"]
        (call,) = found["messages"][1]["tool_calls"]
        assert (call["name"], call["status"]) == ("remember", "done")
        assert is_time(call["started_at"])
        assert all(is_time(message["created_at"]) for message in found["messages"])
        text = run("chats", "show", two[0]).out
        assert text.startswith("you: remember the ferry to Oslo\n")
        assert "▸ remember" in text
        assert run("chats", "show", "last", "--json").json["id"] == two[1]

    def test_search(self, run: Command, two: list[str]) -> None:
        found = run("chats", "search", "ferry", "to", "--json").json
        assert found[0]["conversation_id"] == two[0]
        assert set(found[0]) == {"conversation_id", "title", "message_id", "role", "created_at", "excerpt"}
        assert is_time(found[0]["created_at"])
        assert len(run("chats", "search", "--limit", "1", "oslo", "--json").json) == 1
        assert "ferry" in run("chats", "search", "ferry").out
        for query in ('"', "AND OR NOT ( ^ * :", "'; DROP TABLE messages", "xylophone"):
            assert run("chats", "search", query).out == "nothing found\n"

    def test_rename(self, run: Command, two: list[str]) -> None:
        done = run("chats", "rename", two[0], "Trip", "to", "\x1b[31mOslo\n🎉")
        assert (done.code, done.out) == (0, "")
        assert run("chats", "show", two[0], "--json").json["title"] == "Trip to Oslo 🎉"
        assert run("chats", "rename", two[0], " ").code == 2

    def test_rm(self, run: Command, two: list[str]) -> None:
        done = run("chats", "rm", two[0])
        assert (done.code, done.out) == (0, "")
        assert f"zotui chats restore {two[0][-8:]}" in done.complaint
        assert [chat["id"] for chat in run("chats", "list", "--json").json] == [two[1]]
        assert [chat["id"] for chat in run("chats", "list", "--deleted", "--json").json] == [two[0]]
        assert run("chats", "restore", two[0][-8:]).code == 0
        assert len(run("chats", "list", "--json").json) == 2

    def test_rm_for_ever(self, run: Command, two: list[str]) -> None:
        done = run("chats", "rm", "--forever", two[0])
        assert done.code == 2
        assert "--yes deletes without asking" in done.complaint
        assert run("chats", "rm", "--forever", "--yes", two[0]).code == 0
        assert run("chats", "restore", two[0]).code == 1
        assert run("chats", "rm", two[1]).code == 0
        assert run("chats", "empty-trash").code == 2
        assert run("chats", "empty-trash", "--yes").out == "1 deleted\n"
        assert run("chats", "list", "--deleted").out == "the trash is empty\n"

    def test_pinned_archived_and_back(self, run: Command, two: list[str]) -> None:
        run("chats", "pin", two[0])
        assert [chat["id"] for chat in run("chats", "list", "--json").json] == two
        run("chats", "unpin", two[0])
        run("chats", "archive", two[0])
        assert [chat["id"] for chat in run("chats", "list", "--json").json] == [two[1]]
        assert [chat["id"] for chat in run("chats", "list", "--archived", "--json").json] == [two[0]]
        run("chats", "unarchive", two[0])
        assert len(run("chats", "list", "--json").json) == 2

    def test_branches(self, run: Command, two: list[str]) -> None:
        branch = run("chats", "fork", two[0], "1", "--json").json["conversation_id"]
        tree = run("chats", "branches", branch, "--json").json
        assert [(one["id"], one["depth"]) for one in tree] == [(two[0], 0), (branch, 1)]
        assert two[0][-8:] in run("chats", "branches", two[0]).out
        edited = run("chats", "edit", two[0], "1", "list", "memories", "--json").json
        assert "ferry" in edited["output"]
        assert edited["conversation_id"] not in (*two, branch)
        assert "no message '9'" in run("chats", "fork", two[0], "9").complaint
        found = run("chats", "compare", "help", "-m", "offline", "-m", "offline/x", "--json")
        assert found.code in (0, 1)
        assert "cannot be compared" in run("chats", "compare", "help", "-m", "offline").complaint

    def test_out_and_in_again(self, run: Command, two: list[str], tmp_path: Path) -> None:
        for form in ("md", "jsonl"):
            text = run("chats", "export", two[0], "--format", form).raw
            made = run("chats", "import", "-", "--json", given=text).json["conversation_id"]
            assert run("chats", "export", made, "--format", form).raw == text
            file = tmp_path / f"it.{form}"
            assert run("chats", "export", two[0], "-o", str(file)).code == 0
            assert file.read_bytes() == text
            assert "there already" in run("chats", "export", two[0], "-o", str(file)).complaint
        assert "line 1" in run("chats", "import", "-", given=b"nonsense").complaint

    def test_long_ones(self, run: Command, two: list[str]) -> None:
        assert "too few" in run("chats", "compact", two[0]).complaint
        assert run("chats", "summary", two[0]).out == "no summary\n"
        assert "no summary applies" in run("chats", "undo-summary", two[0]).complaint
        assert run("chats", "plan", two[0]).out == "no plan\n"
        made = run("chats", "continue", two[0], "--json").json["conversation_id"]
        assert run("chats", "show", made, "--json").json["kind"] == "sequel"
        for _ in range(5):
            run("ask", "-c", two[1], "list files")
        found = run("chats", "compact", two[1], "--apply", "--json").json
        assert [one["status"] for one in found] == ["done"]
        assert run("chats", "undo-summary", two[1]).code == 0
        assert run("chats", "summary", two[1], "--json").json[0]["reason"] == "undone"

    def test_touching(self, run: Command, two: list[str], home: Home) -> None:
        (home.workspace / "notes.md").write_text("x")
        done = run("ask", "--json", "what is in @notes.md").json
        found = run("chats", "touching", "notes.md", "--json").json
        assert [(one["conversation"]["id"], one["how"]) for one in found] == [(done["conversation_id"], "attached")]
        assert "attached" in run("chats", "touching", str(home.workspace / "notes.md")).out
        assert run("chats", "touching", "nothing.md").out == "no conversation had to do with it\n"

    def test_of_nobody(self, run: Command) -> None:
        run("ask", "help")
        for name in ("%", "_", "nowhere", "", "🎉", b"\xff"):
            for verb in (["show"], ["rm", "--yes"]):
                done = run("chats", *verb, name)
                assert done.code == 1
                assert "no conversation" in done.complaint
        assert len(run("chats", "list", "--json").json) == 1


class TestMemory:
    """``zotui memory``."""

    def test_keys(self, run: Command) -> None:
        assert run("memory", "set", "city", "Ber", "lin").out == ""
        run("memory", "set", "city", "Oslo")
        assert run("memory", "get", "city").out == "Oslo\n"
        assert run("memory", "get", "city", "--json").json == {"key": "city", "value": "Oslo"}
        history = run("memory", "history", "city", "--json").json
        assert [version["value"] for version in history] == ["Ber lin", "Oslo"]
        assert all(is_time(version["created_at"]) for version in history)
        assert [line.split()[-1] for line in run("memory", "history", "city").out.splitlines()] == ["lin", "Oslo"]
        assert len(run("memory", "history", "--revert", "city", "--json").json) == 3
        assert run("memory", "get", "city").out == "Ber lin\n"
        for verb in ("get", "history", "rm"):
            done = run("memory", verb, "nothing")
            assert done.code == 1
            assert "'nothing'" in done.complaint
        assert run("memory", "history", "--revert", "nothing").code == 1

    def test_add_recall_list_edit_rm(self, run: Command) -> None:
        first = run("memory", "add", "the", "box", "is", "lab-3", "--json").json["id"]
        second = run("memory", "add", "--meta", '{"source": "book", "n": 1}', "tea is green").out.strip()
        third = run("memory", "add", given=b"from a pipe\nin two lines").out.strip()
        fourth = run("memory", "add", "-", given="dash ü".encode()).out.strip()
        found = run("memory", "recall", "which", "box?", "--json").json
        assert [set(memory) for memory in found] == [{"id", "content", "meta", "score"}]
        assert (found[0]["id"], found[0]["content"], found[0]["meta"]) == (first, "the box is lab-3", {"source": "me"})
        assert run("memory", "recall", "tea", "--json").json[0]["meta"] == {"source": "book", "n": 1}
        assert len(run("memory", "recall", "-k", "1", "is", "--json").json) == 1
        assert run("memory", "recall", "xylophone").out == "nothing fits\n"
        listed = run("memory", "list", "--json").json
        assert [memory["id"] for memory in listed] == [fourth, third, second, first]
        assert set(listed[0]) >= {"id", "key", "content", "meta", "created_at", "updated_at"}
        assert all(is_time(memory["updated_at"]) for memory in listed)
        assert [m["id"] for m in run("memory", "list", "--limit", "2", "--offset", "1", "--json").json] == [
            third,
            second,
        ]
        assert [m["content"] for m in run("memory", "list", "--search", "pip", "--json").json] == [
            "from a pipe\nin two lines"
        ]
        shown = run("memory", "list").out.splitlines()
        assert "from a pipe in two lines" in shown[1]
        run("memory", "edit", shown[1].split()[0], "edited", "by", "its", "short", "name")
        assert run("memory", "recall", "edited", "--json").json[0]["id"] == third
        done = run("memory", "rm", shown[0].split()[0])
        assert done.err == "deleted: dash ü\n"
        assert len(run("memory", "list", "--json").json) == 3
        assert run("memory", "list", "--search", "xylophone").out == "nothing is remembered\n"

    @pytest.mark.parametrize("meta", ["[1]", "{", "5", "", '{"a": 1e999}', "{" + '"a":{' * 5000])
    def test_meta_must_be_an_object(self, meta: str, run: Command) -> None:
        done = run("memory", "add", "--meta", meta, "x")
        assert done.code == 2
        assert "--meta is no JSON object" in done.complaint

    def test_what_cannot_be_kept(self, run: Command) -> None:
        run("memory", "set", "k", "v")
        for words in (["set", "", "x"], ["set", "k", ""], ["add", ""], ["add", "x" * 100_001], ["edit", "k", " "]):
            done = run("memory", *words)
            assert done.code == 2
            assert done.complaint
        assert [memory["content"] for memory in run("memory", "list", "--json").json] == ["v"]

    def test_terminal_sequences_go_in_and_do_not_come_out(self, run: Command) -> None:
        run("memory", "add", "--meta", '{"a": "\\u001b[31mred"}', "\x1b]0;title\x07te\x1b[31mxt\u202e")
        (found,) = run("memory", "list", "--json").json
        assert (found["content"], found["meta"]["a"]) == ("text", "red")
        assert "\x1b" not in run("memory", "list").out


class TestSkills:
    """``zotui skills``."""

    @pytest.fixture
    def shelf(self, home: Home) -> Path:
        """Three skills: good, flawed and broken."""
        for name, content in {
            "good-one": "---\nname: good-one\ndescription: Good.\ntriggers: a, b\n---\nDo it.\n",
            "flawed": "---\nname: other\ndescription: Flawed.\n---\n",
            "broken": "no front matter",
        }.items():
            (home.skills / name).mkdir()
            (home.skills / name / "SKILL.md").write_text(content)
        return home.skills

    def test_list(self, run: Command, shelf: Path) -> None:
        found = {skill["name"]: skill for skill in run("skills", "list", "--json").json}
        assert set(found["good-one"]) == {
            "name",
            "description",
            "triggers",
            "path",
            "source",
            "enabled",
            "valid",
            "problems",
            "state",
        }
        assert found["good-one"] == {
            "name": "good-one",
            "description": "Good.",
            "triggers": ["a", "b"],
            "path": str(shelf / "good-one"),
            "source": "home",
            "enabled": True,
            "valid": True,
            "problems": [],
            "state": "ready",
        }
        assert (found["broken"]["valid"], found["other"]["valid"]) == (False, True)
        assert found["broken"]["problems"] == ["SKILL.md: line 1: it does not begin with '---'"]
        assert found["meeting-notes"]["source"] == "bundled"
        lines = {line.split()[0]: line for line in run("skills", "list").out.splitlines()}
        assert lines["broken"].split()[1] == "invalid"
        assert "does not begin" in lines["broken"]
        assert lines["good-one"].split()[1:3] == ["ready", "home"]

    def test_another_folder(self, run: Command, shelf: Path, tmp_path: Path) -> None:
        found = run("skills", "list", "--dir", str(shelf), "--json").json
        assert [skill["name"] for skill in found] == ["broken", "other", "good-one"]
        (tmp_path / "empty").mkdir()
        assert run("skills", "list", "--dir", str(tmp_path / "empty")).out == "no skills\n"
        done = run("skills", "list", "--dir", str(tmp_path / "gone"))
        assert done.code == 2
        assert "no such folder" in done.complaint

    def test_show(self, run: Command, shelf: Path) -> None:
        assert run("skills", "show", "good-one", "--json").json["body"] == "Do it."
        assert run("skills", "show", "good-one").out == (
            f"good-one: Good.\n{shelf / 'good-one'} (home, ready)\n"
            "about 5 tokens in each request, 2 once it is read\n\nDo it.\n"
        )
        done = run("skills", "show", "broken")
        assert done.err == "! SKILL.md: line 1: it does not begin with '---'\n"
        done = run("skills", "show", "nowhere")
        assert done.code == 1
        assert "no skill 'nowhere'" in done.complaint

    def test_they_need_no_file(self, run: Command, home: Home) -> None:
        run("skills", "list")
        assert not home.database.exists()


ASK = """
import asyncio, sys
from zotui import Computer
async def main():
    async with Computer.open(sys.argv[1], workers="own") as zo:
        turn = await zo.submit("which box?")
        async for view in zo.turns.follow(turn):
            if view.question is not None and view.turn.status == "waiting":
                print(view.question.id)
                return
asyncio.run(main())
"""


class TestApprovals:
    """``zotui approvals``, with a question that a real turn waits for."""

    async def ask(self, home: Home, children: Children) -> str:
        """A turn that waits, of a program that has ended; its question's id."""
        asking = children.python(ASK, str(home.path))
        return (await asyncio.to_thread(output, asking)).strip()

    async def test_a_question_is_listed_answered_and_gone(
        self, run: Command, home: Home, server: OpenAIServer, children: Children
    ) -> None:
        server.script(
            calls(("ask_person", {"question": "Which box?", "choices": ["lab-1", "lab-2"]})), says("Going to lab-2.")
        )
        question = await self.ask(home, children)
        (found,) = (await asyncio.to_thread(run, "approvals", "list", "--json")).json
        assert (found["id"], found["text"], found["choices"]) == (question, "Which box?", ["lab-1", "lab-2"])
        assert is_time(found["created_at"])
        shown = (await asyncio.to_thread(run, "approvals", "list")).out
        assert shown.split()[0] == question[-8:]
        assert "Which box? (lab-1 / lab-2)" in shown
        done = await asyncio.to_thread(run, "approvals", "answer", question[-8:], "lab-2", daemon=True)
        assert (done.code, done.out, done.err) == (0, "", "")
        assert (await asyncio.to_thread(run, "approvals", "list")).out == "nothing waits for you\n"
        await wait_for(lambda: rows(home, "SELECT status FROM turns") == [("done",)])
        assert server.exchanges[1].results == ["lab-2"]
        assert "Going to lab-2." in (await asyncio.to_thread(run, "chats", "show", "last")).out

    async def test_one_is_declined(self, run: Command, home: Home, server: OpenAIServer, children: Children) -> None:
        server.script(calls(("ask_person", {"question": "Which box?"})))
        question = await self.ask(home, children)
        done = await asyncio.to_thread(run, "approvals", "deny", question)
        assert done.code == 0
        assert "goes on with the next background process" in done.err
        assert rows(home, "SELECT status, reason FROM approvals") == [("cancelled", "denied")]
        assert rows(home, "SELECT status FROM turns") == [("queued",)]

    def test_of_nobody(self, run: Command) -> None:
        for name in ("nowhere", "", "%", b"\xff", "🎉"):
            for words in (["answer", name, "yes"], ["deny", name]):
                done = run("approvals", *words)
                assert done.code == 1
                assert "no open question" in done.complaint
        assert run("approvals", "list", "--json").json == []


class TestStatus:
    """``zotui status`` and ``stop``."""

    def test_nobody_is_there(self, run: Command) -> None:
        found = run("status", "--json").json
        assert set(found) >= {"pid", "since", "doors", "queued", "running", "sandbox"}
        assert (found["pid"], found["since"], found["doors"], found["queued"], found["running"]) == (
            None,
            None,
            0,
            0,
            0,
        )
        assert run("status").out == f"no background process\nwork: 0 queued, 0 running\nsandbox: {found['sandbox']}\n"
        assert run("stop").err == "no background process was running\n"

    def test_somebody_is(self, run: Command) -> None:
        assert run("ask", "help", daemon=True).code == 0
        found = run("status", "--json").json
        assert isinstance(found["pid"], int)
        assert is_time(found["since"])
        assert f"process {found['pid']}, up now" in run("status").out
        assert run("stop").err == f"stopped process {found['pid']}\n"
        assert run("status", "--json").json["pid"] is None

    def test_stop_makes_no_home(self, run: Command, tmp_path: Path) -> None:
        done = run("stop", env={"ZOTUI_HOME": str(tmp_path / "new")})
        assert (done.code, (tmp_path / "new").exists()) == (0, False)


class TestHelp:
    """``--help`` of everything there is."""

    def test_of_the_whole(self, run: Command) -> None:
        for option in ("--help", "-h"):
            done = run(option)
            assert (done.code, done.err) == (0, "")
            assert all(verb in done.out for verb in VERBS)
        assert re.fullmatch(r"zotui \d+\.\d+\.\d+\n", run("--version").out)

    @pytest.mark.parametrize("verb", VERBS)
    def test_of_a_verb_and_all_below_it(self, verb: str, run: Command, capsys: pytest.CaptureFixture[str]) -> None:
        done = run(verb, "--help")
        assert done.code == 0
        assert done.out.startswith(f"Usage: zotui {verb}")
        below = done.out.partition("Commands:\n")[2]
        for name in [line.split()[0] for line in below.splitlines() if line.startswith("  ") and line[2] != " "]:
            assert run_verb([verb, name, "-h"]) == 0
            assert capsys.readouterr().out.startswith(f"Usage: zotui {verb} {name}")

    def test_it_touches_no_home(self, run: Command, tmp_path: Path) -> None:
        for words in (["--help"], ["ask", "--help"], ["--version"], ["frob"], ["memory"], ["memory", "frob"]):
            run(*words, env={"ZOTUI_HOME": str(tmp_path / "new")})
        assert not (tmp_path / "new").exists()


def test_the_home_is_named_before_the_verb_or_in_the_environment(run: Command, tmp_path: Path, home: Home) -> None:
    run("--home", str(tmp_path / "other"), "memory", "add", "in the other")
    assert run("memory", "list", "--json").json == []
    assert len(run("memory", "list", "--json", env={"ZOTUI_HOME": str(tmp_path / "other")}).json) == 1
    relative = run("--home", "../../" + "x" * 5, "--help")
    assert relative.code == 0


def test_json_is_one_document_even_of_odd_texts(run: Command) -> None:
    text = 'a "quoted"\nline\t\u2028 🎉 </script> \\u0000 ü'
    run("memory", "add", text)
    raw = run("memory", "list", "--json").raw
    assert raw.count(b"\n") == 1
    assert json.loads(raw)[0]["content"] == text.replace("\u2028", "\n")
