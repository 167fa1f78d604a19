"""The skills there are."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from zotui.tui.pane import bindings
from zotui.tui.panes.listing import ListingPane
from zotui.tui.widgets.rows import Row

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.skills import Skill


class SkillRows:
    """Skills as rows, read from their folders."""

    def __init__(self, computer: Computer, search: str) -> None:
        self._computer = computer
        self._search = search.casefold()
        self.skills: list[Skill] = []

    async def count(self) -> int:
        found = await asyncio.to_thread(self._computer.skills.list)
        self.skills = [skill for skill in found if self._search in f"{skill.name} {skill.description}".casefold()]
        return len(self.skills)

    async def page(self, offset: int, limit: int) -> list[Row]:
        return [_row(skill) for skill in self.skills[offset : offset + limit]]


class SkillsPane(ListingPane):
    """What ``SKILL.md`` folders there are."""

    letter = "s"
    heading = "Skills"
    empty = "No skills. Put a folder with a SKILL.md into skills/ of the home."
    tables: ClassVar[frozenset[str]] = frozenset({"skills"})
    BINDINGS = bindings("skills")

    def __init__(self) -> None:
        super().__init__("skills")
        self._source: SkillRows | None = None

    async def attach(self, computer: Computer) -> None:
        await super().attach(computer)
        self.run_worker(self._follow_folders(computer), exclusive=True)

    async def _follow_folders(self, computer: Computer) -> None:
        async for _ in computer.skills.changes():
            await self.refresh_from_file()

    def source(self, search: str) -> SkillRows:
        assert self.computer is not None
        self._source = SkillRows(self.computer, search)
        return self._source

    async def read(self) -> None:
        await super().read()
        assert self.computer is not None
        found = await asyncio.to_thread(self.computer.skills.list)
        counts = Counter(skill.state for skill in found)
        words = [f"{counts['ready']} ready"]
        words += [
            f"{counts[state]} {state}" for state in ("invalid", "changed", "untrusted", "disabled") if counts[state]
        ]
        self.note(" · ".join(words))

    async def place(self, id: str) -> int | None:
        names = [skill.name for skill in await asyncio.to_thread(self.computer.skills.list)] if self.computer else []
        return names.index(id) if id in names else None

    def full_text(self, row: Row) -> str:
        skill = next((skill for skill in (self._source.skills if self._source else []) if skill.name == row.id), None)
        if skill is None:
            return row.text
        problems = "".join(f"! {problem}\n" for problem in skill.problems)
        where = "comes with zotui" if skill.source == "bundled" else f"{skill.source}: {skill.path}"
        state = "" if skill.is_ready else f"! {_why(skill)}\n"
        line, body = skill.tokens
        cost = f"about {line:,} tokens in each request, {body:,} once it is read"
        return f"{skill.name} ({where})\n{state}{problems}{skill.description}\n{cost}\n\n{skill.body}"


def _row(skill: Skill) -> Row:
    """A skill on a line, marked where something is to be said of it."""
    if not skill.is_ready:
        return Row(skill.name, f"{skill.name} · {_why(skill)}", mark="!", style="warn")
    return Row(skill.name, f"{skill.name} · {skill.description}", mark="!" if skill.problems else "")


def _why(skill: Skill) -> str:
    """Why a skill is not used, and what to do."""
    match skill.state:
        case "invalid":
            return skill.problems[0]
        case "disabled":
            return f"disabled: zotui skills enable {skill.name}"
        case "changed":
            return f"changed since you looked at it: zotui skills trust {skill.name}"
        case _:
            return f"not looked at yet: zotui skills trust {skill.name}"
