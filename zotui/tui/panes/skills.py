"""The skills there are."""

from __future__ import annotations

import asyncio
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
        return [
            Row(skill.name, f"{skill.name} · {skill.description}")
            if skill.valid
            else Row(skill.name, f"{skill.name} · {skill.problems[0]}", mark="!", style="warn")
            for skill in self.skills[offset : offset + limit]
        ]


class SkillsPane(ListingPane):
    """What ``SKILL.md`` folders there are."""

    letter = "s"
    heading = "Skills"
    empty = "No skills. Put a folder with a SKILL.md into skills/ of the home."
    tables: ClassVar[frozenset[str]] = frozenset()
    BINDINGS = bindings("skills")

    def __init__(self) -> None:
        super().__init__("skills")
        self._source: SkillRows | None = None

    def source(self, search: str) -> SkillRows:
        assert self.computer is not None
        self._source = SkillRows(self.computer, search)
        return self._source

    async def read(self) -> None:
        await super().read()
        assert self.computer is not None
        found = await asyncio.to_thread(self.computer.skills.list)
        ready, broken = sum(skill.valid for skill in found), sum(not skill.valid for skill in found)
        self.note(f"{ready} ready" + (f" · {broken} invalid" if broken else ""))

    async def place(self, id: str) -> int | None:
        names = [skill.name for skill in await asyncio.to_thread(self.computer.skills.list)] if self.computer else []
        return names.index(id) if id in names else None

    def full_text(self, row: Row) -> str:
        skill = next((skill for skill in (self._source.skills if self._source else []) if skill.name == row.id), None)
        if skill is None:
            return row.text
        problems = "".join(f"! {problem}\n" for problem in skill.problems)
        where = "comes with zotui" if skill.source == "bundled" else f"{skill.source}: {skill.path}"
        return f"{skill.name} ({where})\n{problems}{skill.description}\n\n{skill.body}"
