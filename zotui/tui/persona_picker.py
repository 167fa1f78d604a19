"""The dialog that chooses the persona of a conversation, and in which personas are made, changed and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from zotui.policy.personas import NOBODY, Wanted
from zotui.policy.scopes import PRESETS
from zotui.text import one_line
from zotui.tui.dialogs import Editor, Prompt
from zotui.tui.list_dialog import ListDialog
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.policy import Persona

HINT = "enter: choose · a: add · e: prompt · n: name · m: model · t: tools · d: delete · esc: back"


class PersonaRows:
    """No persona, and all that there are."""

    def __init__(self, computer: Computer, current: str) -> None:
        self._computer = computer
        self._current = current
        self.found: dict[str, Persona] = {}

    async def count(self) -> int:
        """Read all, and return how many rows there are."""
        self.found = {one.id: one for one in await self._computer.personas.list()}
        return 1 + len(self.found)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        nobody = Row(NOBODY, "no persona", "as zotui is", "" if self._current else "●")
        rows = [nobody, *(self._row(one) for one in self.found.values())]
        return rows[offset : offset + limit]

    def told(self, id: str) -> str:
        """What a persona is told."""
        one = self.found.get(id)
        return (one.prompt or "(no prompt)") if one else ""

    def _row(self, one: Persona) -> Row:
        mark = "●" if one.name.lower() == self._current.lower() else ""
        return Row(one.id, one.name, f"{one.model or 'the usual model'} · {one_line(one.tools, 30)}", mark)


class PersonaPicker(ListDialog[PersonaRows]):
    """Dismissed with the name of a persona, ``none`` for no persona, or None where nothing was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "rename", show=False),
        Binding("m", "model", show=False),
        Binding("t", "tools", show=False),
    ]
    DEFAULT_CSS = """
    PersonaPicker > .box.tall { height: 70%; }
    """

    def __init__(self, computer: Computer, current: str) -> None:
        super().__init__(computer, PersonaRows(computer, current), "Persona of this conversation", HINT, "personas")

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        found = self._source.found.get(event.row.id)
        self.dismiss(found.name if found else NOBODY)

    @work
    async def action_add(self) -> None:
        """Name a persona and write its prompt."""
        name = await self.app.push_screen_wait(Prompt("Name of the persona", ""))
        prompt = await self.app.push_screen_wait(Editor(f"What {one_line(name, 40)} is told", "")) if name else None
        if name and prompt is not None:
            await self._do(lambda: self._computer.personas.add(Wanted(name=name, prompt=prompt)))

    @work
    async def action_edit(self) -> None:
        """Write the prompt anew."""
        if (one := self._persona()) is not None:
            prompt = await self.app.push_screen_wait(Editor(f"What {one.name} is told", one.prompt))
            await self._change(one, Wanted(prompt=prompt))

    @work
    async def action_rename(self) -> None:
        """Give it another name."""
        if (one := self._persona()) is not None:
            await self._change(one, Wanted(name=await self.app.push_screen_wait(Prompt("Name", one.name))))

    @work
    async def action_model(self) -> None:
        """Say which model answers."""
        if (one := self._persona()) is not None:
            model = await self.app.push_screen_wait(Prompt("PROVIDER/MODEL; empty: the usual one", one.model))
            await self._change(one, Wanted(model=None if model is None else model.strip()))

    @work
    async def action_tools(self) -> None:
        """Say which tools it has."""
        if (one := self._persona()) is not None:
            title = f"Tools: {', '.join(PRESETS)}, or names"
            await self._change(one, Wanted(tools=await self.app.push_screen_wait(Prompt(title, one.tools))))

    @work
    async def action_remove(self) -> None:
        """Delete it, when the person is sure."""
        one = self._persona()
        if one is None:
            return
        question = f"Delete the persona {one.name}? Its conversations go on without one."
        if await self._sure(question):
            await self._do(lambda: self._computer.personas.remove(one.id))

    def _persona(self) -> Persona | None:
        """The persona under the cursor."""
        row = self.query_one(Rows).current
        return self._source.found.get(row.id) if row else None

    async def _change(self, one: Persona, wanted: Wanted) -> None:
        if wanted != Wanted():
            await self._do(lambda: self._changed(one, wanted))

    async def _changed(self, one: Persona, wanted: Wanted) -> None:
        if wanted.model:
            self._computer.check_model(wanted.model)
        await self._computer.personas.edit(one.id, wanted)
