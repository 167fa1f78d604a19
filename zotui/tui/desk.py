"""The desk: all panes on one screen where there is room, one at a time where there is not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from zotui.errors import ZotuiError
from zotui.tui.actions import ACTIONS, binding_id, key_of
from zotui.tui.arranging import Arranging
from zotui.tui.attention import Attention
from zotui.tui.background import Background
from zotui.tui.layout import Layout
from zotui.tui.pane import Pane
from zotui.tui.panes.chats import ChatsPane
from zotui.tui.panes.conversation import ConversationPane
from zotui.tui.panes.files import FilesPane
from zotui.tui.panes.listing import ListingPane
from zotui.tui.panes.memory import MemoryPane
from zotui.tui.panes.schedule import SchedulePane
from zotui.tui.panes.skills import SkillsPane
from zotui.tui.panes.telling import Changed
from zotui.tui.panes.terminal import TerminalPane
from zotui.tui.standing import Standing
from zotui.tui.widgets.lines import DebugLine, KeyLine, TabLine
from zotui.tui.widgets.status import StatusLine
from zotui.tui.widgets.terminal_screen import TerminalScreen

if TYPE_CHECKING:
    from zotui.computer import Computer

OVER_EDITING = frozenset({"ctrl+f", "ctrl+up", "ctrl+down", "f6", "f7"})  # keys that a text area has for little


class Desk(Screen[None]):
    """The screen of panes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            action.first_key,
            f"act('{action.id}')",
            action.words,
            id=binding_id(action),
            show=False,
            priority=action.key in OVER_EDITING,
        )
        for action in ACTIONS
        if action.place == "desk"
    ]
    DEFAULT_CSS = """
    Desk {
        background: $background;
        & > #status { background: $panel; color: $foreground; }
        & > #keys, & > #debug { background: $panel; color: $foreground; }
        & > #tabs { color: $foreground; }
        & #conversation { width: 1fr; }
        &.-short #question { max-height: 2; overflow-y: auto; padding: 0; }
        &.-short Composer { border: none; min-height: 1; max-height: 2; padding: 0; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.computer: Computer | None = None
        self.attached = False
        self._settled = asyncio.Event()  # the file is open, or cannot be opened
        self._fault: ZotuiError | None = None
        self.arranging = Arranging(self)
        self.attention = Attention(self)
        self.standing = Standing(self)
        self.background = Background(self)
        self.terminal = TerminalPane()
        self._filled = asyncio.Event()
        self._said = Changed()

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield TabLine()
        with Horizontal(id="body"):
            yield ConversationPane()
            yield Vertical(id="side")
        yield DebugLine()
        yield KeyLine()

    def on_mount(self) -> None:
        self._arrange()
        self.conversation.composer.focus()
        self.call_after_refresh(self._fill_side)

    async def _fill_side(self) -> None:
        """The other panes come after the first paint: a person looks at the conversation first."""
        panes = [ChatsPane(), MemoryPane(), SkillsPane(), SchedulePane(), FilesPane(), self.terminal]
        await self.arranging.fill_side(panes)
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

    @property
    def keys_bound(self) -> dict[str, str]:
        """The keys that the configuration gives to actions."""
        return self.computer.config.keys if self.computer else {}

    async def attach(self, computer: Computer) -> None:
        """The file is open: show what is in it, as it was left."""
        await self._filled.wait()
        self.computer = computer
        self.query_one(KeyLine).bind_keys(computer.config.keys)
        await self.arranging.restore(computer)
        for pane in self.panes:
            await pane.attach(computer)
        await self.conversation.begin(await computer.desk.get("conversation"))
        if self.current is not self.conversation:
            self.current.focus_inside()
        await self.attention.refresh_from_file()
        await self.standing.refresh_from_file()
        await self.background.refresh_from_file()
        self.attached = True
        self._settled.set()

    async def ready(self) -> Computer:
        """The computer, once the file is open and shown: what a key pressed before that asks for is done then.

        Raises the fault where the file cannot be opened.
        """
        await self._settled.wait()
        if self._fault is not None:
            raise self._fault
        assert self.computer is not None
        return self.computer

    async def follow(self, pause_s: float) -> None:
        """Bring the panes up to date whenever the file changes, at most once in ``pause_s`` seconds each. The conversation,
        where an answer streams, waits for no list."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow([self.conversation], pause_s))
            group.create_task(self._follow([pane for pane in self.panes if pane is not self.conversation], pause_s))
            group.create_task(self._follow([self.attention, self.standing, self.background], pause_s))

    async def _follow(self, shown: Sequence[Pane | Attention | Standing | Background], pause_s: float) -> None:
        assert self.computer is not None
        async with self.computer.store.watch(*frozenset[str]().union(*(one.tables for one in shown))) as watch:
            for one in shown:  # what changed since it was first read
                await one.refresh_from_file()
            while True:
                changed = await watch.wait()
                self.awake()
                for one in shown:
                    if one.tables & changed:
                        await one.refresh_from_file()
                await asyncio.sleep(pause_s)

    def awake(self) -> None:
        """Something goes on: have it measured how quick the app is meanwhile."""
        watchdog = getattr(self.app, "watchdog", None)
        if watchdog is not None:
            watchdog.awake()

    def tell(self, notice: str) -> None:
        """A line worth showing, at the bottom."""
        self.query_one(KeyLine).tell(notice)

    async def broken(self, error: ZotuiError) -> None:
        """The file cannot be opened: say so where people look, and keep the rest usable."""
        await self._filled.wait()
        for pane in self.panes:
            pane.show_problem(str(error))
        self._fault = error
        self._settled.set()

    # Layout

    @property
    def arrangement(self) -> Layout:
        """How the panes are arranged."""
        return self.arranging.layout

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def rearranged(self) -> None:
        """The person changed the layout: show it, and keep it."""
        self._arrange()
        self.keep_layout()

    @work(exclusive=True, group="layout")
    async def keep_layout(self) -> None:
        """Write down how it is arranged."""
        await self.arranging.keep()

    def _arrange(self) -> None:
        self.arranging.show()
        self._paint_status()

    async def keep_place(self) -> None:
        """Write down where the conversation is scrolled to."""
        await self.conversation.keep_scroll()

    def go_to(self, pane: Pane) -> None:
        """Show a pane, hidden or not, and focus it."""
        self.arrangement.current = str(pane.id)
        self.arrangement.reveal(str(pane.id))
        self._arrange()
        pane.focus_inside()
        self.keep_layout()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        for pane in self.panes:
            if pane.has_focus_within and pane.id != self.arrangement.current:
                self.arrangement.current = str(pane.id)
                self.rearranged()

    @on(events.ScreenResume)
    @work(exclusive=True, group="files")
    async def _back(self) -> None:
        """A dialog was left, or an editor: files may be others."""
        for files in self.query(FilesPane):
            await files.refresh_from_file()

    @on(TabLine.Picked)
    def _picked(self, event: TabLine.Picked) -> None:
        self.go_to(self.query_one(f"#{event.pane}", Pane))

    # Status

    @on(Changed)
    def _conversation_changed(self, event: Changed) -> None:
        self._said = event
        self._paint_status()
        for chats in self.query(ChatsPane):
            chats.mark(self.conversation.conversation)

    @on(ConversationPane.Sequel)
    @work(exclusive=True, group="open")
    async def _sequel(self, event: ConversationPane.Sequel) -> None:
        await self.open_chat(event.conversation)

    @on(ConversationPane.Led)
    @work(exclusive=True, group="open")
    async def _led(self, event: ConversationPane.Led) -> None:
        from zotui.tui.places import go

        try:
            await go(self, event.place)
        except ZotuiError as error:  # it was forgotten meanwhile
            self.app.notify(str(error), severity="warning", markup=False)

    def _paint_status(self) -> None:
        default = self.computer.config.model if self.computer else ""
        waiting = "  ".join(filter(None, (self.background.words, self.attention.words)))
        self.query_one(StatusLine).show(self._said, default, waiting, self.standing.wall)

    def standing_changed(self) -> None:
        """Another wall stands."""
        self._paint_status()

    def attention_changed(self) -> None:
        """There is more, or less, that waits for the person or goes on in the background."""
        self._paint_status()

    # Actions

    def action_act(self, action: str) -> None:
        """Do what an action of the table does."""
        self.act(action)

    def act(self, action: str, words: str = "") -> None:
        """Do what an action does, given the words behind a slash command."""
        from zotui.tui.acts import act_of

        try:
            work = act_of(action)(self, words)
        except ZotuiError as error:
            self.app.notify(str(error), severity="warning", markup=False)
            return
        if work is not None:
            self._do(work)

    @work
    async def _do(self, doing: Awaitable[None]) -> None:
        await doing

    async def open_chat(self, conversation: str | None, message: str = "") -> None:
        """Show a conversation, at a message of it; None for a new one."""
        computer = await self.ready()
        await self.conversation.open(conversation)
        await computer.desk.set("conversation", conversation)
        self.go_to(self.conversation)
        if message:
            await self.conversation.reading.to_message(message)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key does its action now: not one that a program of the terminal gets."""
        view = self.focused
        if action == "act" and isinstance(view, TerminalScreen) and view.takes_keys:
            one = next(one for one in ACTIONS if one.id == parameters[0])
            return not view.spared.isdisjoint(key_of(one, self.keys_bound).split(","))
        return True

    @on(TerminalPane.HasKeys)
    def _has_keys(self, event: TerminalPane.HasKeys) -> None:
        self.query_one(KeyLine).spare(event.spared)

    @on(TerminalPane.Left)
    def _left_terminal(self, event: TerminalPane.Left) -> None:
        if event.zoomed is not None:
            self.arrangement.zoomed = event.zoomed
        self.go_to(self.conversation)

    @on(ListingPane.WantsRoom)
    def _wants_room(self) -> None:
        if not self.arrangement.zoomed:
            self.act("zoom")

    @on(ChatsPane.Opened)
    @work(exclusive=True, group="open")
    async def _open_chat(self, event: ChatsPane.Opened) -> None:
        await self.open_chat(event.conversation)
