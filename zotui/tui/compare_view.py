"""Several models answering one prompt, side by side, with time and cost; the answer that is kept becomes the turn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.css.query import NoMatches
from textual.widgets import Static

from zotui.errors import ZotuiError
from zotui.text import one_line, thousands
from zotui.tui.dialogs import Confirm, Modal, Reading
from zotui.tui.widgets.column_view import ColumnView

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.conversations import Comparison, Member

NARROWEST = 30  # columns of a column
STATES = {
    "queued": "○ waits", "running": "● answering", "waiting": "? asks", "done": "✓ done", "failed": "✗ failed",
    "cancelled": "■ stopped", "interrupted": "■ interrupted",
}  # fmt: skip
HINT = "1–6 or enter: keep that answer · left, right: choose · x: stop one · d: keep none · p: the prompt · esc: later"


class CompareView(Modal):
    """Dismissed with the conversation to open when an answer was kept, else with None: it goes on, and can be looked at
    again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False),
        Binding("left,shift+tab", "choose(-1)", show=False),
        Binding("right,tab", "choose(1)", show=False),
        Binding("enter", "keep", "Keep", show=False),
        Binding("x", "stop", "Stop", show=False),
        Binding("d", "drop", "Keep none", show=False),
        Binding("p", "prompt", "The prompt", show=False),
        *(Binding(str(number), f"keep({number})", show=False) for number in range(1, 7)),
    ]
    DEFAULT_CSS = """
    CompareView {
        background: $background;
        & > #prompt { height: 1; padding: 0 1; background: $panel; }
        & > #columns { height: 1fr; }
        & > #hint { height: 1; padding: 0 1; background: $panel; color: $text-muted; }
    }
    """

    def __init__(self, computer: Computer, comparison: str) -> None:
        super().__init__()
        self._computer = computer
        self._comparison = comparison
        self._found: Comparison | None = None
        self._at = 0

    def compose(self) -> ComposeResult:
        yield Static("", id="prompt", markup=False)
        yield Horizontal(id="columns")
        yield Static(HINT, id="hint", markup=False)

    def on_mount(self) -> None:
        self._follow()

    def on_resize(self, event: events.Resize) -> None:
        self._fit()

    @work(exclusive=True, group="follow")
    async def _follow(self) -> None:
        """Show the answers as they come; while one comes, the seconds too."""
        tables = ("messages", "parts", "turns", "tool_calls", "comparisons", "usage")
        async with self._computer.store.watch(*tables) as watch:
            while True:
                try:
                    self._found = await self._computer.comparisons.view(self._comparison)
                    await self._show(self._found)
                except NoMatches:  # it is being closed
                    return
                except ZotuiError as error:
                    self.query_one("#prompt", Static).update(f"✗ {error}")
                await watch.wait(None if self._found and self._found.over else 1.0)
                await asyncio.sleep(0.05)

    async def _show(self, found: Comparison) -> None:
        from zotui.store import now_ms

        prompt = one_line(found.input, max(20, self.app.size.width - 4))
        self.query_one("#prompt", Static).update(prompt)
        columns = list(self.query(ColumnView))
        if len(columns) != len(found.members):
            await self.query_one("#columns").remove_children()
            columns = [ColumnView(id=f"column-{number}") for number in range(len(found.members))]
            await self.query_one("#columns").mount(*columns)
            self._fit()
        now = now_ms()
        for number, (column, member) in enumerate(zip(columns, found.members, strict=True), 1):
            kept = " · kept" if member.conversation == found.kept else ""
            column.title(f"{number} {member.model}", _figures(member, now) + kept, _fault(member))
            column.show([one for one in member.messages if one.role == "assistant"], {})

    def _fit(self) -> None:
        """As many columns as there is room for, the chosen one among them."""
        columns = list(self.query(ColumnView))
        fitting = max(1, min(len(columns), self.app.size.width // NARROWEST))
        first = min(max(0, self._at - fitting + 1), max(0, len(columns) - fitting))
        for number, column in enumerate(columns):
            column.display = first <= number < first + fitting
            column.set_class(number == self._at, "-chosen")
        self.query_one("#hint").display = self.app.size.height >= 8
        self.query_one("#prompt").display = self.app.size.height >= 8

    def action_choose(self, step: int) -> None:
        """Choose another column."""
        count = len(self.query(ColumnView))
        if count:
            self._at = (self._at + step) % count
            self._fit()

    @property
    def _chosen(self) -> Member | None:
        members = self._found.members if self._found else []
        return members[self._at] if self._at < len(members) else None

    @work
    async def action_keep(self, number: int = 0) -> None:
        """Keep an answer as the turn: the chosen one, or the one of this number."""
        if number:
            if self._found is None or number > len(self._found.members):
                return
            self._at = number - 1
            self._fit()
        if (member := self._chosen) is None:
            return
        try:
            self.dismiss(await self._computer.comparisons.keep(self._comparison, member.conversation))
        except ZotuiError as error:
            self.app.notify(str(error), severity="warning", markup=False)

    @work
    async def action_stop(self) -> None:
        """Stop the chosen model's answer."""
        if (member := self._chosen) is not None:
            await self._computer.turns.stop(member.turn.id)

    @work
    async def action_drop(self) -> None:
        """Keep none, when the person is sure."""
        if await self.app.push_screen_wait(Confirm("Keep none of these answers? F6 still shows them.", "Keep none")):
            await self._computer.comparisons.drop(self._comparison)
            self.dismiss(None)

    def action_prompt(self) -> None:
        """The prompt whole."""
        if self._found is not None:
            self.app.push_screen(Reading("The prompt", self._found.input))

    def action_leave(self) -> None:
        """Back; what is being answered goes on."""
        if self._found is not None and not self._found.over:
            self.app.notify("they go on; F7 shows them again", markup=False)
        self.dismiss(None)


def _figures(member: Member, now: int) -> str:
    """How it stands: state, time, tokens, cost."""
    spent = member.spent
    parts = [STATES.get(member.turn.status, member.turn.status), f"{member.seconds(now):.1f} s"]
    tokens = (spent.input_tokens or 0) + (spent.output_tokens or 0)
    if tokens:
        parts.append(f"{thousands(tokens)} tokens")
    if spent.cost:
        parts.append(f"${spent.cost:.4f}")
    elif spent.unpriced:
        parts.append("$?")
    return " · ".join(parts)


def _fault(member: Member) -> str:
    if member.turn.error:
        return f"✗ {one_line(member.turn.error, 200)}"
    if member.over and not member.output:
        return "(model returned no text)"
    return ""
