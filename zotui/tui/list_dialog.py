"""What a dialog is in which things are listed, told and changed: the personas', the rules'."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from zotui.errors import ZotuiError
from zotui.tui.dialogs import Confirm, Dialog
from zotui.tui.widgets.pages import Source
from zotui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from zotui.computer import Computer


class Listed(Source, Protocol):
    """A source of rows that tells more of each."""

    def told(self, id: str) -> str:
        """All of one; empty of one that there is not."""
        ...


Of = TypeVar("Of", bound=Listed)


class ListDialog(Dialog, Generic[Of]):
    """The rows of a source, and below them all of the one under the cursor. It follows a table of the file."""

    EMPTY: ClassVar[str] = "None yet: a adds one."

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add", show=False),
        Binding("e", "edit", "Edit", show=False),
        Binding("d,delete", "remove", "Delete", show=False),
        Binding("q", "leave", show=False),
    ]
    DEFAULT_CSS = """
    ListDialog {
        & Rows { height: 1fr; }
        & #line { height: auto; max-height: 8; border-top: solid $foreground 15%; }
    }
    ListDialog.-short > .box.tall { height: 100%; width: 100%; max-height: 100%; }
    ListDialog.-short #line { max-height: 4; }
    """

    def __init__(self, computer: Computer, source: Of, title: str, hint: str, *tables: str) -> None:
        super().__init__()
        self._computer = computer
        self._source = source
        self._title = title
        self._hint = hint
        self._tables = tables

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall") as box:
            box.border_title = Content(self._title)
            yield Rows(self._source, empty=self.EMPTY)
            yield Static("", id="line", markup=False)
            yield Static(self._hint, classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Rows).focus()
        self._follow()

    @work(exclusive=True, group="follow")
    async def _follow(self) -> None:
        """They change elsewhere too, and requests go out while one looks."""
        async with self._computer.store.watch(*self._tables) as watch:
            while True:
                await watch.wait()
                self.query_one(Rows).reload()

    @on(Rows.Highlighted)
    def _highlighted(self) -> None:
        self._tell()

    def _tell(self) -> None:
        row = self.query_one(Rows).current
        self.query_one("#line", Static).update(self._source.told(row.id) if row else "")

    async def _sure(self, question: str) -> bool:
        """Whether the person wants something deleted."""
        return bool(await self.app.push_screen_wait(Confirm(question, "Delete")))

    async def _do(self, what: Callable[[], Awaitable[object]]) -> None:
        """Do it; what is wrong is said. What the row under the cursor is then is told once it is read."""
        try:
            await what()
        except ZotuiError as error:
            self.app.notify(str(error), severity="warning", markup=False)
            return
        await self._source.count()
        self._tell()
