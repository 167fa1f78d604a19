"""What the agent may do with skills: know which there are, and read one before it does what it is for."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from zotui.skills.shelf import Shelf
from zotui.skills.skill import Skill
from zotui.text import one_line
from zotui.toolbox import Result, Tool, ToolContext

INDEX_BYTES = 3_900
"""How much of a request the names and descriptions of all skills may take."""
LEAST_WORDS = 40  # characters of a description: with less room than that, fewer skills are named
HEAD = "Skills: instructions for a kind of work. Read one with find_skill before you do what it is for."


class FindSkill(Struct, forbid_unknown_fields=True):
    query: Annotated[str, Meta(min_length=1, description="A skill's name, or what is to be done.")]


def tools(shelf: Shelf) -> list[Tool]:
    """The tools of skills."""

    async def find_skill(arguments: FindSkill, context: ToolContext) -> Result:
        skills = [skill for skill in await asyncio.to_thread(shelf.list) if skill.valid and skill.enabled]
        found = best(arguments.query, skills)
        if not found:
            return Result("No skill fits.", "none")
        first, *others = found
        more = "".join(f"\n- {skill.name}: {one_line(skill.description, 200)}" for skill in others)
        also = f"\n\nAlso:{more}" if more else ""
        return Result(f"{first.name} ({first.path})\n\n{first.body}{also}", first.name)

    return [
        Tool(
            "find_skill",
            "Read a skill's instructions, by its name or by what is to be done.",
            FindSkill,
            "read",
            find_skill,
        )
    ]


def best(query: str, skills: Sequence[Skill], count: int = 3) -> list[Skill]:
    """The skills that fit, the best first: by name, else by likeness of their words."""
    named = [skill for skill in skills if skill.name == query.strip()]
    if named:
        return named
    from rapidfuzz import fuzz, process, utils

    words = [f"{skill.name} {skill.description} {' '.join(skill.triggers)}" for skill in skills]
    found = process.extract(query, words, scorer=fuzz.token_set_ratio, processor=utils.default_process, limit=count)
    return [skills[place] for _, score, place in found if score >= 45]


def index(skills: Sequence[Skill]) -> str:
    """A line for each skill that is ready, their descriptions cut alike so that all fit; empty where there is none."""
    ready = [skill for skill in skills if skill.valid and skill.enabled]
    if not ready:
        return ""
    for length in range(300, LEAST_WORDS - 1, -10):
        lines = [f"- {skill.name}: {one_line(skill.description, length)}" for skill in ready]
        if _size(lines) <= INDEX_BYTES:
            return "\n".join([HEAD, *lines])
    while lines and _size(lines) > INDEX_BYTES - 40:
        lines.pop()
    return "\n".join([HEAD, *lines, f"- … {len(ready) - len(lines)} more: find_skill"])


def _size(lines: Sequence[str]) -> int:
    return len("\n".join([HEAD, *lines]).encode())
