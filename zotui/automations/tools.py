"""What the agent may do with automations: make, look at, change, pause and delete them. The person is asked with the next times
in view."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from zotui.automations.automation import Automation, Plan, moment
from zotui.automations.automations import Automations
from zotui.automations.moments import zone_to_show
from zotui.text import one_line
from zotui.toolbox import Result, Tool, ToolContext

SHOWN = 50  # automations of a list
AUTOMATED = ("add_automation", "edit_automation")  # tools whose ``run`` is a command

Words = Annotated[
    str, Meta(description="When, in words as “every weekday at 9am”, “tomorrow at 18:00”, or five fields of cron.")
]
Name = Annotated[str, Meta(min_length=1, description="Its id or title.")]


class When(Struct, forbid_unknown_fields=True, kw_only=True):
    when: Words | UnsetType = UNSET
    rrule: Annotated[str, Meta(description="Or a rule of RFC 5545.")] | UnsetType = UNSET
    tz: Annotated[str, Meta(description="Its time zone, as Europe/Paris.")] | UnsetType = UNSET
    changed: (
        Annotated[str, Meta(description="Or whenever this file or folder of the workspace changes.")] | UnsetType
    ) = UNSET
    title: str | UnsetType = UNSET
    ask: Annotated[str, Meta(description="What to ask then, in a new conversation.")] | UnsetType = UNSET
    run: Annotated[str, Meta(description="Or a command to run then.")] | UnsetType = UNSET
    skill: Annotated[str, Meta(description="Or a skill to run.")] | UnsetType = UNSET
    tell: Annotated[str, Meta(description="Or a reminder for the person.")] | UnsetType = UNSET
    arguments: Annotated[dict[str, Any], Meta(description="The skill's.")] | UnsetType = UNSET
    hosts: Annotated[list[str], Meta(description="What a command may reach.")] | UnsetType = UNSET
    notify_if: Annotated[str, Meta(description="always, never, changed, or as number > 90")] | UnsetType = UNSET
    misfire: Annotated[str, Meta(description="Of missed times: latest, skip or all.")] | UnsetType = UNSET
    overlap: Annotated[str, Meta(description="Where it still runs: skip, queue or replace.")] | UnsetType = UNSET


class Edit(When, forbid_unknown_fields=True, kw_only=True):
    name: Name


class Named(Struct, forbid_unknown_fields=True):
    name: Name


class Pause(Struct, forbid_unknown_fields=True):
    name: Name
    on: Annotated[bool, Meta(description="False resumes it.")] = True


class Nothing(Struct, forbid_unknown_fields=True):
    pass


def tools(automations: Automations) -> list[Tool]:
    """The tools of automations."""

    async def add(arguments: When, context: ToolContext) -> Result:
        made = await automations.add(tainted=context.tainted, **_asked(arguments))
        return Result(f"It is kept as {made.name}. Next: {_at(made)}.", made.title)

    async def edit(arguments: Edit, context: ToolContext) -> Result:
        made = await automations.edit(arguments.name, tainted=context.tainted, **_asked(arguments))
        return Result(f"It is changed. Next: {_at(made)}.", made.title)

    async def pause(arguments: Pause, context: ToolContext) -> Result:
        made = await (automations.pause if arguments.on else automations.resume)(arguments.name)
        return Result("It is paused." if arguments.on else f"It happens again. Next: {_at(made)}.", made.title)

    async def delete(arguments: Named, context: ToolContext) -> Result:
        gone = await automations.remove(arguments.name)
        return Result("It is deleted, with its history.", gone.title)

    async def look(arguments: Nothing, context: ToolContext) -> Result:
        found = await automations.list(SHOWN)
        lines = [
            f"- {one.name} {one_line(one.title, 80)}: {one.state}, {one.action.kind}, next {_at(one)}" for one in found
        ]
        tainted = any(one.tainted for one in found)
        return Result("\n".join(lines) or "There are none.", f"{len(found)} found", tainted=tainted)

    async def foretell(arguments: When) -> str:
        return _told(await automations.plan(_asked(arguments)))

    async def foretell_edit(arguments: Edit) -> str:
        return _told(await automations.plan(_asked(arguments), arguments.name))

    return [
        Tool(
            "add_automation",
            "Have something happen by itself, at times: ask, run a command or a skill, remind the person.",
            When,
            "settings",
            add,
            core=False,
            preview=foretell,
        ),
        Tool(
            "edit_automation",
            "Change what an automation does, or when.",
            Edit,
            "settings",
            edit,
            core=False,
            preview=foretell_edit,
        ),
        Tool("pause_automation", "Pause an automation, or resume it.", Pause, "settings", pause, core=False),
        Tool("delete_automation", "Delete an automation and its history.", Named, "settings", delete, core=False),
        Tool("list_automations", "List what happens by itself, and when.", Nothing, "read", look, core=False),
    ]


def _asked(arguments: When) -> Mapping[str, Any]:
    given = {name: value for name, value in structs.asdict(arguments).items() if value is not UNSET and name != "name"}
    return {"text" if name == "when" else name: value for name, value in given.items()}


def _at(one: Automation) -> str:
    if one.next_run is None and one.schedule.changed and one.enabled:
        return f"when {one_line(one.schedule.changed, 60)} has changed"
    return "never" if one.next_run is None else _written(moment(one.next_run).astimezone(zone_to_show(one.schedule.tz)))


def _told(plan: Plan) -> str:
    """What would be kept, for the person who is asked."""
    from zotui.automations.words import spoken

    one = plan.automation
    when = one.schedule
    rules = spoken(when.rrule, when.start, when.tz, moment(one.created_at)) if when.recurs else ""
    rules = ", ".join(filter(None, [rules, f"whenever {when.changed} has changed" if when.changed else ""]))
    times = ", ".join(map(_written, plan.upcoming)) or "no times"
    may = "".join(
        f"; {what} {one_line(', '.join(values), 300)}"
        for what, values in (
            ("it may reach", one.action.hosts),
            ("it is allowed", one.action.grants),
            ("it tells", one.policy.deliver),
        )
        if values
    )
    notes = "".join(f" {note}." for note in plan.notes)
    return f"{one.title}: {one.action.kind} {one_line(one.action.text, 300)}{may}. {rules}: {times}.{notes}"


def _written(at: datetime) -> str:
    return f"{at:%a %d %b %Y %H:%M %Z}"
