"""``zotui memory forget``: for good, with all that it has left."""

import sys
from typing import Any

import click

from zotui.cli.door import as_json, print_json, with_computer
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.forgetting import Traces
from zotui.text import clean, one_line

NAMED = 10  # turns that are named


@click.command()
@click.argument("id_or_key")
@click.option(
    "--redact", is_flag=True, help="With the turns of conversations and the runs of skills in which its words stand."
)
@click.option("--backups", is_flag=True, help="With the copies of the file that hold it.")
@click.option("--yes", is_flag=True, help="Without asking.")
@as_json
@click.pass_obj
def forget(options: dict[str, Any], id_or_key: str, redact: bool, backups: bool, yes: bool, as_json: bool) -> int:
    """Forget a memory for good: no undo, no bin, and its words are no longer in the file. Shows first where they stand."""

    async def run(computer: Computer) -> tuple[Traces, bool, str]:
        traces = await computer.forgetting.traces(clean(id_or_key))
        if not as_json:
            _show(traces, redact=redact, backups=backups)
        sure = yes or (sys.stdin.isatty() and click.confirm("Forget this for ever?", err=True))
        left = await computer.forgetting.forget(traces, redact=redact, backups=backups) if sure else ""
        return traces, sure, left

    traces, sure, left = with_computer(options, run)
    if as_json:
        print_json(
            {
                "id": traces.memory.id,
                "forgotten": sure,
                "turns": [one.turn or one.message for one in traces.turns],
                "skill_runs": list(traces.skill_runs),
                "automation_runs": list(traces.automation_runs),
                "redacted": sure and redact,
                "backups": [str(path) for path in traces.backups],
                "audit_rows": traces.audited,
                "left": left,
            }
        )
    if not sure:
        if not as_json:
            raise UsageError("nothing was forgotten", "say --yes")
        return 2
    if left:
        print(f"zotui: {left}; zotui memory forget again later, or close what reads it", file=sys.stderr)
    return 1 if left else 0


def _show(traces: Traces, *, redact: bool, backups: bool) -> None:
    """Say where its words stand, and what becomes of them."""
    count = len(traces.texts)
    print(f"forget: {one_line(traces.memory.content, 80)}" + (f" ({count} values)" * (count > 1)), file=sys.stderr)
    for one in traces.turns[:NAMED]:
        print(f"  in {one_line(one.title, 40) or 'a conversation'}: {one_line(one.begins, 60)}", file=sys.stderr)
    if len(traces.turns) > NAMED:
        print(f"  and in {len(traces.turns) - NAMED:,} turns more", file=sys.stderr)
    if traces.skill_runs:
        runs = "a run of a skill" if len(traces.skill_runs) == 1 else f"{len(traces.skill_runs):,} runs of skills"
        print(f"  in {runs}", file=sys.stderr)
    if count := len(traces.automation_runs):
        print(f"  in {'a run of an automation' if count == 1 else f'{count:,} runs of automations'}", file=sys.stderr)
    if traces.turns or traces.skill_runs or traces.automation_runs:
        print("  these are redacted" if redact else "  these stay; --redact takes them out, too", file=sys.stderr)
    for path in traces.backups:
        print(f"  {path}" + (" is deleted" if backups else " keeps it; --backups deletes that"), file=sys.stderr)
    if traces.audited:
        print(f"  {traces.audited} rows of the audit log keep it: nothing in that can be changed", file=sys.stderr)
