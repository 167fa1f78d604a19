"""The desk as the person arranged it: which panes are seen, where, and how large; kept in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget

from zotui.tui.layout import CONVERSATION, Layout
from zotui.tui.pane import Pane
from zotui.tui.widgets.lines import TabLine

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.tui.desk import Desk

WIDE = 120  # columns from which all panes fit
FEW_ROWS = 14  # rows below which status and keys give their lines to the pane
SIDE_AT_MOST = 72  # columns of the side, as long as the person has not made it wider


class Arranging:
    """Puts the panes of a desk where its layout says."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.layout = Layout()
        self.side_panes: list[str] = []
        """The ids of the panes at the side, in the order of the first start."""

    async def fill_side(self, panes: list[Pane]) -> None:
        """Put these panes at the side."""
        self.side_panes = [str(pane.id) for pane in panes]
        await self._side.mount(*panes)
        self.show()

    async def restore(self, computer: Computer) -> None:
        """As it was left."""
        import msgspec

        desk = self._desk
        kept = await computer.desk.get("layout")
        if kept:
            try:
                self.layout = msgspec.json.decode(kept, type=Layout)
            except msgspec.DecodeError:
                pass  # an older form: the usual layout serves
        if self.layout.theme in desk.app.available_themes:
            desk.app.theme = self.layout.theme
        desk.app.set_class(self.layout.spacing == "compact", "-compact")
        desk.conversation.show_plan(self.layout.plan)
        if not desk.query(f"#{self.layout.current}"):
            self.layout.current = CONVERSATION
        self.show()

    async def keep(self) -> None:
        """Write it down for the next start."""
        if self._desk.computer is not None:
            import msgspec

            await self._desk.computer.desk.set("layout", msgspec.json.encode(self.layout).decode())

    def show(self) -> None:
        """Put everything where it belongs at this size of the screen."""
        desk, layout = self._desk, self.layout
        narrow = desk.app.size.width < WIDE
        alone = narrow or layout.zoomed
        for pane in desk.panes:
            hidden = layout.hides(str(pane.id)) and pane.id != layout.current
            pane.display = pane.id == layout.current if alone else not hidden
            shares = pane.id in self.side_panes and not alone
            pane.styles.height = f"{layout.share(str(pane.id))}fr" if shares else "1fr"
            whole = alone and pane.id == layout.current
            if pane.whole != whole:
                pane.zoomed(whole)
        self._show_side(alone)
        short = desk.app.size.height < FEW_ROWS
        desk.query_one("#status").display = not short
        desk.query_one("#keys").display = not short
        desk.query_one("#debug").display = layout.debug and not short
        desk.query_one(TabLine).display = narrow and not short
        self.show_tabs(lettered=False)

    def _show_side(self, alone: bool) -> None:
        layout, side = self.layout, self._side
        side.display = any(pane.display for pane in side.query(Pane))
        chosen = layout.side != Layout.side
        side.styles.width = "100%" if alone else f"{layout.side}%"
        side.styles.max_width = "100%" if alone or chosen else SIDE_AT_MOST
        wanted = layout.sorted(self.side_panes)
        if wanted != [pane.id for pane in side.query(Pane)]:
            side.sort_children(key=lambda pane: wanted.index(str(pane.id)))

    @property
    def _side(self) -> Widget:
        return self._desk.query_one("#side")

    def show_tabs(self, *, lettered: bool) -> None:
        """The names of the panes that are not hidden, with the letters that jump to them or without."""
        desk = self._desk
        panes = [pane for pane in desk.panes if not self.layout.hides(str(pane.id)) or pane is desk.current]
        tabs = [(str(pane.id), f"{pane.letter}:{pane.heading}" if lettered else pane.heading) for pane in panes]
        desk.query_one(TabLine).show(tabs, self.layout.current)

    def letter(self, on: bool) -> None:
        """Show the letters that jump to the panes, or hide them."""
        for pane in self._desk.panes:
            pane.lettered(on)
        self.show_tabs(lettered=on)

    def space(self, spacing: str) -> None:
        """Compact or roomy, now and from now on."""
        self._desk.app.set_class(spacing == "compact", "-compact")
        self.layout.spacing = spacing
        self._desk.rearranged()

    def keep_theme(self, theme: str) -> None:
        """The theme for the next start."""
        if self._desk.attached and theme != self.layout.theme:
            self.layout.theme = theme
            self._desk.keep_layout()
