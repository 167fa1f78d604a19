"""``zotui schedule``: what happens by itself."""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from zotui.automations.automation import Automation, Plan
from zotui.background import lock_is_held
from zotui.cli.door import COUNT, as_json, print_json, print_table, print_text, short, with_computer
from zotui.cli.family import Family
from zotui.cli.schedule_runs import backfill, history, run, skip, stop
from zotui.cli.schedule_show import as_object, lines_of, local, said
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.home import Home
from zotui.store import now_ms
from zotui.text import in_time, one_line

MARKS = {"active": "▸", "over": "·", "paused": "‖", "broken": "!"}


def when(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say when."""
    for option in reversed(
        (
            click.option(
                "--rrule", metavar="R", help="A rule of RFC 5545, as FREQ=DAILY;BYHOUR=9, or several, one a line."
            ),
            click.option(
                "--text", metavar="T", help="The same in words, as “every weekday at 9am”, or five fields of cron."
            ),
            click.option(
                "--start", metavar="T", help="What the rule counts from, as 2027-03-07T09:00; else this midnight."
            ),
            click.option("--tz", metavar="Z", help="The time zone, as Europe/Paris; else this machine's."),
            click.option("--exdate", multiple=True, metavar="T", help="A time, or a day, that is left out."),
            click.option("--rdate", multiple=True, metavar="T", help="A time that is added."),
            click.option(
                "--changed", metavar="PATH", help="Whenever this file or folder of the workspace has changed."
            ),
        )
    ):
        command = option(command)
    return command


def what(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what, and how."""
    for option in reversed(
        (
            click.option("--ask", metavar="TEXT", help="Ask this, in a new conversation each time."),
            click.option("--run", metavar="CMD", help="Run this command in the sandbox."),
            click.option("--skill", metavar="NAME", help="Run this skill."),
            click.option("--tell", metavar="TEXT", help="Tell me this."),
            click.option("--json-args", metavar="J", help="The skill's arguments, as a JSON object."),
            click.option("--title", metavar="T", help="What it is called."),
            click.option(
                "--misfire", type=click.Choice(["latest", "skip", "all"]), help="What becomes of missed times."
            ),
            click.option("--overlap", type=click.Choice(["skip", "queue", "replace"]), help="Where it still runs."),
            click.option("-m", "--model", metavar="MODEL", help="Who answers."),
            click.option("--persona", metavar="NAME", help="As whom."),
            click.option("-c", "--conversation", metavar="CONV", help="Ask in this conversation, always."),
            click.option("--scope", metavar="TOOLS", help="The tools that it may have, as ask has them."),
            click.option(
                "--grant", "grants", multiple=True, metavar="PATTERN", help="What is allowed to it beforehand."
            ),
            click.option("--host", "hosts", multiple=True, metavar="HOST", help="What a command may reach."),
            click.option("--folder", metavar="PATH", help="Where in the workspace a command runs."),
            click.option("--notify-if", metavar="EXPR", help="always, never, changed, number > 90, model: WORDS …"),
            click.option(
                "--deliver", multiple=True, metavar="TO", help="file:PATH, command:LINE, webhook:URL or mail:ADDRESS."
            ),
            click.option(
                "--timeout", "timeout_s", type=click.IntRange(1, 86_400), metavar="S", help="Seconds, at most."
            ),
            click.option("--retries", type=click.IntRange(0, 10), help="How often it is tried again."),
            click.option(
                "--backoff", "backoff_s", type=click.IntRange(0, 86_400), metavar="S", help="Seconds between, doubled."
            ),
            click.option(
                "--jitter", "jitter_s", type=click.IntRange(0, 86_400), metavar="S", help="Put off by up to this."
            ),
            click.option("--budget", type=click.FloatRange(0), metavar="DOLLARS", help="What it may cost a day."),
            click.option("--quiet", metavar="H-H", help="Hours within which nobody is called, as 22:00-07:00."),
            click.option(
                "--dedupe", "dedupe_s", type=click.IntRange(0), metavar="S", help="Tell the same again after this."
            ),
        )
    ):
        command = option(command)
    return command


@click.group(cls=Family)
def schedule() -> None:
    """Automations: what happens by itself, when, and what became of it."""


schedule.add_command(run)
schedule.add_command(skip)
schedule.add_command(stop)
schedule.add_command(backfill)
schedule.add_command(history)


@schedule.command()
@when
@what
@click.option("-y", "--yes", is_flag=True, help="Do not ask whether that is meant.")
@as_json
@click.pass_obj
def add(options: dict[str, Any], /, yes: bool, as_json: bool, **asked: Any) -> None:
    """Have something happen by itself. The rule and the next five times are shown before it is kept."""
    asked = _asked(asked)

    async def go(computer: Computer) -> Automation | None:
        plan = await computer.automations.plan(asked)
        _echo(plan)
        doubtful = asked.get("text") and not yes and sys.stdin.isatty()
        if doubtful and not click.confirm("Is that meant?", default=True, err=True):
            return None
        made = await computer.automations.keep(plan.automation)
        await computer.crew.handed_over()
        return made

    made = with_computer(options, go, "none" if options["no_daemon"] else "background")
    if made is None:
        print("nothing was kept", file=sys.stderr)
    elif as_json:
        print_json(as_object(made))
    else:
        print_text(f"{made.name}  {made.title}")


@schedule.command("list")
@click.option("--limit", default=1_000, type=COUNT)
@as_json
@click.pass_obj
def list_(options: dict[str, Any], limit: int, as_json: bool) -> None:
    """List them, the next one first."""
    found = with_computer(options, lambda computer: computer.automations.list(limit))
    if as_json:
        print_json([as_object(one) for one in found])
        return
    now = now_ms()
    rows = [
        [
            MARKS[one.state],
            short(one.id),
            in_time(one.next_run, now) if one.next_run else one.state,
            local(one.next_run, one.schedule.tz) if one.next_run else one.schedule.changed,
            one.action.kind,
            one.title,
        ]
        for one in found
    ]
    print_table(rows, "nothing is scheduled; zotui schedule add begins")
    if any(one.state == "active" for one in found) and not lock_is_held(Home(options["home"])):
        hint = "zotui serve, or the app; zotui serve --print-unit has one from the start of the machine"
        print(f"zotui: no background process is there, and nothing happens until one is: {hint}", file=sys.stderr)


@schedule.command()
@click.argument("id_", metavar="ID")
@as_json
@click.pass_obj
def show(options: dict[str, Any], id_: str, as_json: bool) -> None:
    """All of one: what, when, how, and its next times."""

    async def look(computer: Computer) -> tuple[Automation, Any, Any]:
        one = await computer.automations.find(id_)
        upcoming = await computer.automations.preview(one.id, 5) if one.enabled else []
        return one, upcoming, await computer.automations.history(one.id, 5)

    one, upcoming, runs = with_computer(options, look)
    if as_json:
        print_json(as_object(one) | {"next": [at.isoformat() for at in upcoming]})
        return
    for line in lines_of(one, upcoming, runs, now_ms()):
        print_text(line)


@schedule.command()
@click.argument("id_", metavar="ID")
@when
@what
@as_json
@click.pass_obj
def edit(options: dict[str, Any], /, id_: str, as_json: bool, **asked: Any) -> None:
    """Change what is said; the rest stays. When it is next is worked out from now on."""
    asked = _asked(asked)
    if not asked:
        raise UsageError("there is nothing to change", "zotui schedule edit ID --text “every day at 10”")

    async def go(computer: Computer) -> Automation:
        plan = await computer.automations.plan(asked, id_)
        _echo(plan)
        return await computer.automations.keep(plan.automation)

    made = with_computer(options, go, "none" if options["no_daemon"] else "background")
    if as_json:
        print_json(as_object(made))
    else:
        print_text(f"{made.name}  {made.title}")


@schedule.command()
@click.argument("id_", metavar="ID")
@click.pass_obj
def pause(options: dict[str, Any], id_: str) -> None:
    """Have one happen no more until it is resumed."""
    one = with_computer(options, lambda computer: computer.automations.pause(id_))
    print(f"paused {one.title}", file=sys.stderr)


@schedule.command()
@click.argument("id_", metavar="ID")
@click.pass_obj
def resume(options: dict[str, Any], id_: str) -> None:
    """Have one happen again; what would have happened meanwhile does not."""
    one = with_computer(
        options, lambda computer: computer.automations.resume(id_), "none" if options["no_daemon"] else "background"
    )
    print(f"resumed {one.title}{f': {local(one.next_run, one.schedule.tz)}' if one.next_run else ''}", file=sys.stderr)


@schedule.command()
@click.argument("id_", metavar="ID")
@click.pass_obj
def rm(options: dict[str, Any], id_: str) -> None:
    """Delete one with its history; its conversations stay."""
    one = with_computer(options, lambda computer: computer.automations.remove(id_))
    print(f"deleted {one.title}", file=sys.stderr)


@schedule.command()
@click.argument("id_", metavar="[ID]", default="", required=False)
@when
@what
@click.option("-n", default=5, type=click.IntRange(1, 1_000), help="How many.")
@click.option("--after", default="", metavar="T", help="Later than this.")
@as_json
@click.pass_obj
def preview(options: dict[str, Any], /, id_: str, n: int, after: str, as_json: bool, **asked: Any) -> None:
    """The next times of one, or of what add would be told. Nothing is kept."""
    asked = _asked(asked)
    if bool(id_) == bool(asked):
        raise UsageError("say which one, or when: one of them", "zotui schedule preview ID, or --text “every day at 9”")

    async def look(computer: Computer) -> Any:
        return await computer.automations.preview(id_ or asked, n, after)

    found = with_computer(options, look)
    if as_json:
        print_json([at.isoformat() for at in found])
    elif not found:
        print("it never happens again", file=sys.stderr)
    for at in found if not as_json else ():
        print_text(_written(at))


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    """What was said, of the options; what is said to be empty is."""
    said = {name: value for name, value in given.items() if value not in (None, ())}
    said |= {name: tuple(filter(None, value)) for name, value in said.items() if isinstance(value, tuple)}
    if "json_args" in said:
        text = said.pop("json_args")
        try:
            arguments = json.loads(text)
        except (ValueError, RecursionError):
            arguments = None
        if not isinstance(arguments, dict):
            raise UsageError(f"--json-args {one_line(text, 40)}: no JSON object", """--json-args '{"city": "Oslo"}'""")
        said["arguments"] = arguments
    return said


def _echo(plan: Plan) -> None:
    """Show how it was understood."""
    schedule = plan.automation.schedule
    if schedule.recurs:
        rules = " | ".join(schedule.rrule.splitlines()) or "no rule"
        print(f"{said(schedule)}  ({rules}, from {schedule.start or 'its DTSTART'})", file=sys.stderr)
    if schedule.changed:
        print(f"whenever {schedule.changed} has changed", file=sys.stderr)
    for at in plan.upcoming:
        print(f"  {_written(at)}", file=sys.stderr)
    for note in plan.notes:
        print(f"  {note}", file=sys.stderr)


def _written(at: datetime) -> str:
    return f"{at:%a %Y-%m-%d %H:%M:%S %z} {at.tzname()}"
