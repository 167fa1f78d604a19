"""The desk: all panes on one screen where there is room, one at a time where there is not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from zotui.errors import ZotuiError
from zotui.tui.actions import ACTIONS, binding_id
from zotui.tui.pane import Pane
from zotui.tui.panes.chats import ChatsPane
from zotui.tui.panes.conversation import ConversationPane
from zotui.tui.panes.listing import ListingPane
from zotui.tui.panes.memory import MemoryPane
from zotui.tui.panes.skills import SkillsPane
from zotui.tui.widgets.lines import KeyLine, TabLine
from zotui.tui.widgets.status import StatusLine

if TYPE_CHECKING:
    from zotui.computer import Computer

WIDE = 120  # columns from which all panes fit
FEW_ROWS = 14  # rows below which status and keys give their lines to the pane


@dataclass
class Layout:
    """What the desk looks like, kept in the file."""

    current: str = "conversation"
    zoomed: bool = False
    theme: str = "zotui-night"


class Desk(Screen[None]):
    """The screen of panes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(action.key, action.id, action.words, id=binding_id(action), show=False)
        for action in ACTIONS
        if action.place == "desk"
    ]
    DEFAULT_CSS = """
    Desk {
        background: $background;
        & > #status { background: $panel; color: $foreground; }
        & > #keys { background: $panel; color: $foreground; }
        & > #tabs { color: $foreground; }
        & #conversation { width: 2fr; }
        & #side { width: 1fr; max-width: 72; }
        &.-short #question { max-height: 2; overflow-y: auto; padding: 0; }
        &.-short Composer { border: none; min-height: 1; max-height: 2; padding: 0; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.computer: Computer | None = None
        self.attached = False
        self._filled = asyncio.Event()
        self.arrangement = Layout()
        self._said = ConversationPane.Changed()

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield TabLine()
        with Horizontal(id="body"):
            yield ConversationPane()
            yield Vertical(id="side")
        yield KeyLine()

    def on_mount(self) -> None:
        self._arrange()
        self.conversation.composer.focus()
        self.call_after_refresh(self._fill_side)

    async def _fill_side(self) -> None:
        """The other panes come after the first paint: a person looks at the conversation first."""
        await self.query_one("#side").mount(ChatsPane(), MemoryPane(), SkillsPane())
        self._arrange()
        self._filled.set()

    @property
    def conversation(self) -> ConversationPane:
        """The pane of the open conversation."""
        return self.query_one(ConversationPane)

    @property
    def panes(self) -> list[Pane]:
        """All panes, in the order of tab."""
        return list(self.query(Pane))

    @property
    def current(self) -> Pane:
        """The pane that has the focus, or had it last."""
        return self.query_one(f"#{self.arrangement.current}", Pane)

    async def attach(self, computer: Computer) -> None:
        """The file is open: show what is in it, as it was left."""
        await self._filled.wait()
        self.computer = computer
        self.query_one(KeyLine).bind_keys(computer.config.keys)
        import msgspec

        kept = await computer.desk.get("layout")
        if kept:
            try:
                self.arrangement = msgspec.json.decode(kept, type=Layout)
            except msgspec.DecodeError:
                pass  # an older form: the usual layout serves
        if self.arrangement.theme in self.app.available_themes:
            self.app.theme = self.arrangement.theme
        if not self.query(f"#{self.arrangement.current}"):
            self.arrangement.current = "conversation"
        self._arrange()
        for pane in self.panes:
            await pane.attach(computer)
        await self.conversation.begin(await computer.desk.get("conversation"))
        if self.current is not self.conversation:
            self.current.focus_inside()
        self.attached = True

    async def follow(self, pause_s: float) -> None:
        """Bring the panes up to date whenever the file changes, at most once in ``pause_s`` seconds."""
        assert self.computer is not None
        tables = frozenset[str]().union(*(pane.tables for pane in self.panes))
        async with self.computer.store.watch(*tables) as watch:
            while True:
                changed = await watch.wait()
                for pane in self.panes:
                    if pane.tables & changed:
                        await pane.refresh_from_file()
                await asyncio.sleep(pause_s)

    def tell(self, notice: str) -> None:
        """A line worth showing, at the bottom."""
        self.query_one(KeyLine).tell(notice)

    async def broken(self, error: ZotuiError) -> None:
        """The file cannot be opened: say so where people look, and keep the rest usable."""
        await self._filled.wait()
        for pane in self.panes:
            pane.show_problem(str(error))

    # Layout

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def _arrange(self) -> None:
        narrow = self.app.size.width < WIDE
        alone = narrow or self.arrangement.zoomed
        for pane in self.panes:
            pane.display = not alone or pane.id == self.arrangement.current
            whole = alone and pane.id == self.arrangement.current
            if pane.whole != whole:
                pane.zoomed(whole)
        self.query_one("#side").display = any(pane.display for pane in self.query("#side Pane"))
        self.query_one("#side").styles.max_width = "100%" if alone else 72
        short = self.app.size.height < FEW_ROWS
        self.query_one("#status").display = not short
        self.query_one("#keys").display = not short
        tabs = self.query_one(TabLine)
        tabs.display = narrow and not short
        tabs.show([(str(pane.id), pane.heading) for pane in self.panes], self.arrangement.current)
        self._paint_status()

    async def _keep_layout(self) -> None:
        if self.computer is not None:
            import msgspec

            await self.computer.desk.set("layout", msgspec.json.encode(self.arrangement).decode())

    @work(exclusive=True, group="layout")
    async def _keeparrangementsoon(self) -> None:
        await self._keep_layout()

    def go_to(self, pane: Pane) -> None:
        """Show a pane and focus it."""
        self.arrangement.current = str(pane.id)
        self._arrange()
        if isinstance(pane, ConversationPane):
            pane.composer.focus()
        else:
            pane.focus_inside()
        self._keeparrangementsoon()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        for pane in self.panes:
            if pane.has_focus_within and pane.id != self.arrangement.current:
                self.arrangement.current = str(pane.id)
                self._arrange()
                self._keeparrangementsoon()

    @on(TabLine.Picked)
    def _picked(self, event: TabLine.Picked) -> None:
        self.go_to(self.query_one(f"#{event.pane}", Pane))

    # Status

    @on(ConversationPane.Changed)
    def _conversation_changed(self, event: ConversationPane.Changed) -> None:
        self._said = event
        self._paint_status()

    def _paint_status(self) -> None:
        default = self.computer.config.model if self.computer else ""
        self.query_one(StatusLine).show(self._said, default)

    # Actions

    def action_palette(self) -> None:
        """Open the command palette."""
        self.app.action_command_palette()

    @work
    async def action_jump(self) -> None:
        """Show the panes' letters; the next key goes to one."""
        from zotui.tui.dialogs import Letter

        self._letter(True)
        key = await self.app.push_screen_wait(Letter())
        self._letter(False)
        for pane in self.panes:
            if pane.letter == key:
                self.go_to(pane)

    def _letter(self, on: bool) -> None:
        for pane in self.panes:
            pane.lettered(on)
        headings = [f"{pane.letter}:{pane.heading}" if on else pane.heading for pane in self.panes]
        tabs = [(str(pane.id), heading) for pane, heading in zip(self.panes, headings, strict=True)]
        self.query_one(TabLine).show(tabs, self.arrangement.current)

    def action_next_pane(self) -> None:
        """Go to the next pane."""
        self._step(1)

    def action_previous_pane(self) -> None:
        """Go to the previous pane."""
        self._step(-1)

    def _step(self, step: int) -> None:
        """The stops of tab: the transcript and the composer of the conversation, then each list."""
        stops = [widget for pane in self.panes for widget in pane.query("*") if widget.focusable and widget.display]
        shown = [widget for widget in stops if widget.id != "full"]
        place = shown.index(self.focused) if self.focused in shown else -1
        target = shown[(place + step) % len(shown)]
        pane = next(pane for pane in self.panes if target in pane.query("*"))
        self.arrangement.current = str(pane.id)
        self._arrange()
        target.focus()
        self._keeparrangementsoon()

    def action_zoom(self) -> None:
        """Give the pane the whole screen, or back."""
        self.arrangement.zoomed = not self.arrangement.zoomed
        self._arrange()
        self._keeparrangementsoon()

    @work
    async def action_new_chat(self) -> None:
        """A new conversation."""
        if self.computer is not None:
            await self.conversation.open(None)
            await self.computer.desk.set("conversation", None)
            self.go_to(self.conversation)

    @on(ListingPane.WantsRoom)
    def _wants_room(self) -> None:
        if not self.arrangement.zoomed:
            self.action_zoom()

    @on(ChatsPane.Opened)
    @work(exclusive=True, group="open")
    async def _open_chat(self, event: ChatsPane.Opened) -> None:
        assert self.computer is not None
        await self.conversation.open(event.conversation)
        await self.computer.desk.set("conversation", event.conversation)
        self.go_to(self.conversation)

    @work
    async def action_stop(self) -> None:
        """Step back where there is something to step back from; else stop the answer."""
        pane = self.current
        if isinstance(pane, ListingPane):
            if pane.step_back():
                return
            if self.arrangement.zoomed:
                self.action_zoom()
            else:
                self.go_to(self.conversation)
            return
        if self.focused is not self.conversation.composer:
            self.conversation.composer.focus()
        elif self.computer is not None and self.conversation.conversation:
            turns = await self.computer.chats.turns(self.conversation.conversation, only_open=True)
            now = [turn for turn in turns if turn.status != "queued"] or turns[-1:]
            for turn in now:  # what is queued behind it goes on; where nothing runs, the last one queued is taken back
                await self.computer.turns.stop(turn.id)

    @work
    async def action_again(self) -> None:
        """Put the last request once more."""
        conversation = self.conversation.conversation
        if self.computer is None or conversation is None:
            self.app.notify("nothing was said here yet", markup=False)
            return
        turns = await self.computer.chats.turns(conversation)
        if turns and turns[-1].finished_at is None:
            self.app.notify("it is still being answered", markup=False)
        elif turns:
            await self.computer.turns.again(turns[-1].id)
            self.computer.background.want()

    @work
    async def action_rename_chat(self) -> None:
        """Give the conversation another title."""
        from zotui.tui.dialogs import Prompt

        reel = self.conversation.reel
        if self.computer is None or reel is None or reel.conversation is None:
            self.app.notify("nothing was said here yet", markup=False)
            return
        title = await self.app.push_screen_wait(Prompt("Title", reel.conversation.title))
        if title and title.strip():
            await self.computer.chats.rename(reel.id, title)

    @work
    async def action_context(self) -> None:
        """Show what the model is sent for this conversation."""
        from zotui.tui.dialogs import Reading

        if self.computer is None or self.conversation.conversation is None:
            self.app.notify("nothing was said here yet", markup=False)
            return
        context = await self.computer.context(self.conversation.conversation)
        if context is not None:
            self.app.push_screen(Reading("What the model is sent", context))

    @work
    async def action_models(self) -> None:
        """Choose who answers: in this conversation, or from now on."""
        from zotui.tui.model_picker import ModelPicker

        if self.computer is None:
            return
        chosen = await self.app.push_screen_wait(ModelPicker(self.computer, self.conversation.model))
        if chosen is None:
            return
        if chosen.scope == "default":
            await self.computer.set_default_model(chosen.model, chosen.base_url)
            await self.conversation.answer_with("")  # here too, now and whenever the default changes
        else:
            await self.conversation.answer_with(chosen.model)

    @work
    async def action_keys(self) -> None:
        """Show the keys of providers."""
        from zotui.tui.key_dialog import KeyDialog

        if self.computer is not None:
            await self.app.push_screen_wait(KeyDialog(self.computer))

    @work
    async def action_cost(self) -> None:
        """Show what models have cost."""
        from zotui.tui.dialogs import Reading, room
        from zotui.tui.spending import spending_text

        if self.computer is not None:
            width = room(self.app.size.width)
            text = await spending_text(self.computer, self.conversation.conversation, width)
            self.app.push_screen(Reading("What models have cost", text))

    def action_theme(self) -> None:
        """Choose a theme."""
        self.app.action_change_theme()

    def keep_theme(self, theme: str) -> None:
        """The theme for the next start."""
        if theme != self.arrangement.theme:
            self.arrangement.theme = theme
            self._keeparrangementsoon()

    def action_help(self) -> None:
        """Show all keys."""
        from zotui.tui.dialogs import Reading, help_text, room

        keys = self.computer.config.keys if self.computer else {}
        self.app.push_screen(Reading("Keys", help_text(keys, room(self.app.size.width))))

    async def action_quit(self) -> None:
        """Leave; the background process goes on with what runs."""
        try:
            await self.conversation.keep_draft()
        finally:
            self.app.exit()
