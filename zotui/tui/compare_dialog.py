"""The dialog that chooses which models are asked the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static, TextArea

from zotui.text import one_line
from zotui.tui.dialogs import Dialog
from zotui.tui.model_picker import RowsOf, priced
from zotui.tui.widgets.draft import Draft, names_in
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.computer import Computer

LEAST, MOST = 2, 6
NOTE = "compare_models"


class Wish(NamedTuple):
    """A prompt, the names in it that mention nothing, and the models that shall answer it."""

    text: str
    foreign: set[str]
    models: list[str]


class Prompt(TextArea):
    """Where the prompt is written."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft.whole, soft_wrap=True, tab_behavior="focus")
        self.foreign = draft.foreign

    async def _on_paste(self, event: events.Paste) -> None:
        """What is pasted mentions nothing."""
        self.foreign |= names_in(event.text) - names_in(self.text)
        await super()._on_paste(event)


class CompareDialog(Dialog):
    """Dismissed with a Wish, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", "Start", show=False, priority=True),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
    ]
    DEFAULT_CSS = """
    CompareDialog {
        & > .box.tall { width: 90%; max-width: 100; }
        & TextArea { height: 5; }
        & Rows { height: 1fr; margin-top: 1; }
    }
    """

    def __init__(self, computer: Computer, draft: Draft) -> None:
        super().__init__()
        self._computer = computer
        self._draft = draft
        self._rows = RowsOf()
        self._known: list[tuple[str, str]] = []
        self._chosen: list[str] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall") as box:
            box.border_title = "One prompt, several models"
            yield Prompt(self._draft)
            line = Input(placeholder="filter, or PROVIDER/MODEL", id="filter")
            line.cursor_blink = False
            yield line
            yield Rows(self._rows, empty="No model fits. Type PROVIDER/MODEL and press enter.")
            yield Static("enter: choose or drop a model · ^s: ask them · esc: back", classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one("#filter" if self._draft.text else Prompt).focus()
        self._load()

    @work(exclusive=True, group="load")
    async def _load(self) -> None:
        offers = await self._computer.offers.known()
        self._known = [(offer.name, priced(offer)) for offer in offers]
        kept = await self._computer.desk.get(NOTE)
        self._chosen = [name for name in (json.loads(kept) if kept else []) if isinstance(name, str)][:MOST]
        self._show()

    def _show(self) -> None:
        """The chosen ones first, then those that fit the filter."""
        words = self.query_one("#filter", Input).value.casefold().split()
        asides = dict(self._known)
        rows = [Row(name, name, asides.get(name, ""), "✓") for name in self._chosen]
        rows += [
            Row(name, name, aside)
            for name, aside in self._known
            if name not in self._chosen and all(word in name.casefold() for word in words)
        ]
        self._rows.rows = rows
        start = len(self._chosen) if words and len(rows) > len(self._chosen) else 0
        self.query_one(Rows).show(self._rows, start=start)

    @on(Input.Changed, "#filter")
    def _typed(self) -> None:
        self._show()

    @on(Input.Submitted, "#filter")
    def _submitted(self, event: Input.Submitted) -> None:
        row = self.query_one(Rows).current
        typed = event.value.strip()
        if row is not None and (not typed or typed.casefold() in row.text.casefold()):
            self._toggle(row.id)
        elif "/" in typed:
            self._toggle(typed)

    @on(Rows.Chosen)
    def _row_chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self._toggle(event.row.id)

    def _toggle(self, name: str) -> None:
        if name in self._chosen:
            self._chosen.remove(name)
        elif len(self._chosen) >= MOST:
            self.app.notify(f"at most {MOST} models are compared", severity="warning", markup=False)
            return
        else:
            self._chosen.append(name)
        self.query_one("#filter", Input).value = ""
        self._show()

    def action_move(self, by: int) -> None:
        """Move in the list, wherever the focus is."""
        self.query_one(Rows).action_move(by)

    @work
    async def action_start(self) -> None:
        """Ask them, if there is something to ask and somebody to."""
        prompt = self.query_one(Prompt)
        text = prompt.text
        if not text.strip() or not LEAST <= len(self._chosen) <= MOST:
            what = "write the prompt" if not text.strip() else f"choose {LEAST} to {MOST} models"
            self.app.notify(what, severity="warning", markup=False)
            return
        await self._computer.desk.set(NOTE, json.dumps([one_line(name, 200) for name in self._chosen]))
        self.dismiss(Wish(text, prompt.foreign, list(self._chosen)))
