"""Which state a skill is in, and which of several with one name counts."""

import os

from msgspec.structs import replace

from zotui.skills.opened import MAIN
from zotui.skills.places import Place
from zotui.skills.rows import Row
from zotui.skills.skill import Skill
from zotui.text import clean, one_line


def as_state(row: Row, place: Place) -> Skill:
    """The skill of a row, with its state and what is to be said of it."""
    skill, good = row.read.skill, row.good.skill if row.good else None
    enabled, looked = row.enabled, row.looked_at is not None
    if place.source == "bundled":
        state = "ready" if skill.valid else "invalid"
        return replace(skill, enabled=enabled, state=state if enabled else "disabled", trusted=True)
    if row.is_broken_only and good is not None:
        broken = (
            f"SKILL.md is broken ({'; '.join(skill.problems).replace(f'{MAIN}: ', '')}): as it was before is in use"
        )
        state = "ready" if enabled else "disabled"
        return replace(good, enabled=enabled, state=state, trusted=looked, problems=[*good.problems, broken])
    if not skill.valid and good is not None:
        told = [*skill.problems, "more of it has changed too: zotui skills diff shows that"]
        return replace(good, enabled=enabled, state="changed" if enabled else "disabled", problems=told)
    if not enabled:
        return replace(skill, enabled=False, state="disabled", trusted=looked and row.trusted == skill.hash)
    if not skill.valid:
        return skill
    if row.trusted is None:
        return skill if may_be_taken(skill, place) and not row.origin else replace(skill, state="untrusted")
    if row.trusted != skill.hash:
        return replace(skill, state="changed")
    return replace(skill, trusted=looked)


def may_be_taken(skill: Skill, place: Place) -> bool:
    """Whether a skill is used as it is first seen: its text, where only the person puts it, and can read all of it."""
    return place.own and skill.valid and bool(skill.hash) and not skill.hidden


def without_twins(found: list[Skill]) -> list[Skill]:
    """No two of one name, by name. ``found``: in the order of their places. That which may be used has the name, of such the
    last; the others of the same place are called by their folders, and those of other places are hidden, which is said."""
    named: dict[str, Skill] = {}
    for skill in sorted(_apart(found), key=lambda skill: skill.is_ready):  # keeps the order of places among equals
        hidden = named.get(skill.name)
        if hidden is not None:
            told = f"it hides another of its name, {hidden.source}: {clean(hidden.path)}"
            if not hidden.is_ready:
                told += f" ({hidden.state})"
            skill = replace(skill, problems=[*skill.problems, told])
        named[skill.name] = skill
    return [named[name] for name in sorted(named)]


def _apart(found: list[Skill]) -> list[Skill]:
    """Within one place a name belongs to the skill whose folder is named so, the others are called by their folders."""
    taken: dict[tuple[str, str], str] = {}
    for skill in sorted(found, key=lambda skill: skill.name != os.path.basename(skill.path)):
        taken.setdefault((skill.source, skill.name), skill.path)
    apart = []
    for skill in found:
        owner = taken[skill.source, skill.name]
        if owner != skill.path:
            problem = f"{clean(owner)} has the name {skill.name!r} already"
            name = one_line(os.path.basename(skill.path), 200)
            skill = replace(skill, name=name, problems=[*skill.problems, problem])
        apart.append(skill)
    return apart
