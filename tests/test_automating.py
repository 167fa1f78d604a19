"""Automations of a whole computer: what they do for real, in its sandbox, its conversations, with its skills."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.openai_server import OpenAIServer, answers, calls, hangs, says
from tests.processes import rows
from tests.skills.shelves import put, trust
from tests.test_mailing import serving
from tests.waiting import wait_for
from tests.working import server  # noqa: F401 (a fixture)
from zotui.automations.automation import Run
from zotui.computer import Computer
from zotui.errors import NotFound, UsageError
from zotui.home import Home
from zotui.secret import Secret

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")
DAILY = {"rrule": "FREQ=DAILY;BYHOUR=9", "tz": "UTC"}


@pytest_asyncio.fixture
async def computer(home: Home, server: OpenAIServer) -> AsyncIterator[Computer]:  # noqa: F811
    """The process that does all the work."""
    async with Computer.open(home, workers="all") as computer:
        yield computer


async def happened(computer: Computer, **asked: Any) -> Run:
    """One run of it, ended."""
    one = await computer.automations.add(**DAILY, **asked)
    async with asyncio.timeout(30):
        return await computer.automations.ended(await computer.automations.run(one.id))


async def notices(computer: Computer) -> list[tuple[str, str]]:
    return [(one.text, one.place) for one in await computer.notices.list()]


async def test_a_prompt_is_a_conversation_of_its_own(computer: Computer, server: OpenAIServer) -> None:  # noqa: F811
    server.script(says("Three things today."))
    run = await happened(computer, ask="What is up today?", title="brief")
    assert (run.status, run.output) == ("done", "Three things today.")
    [chat] = await computer.chats.list()
    assert (chat.title, chat.id) == ("brief", run.conv_id)
    assert await notices(computer) == [("brief: Three things today.", f"chat:{chat.id}")]
    origin = rows(computer.home, "SELECT origin FROM usage")
    assert origin == [(f"automation:{run.automation_id}",)]


async def test_a_prompt_has_its_scope_and_nobody_to_ask(computer: Computer, server: OpenAIServer) -> None:  # noqa: F811
    server.script(calls(("run_command", {"command": "echo hi"})), says("It may not."))
    run = await happened(computer, ask="Run it.", scope="read-only")
    assert (run.status, run.output) == ("done", "It may not.")
    offered = {tool["function"]["name"] for tool in json.loads(server.exchanges[0].body).get("tools", [])}
    assert "run_command" not in offered
    assert not await computer.turns.questions()


async def test_a_prompt_that_fails_is_told(computer: Computer, server: OpenAIServer) -> None:  # noqa: F811
    server.script(answers(400, '{"error": {"message": "no such thing"}}'))
    run = await happened(computer, ask="What?", title="brief", notify_if="never")
    assert run.status == "failed"
    [(text, place)] = await notices(computer)
    assert text.startswith("brief: ")
    assert "no such thing" in text
    assert place == f"chat:{run.conv_id}"


async def test_a_prompt_that_takes_too_long_is_stopped(computer: Computer, server: OpenAIServer) -> None:  # noqa: F811
    server.script(hangs("It is"))
    run = await happened(computer, ask="What?", timeout_s=1)
    assert (run.status, run.reason) == ("failed", "timeout")
    await wait_for(lambda: rows(computer.home, "SELECT status FROM turns") == [("cancelled",)])


async def test_a_command_in_the_sandbox(computer: Computer) -> None:
    run = await happened(computer, run="pwd; echo one > made.txt; id -u; exit 3", title="job")
    assert (run.status, run.reason, run.exit_code, run.error) == ("failed", "exit_code", 3, "exit code 3")
    assert (computer.home.workspace / "made.txt").read_text() == "one\n"
    assert await notices(computer) == [("job: exit_code: exit code 3", f"automation:{run.automation_id}")]


async def test_a_command_that_takes_too_long(computer: Computer) -> None:
    run = await happened(computer, run="sleep 60", timeout_s=1)
    assert (run.status, run.reason) == ("failed", "timeout")


async def test_a_command_that_is_stopped(computer: Computer) -> None:
    one = await computer.automations.add(**DAILY, run="touch begun; sleep 600")
    run = await computer.automations.run(one.id)
    await wait_for(lambda: (computer.home.workspace / "begun").exists())
    assert await computer.automations.stop(run)
    found = await computer.automations.ended(run)
    assert (found.status, found.reason) == ("cancelled", "stopped")
    assert not await computer.automations.stop(run)


async def test_all_that_runs_stops_when_everything_is_to(computer: Computer) -> None:
    one = await computer.automations.add(**DAILY, run="touch begun; sleep 600")
    first, second = [await computer.automations.run(one.id) for _ in range(2)]
    await wait_for(lambda: (computer.home.workspace / "begun").exists())
    assert await computer.stop_everything()
    assert [(await computer.automations.ended(run)).status for run in (first, second)] == ["cancelled"] * 2
    assert not await computer.stop_everything()


async def test_a_skill(computer: Computer, home: Home) -> None:
    put(home.skills, "deed", "Does it. Use in tests.", deed="def run(n: int = 1): print('at work'); return n + 1\n")
    trust(computer.skills, "deed")
    run = await happened(computer, skill="deed", arguments={"n": 4})
    assert (run.status, run.output) == ("done", "at work\n5")
    [history] = await computer.skill_runs.list("deed")
    assert history.asked_by == f"automation:{run.automation_id}"


async def test_a_reminder_is_told_each_time(computer: Computer) -> None:
    one = await computer.automations.add(**DAILY, tell="Stand up, and\nstretch.", deliver=["file:told.txt"])
    for _ in range(2):
        run = await computer.automations.ended(await computer.automations.run(one.id))
        assert run.status == "done"
    assert await notices(computer) == [("Stand up, and stretch.", f"automation:{one.id}")] * 2
    await wait_for(lambda: _delivered(computer) == {("done", None)})
    assert (computer.home.workspace / "told.txt").read_text() == "Stand up, and\nstretch.\n\n" * 2


async def test_it_is_looked_whether_there_is_what_it_names(computer: Computer) -> None:
    with pytest.raises(NotFound, match="no skill 'x'"):
        await computer.automations.add(**DAILY, skill="x")
    with pytest.raises(UsageError, match="provider"):
        await computer.automations.add(**DAILY, ask="a", model="nobody/x")
    with pytest.raises(UsageError, match="no scope"):
        await computer.automations.add(**DAILY, ask="a", scope="every thing!")
    with pytest.raises(UsageError, match="allowed"):
        await computer.automations.add(**DAILY, ask="a", grants=["Bash("])
    with pytest.raises(UsageError, match="no host"):
        await computer.automations.add(**DAILY, run="a", hosts=["http://x/"])
    with pytest.raises(NotFound, match="no persona 'x'"):
        await computer.automations.add(**DAILY, ask="a", persona="x")
    with pytest.raises(NotFound, match="no conversation 'x'"):
        await computer.automations.add(**DAILY, ask="a", conversation="x")
    assert not await computer.automations.list()


async def test_it_asks_in_a_conversation_that_is_named_by_the_end_of_its_id(
    computer: Computer,
    server: OpenAIServer,  # noqa: F811
) -> None:
    server.script(says("Yes."))
    chat = await computer.chats.create()
    run = await happened(computer, ask="Well?", conversation=chat[-8:])
    assert (run.status, run.conv_id) == ("done", chat)


async def test_what_its_earlier_attempts_have_cost_is_spent(computer: Computer, server: OpenAIServer) -> None:  # noqa: F811
    server.script(answers(400, '{"error": {"message": "no such thing"}}'), says("Two."))
    one = await computer.automations.add(**DAILY, ask="What?", budget=0.5, retries=1, backoff_s=60)
    run = await computer.automations.run(one.id)
    await wait_for(lambda: rows(computer.home, "SELECT status, reason FROM runs") == [("queued", "retry")])
    await computer.store.write(lambda db: db.execute("UPDATE usage SET cost = 0.6"))
    await computer.store.write(lambda db: db.execute("UPDATE runs SET not_before = 0"))
    found = await computer.automations.ended(run)
    assert (found.status, found.reason) == ("skipped", "budget")


async def test_what_is_at_work_survives_a_row_that_nobody_can_read(
    computer: Computer, caplog: pytest.LogCaptureFixture
) -> None:
    one = await computer.automations.add(**DAILY, start="2026-01-01", run="true")
    broken = "UPDATE automations SET policy = ?, next_run = ?"
    await computer.store.write(lambda db: db.execute(broken, ('{"odd": 1}', 1)))
    await wait_for(lambda: "ValidationError" in caplog.text)
    await computer.store.write(lambda db: db.execute(broken, ("{}", 1)))
    await wait_for(lambda: rows(computer.home, "SELECT 1 FROM runs WHERE automation_id = ?", one.id))


async def test_a_budget_that_is_spent(computer: Computer, home: Home, server: OpenAIServer) -> None:  # noqa: F811
    server.script(says("One."), says("Two."))
    one = await computer.automations.add(**DAILY, ask="What?", budget=0.5)
    first = await computer.automations.ended(await computer.automations.run(one.id))
    await wait_for(lambda: rows(home, "SELECT 1 FROM usage WHERE status = 'done'"))
    await computer.store.write(lambda db: db.execute("UPDATE usage SET cost = 0.6"))
    second = await computer.automations.ended(await computer.automations.run(one.id))
    assert (first.status, first.error, second.status, second.reason) == ("done", "", "skipped", "budget")
    assert second.error == "$0.60 of $0.50 a day are spent"
    assert len(server.exchanges) == 1


async def test_what_is_due_begins_by_itself(computer: Computer) -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    one = await computer.automations.add(rdate=[soon.isoformat()], run="true", title="once")
    run = await wait_for(lambda: _first(computer, one.id))
    assert (run.cause, run.instant) == ("schedule", int(soon.timestamp() * 1000))
    assert (await computer.automations.ended(run.id)).status == "done"
    assert (await computer.automations.find("once")).state == "over"


async def _first(computer: Computer, name: str) -> Run | None:
    return next(iter(await computer.automations.history(name)), None)


async def test_pause_resume_skip_and_edit(computer: Computer) -> None:
    one = await computer.automations.add(**DAILY, run="true", title="job")
    assert (await computer.automations.pause("job")).next_run is None
    assert await computer.automations.count() == 0
    resumed = await computer.automations.resume("job")
    assert resumed.next_run == one.next_run
    left_out = await computer.automations.skip("job")
    assert left_out == one.next_run
    assert (await computer.automations.find("job")).next_run == left_out + 86_400_000
    [skipped] = await computer.automations.history("job")
    assert (skipped.status, skipped.reason, skipped.instant) == ("skipped", "asked", left_out)
    edited = await computer.automations.edit("job", rrule="FREQ=DAILY;BYHOUR=10", retries=2)
    assert (edited.policy.retries, edited.action, edited.title) == (2, one.action, "job")
    assert edited.schedule.rrule == "FREQ=DAILY;BYHOUR=10"
    edited = await computer.automations.edit("job", ask="What?", title="other")
    assert (edited.action.kind, edited.action.text, edited.title) == ("ask", "What?", "other")
    edited = await computer.automations.edit("other", tz="Europe/Paris")
    assert (edited.schedule.tz, edited.schedule.rrule) == ("Europe/Paris", "FREQ=DAILY;BYHOUR=10")
    await computer.automations.remove("other")
    with pytest.raises(NotFound):
        await computer.automations.find("other")


async def test_an_edit_that_says_nothing_of_when_loses_no_time(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        one = await computer.automations.add(**DAILY, run="true", title="job")
        due = one.created_at - 1  # which nobody was there to see
        await computer.store.write(lambda db: db.execute("UPDATE automations SET next_run = ?", (due,)))
        assert (await computer.automations.edit("job", title="other", tz="UTC")).next_run == due
        assert (await computer.automations.find("other")).next_run == due
        assert (await computer.automations.resume("other")).next_run == due
        assert (await computer.automations.edit("other", rrule="FREQ=DAILY;BYHOUR=10")).next_run != due
        await computer.store.write(lambda db: db.execute("UPDATE automations SET next_run = NULL"))
        assert (await computer.automations.edit("other", title="over")).state == "over"


async def test_what_was_missed_is_made_up_for_when_it_is_asked(computer: Computer) -> None:
    await computer.automations.add(rrule="FREQ=DAILY;BYHOUR=9", start="2026-01-01", tz="UTC", run="true", title="job")
    assert await computer.automations.backfill("job", "2026-02-01", "2026-02-05T09:00") == 5
    await wait_for(lambda: _done(computer, 5))
    assert await computer.automations.backfill("job", "2026-02-01", "2026-02-06T09:00") == 1
    with pytest.raises(UsageError, match="in the past"):
        await computer.automations.backfill("job", "2026-02-01", "2999-02-05")
    with pytest.raises(UsageError, match="more than 100"):
        await computer.automations.backfill("job", "2026-02-01", "2026-09-05")


async def _done(computer: Computer, count: int) -> bool:
    return [run.status for run in await computer.automations.history("job")] == ["done"] * count


async def test_what_is_delivered(computer: Computer) -> None:
    run = await happened(
        computer, run="echo news", title="job", deliver=["file:log/out.md", "command:cat > told.txt; exit 1"]
    )
    await wait_for(lambda: (computer.home.workspace / "told.txt").exists())
    await wait_for(lambda: _delivered(computer) == {("done", None), ("queued", "retry")})
    assert (computer.home.workspace / "log" / "out.md").read_text() == "job\n\nnews\n\n"
    assert (computer.home.workspace / "told.txt").read_text() == "job\n\nnews"
    assert run.status == "done"


def _delivered(computer: Computer) -> set[tuple[str, str | None]]:
    return set(rows(computer.home, "SELECT status, reason FROM deliveries"))


async def test_a_webhook_is_told_as_json(computer: Computer) -> None:
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        heard.extend((head.split(b"\r\n")[0], await reader.readexactly(length)))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(hear, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    await happened(computer, run="echo news", title="job", deliver=[f"webhook:http://127.0.0.1:{port}/hook"])
    await wait_for(lambda: _delivered(computer) == {("done", None)})
    assert heard[0] == b"POST /hook HTTP/1.1"
    assert json.loads(heard[1]) == {"title": "job", "text": "job\n\nnews"}
    listening.close()


async def test_mail_goes_with_the_password_of_the_vault(computer: Computer, home: Home) -> None:
    with serving() as (post, config):
        mail = f'[mail]\nhost = "{config.host}"\nport = {config.port}\ntls = "none"\nuser = "me"\nsender = "me@example.org"\n'
        home.config_file.write_text(f"{home.config_file.read_text()}{mail}")
        await computer.models.refresh()
        computer.keys.vault.create("file")
        await computer.keep_key("mail", Secret("word"))
        await happened(computer, run="echo news", title="job", deliver=["mail:you@example.org"])
        await wait_for(lambda: _delivered(computer) == {("done", None)})
    assert any(line.startswith("AUTH PLAIN") for line in post.lines)
    assert "news" in post.lines
