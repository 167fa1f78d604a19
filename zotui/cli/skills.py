"""``zotui skills``: the skills there are."""

import os
import sys
from typing import Any

import click
import msgspec

from zotui.cli.door import as_json, print_json, print_table, print_text
from zotui.cli.family import Family
from zotui.errors import UsageError
from zotui.home import Home
from zotui.skills import Shelf, Skill, load_skills
from zotui.text import clean


@click.group(cls=Family)
def skills() -> None:
    """Skills: folders with a SKILL.md."""


@skills.command("list")
@click.option("--dir", "folder", metavar="PATH", help="Read this folder instead.")
@as_json
@click.pass_obj
def list_(options: dict[str, Any], folder: str | None, as_json: bool) -> None:
    """List skills; nothing of them runs."""
    if folder and not os.path.isdir(folder):
        raise UsageError(f"--dir {folder}: there is no such folder")
    found = load_skills([folder]) if folder else Shelf(Home(options["home"]).skills).list()
    if as_json:
        print_json([_as_object(skill) for skill in found])
        return
    print_table(
        [[skill.name, "ready" if skill.valid else "invalid", skill.source, _words(skill)] for skill in found],
        "no skills",
    )


@skills.command()
@click.argument("name")
@as_json
@click.pass_obj
def show(options: dict[str, Any], name: str, as_json: bool) -> None:
    """Show a skill's instructions."""
    skill = Shelf(Home(options["home"]).skills).find(name)
    if as_json:
        print_json(_as_object(skill) | {"body": skill.body})
        return
    for problem in skill.problems:
        print(f"! {problem}", file=sys.stderr)
    print_text(f"{skill.name}: {skill.description}\n{clean(skill.path)}\n\n{skill.body}")


def _words(skill: Skill) -> str:
    return skill.description if skill.valid else "; ".join(skill.problems)


def _as_object(skill: Skill) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(skill)
    found.pop("body")
    return found
