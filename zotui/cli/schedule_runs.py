"""``zotui schedule run|skip|stop|backfill|history``: single times of automations."""

import sys
from typing import Any

import click

from zotui.automations.automation import Run
from zotui.cli.door import COUNT, as_json, print_json, print_table, with_computer
from zotui.cli.schedule_show import line_of, local, run_as_object
from zotui.computer import Computer
from zotui.crew import Workers
from zotui.errors import NotFound


@click.command()
@click.argument("id_", metavar="ID")
@click.option("--wait", is_flag=True, help="Wait for its end.")
@as_json
@click.pass_obj
def run(options: dict[str, Any], id_: str, wait: bool, as_json: bool) -> int:
    """Have one happen now, beside its schedule."""

    alone = options["no_daemon"]

    async def go(computer: Computer) -> Run:
        here = alone and wait
        if here:
            computer.crew.keep_time(own=True)
        run = await computer.automations.run(id_, own=here)
        await computer.crew.want()
        await computer.crew.handed_over()
        if not wait:
            return await computer.automations.find_run(run)
        ended = await computer.automations.ended(run)
        if here:
            await computer.automations.delivered(run)
        return ended

    found = with_computer(options, go, "background" if not alone else "own" if wait else "none")
    if as_json:
        print_json(run_as_object(found))
    elif wait:
        print(f"{found.status}{f' ({found.reason})' if found.reason else ''}: {found.error or found.output.strip()}")
    else:
        print(f"run {found.name} is {found.status}", file=sys.stderr)
    return 1 if wait and found.status != "done" else 0


@click.command()
@click.argument("id_", metavar="ID")
@click.pass_obj
def skip(options: dict[str, Any], id_: str) -> None:
    """Leave the next time of one out."""

    async def go(computer: Computer) -> str:
        at = await computer.automations.skip(id_)
        return local(at, (await computer.automations.find(id_)).schedule.tz)

    print(f"left out: {with_computer(options, go)}", file=sys.stderr)


@click.command()
@click.argument("run_id", metavar="RUN")
@click.pass_obj
def stop(options: dict[str, Any], run_id: str) -> int:
    """Stop a run."""

    async def go(computer: Computer) -> bool:
        return await computer.automations.stop((await computer.automations.find_run(run_id)).id)

    stopped = with_computer(options, go)
    print("it is stopped" if stopped else "it had ended", file=sys.stderr)
    return 0 if stopped else 1


@click.command()
@click.argument("id_", metavar="ID")
@click.option(
    "--from", "first", required=True, metavar="T", help="The first moment, as 2027-03-07 or 2027-03-07T09:00."
)
@click.option("--to", "last", required=True, metavar="T", help="The last one, included.")
@click.pass_obj
def backfill(options: dict[str, Any], id_: str, first: str, last: str) -> None:
    """Make up for what should have happened between two moments and did not."""
    workers: Workers = "none" if options["no_daemon"] else "background"
    count = with_computer(options, lambda computer: computer.automations.backfill(id_, first, last), workers)
    print(f"{count} are made up for", file=sys.stderr)


@click.command()
@click.argument("id_", metavar="[ID]", default="", required=False)
@click.option("--limit", default=50, type=COUNT)
@as_json
@click.pass_obj
def history(options: dict[str, Any], id_: str, limit: int, as_json: bool) -> None:
    """What became of the times of one, or of all, the newest first."""

    async def look(computer: Computer) -> tuple[list[Run], dict[str, tuple[str, str]]]:
        runs = list(await computer.automations.history(id_, limit))
        names = {run.automation_id for run in runs}
        of: dict[str, tuple[str, str]] = {}
        for name in names:
            try:
                one = await computer.automations.find(name)
            except NotFound:  # deleted this moment
                continue
            of[name] = one.title, one.schedule.tz
        return runs, of

    runs, of = with_computer(options, look)
    if as_json:
        print_json([run_as_object(run) for run in runs])
        return
    rows = [
        [*(line_of(run, of[run.automation_id][1])), of[run.automation_id][0]] for run in runs if run.automation_id in of
    ]
    print_table([[*row[:4], *([] if id_ else [row[5]]), row[4]] for row in rows], "it has not happened yet")
