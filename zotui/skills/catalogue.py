"""What a model is told of the skills there are in every request: a line for each, within a bound."""

from collections.abc import Callable, Sequence

from zotui.skills.routing import Named
from zotui.skills.skill import Skill
from zotui.text import one_line

INDEX_BYTES = 3_700
"""How much of a request the names and descriptions of skills may take."""
MOST_WORDS, LEAST_WORDS = 300, 80
"""Characters of a description: where there is less room, only those skills are named that the request may be for."""
SHORTLISTED = 200  # characters of a description then
NAMED = 2  # skills that a request names, which the model is told of
HEAD = "Skills: instructions for a kind of work. Read one with find_skill before you do what it is for."


def index(skills: Sequence[Skill], ranked: Callable[[], Sequence[Skill]] | None = None) -> str:
    """A line for each skill that is ready, their descriptions cut alike so that all fit; empty where there is none.

    Where they would be cut too short, the first of ``ranked`` alone, and how many more there are.
    """
    ready = [skill for skill in skills if skill.is_ready]
    if not ready:
        return ""
    for length in range(MOST_WORDS, LEAST_WORDS - 1, -10) if _size(_lines(ready, LEAST_WORDS)) <= INDEX_BYTES else ():
        lines = _lines(ready, length)
        if _size(lines) <= INDEX_BYTES:
            return "\n".join([HEAD, *lines])
    order = [skill for skill in ranked() if skill.is_ready] if ranked is not None else ready
    room = INDEX_BYTES - len(HEAD.encode()) - 40
    lines = []
    for skill in order:
        line = _line(skill, SHORTLISTED)
        room -= len(line.encode()) + 1
        if room < 0:
            break
        lines.append(line)
    return "\n".join([HEAD, *lines, f"- … {len(ready) - len(lines)} more: find_skill"])


def told_named(request: str, skills: Sequence[Skill]) -> str:
    """What a model is told where a request names skills that are ready, or says a trigger of them; else nothing."""
    ready = [skill for skill in skills if skill.is_ready]
    names = [one_line(ready[place].name, 64) for place in Named(ready).of(request)][:NAMED]
    return f"\nThis request is for {' and '.join(names)}: read that with find_skill first." if names else ""


def _lines(skills: Sequence[Skill], length: int) -> list[str]:
    return [_line(skill, length) for skill in skills]


def _line(skill: Skill, length: int) -> str:
    return f"- {one_line(skill.name, 64)}: {one_line(skill.description, length)}"


def _size(lines: Sequence[str]) -> int:
    return len("\n".join([HEAD, *lines]).encode())
