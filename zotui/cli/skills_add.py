"""``zotui skills add``, ``update``, ``rm``, ``new``, ``validate``: skills come, change and go."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from zotui.cli.door import as_json, find_chat, print_json, print_table, print_text, with_computer
from zotui.computer import Computer
from zotui.errors import UsageError, ZotuiError
from zotui.home import Home
from zotui.skills import Skill, load_skill
from zotui.skills.adding import is_source
from zotui.skills.drafting import REQUEST, TOOL
from zotui.skills.locking import Locked, read_lock
from zotui.skills.looking import look, mistakes
from zotui.skills.making import made
from zotui.skills.reading import read_skill
from zotui.store import now_ms
from zotui.text import ago, clean, one_line


@click.command()
@click.argument("source", required=False)
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every skill that is in it.")
@click.option("--list", "only_list", is_flag=True, help="Say which there are; add none.")
@click.option(
    "--locked",
    "lockfile",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Exactly as zotui skills lock wrote them; without SOURCE all that are in it.",
)
@click.pass_obj
def add(
    options: dict[str, Any],
    source: str | None,
    names: tuple[str, ...],
    every: bool,
    only_list: bool,
    lockfile: Path | None,
) -> None:
    """Add skills from a folder, a zip or tarball (also https), a git URL, or a registry's manifest (JSON). They are shown, and wait for
    zotui skills trust. SOURCE that holds several: NAMES choose."""
    if source is None and (lockfile is None or only_list):
        raise UsageError("say from where", "zotui skills add SOURCE, or --locked FILE")
    if only_list:
        assert source is not None
        offered = with_computer(options, lambda computer: computer.skill_source.offered(source))
        print_table([[one.name, _brief(one), one.description] for one in offered], "no skills")
        return

    async def run(computer: Computer) -> list[str]:
        locked = await asyncio.to_thread(read_lock, lockfile) if lockfile is not None else None
        if source is not None:
            added = await computer.skill_source.add(source, names, every=every, locked=locked)
        else:
            added = await _of_lockfile(computer, locked or {})
        shelf = computer.skills
        return [look(one, await asyncio.to_thread(shelf.read, one), {}) for one in added]

    for text in with_computer(options, run):
        print_text(text)
        print_text(f"zotui skills trust {text.partition(':')[0]} lets it be used\n")


def _brief(skill: Skill) -> str:
    return f"{len(skill.scripts)} scripts" if skill.scripts else "code" if skill.code else "instructions"


async def _of_lockfile(computer: Computer, locked: Mapping[str, Locked]) -> list[Skill]:
    """Add what a lockfile has that is not here, from where it came then. Raises UsageError, ZotuiError."""
    here = {one.name: one.hash for one in await asyncio.to_thread(computer.skills.list)}
    wanted = [one for one in locked.values() if here.get(one.name) != one.sha256]
    added: list[Skill] = []
    for origin in dict.fromkeys(one.origin for one in wanted):
        names = [one.name for one in wanted if one.origin == origin]
        if is_source(origin):
            added += await computer.skill_source.add(origin, names, locked=locked)
        else:
            print(f"zotui: {one_line(', '.join(names), 200)} came from nowhere that is known", file=sys.stderr)
    return added


@click.command()
@click.argument("names", nargs=-1)
@click.pass_obj
def update(options: dict[str, Any], names: tuple[str, ...]) -> int:
    """Fetch skills anew from where they came from, all without NAMES; what is another then waits for another look."""

    async def run(computer: Computer) -> list[tuple[str, str]]:
        shelf = computer.skills
        every = await asyncio.to_thread(shelf.list)
        wanted = names or [one.name for one in every if is_source((await asyncio.to_thread(shelf.origin, one))[0])]
        return [(name, await _updated(computer, name)) for name in wanted]

    found = with_computer(options, run)
    print_table([[name, said] for name, said in found], "no skill came from elsewhere")
    return 1 if any(said.startswith("✗") for _, said in found) else 0


async def _updated(computer: Computer, name: str) -> str:
    """What became of one: what keeps it from being updated keeps no other."""
    try:
        _, changed = await computer.skill_source.update(name)
    except ZotuiError as error:
        return f"✗ {error}"
    return "has changed: zotui skills diff, then trust" if changed else "is as it was"


@click.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Without asking.")
@click.pass_obj
def rm(options: dict[str, Any], names: tuple[str, ...], yes: bool) -> None:
    """Put skills of the home away. They are kept for 30 days: zotui skills restore."""
    said = ", ".join(one_line(name, 60) for name in names)
    if not yes and not (sys.stdin.isatty() and click.confirm(f"Put {said} away?", err=True)):
        raise UsageError("nothing was put away", "say --yes")

    async def run(computer: Computer) -> None:
        for name in names:
            await computer.skill_source.remove(name)

    with_computer(options, run)


@click.command()
@click.argument("name", required=False)
@click.pass_obj
def restore(options: dict[str, Any], name: str | None) -> None:
    """Put a skill back that rm has put away; without NAME, which there are."""
    if name is None:
        away, now = with_computer(options, lambda computer: computer.skill_source.removed()), now_ms()
        print_table([[known, ago(at, now)] for known, at in away], "no skill was put away")
        return
    skill = with_computer(options, lambda computer: computer.skill_source.restore(name))
    print_text(f"{skill.name} is back: {skill.state}")


@click.command()
@click.argument("name")
@click.option("--script", is_flag=True, help="With a script that can be run.")
@click.option(
    "--from", "conversation", metavar="ID", help="Have its model write it of a conversation (or of the last)."
)
@click.pass_obj
def new(options: dict[str, Any], name: str, script: bool, conversation: str | None) -> None:
    """Begin a skill of your own: a folder with a SKILL.md to fill in, with an example of a script and its test; prints where it
    lies. One of a conversation is a draft that waits for zotui skills trust."""
    if conversation is None:
        print_text(str(made(Home(options["home"]).prepare().skills, name, script=script)))
        return
    if script:
        raise UsageError("--script goes with no --from", "of a conversation instructions are made")

    async def run(computer: Computer) -> Skill:
        chat = await find_chat(computer, conversation)
        await computer.drafting.check(name, chat.id)
        turn = await computer.submit(
            REQUEST.format(name=name), chat.id, memory=False, attended=False, private=options["offline"]
        )
        async for view in computer.turns.follow(turn):
            last = view
        if any(call.name == TOOL and call.status == "done" for call in last.tool_calls):
            return await asyncio.to_thread(computer.skills.find, name)
        said = last.turn.error or "it wrote none"
        print(f"zotui: {one_line(said, 200)}: it is made of your requests and what was done", file=sys.stderr)
        return await computer.drafting.write(name, chat.id, turn)

    skill = with_computer(options, run, "own" if options["no_daemon"] else "background")
    print_text(clean(skill.path))
    print(f"zotui: a draft: zotui skills trust {name} shows it, and lets it be used", file=sys.stderr)


@click.command()
@click.argument("place", metavar="PATH|NAME")
@as_json
@click.pass_obj
def validate(options: dict[str, Any], place: str, as_json: bool) -> int:
    """All that is wrong with a skill by the Agent Skills rules; exit code 1 where anything is."""
    path = Path(place)
    skill: Skill = (
        load_skill(path)
        if path.is_dir()
        else with_computer(options, lambda computer: asyncio.to_thread(computer.skills.find, place))
    )
    problems = [*skill.problems, *mistakes(read_skill(Path(skill.path), skill.source))]
    if as_json:
        print_json({"name": skill.name, "path": skill.path, "valid": skill.valid, "problems": problems})
    else:
        print_text("\n".join(problems) or f"{skill.name} is as it should be")
    return 1 if problems or not skill.valid else 0
