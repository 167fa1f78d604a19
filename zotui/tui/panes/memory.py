"""Memory: search, narrow, recall, and read whole; what is done to memories is in :mod:`zotui.tui.panes.memory_acts`."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.widgets import Input, Static

from zotui.errors import NotFound, ZotuiError
from zotui.memory.asking import asked
from zotui.memory.query import SHORTEST
from zotui.tui.actions import ACTIONS, key_of, shown_key
from zotui.tui.pane import bindings
from zotui.tui.panes.listing import ROOM_FOR_BOTH
from zotui.tui.panes.memory_acts import Handled
from zotui.tui.panes.memory_rows import MemoryRows, RecalledRows
from zotui.tui.panes.memory_text import full
from zotui.tui.widgets.rows import Row, Rows

BESIDE = 100  # columns from which a memory is read beside the list, not below
HINTS = {  # by the action: a word for the line of keys
    "search_rows": "find", "recall_rows": "recall", "narrow_rows": "narrow", "mark_row": "mark", "edit_row": "edit",
    "tag_row": "tag", "delete_row": "delete", "undo_row": "undo",
}  # fmt: skip
HINTS_MARKED = {
    "pin_row": "pin", "tag_row": "tag", "end_row": "end", "merge_rows": "merge", "save_rows": "save",
    "delete_row": "delete", "forget_row": "forget", "mark_rows": "all",
}  # fmt: skip
RECALL = "?"  # what a search begins with that is recalled


class MemoryPane(Handled):
    """What is remembered: ✦ kept by the agent, ◆ pinned, ! of untrusted words, ■ marked."""

    letter = "m"
    heading = "Memory"
    empty = "Nothing is remembered yet. Press a to add."
    tables: ClassVar[frozenset[str]] = frozenset({"memory", "memory_tags"})
    BINDINGS = bindings("memory")
    DEFAULT_CSS = """
    MemoryPane.-whole.-beside > #full {
        dock: right; width: 46%; height: 100%; border-top: none; border-left: solid $foreground 15%; padding: 0 1 0 2;
    }
    MemoryPane > #hints { dock: bottom; height: 1; padding: 0 1; background: $background; color: $foreground 50%; }
    """

    def __init__(self) -> None:
        super().__init__("memory")
        self._source: MemoryRows | None = None
        self._told: tuple[str, int, str] = "", 0, ""  # the memory that is read whole, when it was changed, the search
        self._chat = ""
        self._why: dict[str, float] = {}

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield Static("", id="hints", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        line = self.query_one("#search", Input)
        line.select_on_focus = False  # what is typed goes on from what was chosen
        line.placeholder = "words  tag:x  is:pinned  when:week;  ? first: what is recalled"
        self._give_room()

    def source(self, search: str) -> MemoryRows:
        assert self.computer is not None
        kind = RecalledRows if search.startswith(RECALL) else MemoryRows
        self._source = kind(self.computer, search.removeprefix(RECALL), self)
        return self._source

    def nothing(self, search: str) -> str:
        words = asked(search.removeprefix(RECALL)).words
        if search.startswith(RECALL):
            return f"Nothing is recalled for {words!r}." if words else "Write what the agent would be asked."
        begun = f" {SHORTEST} letters or more find what begins so." if 0 < len(words.split(" ")[-1]) < SHORTEST else ""
        return super().nothing(search) + begun

    def counted(self, source: MemoryRows, count: int) -> None:
        """Say how many there are, once they are looked up."""
        if source is self._source:
            marked = f"{len(self.marked):,} marked · " if self.marked else ""
            self.note(marked + source.said(count))
            self._hint()

    def arrived(self, source: MemoryRows) -> None:
        """The memory that is read whole may be another."""
        if source is self._source:
            self.call_later(self._show_full)

    def _hint(self) -> None:
        """The keys of what a person does most, here and now."""
        words = HINTS_MARKED if self.marked else HINTS
        bound = self.computer.config.keys if self.computer else {}
        keys = {action.id: shown_key(key_of(action, bound)) for action in ACTIONS if action.place == "memory"}
        said = [f"{keys[name]} {word}" for name, word in words.items() if keys[name]]
        self.query_one("#hints", Static).update("  ".join([*said, *(["esc none"] if self.marked else [])]))

    def _give_room(self) -> None:
        super()._give_room()
        self.query_one("#hints").display = self.whole and self.app.size.height >= ROOM_FOR_BOTH

    async def seek(self, id: str) -> None:
        place = await self.place(id)
        line = self.query_one("#search", Input)
        self.search = line.value = ""
        line.display = False
        self.rows.empty = self.empty
        if place is not None and self.computer is not None:
            self.rows.show(self.source(""), place)

    async def place(self, id: str) -> int | None:
        return await self.computer.memory.place(id) if self.computer else None

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= BESIDE, "-beside")

    @on(Rows.Highlighted)
    def _more(self) -> None:
        """At the end of what is listed, list more of what is found."""
        source, count = self._source, self.rows.count or 0
        if source is not None and source.has_more and self.rows.at >= count - 1:
            source.find_more()
            self.rows.reload()

    def _show_full(self) -> None:
        if self.whole and self.query("#text"):
            self._tell()

    @work(exclusive=True, group="full")
    async def _tell(self) -> None:
        """Show the memory under the cursor; what must be looked up for it follows."""
        memory = self.current
        if memory is None or self.computer is None:
            self.query_one("#text", Static).update("")
            return
        if self._told != (told := (memory.id, memory.updated_at, self.search)):
            self._told, self._chat, self._why = told, "", memory.why
        self._paint_full()
        conversation = memory.meta.get("conversation")
        if isinstance(conversation, str) and not self._chat:
            try:
                self._chat = (await self.computer.chats.find(conversation)).title or "(no title)"
            except ZotuiError:
                self._chat = "a conversation that is gone"
        words = asked(self.search).words
        if words and not self._why:
            try:
                self._why = await self.computer.memory.explain(words, memory.id)
            except NotFound:
                return
        self._paint_full()

    def _paint_full(self) -> None:
        memory = self.current
        if memory is not None and memory.id == self._told[0]:
            self.query_one("#text", Static).update(full(memory, self._chat, self._why))

    def full_text(self, row: Row) -> str:
        memory = self.known(row.id)
        return full(memory, self._chat, self._why).plain if memory else row.text

    def action_open_row(self) -> None:
        """Read the memory under the cursor whole: give the pane the screen, then the memory."""
        from zotui.tui.dialogs import Reading

        row = self.rows.current
        if not self.whole:
            super().action_open_row()
        elif row is not None:
            self.app.push_screen(Reading("Memory", self.full_text(row)))

    def action_recall_rows(self) -> None:
        """Change between what holds the words and what the agent would recall for them."""
        search = self.search
        self.look_for(search.removeprefix(RECALL) if search.startswith(RECALL) else f"{RECALL}{search}")
        self.action_search_rows()

    @work
    async def action_narrow_rows(self) -> None:
        """Choose what the memories shall be."""
        from zotui.tui.facet_dialog import FacetDialog

        if self.computer is not None:
            search = self.search.removeprefix(RECALL)
            chosen = await self.app.push_screen_wait(FacetDialog(self.computer, search))
            if chosen is not None and chosen != search:
                self.look_for(chosen)

    def look_for(self, search: str) -> None:
        """Search, and show the line that says for what."""
        line = self.query_one("#search", Input)
        line.display = True
        line.value = search
        line.cursor_position = len(search)

    def step_back(self) -> bool:
        """Unmark what is marked, then close the search line; False where there is neither."""
        if self.marked and self.rows.has_focus:
            self.unmark()
            return True
        return super().step_back()
