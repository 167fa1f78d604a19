"""The computer as other programs use it: one object, no UI, and who does the work."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from tests.openai_server import OpenAIServer, answers, blank, calls, cuts, holds, openai_server, says, thinks
from tests.processes import Children, one, output, rows, serving, zotui
from tests.waiting import wait_for
from zotui import Computer, Reply
from zotui.background.link import SOCKET
from zotui.errors import ConfigError, NotFound, UsageError, ZotuiError
from zotui.home import Home
from zotui.models.keys import Keys
from zotui.models.provider import Finished, ReasoningDelta, TextDelta, ToolCall, Usage
from zotui.models.registry import ProviderRow
from zotui.replies import ToolResult, TurnFailed
from zotui.vault import Vault


@pytest.fixture
async def server(home: Home) -> AsyncIterator[OpenAIServer]:
    """A model server that the home's configuration names."""
    async with openai_server() as server:
        home.config_file.write_text(f'model = "lab/tiny"\n[providers.lab]\nbase_url = "{server.url}"\n')
        yield server


async def test_a_fresh_home_answers_at_once_without_key_and_network(tmp_path: Path) -> None:
    async with Computer.open(str(tmp_path / "new")) as zo:
        reply = await zo.ask("remember that the staging box is lab-3")
        again = await zo.ask("what do you know about staging?", conversation_id=reply.conversation_id)
    assert isinstance(reply, Reply)
    assert (reply.status, reply.model, reply.stop_reason, reply.error) == ("done", "offline", "stop", None)
    assert reply.output.startswith("*offline: no model*")
    assert reply.tool_calls == [
        {
            "name": "remember",
            "arguments": {"content": "the staging box is lab-3"},
            "result": "Remembered.",
            "status": "done",
        }
    ]
    assert reply.usage == {"input_tokens": 0, "output_tokens": 0, "cost": 0.0}
    assert again.conversation_id == reply.conversation_id
    assert again.message_id != reply.message_id
    assert "the staging box is lab-3" in again.output


async def test_a_stream_tells_all_that_happens_in_order(home: Home, server: OpenAIServer) -> None:
    server.script(calls(("recall", {"query": "boxes"}), text="I look. "), thinks("Nothing there.", "There is none."))
    async with Computer.open(home, workers="own") as zo:
        events = [event async for event in zo.stream("Which boxes are there?")]
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "I look. There is none."
    assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == "Nothing there."
    call = next(event for event in events if isinstance(event, ToolCall))
    result = next(event for event in events if isinstance(event, ToolResult))
    assert (call.name, call.arguments) == ("recall", {"query": "boxes"})
    assert (result.id, result.name, result.status, result.result) == (call.id, "recall", "done", "Nothing found.")
    kinds = [type(event) for event in events]
    assert kinds.index(ToolCall) < kinds.index(ToolResult) < kinds.index(ReasoningDelta)
    assert isinstance(events[-2], Usage)
    assert (events[-2].input_tokens, events[-2].output_tokens) == (20, 10)
    assert events[-1] == Finished("stop")


async def test_text_is_told_while_it_comes(home: Home, server: OpenAIServer) -> None:
    gate = asyncio.Event()
    server.script(holds(gate, "the first half, ", "the second"))
    async with Computer.open(home, workers="own") as zo, aclosing(zo.stream("go")) as events:  # type: ignore[type-var]
        first = await anext(events)
        assert first == TextDelta("the first half, ")
        gate.set()
        rest = [event async for event in events]
    assert "".join(event.text for event in rest if isinstance(event, TextDelta)) == "the second"


async def test_the_model_is_chosen_for_each_message(home: Home, server: OpenAIServer) -> None:
    server.answer(lambda exchange: says(f"I am {exchange.request['model']}"))
    async with Computer.open(home, workers="own") as zo:
        first = await zo.ask("who?", model="lab/one")
        second = await zo.ask("who?", first.conversation_id, "lab/two")
        third = await zo.ask("who?", first.conversation_id, "offline")
        fourth = await zo.ask("who?", first.conversation_id)
    assert [reply.model for reply in (first, second, third, fourth)] == ["lab/one", "lab/two", "offline", "lab/one"]
    assert second.output == "I am two"
    assert [request["model"] for request in server.requests] == ["one", "two", "one"]


async def test_options_reach_the_model(home: Home, server: OpenAIServer) -> None:
    server.answer(lambda exchange: says("ok"))
    async with Computer.open(home, workers="own") as zo:
        await zo.memory.memorize("the canary is yellow")
        await zo.ask("canary", tools=False, system="Speak like a pirate.", memory=False)
        await zo.ask("canary")
    bare, full = server.exchanges
    assert "tools" not in bare.request
    assert "Speak like a pirate." in bare.messages[0]["content"]
    assert "yellow" not in bare.messages[0]["content"]
    assert full.request["tools"]
    assert "yellow" in full.messages[0]["content"]


class TestFailures:
    """What does not end well raises, with what came."""

    async def test_a_refusing_server(self, home: Home, server: OpenAIServer) -> None:
        server.script(answers(401, '{"error": {"message": "bad key"}}'))
        async with Computer.open(home, workers="own") as zo:
            with pytest.raises(TurnFailed) as caught:
                await zo.ask("hello")
            assert await zo.chats.count() == 1
        reply = caught.value.reply
        assert (reply.status, reply.output) == ("failed", "")
        assert reply.error
        assert reply.conversation_id
        assert isinstance(caught.value, ZotuiError)

    async def test_half_an_answer_is_kept(self, home: Home, server: OpenAIServer) -> None:
        server.script(cuts("half of it"))
        async with Computer.open(home, workers="own") as zo:
            with pytest.raises(TurnFailed) as caught:
                await zo.ask("hello")
            reply = caught.value.reply
            kept = await zo.chats.messages(reply.conversation_id)
        assert (reply.status, reply.output) == ("interrupted", "half of it")
        assert [(message.role, message.content) for message in kept] == [("user", "hello"), ("assistant", "half of it")]

    async def test_a_stream_raises_after_its_last_event(self, home: Home, server: OpenAIServer) -> None:
        server.script(cuts("half of it"))
        told = []
        async with Computer.open(home, workers="own") as zo:
            with pytest.raises(TurnFailed):  # noqa: PT012 (what comes before is looked at)
                async for event in zo.stream("hello"):
                    told.append(event)
        assert told == [TextDelta("half of it")]

    async def test_a_blank_answer_is_no_success_in_disguise(self, home: Home, server: OpenAIServer) -> None:
        server.script(blank())
        async with Computer.open(home, workers="own") as zo:
            reply = await zo.ask("hello")
            (message,) = [m for m in await zo.chats.messages(reply.conversation_id) if m.role == "assistant"]
        assert (reply.output, reply.status) == ("", "done")
        assert message.raw

    async def test_a_missing_key_names_the_variable(self, home: Home) -> None:
        async with Computer.open(home, workers="own") as zo:
            with pytest.raises(TurnFailed, match="GROQ_API_KEY is not set"):
                await zo.ask("hello", model="groq")

    @pytest.mark.parametrize("text", ["", "   ", "\n\n", "\x1b[31m\x1b[0m", "\u200b"])
    async def test_an_empty_message(self, text: str, home: Home) -> None:
        async with Computer.open(home, workers="own") as zo:
            with pytest.raises(UsageError, match="empty"):
                await zo.ask(text)
            assert await zo.chats.count() == 0

    async def test_what_is_too_long_unknown_or_nowhere(self, home: Home) -> None:
        async with Computer.open(home, workers="own") as zo:
            with pytest.raises(UsageError, match="limit"):
                await zo.ask("x" * 1_000_001)
            with pytest.raises(UsageError, match=r"no provider 'nope'.*there are: offline, groq"):
                await zo.ask("hello", model="nope/x")
            with pytest.raises(NotFound, match="no conversation 'nowhere'"):
                await zo.ask("hello", conversation_id="nowhere")
            assert await zo.chats.count() == 0
        assert rows(home, "SELECT * FROM turns") == []


class TestWorkers:
    """Who does the work."""

    async def test_own_does_it_here(self, home: Home) -> None:
        async with Computer.open(home, workers="own") as zo:
            assert (await zo.ask("help")).status == "done"
            assert one(home, "SELECT owner FROM turns") is None
        assert serving(home) == 0

    async def test_auto_without_a_background_process_does_it_here(self, home: Home) -> None:
        async with Computer.open(home) as zo:
            assert zo.crew.worker is not None
            assert (await zo.ask("help")).status == "done"
        assert serving(home) == 0

    async def test_background_starts_one_and_auto_then_uses_it(self, home: Home) -> None:
        async with Computer.open(home, workers="background") as zo:
            assert zo.crew.worker is None
            first = await zo.ask("remember that it is background")
            pid = serving(home)
            assert pid not in (0, os.getpid())
            async with Computer.open(home) as second:
                assert second.crew.worker is None
                reply = await second.ask("what do you remember?", first.conversation_id)
            assert "it is background" in reply.output
            assert serving(home) == pid

    async def test_none_leaves_it_to_whoever_comes(self, home: Home) -> None:
        async with Computer.open(home, workers="none") as zo:
            turn = await zo.submit("remember that somebody came")
            assert (await zo.turns.view(turn)).turn.status == "queued"
        async with Computer.open(home, workers="all") as zo:

            async def done() -> bool:
                return (await zo.turns.view(turn)).over

            await wait_for(done)
            assert await zo.memory.count() == 1

    async def test_a_program_that_ends_in_the_middle_marks_what_came(self, home: Home, server: OpenAIServer) -> None:
        server.script(holds(asyncio.Event(), "so far", ""))
        async with Computer.open(home, workers="own") as zo:
            turn = await zo.submit("go")

            async def begun() -> bool:
                return (await zo.turns.view(turn)).output == "so far"

            await wait_for(begun)
        assert rows(home, "SELECT role, content, status FROM messages ORDER BY position") == [
            ("user", "go", "done"),
            ("assistant", "so far", "interrupted"),
        ]


async def test_bad_configuration_opens_nothing(home: Home) -> None:
    home.config_file.write_text("modle = 1")
    with pytest.raises(ConfigError, match="modle"):
        async with Computer.open(home):
            raise AssertionError
    assert not home.database.exists()


async def test_a_default_model_of_nobody_is_said_at_once(home: Home) -> None:
    home.config_file.write_text('model = "nobody/x"')
    with pytest.raises(ConfigError, match=r"config.toml: \"model\": no provider 'nobody'"):
        async with Computer.open(home, workers="background"):
            raise AssertionError
    done = zotui(home, "ask", "hello")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no provider 'nobody'" in done.stderr
    assert serving(home) == 0


async def test_the_context_that_is_shown_is_what_was_sent(home: Home, server: OpenAIServer) -> None:
    server.script(says("ok"))
    async with Computer.open(home, workers="own") as zo:
        assert await zo.context("nowhere") is None
        reply = await zo.ask("hello", system="Be brief.")
        shown = await zo.context(reply.conversation_id)
    assert shown
    body = server.exchanges[0].body
    parts = shown.partition("\n\n── ")[2].removesuffix("\n").split("\n\n── ")
    assert "".join(part.partition(" ──\n")[2] for part in parts) == body.decode()
    assert [part.partition(" ──\n")[0] for part in parts][:5] == [
        "model",
        "persona",
        "instructions",
        "skills",
        "user 1",
    ]
    assert hashlib.sha256(body).hexdigest()[:16] in shown
    assert f"{len(body):,} bytes" in shown


def test_a_script_without_asyncio_of_its_own_ends(home: Home, children: Children) -> None:
    code = """
import asyncio, sys
from zotui import Computer
async def main():
    async with Computer.open(sys.argv[1]) as zo:
        print((await zo.ask("help")).status)
asyncio.run(main())
"""
    assert output(children.python(code, str(home.path))) == "done\n"


async def test_limits_that_are_raised_hold_from_the_next_request_on(home: Home, server: OpenAIServer) -> None:
    provider = home.config_file.read_text()
    home.config_file.write_text(f"{provider}[agent]\nmax_steps = 1\n")
    server.script(calls(("now", {})), calls(("now", {})), says("It is late."))
    async with Computer.open(home, workers="own") as zo:
        with pytest.raises(TurnFailed, match="max_steps under"):
            await zo.ask("what time is it?")
        home.config_file.write_text(f"{provider}[agent]\nmax_steps = 2\n")
        assert (await zo.ask("what time is it?")).output == "It is late."


async def test_a_turn_is_not_begun_before_its_doors_keys_are_there(
    home: Home, server: OpenAIServer, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Making them takes a second under a passphrase, and the background process sees a turn at once."""
    children.zotui(home, "serve")
    await wait_for(lambda: (home.run / SOCKET).exists())
    told = Keys.hand_over

    def slowly(keys: Keys, rows: Iterable[ProviderRow]) -> dict[str, Any]:
        time.sleep(0.5)
        return told(keys, rows)

    monkeypatch.setattr(Keys, "hand_over", slowly)
    server.script(says("ok"))
    keys = Keys(Vault(home.vault, home.run / "vault.lock"), {"ZOTUI_KEY_LAB": "sk-of-this-door"})
    async with Computer.open(home, workers="background", keys=keys) as zo:
        assert (await zo.ask("hi")).output == "ok"
    assert server.exchanges[0].headers["authorization"] == "Bearer sk-of-this-door"
