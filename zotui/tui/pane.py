"""What a pane is: a border, a title, something read from the file, painted small on the desk and whole when zoomed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from zotui.errors import ZotuiError
from zotui.tui.actions import ACTIONS, binding_id

if TYPE_CHECKING:
    from zotui.computer import Computer


def bindings(place: str) -> list[BindingType]:
    """The key bindings of a pane, from the table of actions."""
    return [
        Binding(
            action.first_key,
            f"screen.act('{action.id}')" if place == "transcript" else action.id,
            action.words,
            id=binding_id(action),
            show=False,
        )
        for action in ACTIONS
        if action.place == place
    ]


class Pane(Vertical):
    """One pane of the desk.

    A subclass says its ``name`` and ``letter``, the ``tables`` it shows, how to :meth:`read` (awaits the store,
    which works in threads) and what to do when :meth:`zoomed`. It is told by the desk when its tables changed.
    """

    letter: ClassVar[str] = ""
    heading: ClassVar[str] = ""
    tables: ClassVar[frozenset[str]] = frozenset()
    DEFAULT_CSS = """
    Pane {
        border: round $foreground 20%;
        border-title-color: $foreground 70%;
        border-subtitle-color: $foreground 50%;
        border-title-style: none;
        &:focus-within { border: round $primary; border-title-color: $primary; border-title-style: bold; }
    }
    """

    computer: Computer | None = None
    whole = False

    def on_mount(self) -> None:
        self.border_title = self.heading

    async def attach(self, computer: Computer) -> None:
        """The file is open: begin to show it."""
        self.computer = computer
        await self.refresh_from_file()

    async def refresh_from_file(self) -> None:
        """Read what changed and paint it; a fault of the file is shown in the pane."""
        try:
            await self.read()
        except ZotuiError as error:
            self.show_problem(str(error))

    async def read(self) -> None:
        """Read and paint."""
        raise NotImplementedError

    def show_problem(self, problem: str) -> None:
        """Say what is wrong and how to mend it."""
        self.border_subtitle = Content(problem)

    def zoomed(self, whole: bool) -> None:
        """The pane has the whole screen now, or no longer."""
        self.whole = whole
        self.set_class(whole, "-whole")

    def stops(self) -> list[Widget]:
        """Where tab stops in this pane."""
        return [widget for widget in self.query("*") if widget.focusable and widget.display]

    def step_back(self) -> bool:
        """Step back from something within; False where there is nothing to step back from."""
        return False

    def focus_inside(self) -> None:
        """Focus what a person would use first."""
        for widget in self.stops()[:1]:
            widget.focus()

    def note(self, words: str) -> None:
        """A few words at the right of the title line."""
        self.border_subtitle = Content(words)

    def lettered(self, on: bool) -> None:
        """Show the letter that jumps here."""
        self.border_title = f"[{self.letter}] {self.heading}".replace("[", "\\[") if on else self.heading

    def on_click(self, event: events.Click) -> None:
        if not self.has_focus_within:
            self.focus_inside()
