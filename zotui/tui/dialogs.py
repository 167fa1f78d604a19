"""What all dialogs are, and those that serve many: a question with two answers, a line, a text to write, a text to read."""

from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static, TextArea

WIDEST = 100  # columns of a box to read in, as below


class Modal(ModalScreen[Any]):
    """A screen over the others, which is left once."""

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Leave it. What was on its way when it was left, a second enter or a click, leaves nothing else: Textual would
        take away whatever screen is in front by then."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()


class Dialog(Modal):
    """A framed box in the middle of the screen; escape leaves it without an answer."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back", show=False)]
    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: $background 60%;
        & > .box {
            width: 80%; max-width: 76; height: auto; max-height: 90%;
            border: round $primary; background: $surface; padding: 0 1;
            border-title-color: $primary;
        }
        & > .box.tall { height: 80%; max-width: 100; }
        & VerticalScroll {
            scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-background-hover: $surface;
            scrollbar-background-active: $surface; scrollbar-color: $foreground 20%;
        }
        & > .box.tall { scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-color: $foreground 20%; }
        & .buttons { height: auto; align-horizontal: right; margin-top: 1; }
        & .buttons Button { margin-left: 1; }
        & TextArea { height: 12; border: none; background: $boost; }
        & Input, & Input:focus { border: none; height: 1; padding: 0 1; background: $boost; }
        & .hint { color: $foreground 50%; }
    }
    """

    def action_leave(self) -> None:
        """Go back without an answer."""
        self.dismiss(None)


class Letter(Modal):
    """Nothing to see: takes one key."""

    DEFAULT_CSS = """
    Letter { background: transparent; }
    """

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self.dismiss(event.key)

    def on_click(self) -> None:
        self.dismiss("")


class Confirm(Dialog):
    """Yes or no; no is the default."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Yes", show=False),
        Binding("n", "leave", "No", show=False),
        Binding("left,right", "app.focus_next", show=False),
    ]

    def __init__(self, question: str, verb: str) -> None:
        super().__init__()
        self._question = question
        self._verb = verb

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(self._question, markup=False)
            with Horizontal(classes="buttons"):
                yield Button("No (n)", id="no", compact=True)
                yield Button(f"{self._verb} (y)", id="yes", variant="error", compact=True)

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    def action_yes(self) -> None:
        """The person is sure."""
        self.dismiss(True)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


class Prompt(Dialog):
    """One line of text."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = Content(self._title)
            yield Input(self._text)
            yield Static("enter keeps it, esc leaves it as it was", classes="hint", markup=False)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)


class Editor(Dialog):
    """A text of several lines."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "keep", "Keep", show=False, priority=True),
        Binding("escape", "drop", "Back", show=False),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = Content(self._title)
            yield TextArea(self._text, soft_wrap=True, tab_behavior="focus")
            yield Static("^s keeps it, esc leaves it as it was", classes="hint", markup=False)

    def on_mount(self) -> None:
        area = self.query_one(TextArea)
        area.move_cursor(area.document.end)

    @work
    async def action_drop(self) -> None:
        """Go back; what was written is dropped only when the person says so."""
        changed = self.query_one(TextArea).text != self._text
        if not changed or await self.app.push_screen_wait(Confirm("Drop what you wrote?", "Drop")):
            self.dismiss(None)

    def action_keep(self) -> None:
        """Done."""
        self.dismiss(self.query_one(TextArea).text)


class Reading(Dialog):
    """A text to read and scroll through, from a line on."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f1,q,enter", "leave", "Back", show=False)]

    def __init__(self, title: str, text: str, line: int = 0) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._line = line

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box tall") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = "esc goes back"
            yield Static(self._text, markup=False)

    def on_mount(self) -> None:
        if self._line:
            box = self.query_one(VerticalScroll)
            self.call_after_refresh(box.scroll_to, y=self._line - 3, animate=False)


def room(width: int) -> int:
    """The columns of a text to read on a screen that is so wide: without frame and scroll bar."""
    return min(WIDEST, width * 4 // 5) - 6
