"""The skills there are."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import TYPE_CHECKING, ClassVar

from textual import work

from zotui.errors import ZotuiError
from zotui.text import ago
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

    def _skill(self) -> Skill | None:
        row = self.rows.current
        found = self._source.skills if self._source and row else []
        return next((skill for skill in found if row and skill.name == row.id), None)

    async def _do(self, what: Awaitable[object]) -> bool:
        """Do it, and show what it is then; False where it was refused, which is said."""
        try:
            await what
        except ZotuiError as error:
            self.app.notify(str(error), severity="warning", markup=False)
            return False
        await self.refresh_from_file()
        return True

    @work
    async def action_toggle_row(self) -> None:
        """Disable the skill, or have it be used again."""
        if (skill := self._skill()) is not None and self.computer is not None:
            await self._do(asyncio.to_thread(self.computer.skills.turn, skill, not skill.enabled))

    @work
    async def action_trust_row(self) -> None:
        """Look at what is in the skill, and let it be used."""
        from zotui.skills.looking import look
        from zotui.tui.skill_dialogs import SkillLook

        if (skill := self._skill()) is None or self.computer is None:
            return
        shelf = self.computer.skills
        read = await asyncio.to_thread(shelf.read, skill)
        origin, _ = await asyncio.to_thread(shelf.origin, skill)
        text = look(skill, read, await asyncio.to_thread(shelf.trusted_files, skill), origin)
        if await self.app.push_screen_wait(SkillLook(f"Skill {skill.name}", text)) and skill.source != "bundled":
            await self._do(asyncio.to_thread(shelf.trust, skill, read.skill.hash))

    @work
    async def action_run_row(self) -> None:
        """Run a script of the skill with what is written into a form, and show what came of it."""
        from zotui.skills.arguments import from_words
        from zotui.skills.runs import Asked
        from zotui.tui.dialogs import Prompt, Reading
        from zotui.tui.skill_dialogs import SkillForm

        if (skill := self._skill()) is None or self.computer is None or self.computer.skills.running is None:
            return
        running, name = self.computer.skills.running, ""
        if len(skill.scripts) > 1:
            names = " or ".join(script.name for script in skill.scripts)
            name = await self.app.push_screen_wait(Prompt(f"Which: {names}", skill.scripts[0].name)) or ""
        try:
            skill, script = await running.script(skill.name, name)
            given = await self.app.push_screen_wait(SkillForm(f"Run {skill.name}", script))
            if given is None:
                return
            values = from_words(script, [f"{key}={value}" for key, value in given.items()])
            self.note(f"● {skill.name} runs")
            ran = await running.run(skill, script, values, Asked())
        except ZotuiError as error:
            self.app.notify(str(error), severity="warning", markup=False)
            return
        finally:
            await self.refresh_from_file()
        parts = [
            f"✗ {ran.error}" if ran.error else "",
            ran.text,
            ran.printed and f"It printed:\n{ran.printed}",
            ran.trace,
        ]
        self.app.push_screen(
            Reading(f"{skill.name}: {script.name}", "\n\n".join(filter(None, parts)) or "It returned nothing.")
        )

    @work
    async def action_row_history(self) -> None:
        """What came of the skill's runs."""
        from zotui.store import now_ms
        from zotui.tui.dialogs import Reading

        if (skill := self._skill()) is None or self.computer is None:
            return
        now = now_ms()
        runs = await self.computer.skill_runs.list(skill.name)
        lines = [
            f"{ago(one.started_at, now):>8}  {one.status:<11} {one.script}  {(one.ms or 0) / 1000:.1f} s"
            f"  by {one.asked_by}  {one.error or one.arguments}"
            for one in runs
        ]
        self.app.push_screen(Reading(f"Runs of {skill.name}", "\n".join(lines) or "It has not run yet."))

    @work
    async def action_edit_row(self) -> None:
        """Edit the skill's instructions in $EDITOR; what has changed then waits for another look."""
        from zotui.tui.outside import open_file

        if (skill := self._skill()) is None:
            return
        if skill.source == "bundled":
            self.app.notify(
                "it comes with zotui: copy its folder into skills/ of the home", severity="warning", markup=False
            )
            return
        await self._do(open_file(self.app, skill.place / "SKILL.md"))

    def full_text(self, row: Row) -> str:
        skill = next((skill for skill in (self._source.skills if self._source else []) if skill.name == row.id), None)
        if skill is None:
            return row.text
        problems = "".join(f"! {problem}\n" for problem in skill.problems)
        where = "comes with zotui" if skill.source == "bundled" else f"{skill.source}: {skill.path}"
        state = "" if skill.is_ready else f"! {_why(skill)}\n"
        line, body = skill.tokens
        cost = f"about {line:,} tokens in each request, {body:,} once it is read"
        scripts = f"r runs {', '.join(script.name for script in skill.scripts)}\n" if skill.scripts else ""
        packages = f"packages: {', '.join(skill.dependencies)}\n" if skill.dependencies else ""
        keys = f"keys that it wants: {', '.join(skill.keys)} (zotui skills grant)\n" if skill.keys else ""
        about = f"{state}{problems}{skill.description}\n{cost}\n{scripts}{packages}{keys}"
        return f"{skill.name} ({where})\n{about}\n{skill.body}"


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
            return "disabled: space enables it"
        case "changed":
            return "changed since you looked at it: t shows how"
        case _:
            return "not looked at yet: t shows what is in it"
