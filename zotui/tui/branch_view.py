"""The branches of a conversation: a tree, and two of them side by side from where they part."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from zotui.conversations import reads
from zotui.errors import ZotuiError
from zotui.text import ago, one_line
from zotui.tui.dialogs import Modal, Prompt, Reading
from zotui.tui.markdown import diff_of
from zotui.tui.model_picker import RowsOf
from zotui.tui.widgets.column_view import ColumnView
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.conversations import Branch, Message, Turn
    from zotui.store import Reader

MOST = 200  # messages of a branch that are shown, the first after the fork
TWO_COLUMNS, BESIDE = 70, 110  # columns from which two branches fit, and the tree beside them
HINT = "up, down: choose · enter: open · tab: the texts · d: differences · r: rename · esc: back"
KINDS = {"trial": "⇄ ", "sequel": "→ "}


class BranchView(Modal):
    """Dismissed with the id of the conversation to open, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False),
        Binding("tab", "app.focus_next", show=False),
        Binding("d", "differences", "Differences", show=False),
        Binding("r", "rename", "Rename", show=False),
    ]
    DEFAULT_CSS = """
    BranchView {
        background: $background;
        & > #tree { height: 35%; max-height: 12; border: round $foreground 20%; }
        & > #tree:focus-within { border: round $primary; }
        & > #texts { height: 1fr; }
        & > #hint { height: 1; background: $panel; color: $text-muted; padding: 0 1; }
        &.-beside { layout: grid; grid-size: 2 2; grid-columns: 36 1fr; grid-rows: 1fr 1; }
        &.-beside > #tree { height: 100%; max-height: 100%; }
        &.-beside > #texts { height: 100%; }
        &.-beside > #hint { column-span: 2; }
    }
    """

    def __init__(self, computer: Computer, conversation: str) -> None:
        super().__init__()
        self._computer = computer
        self._open = conversation
        self._tree = RowsOf()
        self._branches: dict[str, Branch] = {}

    def compose(self) -> ComposeResult:
        with Vertical(id="tree") as tree:
            tree.border_title = "Branches"
            yield Rows(self._tree, empty="Reading …")
        with Horizontal(id="texts"):
            yield ColumnView(id="here")
            yield ColumnView(id="there")
        yield Static(HINT, id="hint", markup=False)

    @property
    def rows(self) -> Rows:
        """The tree."""
        return self.query_one(Rows)

    def on_mount(self) -> None:
        self.rows.focus()
        self._fit()
        self._follow()

    def on_resize(self, event: events.Resize) -> None:
        self._fit()

    def _fit(self) -> None:
        """The tree beside the texts, above them, or one text alone."""
        width = self.app.size.width
        self.set_class(width >= BESIDE, "-beside")
        self.query_one("#here").display = width >= TWO_COLUMNS
        self.query_one("#texts").display = self.app.size.height >= 10
        self.query_one("#hint").display = self.app.size.height >= 8

    @work(exclusive=True, group="follow")
    async def _follow(self) -> None:
        """Show the tree, and again whenever it changes."""
        async with self._computer.store.watch("conversations", "messages", "parts", "turns", "tool_calls") as watch:
            while True:
                try:
                    await self._read_tree()
                    await self._show_texts()
                except ZotuiError as error:
                    self.rows.problem = str(error)
                await watch.wait()

    async def _read_tree(self) -> None:
        from zotui.store import now_ms

        now = now_ms()
        found = await self._computer.chats.family(self._open)
        self._branches = {one.conversation.id: one for one in found}
        rows = [self._row(one, now) for one in found]
        if rows != self._tree.rows:
            self._tree.rows = rows
            if self.rows.count is None:
                place = next((at for at, one in enumerate(found) if one.conversation.id == self._open), 0)
                self.rows.show(self._tree, start=place)
            else:
                self.rows.reload()

    def _row(self, one: Branch, now: int) -> Row:
        chat = one.conversation
        words = one.request if one.depth and one.request else chat.title
        kind = f"{KINDS[chat.kind]}{chat.model} " if chat.kind == "trial" else KINDS.get(chat.kind, "")
        lead = "  " * (one.depth - 1) + "└ " if one.depth else ""
        mark = "●" if chat.id == self._open else ""
        own = f"{one.own} · {ago(chat.updated_at, now)}"
        return Row(chat.id, f"{lead}{kind}{one_line(words or '(nothing yet)', 200)}", own, mark)

    @on(Rows.Highlighted)
    def _highlighted(self, event: Rows.Highlighted) -> None:
        event.stop()
        self._show()

    @work(exclusive=True, group="texts")
    async def _show(self) -> None:
        await self._show_texts()

    async def _show_texts(self) -> None:
        """The open conversation and the chosen one, from where they part; of the open one itself, where it leaves."""
        row = self.rows.current
        other = row.id if row is not None and row.id in self._branches else self._open
        if other == self._open:
            branch = self._branches.get(self._open)
            start = branch.leaves_at if branch else 0
        else:
            start = await self._computer.chats.shared(self._open, other)
        for name, chat in (("#here", self._open), ("#there", other)):
            messages, ended = await self._computer.store.read(lambda db, chat=chat: _after(db, chat, start))  # type: ignore[misc]
            column = self.query_one(name, ColumnView)
            found = self._branches.get(chat)
            title = found.conversation.title if found else ""
            here = "● " if chat == self._open else ""
            count = f"{len(messages)} messages from {start + 1} on"
            column.title(f"{here}{one_line(title, 60)}", count, "" if messages else "(nothing after the fork)")
            column.show(messages, ended)

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.dismiss(event.row.id)

    def action_leave(self) -> None:
        """Go back to where one was."""
        self.dismiss(None)

    @work
    async def action_differences(self) -> None:
        """How the last answers of the two differ."""
        row = self.rows.current
        if row is None:
            return
        here, there = [await self._last_answer(chat) for chat in (self._open, row.id)]
        self.app.push_screen(Reading("Differences of the last answers", diff_of(here, there) or "They are the same."))

    async def _last_answer(self, chat: str) -> str:
        messages = await self._computer.chats.messages(chat)
        return next((one.content for one in reversed(messages) if one.role == "assistant"), "")

    @work
    async def action_rename(self) -> None:
        """Give the branch under the cursor a title of its own."""
        row = self.rows.current
        if row is None or row.id not in self._branches:
            return
        title = await self.app.push_screen_wait(Prompt("Title", self._branches[row.id].conversation.title))
        if title and title.strip():
            await self._computer.chats.rename(row.id, title)


def _after(db: Reader, chat: str, position: int) -> tuple[list[Message], dict[str, Turn]]:
    """The messages behind a position, and the turns behind them that are over."""
    found = [reads.with_parts(db, message) for message in reads.messages_after(db, chat, position)[:MOST]]
    turns = [reads.turn(db, turn) for turn in {message.turn_id for message in found if message.turn_id}]
    return found, {turn.id: turn for turn in turns if turn is not None and turn.finished_at is not None}
