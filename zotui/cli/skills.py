"""``zotui skills``: the skills there are, and which of them are for a request."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click
import msgspec

from zotui.cli.door import COUNT, as_json, print_json, print_table, print_text, with_computer
from zotui.cli.family import Family
from zotui.cli.skills_add import add, new, restore, rm, update, validate
from zotui.cli.skills_keys import grant, ungrant
from zotui.cli.skills_run import history, run, test
from zotui.cli.skills_trust import diff, disable, enable, lock, trust
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.home import Home
from zotui.skills import Shelf, Skill, load_skills
from zotui.skills.looking import texts
from zotui.skills.places import projects
from zotui.text import clean

T = TypeVar("T")
LISTED = ("name", "description", "triggers", "path", "source", "enabled", "valid", "problems", "state")


@click.group(cls=Family)
def skills() -> None:
    """Skills: folders with a SKILL.md."""


for verb in (
    add,
    update,
    rm,
    restore,
    new,
    validate,
    trust,
    diff,
    enable,
    disable,
    lock,
    grant,
    ungrant,
    run,
    test,
    history,
):
    skills.add_command(verb)


@skills.command("list")
@click.option("--dir", "folder", metavar="PATH", help="Read this folder instead.")
@as_json
@click.pass_obj
def list_(options: dict[str, Any], folder: str | None, as_json: bool) -> None:
    """List skills; nothing of them runs."""
    if folder and not os.path.isdir(folder):
        raise UsageError(f"--dir {folder}: there is no such folder")
    found = load_skills([folder]) if folder else on_shelf(options, lambda shelf: shelf.list())
    if as_json:
        print_json([{name: getattr(skill, name) for name in LISTED} for skill in found])
        return
    print_table([[skill.name, skill.state, skill.source, _words(skill)] for skill in found], "no skills")
    for skill in found:
        for problem in skill.problems if skill.valid else ():
            print(f"! {skill.name}: {problem}", file=sys.stderr)


@skills.command()
@click.argument("name")
@as_json
@click.pass_obj
def show(options: dict[str, Any], name: str, as_json: bool) -> None:
    """Show a skill's instructions, and what it costs a model to read them: its line among the others, its instructions, and its
    other files, which are read one by one."""
    skill, granted, more = on_shelf(options, lambda shelf: _looked_up(shelf, name))
    line, body = skill.tokens
    if as_json:
        print_json(
            _as_object(skill)
            | {"body": skill.body, "tokens": {"line": line, "body": body, "files": more}, "granted": granted}
        )
        return
    for problem in skill.problems:
        print(f"! {problem}", file=sys.stderr)
    print_text(f"{skill.name}: {skill.description}\n{clean(skill.path)} ({skill.source}, {skill.state})")
    files = f", {sum(more.values()):,} for all its other texts" if more else ""
    print_text(f"about {line:,} tokens in each request, {body:,} once it is read{files}")
    for script in skill.scripts:
        print_text(f"{script.path}: {script.signature}")
    if skill.dependencies:
        print_text(f"packages: {', '.join(skill.dependencies)}")
    if skill.keys:
        print_text(f"keys: {', '.join(f'{key} (granted)' if key in granted else key for key in skill.keys)}")
    if len(skill.files) > 1:
        print_text(f"files: {', '.join(_with_tokens(path, more) for path in skill.files)}")
    print_text(f"\n{skill.body}")


@skills.command()
@click.argument("text", nargs=-1, required=True)
@click.option("-k", "count", default=3, type=COUNT, help="How many at most.")
@as_json
@click.pass_obj
def route(options: dict[str, Any], text: tuple[str, ...], count: int, as_json: bool) -> None:
    """Which skills a request is for, and why; none where nothing fits."""
    found = on_shelf(options, lambda shelf: shelf.route(" ".join(text), count))
    if as_json:
        print_json(found)
        return
    print_table([[one.name, f"{one.score:.2f}", one.why] for one in found], "nothing fits")


def on_shelf(options: dict[str, Any], do: Callable[[Shelf], T]) -> T:
    """What ``do`` makes of the skills of these options' home; where that has no file yet, none is made."""
    home = Home(options["home"])
    if not home.database.exists():
        return do(Shelf(home.skills, projects=projects(home)))

    async def run(computer: Computer) -> T:
        return await asyncio.to_thread(do, computer.skills)

    return with_computer(options, run)


def _looked_up(shelf: Shelf, name: str) -> tuple[Skill, Sequence[str], dict[str, int]]:
    """A skill, the keys that it has, and about how many tokens each of its other texts takes."""
    skill = shelf.find(name)
    return skill, shelf.granted(skill), texts(shelf.read(skill))


def _with_tokens(path: str, tokens: Mapping[str, int]) -> str:
    return f"{path} ({tokens[path]:,} tokens)" if path in tokens else path


def _words(skill: Skill) -> str:
    return skill.description if skill.valid else "; ".join(skill.problems)


def _as_object(skill: Skill) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(skill)
    found.pop("body")
    return found
