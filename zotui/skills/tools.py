"""What the agent may do with skills: know which there are, and read one before it does what it is for."""

import asyncio
from typing import Annotated

from msgspec import Meta, Struct

from zotui.regular import NotRegular, TooLarge
from zotui.skills.opened import Opened
from zotui.skills.runs import Asked, Runs
from zotui.skills.shelf import Shelf
from zotui.skills.skill import Skill
from zotui.text import clean, one_line
from zotui.toolbox import Result, Tool, ToolContext, ToolError

LARGEST_FILE = 400_000  # bytes of a skill's file that a model may read
NAMED = 40  # files of a skill, below its instructions


class FindSkill(Struct, forbid_unknown_fields=True):
    query: Annotated[str, Meta(min_length=1, description="A skill's name, NAME/FILE of it, or what is to be done.")]


def tools(shelf: Shelf, runs: Runs | None = None) -> list[Tool]:
    """The tools of skills. ``runs``: where it is kept that instructions were read."""

    async def find_skill(arguments: FindSkill, context: ToolContext) -> Result:
        result, read = await asyncio.to_thread(_find, shelf, arguments.query.strip())
        if read is not None and runs is not None:
            await runs.read(read, Asked("agent", context.conversation, context.turn))
        return result

    return [
        Tool(
            "find_skill",
            "Read a skill's instructions, by its name or by what is to be done.",
            FindSkill,
            "read",
            find_skill,
        )
    ]


def _find(shelf: Shelf, query: str) -> tuple[Result, Skill | None]:
    """The instructions of what fits best and the lines of what fits too, with the skill that they are of; or a file of a skill.
    Raises ToolError."""
    skills = {skill.name: skill for skill in shelf.list()}
    name, slash, path = query.partition("/")
    if slash and name in skills and path:
        return _file(_usable(skills[name]), path), None
    if query.removeprefix("/") in skills:
        skill = _usable(skills[query.removeprefix("/")])
        return _told(skill, []), skill
    found = [skills[one.name] for one in shelf.route(query, 8) if one.name in skills and skills[one.name].is_ready][:3]
    return (_told(found[0], found[1:]), found[0]) if found else (Result("No skill fits.", "none"), None)


def _usable(skill: Skill) -> Skill:
    """The skill. Raises ToolError where its text is not to be read."""
    if not skill.is_ready:
        raise ToolError(f"the skill {skill.name} is {skill.state}", "do without it; the person can look at it")
    return skill


def _told(skill: Skill, others: list[Skill]) -> Result:
    """A skill whole. Anybody's words are in it where the person has not looked at it."""
    also = "".join(f"\n- {other.name}: {one_line(other.description, 200)}" for other in others)
    more = f"\n\nAlso:{also}" if also else ""
    text = f"{skill.name} ({clean(skill.path)})\n\n{skill.body}{_files(skill)}{more}"
    return Result(text, skill.name, tainted=not skill.trusted)


def _files(skill: Skill) -> str:
    """The names of its other files, which can be read one by one."""
    if len(skill.files) <= 1:
        return ""
    names = [f"{skill.name}/{path}" for path in skill.files if path != "SKILL.md"]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"\n\nIts files, which find_skill reads: {', '.join(names[:NAMED])}{more}"


def _file(skill: Skill, path: str) -> Result:
    """A file of a skill. Raises ToolError."""
    if path not in skill.files:
        raise ToolError(f"the skill {skill.name} has no file {one_line(path, 80)!r}", _files(skill).strip() or "")
    try:
        with Opened(skill.place) as opened:
            text = clean(opened.read(path, LARGEST_FILE).decode())
    except UnicodeDecodeError:
        raise ToolError(f"{path} is no text") from None
    except NotRegular as error:
        raise ToolError(f"{path}: {error}") from None
    except TooLarge:
        raise ToolError(f"{path} has more than {LARGEST_FILE:,} bytes") from None
    except OSError as error:
        raise ToolError(f"{path}: {error.strerror or error}") from None
    return Result(text, f"{skill.name}/{path}", tainted=not skill.trusted)
