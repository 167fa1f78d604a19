"""The app: assembles the desk and the computer. It does no I/O of its own."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import time
import traceback
from collections.abc import Coroutine
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.command import CommandPalette
from textual.css.query import NoMatches
from textual.theme import Theme
from textual.worker import WorkerFailed

from zotui.errors import ConfigError, ZotuiError
from zotui.home import Home
from zotui.private import make_file
from zotui.text import clean, one_line
from zotui.tui.actions import clashes
from zotui.tui.commands import Actions
from zotui.tui.desk import Desk
from zotui.tui.driver import Guard, GuardedApp
from zotui.tui.keyboard import BackgroundKnown
from zotui.tui.terminal import profile
from zotui.tui.theme import AUTO, THEMES, by_background
from zotui.tui.watchdog import Watchdog

if TYPE_CHECKING:
    from zotui.computer import Computer


class Zotui(GuardedApp[None]):
    """The full-screen app on one home. ``own_workers``: the work is done in this process, no other is started."""

    TITLE = "zotui"
    COMMANDS = {Actions}  # noqa: RUF012
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = ""
    BINDINGS: ClassVar = []
    VERTICAL_BREAKPOINTS = [(0, "-short"), (14, "-tall")]  # noqa: RUF012
    DEFAULT_CSS = """
    CommandPalette {
        & > Vertical { background: $surface; width: 90%; max-width: 84; }
        & SearchIcon { display: none; }
        &.-short > Vertical { margin-top: 0; }
        &.-short #--input { border: none; height: 1; padding: 0; }
        &.-short CommandInput, &.-short CommandInput:focus { border: none; height: 1; padding: 0; }
    }
    ToastRack { dock: top; margin-top: 1; }
    """

    def __init__(self, home: Home, *, own_workers: bool = False, private: bool = False) -> None:
        super().__init__()
        self._private = private
        self._home = home
        self._own_workers = own_workers
        self._leave = asyncio.Event()
        self._session: asyncio.Task[None] | None = None
        self.fault: ZotuiError | None = None
        self._terminal = profile()
        self._begun = time.monotonic()
        self.watchdog = Watchdog()
        self._follows = by_background(self._terminal.background != "light")
        self.desk = Desk()
        self.computer: Computer | None = None
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = by_background(self._terminal.background != "light")

    def run_on_terminal(self) -> None:
        """Run until the person leaves. Raises ZotuiError where it could not, after the screen is given back."""
        self.run(mouse=os.environ.get("ZOTUI_MOUSE", "1") != "0")
        if self.fault is not None:
            raise self.fault

    def get_default_screen(self) -> Desk:
        """The desk is the first screen: no other is painted before it."""
        return self.desk

    async def on_mount(self) -> None:
        self.theme_changed_signal.subscribe(self, self._theme_changed)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            try:
                loop.add_signal_handler(number, self._asked_to_leave)
            except (ValueError, RuntimeError):
                pass  # not in the main thread: a test
        if isinstance(self._driver, Guard) and self._terminal.answers and not self._driver.is_web:
            self._driver.follow_background()
        # After the first paint: opening the file must not hold it up.
        self.call_after_refresh(self._begin)

    def _theme_changed(self, theme: Theme) -> None:
        """A theme that only follows the terminal is not kept as the person's choice."""
        if not (self._is_following and theme.name == self._follows):
            self.desk.arranging.keep_theme(theme.name)

    async def on_event(self, event: events.Event) -> None:
        """Handle an event. How quick the app is shows in what a person does."""
        if isinstance(event, events.InputEvent | events.Resize):
            self.watchdog.awake()
        await super().on_event(event)

    def _asked_to_leave(self) -> None:
        self.call_later(self.desk.act, "quit")

    @on(BackgroundKnown)
    def _background_known(self, event: BackgroundKnown) -> None:
        """The terminal is light or dark, or has become so: follow it, unless a theme was chosen."""
        self._follows = by_background(event.dark)
        if self._is_following:
            self.theme = self._follows

    @property
    def _is_following(self) -> bool:
        """Whether the theme is that of the terminal's background: neither the person nor the configuration chose one."""
        configured = self.computer.config.desk.theme if self.computer else AUTO
        return self.desk.arrangement.theme in ("", AUTO) and configured == AUTO

    def _look_as_configured(self, computer: Computer) -> None:
        """What the configuration says of looks, where the person has chosen nothing in the app."""
        wanted, chosen = computer.config.desk, self.desk.arrangement
        if not chosen.theme and wanted.theme in self.available_themes:
            self.theme = wanted.theme
        self.set_class((chosen.spacing or wanted.spacing) == "compact", "-compact")
        if not wanted.mouse and isinstance(self._driver, Guard):
            self._driver.leave_mouse()
        if wanted.debug and not chosen.debug:
            chosen.debug = True
            self.desk.rearranged()

    @property
    def watchdog_line(self) -> str:
        """How quick the app is."""
        return self.watchdog.line

    def _begin(self) -> None:
        self.watchdog.started_in = time.monotonic() - self._begun
        gc.freeze()
        gc.enable()
        self._session = self._lasting(self._run_session())

    def _lasting(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """A task whose fault is not lost in silence."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._look_at)
        return task

    def _look_at(self, task: asyncio.Task[None]) -> None:
        if self._exit or not self.is_running:  # whoever leaves at once takes the panes away under it
            return
        if not task.cancelled() and (error := task.exception()) is not None and isinstance(error, Exception):
            self._handle_exception(error)

    def _handle_exception(self, error: Exception) -> None:
        """What a person can mend is said in a notice and the app lives on; all else ends it."""
        cause = error.error if isinstance(error, WorkerFailed) else error
        if isinstance(cause, NoMatches) and (self._exit or not self.is_running):
            return  # its panes were taken away under a worker, as above
        if isinstance(cause, ZotuiError):
            self.notify(str(cause), severity="warning", markup=False)
        else:
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """The fault goes into a log without the values of variables, one line of it to the person."""
        log = self._home.logs / "app.log"
        with contextlib.suppress(OSError):
            make_file(log)
            log.write_text(clean(traceback.format_exc() if self._exception is None else _told(self._exception)))
        what = f"{type(self._exception).__name__}: {self._exception}" if self._exception else "an unknown fault"
        self.fault = ZotuiError(f"the app failed, your work is kept ({one_line(what, 200)})", f"see {log}")
        self._close_messages_no_wait()

    def action_help_quit(self) -> None:
        """What ctrl+c says."""
        self.notify("esc stops the answer, ^q quits", markup=False)

    async def _run_session(self) -> None:
        """Open the computer, show it, keep it open until the app leaves."""
        from zotui.computer import Computer  # after the first paint: it brings SQLite

        try:
            async with Computer.open(self._home, workers="own" if self._own_workers else "background") as computer:
                self.computer = computer
                computer.listener = self.desk.tell
                if self._own_workers:
                    computer.crew.tell_what_stands()
                    computer.crew.keep_time()
                self.set_keymap(computer.config.keys)
                for clash in clashes(computer.config.keys):
                    self.notify(f"[keys] in config.toml: {clash}", severity="warning", markup=False)
                self.desk.conversation.private = self._private
                await self.desk.attach(computer)
                self._look_as_configured(computer)
                following = self._lasting(self.desk.follow(self._terminal.frame_s))
                drafts = self._lasting(self._keep_drafts())
                try:
                    await self._leave.wait()
                finally:
                    following.cancel()
                    drafts.cancel()
                    await self.desk.terminal.end()
        except ConfigError as error:
            self.fault = error
            self.exit(return_code=1)
        except ZotuiError as error:
            await self.desk.broken(error)

    async def _keep_drafts(self) -> None:
        """A draft is in the file a moment after the last key, so that not even a kill loses it."""
        kept = ""
        while True:
            await asyncio.sleep(0.3)
            if not await asyncio.to_thread(self._home.database.exists):
                self.desk.tell("! the home was deleted: nothing is kept any more")
            draft = self.desk.conversation.composer.text
            try:
                if draft != kept:
                    kept = draft
                    await self.desk.conversation.keep_draft()
                await self.desk.keep_place()
            except ZotuiError as error:
                self.desk.tell(f"! the draft is not kept: {error}")

    async def on_unmount(self) -> None:
        self.watchdog.stop()
        self._leave.set()
        if self._session is not None:
            await asyncio.wait({self._session}, timeout=5)

    def action_command_palette(self) -> None:
        """Open the palette."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder="What shall be done?"))


def _told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
