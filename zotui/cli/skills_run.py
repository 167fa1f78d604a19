"""``zotui skills run`` and ``history``: a skill's script behind the wall, and what came of its runs."""

import sys
from typing import Any

import click
import msgspec

from zotui.cli.door import COUNT, as_json, print_json, print_table, print_text, rfc3339, with_computer
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.skills.arguments import from_words
from zotui.skills.running import TIMEOUT_S, Ran
from zotui.skills.runs import Asked, SkillRun
from zotui.store import now_ms
from zotui.text import Cleaner, ago, one_line


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True})
@click.argument("name")
@click.argument("words", nargs=-1, metavar="[ARGS…]")
@click.option("--script", default="", metavar="NAME", help="Which one, where the skill has several.")
@click.option("--json-args", metavar="J", help="The arguments as a JSON object, in place of ARGS.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(0, min_open=True), default=TIMEOUT_S, help="Seconds.")
@as_json
@click.pass_obj
def run(
    options: dict[str, Any],
    name: str,
    words: tuple[str, ...],
    script: str,
    json_args: str | None,
    timeout_s: float,
    as_json: bool,
) -> int:
    """Run a skill's script in the sandbox: ARGS as key=value, or in the order of its parameters. What it prints goes to stderr,
    what it returns to stdout."""
    if json_args is not None and words:
        raise UsageError("say the arguments as words, or as --json-args")

    async def go(computer: Computer) -> Ran:
        running = computer.skills.running
        assert running is not None
        skill, found = await running.script(name, script)
        values = _object(json_args) if json_args is not None else from_words(found, [_text(word) for word in words])
        listener = None if as_json else _onto_stderr()
        return await running.run(skill, found, values, Asked(), timeout_s=timeout_s, listener=listener)

    ran = with_computer(options, go)
    if as_json:
        print_json(
            {
                "run_id": ran.id,
                "status": "failed" if ran.error else "done",
                "value": ran.value,
                "error": ran.error or None,
                "printed": ran.printed,
                "trace": ran.trace or None,
                "exit_code": ran.outcome.exit_code,
                "duration_s": round(ran.outcome.duration_s, 3),
                "sandbox": ran.outcome.wall,
                "reached": list(ran.outcome.reached),
                "refused": list(ran.outcome.refused),
            }
        )
    elif ran.text:
        print_text(ran.text)
    if ran.trace and options["debug"] and not as_json:
        print(ran.trace, file=sys.stderr)
    if ran.error and not as_json:
        print(f"zotui: {one_line(name, 60)}: {ran.error}", file=sys.stderr)
    if ran.outcome.refused and not as_json:
        print(f"zotui: not reached: {', '.join(ran.outcome.refused)}; the skill does not declare them", file=sys.stderr)
    return 1 if ran.error else 0


@click.command()
@click.argument("name")
@click.option("--timeout", "timeout_s", type=click.FloatRange(0, min_open=True), default=TIMEOUT_S, help="Seconds.")
@as_json
@click.pass_obj
def test(options: dict[str, Any], name: str, timeout_s: float, as_json: bool) -> int:
    """Run the tests that a skill brings (tests/*.py: functions test_*, or files that raise) in the sandbox, as its scripts
    run; exit code 1 where one fails."""

    async def go(computer: Computer) -> Ran:
        running = computer.skills.running
        assert running is not None
        skill, tests = await running.tests(name)
        listener = None if as_json else _onto_stderr()
        return await running.test(skill, tests, Asked(), timeout_s=timeout_s, listener=listener)

    ran = with_computer(options, go)
    value = ran.value if isinstance(ran.value, dict) else {"passed": [], "failed": {}}
    if as_json:
        print_json(
            {
                "run_id": ran.id,
                "status": "failed" if ran.error else "done",
                "error": ran.error or None,
                **value,
                "printed": ran.printed,
            }
        )
    elif ran.error:
        print(f"zotui: {one_line(name, 60)}: {ran.error}", file=sys.stderr)
    else:
        print_text(f"{len(value['passed'])} tests passed" if len(value["passed"]) != 1 else "1 test passed")
    return 1 if ran.error else 0


@click.command()
@click.argument("name", required=False, default="")
@click.option("--limit", default=50, type=COUNT)
@as_json
@click.pass_obj
def history(options: dict[str, Any], name: str, limit: int, as_json: bool) -> None:
    """What came of the runs of a skill, or of all, the newest first: runs, readings of its
    instructions, and how much a model was told."""
    found = with_computer(options, lambda computer: computer.skill_runs.list(name, limit))
    if as_json:
        print_json([_as_object(one) for one in found])
        return
    now = now_ms()
    print_table(
        [
            [one.skill, one.script, one.status, _took(one), _told(one), ago(one.started_at, now), _words(one)]
            for one in found
        ],
        "no skill has run yet",
    )


def _text(word: str) -> str:
    """A word. Raises UsageError where it is no text."""
    try:
        word.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{one_line(word, 60)!r} is not UTF-8", "give the path of a file that holds it") from None
    return word


def _object(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"--json-args is no JSON object: {error}") from None


def _took(one: SkillRun) -> str:
    return f"{one.ms / 1000:.1f} s" if one.ms is not None else ""


def _told(one: SkillRun) -> str:
    return f"{one.tokens:,} tokens" if one.tokens is not None else ""


def _words(one: SkillRun) -> str:
    return one.error or one.reason or one.arguments


def _as_object(one: SkillRun) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(one)
    fields |= {"arguments": one.arguments, "conversation_id": fields.pop("conv_id")}
    return fields | {name: rfc3339(getattr(one, name)) for name in ("started_at", "finished_at")}


def _onto_stderr() -> Any:
    """Writes what comes onto stderr, clean."""
    cleaner = Cleaner()

    def write(piece: bytes) -> None:
        sys.stderr.write(cleaner.feed(piece.decode("utf-8", "replace")))
        sys.stderr.flush()

    return write
