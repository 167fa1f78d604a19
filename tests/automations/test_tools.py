"""What the agent may do with automations."""

from typing import Any

import pytest

from zotui.automations.tools import AUTOMATED
from zotui.computer import Computer
from zotui.errors import ZotuiError
from zotui.home import Home
from zotui.policy import Case
from zotui.toolbox import Result, ToolContext
from zotui.workers import agent, toolbox

DAILY = {"rrule": "FREQ=DAILY;BYHOUR=9", "tz": "UTC"}


async def call(computer: Computer, tool_name: str, /, *, tainted: bool = False, **given: Any) -> str:
    tool = toolbox(computer).find(tool_name)
    result = await tool.run(tool.parse(given), ToolContext("c", "t", "k", True, tainted=tainted))
    assert isinstance(result, Result)
    return result.text


async def test_from_adding_to_deleting(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        said = await call(computer, "add_automation", **DAILY, run="true", title="job")
        assert said.startswith("It is kept as ")
        assert "09:00 UTC" in said
        assert "It is changed. Next: " in await call(computer, "edit_automation", name="job", notify_if="changed")
        assert await call(computer, "pause_automation", name="job") == "It is paused."
        assert "job: paused, run, next never" in await call(computer, "list_automations")
        assert (await call(computer, "pause_automation", name="job", on=False)).startswith("It happens again.")
        assert (await computer.automations.find("job")).policy.notify_if == "changed"
        await call(computer, "delete_automation", name="job")
        assert await call(computer, "list_automations") == "There are none."


async def test_a_person_who_is_asked_sees_what_and_when(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        tool = toolbox(computer).find("add_automation")
        assert tool.preview is not None
        told = await tool.preview(tool.parse({**DAILY, "run": "rm -r old"}))
        assert told.startswith("rm -r old: run rm -r old. every day at 09:00, UTC: ")
        assert told.count("09:00 UTC") == 5
        assert not await computer.automations.list()
        with pytest.raises(ZotuiError, match="what shall happen"):
            await tool.preview(tool.parse(DAILY))


async def test_a_person_who_is_asked_sees_whom_it_reaches(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        await computer.automations.add(
            **DAILY, run="true", title="job", hosts=["example.org"], deliver=["webhook:https://example.com/x"]
        )
        tool = toolbox(computer).find("edit_automation")
        assert tool.preview is not None
        told = await tool.preview(tool.parse({"name": "job", "run": "cat secret"}))
        assert "; it may reach example.org; it tells webhook:https://example.com/x" in told


async def test_what_anybody_said_stays_so(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        await call(computer, "add_automation", tainted=True, **DAILY, ask="Do it", title="job")
        await call(computer, "edit_automation", name="job", title="other")
        assert (await computer.automations.find("other")).tainted


@pytest.mark.parametrize("name", AUTOMATED)
async def test_a_command_is_judged_as_if_it_ran_now(home: Home, name: str) -> None:
    home.config_file.write_text('[policy]\nsettings = "allow"\nrun = "allow"\n"Bash(rm *)" = "deny"\n')
    async with Computer.open(home, workers="none") as computer:
        judge = agent(computer).decide
        tool = toolbox(computer).find(name)
        assert judge(tool, {**DAILY, "run": "rm -r old"}, Case()) == "deny"
        assert judge(tool, {**DAILY, "run": "ls"}, Case()) == "allow"
        assert judge(tool, {**DAILY, "ask": "rm"}, Case()) == "allow"
