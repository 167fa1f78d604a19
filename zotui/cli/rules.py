"""``zotui rules``: what shall hold for requests, always or on a condition."""

from typing import Any

import click
import msgspec

from zotui.cli.door import as_json, print_json, print_table, print_text, rfc3339, short, with_computer
from zotui.cli.family import Family
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.policy import Rule
from zotui.policy.rules import Kind


@click.group(cls=Family)
def rules() -> None:
    """What shall hold for requests, always or on a condition. An ID may be cut to its end, as list shows it."""


def _conditions(command: Any) -> Any:
    """The options that say when a rule holds."""
    for option in (
        click.option("--when", metavar="TEXT", help="Where a model says that TEXT is so; each request is judged once."),
        click.option("--regex", metavar="R", help="Where this regular expression is found in the request."),
        click.option(
            "--glob", metavar="G", help="Where a file is at hand whose path fits, as '*.py' or 'src/**/*.md'."
        ),
    ):
        command = option(command)
    return command


@rules.command("list")
@as_json
@click.pass_obj
def list_(options: dict[str, Any], as_json: bool) -> None:
    """List the rules, oldest first."""
    found = with_computer(options, lambda computer: computer.rules.list())
    if as_json:
        print_json([_as_object(rule) for rule in found])
        return
    rows = [[short(rule.id), "on" if rule.enabled else "off", rule.when, rule.instruction] for rule in found]
    print_table(rows, "no rules; zotui rules add TEXT makes one")


@rules.command()
@click.argument("text", nargs=-1, required=True)
@_conditions
@as_json
@click.pass_obj
def add(
    options: dict[str, Any],
    text: tuple[str, ...],
    glob: str | None,
    regex: str | None,
    when: str | None,
    as_json: bool,
) -> None:
    """Have TEXT hold from now on: always, or on a condition. Prints its id."""
    kind, condition = _condition(glob, regex, when) or ("always", "")
    rule = with_computer(options, lambda computer: computer.rules.add(" ".join(text), kind, condition))
    print_json(_as_object(rule)) if as_json else print_text(rule.id)


@rules.command()
@click.argument("id_", metavar="ID")
@click.argument("text", nargs=-1)
@_conditions
@click.option("--always", is_flag=True, help="On no condition any more.")
@as_json
@click.pass_obj
def edit(
    options: dict[str, Any],
    id_: str,
    text: tuple[str, ...],
    glob: str | None,
    regex: str | None,
    when: str | None,
    always: bool,
    as_json: bool,
) -> None:
    """Change what a rule says, or when it holds."""
    found = _condition(glob, regex, when)
    if found and always:
        raise UsageError("always is no condition beside another", "name one of them")
    if not (text or found or always):
        raise UsageError("nothing is to be changed", "zotui rules edit ID TEXT, or --glob, --regex, --when, --always")
    kind, condition = found or (("always", "") if always else (None, None))
    words = " ".join(text) or None
    rule = with_computer(options, lambda computer: computer.rules.edit(id_, words, kind, condition))
    _show(rule, as_json)


@rules.command()
@click.argument("id_", metavar="ID")
@as_json
@click.pass_obj
def enable(options: dict[str, Any], id_: str, as_json: bool) -> None:
    """Have a rule hold again."""
    _show(with_computer(options, lambda computer: computer.rules.enable(id_)), as_json)


@rules.command()
@click.argument("id_", metavar="ID")
@as_json
@click.pass_obj
def disable(options: dict[str, Any], id_: str, as_json: bool) -> None:
    """Have a rule hold no longer; it is kept."""
    _show(with_computer(options, lambda computer: computer.rules.disable(id_)), as_json)


@rules.command()
@click.argument("id_", metavar="ID")
@as_json
@click.pass_obj
def rm(options: dict[str, Any], id_: str, as_json: bool) -> None:
    """Delete a rule."""
    _show(with_computer(options, lambda computer: computer.rules.remove(id_)), as_json)


@rules.command()
@click.argument("text", nargs=-1, required=True)
@as_json
@click.pass_obj
def test(options: dict[str, Any], text: tuple[str, ...], as_json: bool) -> None:
    """Say which rules would hold for a new request, and why. No model is asked."""

    async def run(computer: Computer) -> Any:
        from zotui.policy.conditions import judged
        from zotui.policy.regexes import Regexes
        from zotui.workers import scope_of_request

        async def unasked(condition: str) -> tuple[None, str]:
            return None, "a model would be asked"

        scope = scope_of_request(computer, " ".join(text))
        return await judged(await computer.rules.list(enabled=True), scope, Regexes(), unasked)

    found = with_computer(options, run)
    if as_json:
        print_json(found)
        return
    print_table([["✓" if one.holds else "✗", short(one.rule), one.why, one.instruction] for one in found], "no rules")


def _condition(glob: str | None, regex: str | None, when: str | None) -> tuple[Kind, str] | None:
    """The one condition that was given, if any. Raises UsageError for two."""
    given: list[tuple[Kind, str | None]] = [("glob", glob), ("regex", regex), ("model", when)]
    said = [(kind, value) for kind, value in given if value is not None]
    if len(said) > 1:
        raise UsageError("a rule has one condition", "name one of --glob, --regex, --when")
    return said[0] if said else None


def _show(rule: Rule, as_json: bool) -> None:
    if as_json:
        print_json(_as_object(rule))
    else:
        print_table([[short(rule.id), "on" if rule.enabled else "off", rule.when, rule.instruction]], "")


def _as_object(rule: Rule) -> dict[str, Any]:
    times = ("created_at", "updated_at")
    fields: dict[str, Any] = msgspec.to_builtins(rule)
    return fields | {name: rfc3339(getattr(rule, name)) for name in times}
