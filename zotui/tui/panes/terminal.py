"""A terminal for the person: a shell in the workspace, and commands of theirs, behind the wall."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from zotui.errors import UsageError
from zotui.text import one_line
from zotui.tui.actions import ACTIONS, OUT_OF_TERMINAL, key_of
from zotui.tui.pane import Pane
from zotui.tui.vt import Screen, keys
from zotui.tui.widgets.terminal_screen import TerminalScreen

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.tui.panes.session import Session

KEPT = ("jump", "quit", "stop_everything")  # actions whose keys no program gets, beside those on keys F1 to F12
PATIENCE_S = 3.0  # for the end of what runs, when the app is left
HINT = "enter starts a shell in the workspace"


def spared(bound: dict[str, str]) -> frozenset[str]:
    """The keys that stay zotui's while a program has the others."""
    found = {OUT_OF_TERMINAL, "shift+pageup", "shift+pagedown"}
    for action in ACTIONS:
        if action.place == "desk":
            names = key_of(action, bound).split(",")
            found |= {name for name in names if action.id in KEPT or (name[:1] == "f" and name[1:].isdigit())}
    return frozenset(found)


class TerminalPane(Pane):
    """One shell, and before it one command at a time. Both go on while nobody looks; they end with the app."""

    letter = "t"
    heading = "Terminal"
    tables: ClassVar[frozenset[str]] = frozenset()
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on", "Go on", show=False),
        Binding(OUT_OF_TERMINAL, "leave", "Back to the conversation", show=False),
    ]
    DEFAULT_CSS = """
    TerminalPane { padding: 0 1; }
    """

    class HasKeys(Message):
        """A program gets what is typed now, all but ``spared``; or no longer, which is None."""

        def __init__(self, spared: frozenset[str] | None) -> None:
            super().__init__()
            self.spared = spared

    class Left(Message):
        """The person is done here; ``zoomed`` is how the desk was before."""

        def __init__(self, zoomed: bool | None) -> None:
            super().__init__()
            self.zoomed = zoomed

    def __init__(self) -> None:
        super().__init__(id="terminal")
        self._shell: Session | None = None
        self._command: Session | None = None
        self._was_zoomed: bool | None = None
        self._at_work: set[asyncio.Task[None]] = set()

    def compose(self) -> ComposeResult:
        yield TerminalScreen()

    @property
    def view(self) -> TerminalScreen:
        """Where it is seen."""
        return self.query_one(TerminalScreen)

    @property
    def session(self) -> Session | None:
        """What is shown: the command, else the shell."""
        return self._command or self._shell

    async def attach(self, computer: Computer) -> None:
        await super().attach(computer)
        self.view.spared = spared(computer.config.keys)

    async def read(self) -> None:
        """Nothing of it is in the file."""
        self._show()

    def show_problem(self, problem: str) -> None:
        super().show_problem(one_line(problem, 300))

    # What runs

    def open(self) -> None:
        """Have a shell, a new one where the last has ended, unless a command is shown."""
        if self._command is None and (self._shell is None or self._shell.is_over):
            self._shell = self._begin("a shell", None)

    def run(self, line: str, zoomed: bool) -> None:
        """Run a line; ``zoomed`` is how the desk is to be afterwards. Raises UsageError while another runs."""
        if self._command is not None and not self._command.is_over:
            raise UsageError(f"{one_line(self._command.what, 60)} still runs in the terminal", "^o t shows it")
        self._was_zoomed = zoomed if self._was_zoomed is None else self._was_zoomed
        self._command = self._begin(f"$ {line}", line)

    def _begin(self, what: str, line: str | None) -> Session:
        from zotui.sandbox import shell  # as late as this: it is long to import, and the desk is to be painted
        from zotui.tui.panes.session import FOREVER, SHELL, Session

        size = self.view.size
        command = SHELL if line is None else shell(line, timeout_s=FOREVER)
        session = Session(what, command, size.height or 24, size.width or 80, keeps=line is not None)
        self.call_after_refresh(self._start, session)  # it has its size then
        return session

    def _start(self, session: Session) -> None:
        assert self.computer is not None
        self._fit(session)
        self._show()
        running = asyncio.create_task(session.run(self.computer, lambda: self._changed(session)))
        self._at_work.add(running)
        running.add_done_callback(self._at_work.discard)
        self.run_worker(asyncio.shield(running))  # so that its faults are told

    async def end(self) -> None:
        """End everything, as the app is left: what ended is in the audit log then."""
        for session in filter(None, (self._shell, self._command)):
            session.stop()
        if self._at_work:
            await asyncio.wait(set(self._at_work), timeout=PATIENCE_S)

    def _changed(self, session: Session) -> None:
        if session is self.session and self.is_running:
            self._say(session)
            self.view.changed()

    def stop(self) -> bool:
        """End what is shown; False where nothing runs."""
        if self.session is None or self.session.is_over:
            return False
        self.session.stop()
        return True

    # What is seen

    def _show(self) -> None:
        session = self.session
        if session is None:
            self.view.show(_hint(self.view.size.height or 3, self.view.size.width or 40))
        elif self.view.screen_shown is not session.screen:
            self.view.show(session.screen)
        self._say(session)

    def _say(self, session: Session | None) -> None:
        """What the pane's frame tells: the wall and the size, or how it ended and what enter does."""
        self.view.take_keys(session is not None and not session.is_over)
        if session is None:
            words = ""
        elif session.problem:
            words = (
                "it did not start; enter: back" if session is self._command else "it did not start; enter tries again"
            )
        elif session.outcome is not None:
            more = "enter: back" if session is self._command else "enter starts another"
            words = f"ended: {session.ending}; {more}"
        else:
            words = f"{session.wall or 'starting'} · {session.screen.columns}×{session.screen.rows}"
        if self.border_subtitle != words:
            self.note(words)

    @on(TerminalScreen.Fits)
    def _fits(self, event: TerminalScreen.Fits) -> None:
        for session in filter(None, (self._shell, self._command)):
            self._fit(session)
        self._show()
        self.view.changed()

    def _fit(self, session: Session) -> None:
        size = self.view.size
        if size.width and size.height:
            session.resize(size.height, size.width)

    # The person

    @on(TerminalScreen.HasKeys)
    def _has_keys(self, event: TerminalScreen.HasKeys) -> None:
        """Tell the desk. The view's own word gets no further than here where this pane brought it about."""
        event.stop()
        self.post_message(self.HasKeys(event.spared))

    @on(TerminalScreen.Typed)
    def _typed(self, event: TerminalScreen.Typed) -> None:
        if self.session is not None:
            self.session.type(event.data)

    def type_key(self, key: str) -> None:
        """Let the program have a key that is zotui's."""
        if self.session is not None:
            self.session.type(keys.key(key, None, self.session.screen.modes))

    def action_go_on(self) -> None:
        """What enter does where nothing runs."""
        if not self.step_back():
            self.open()

    def action_leave(self) -> None:
        """Back to the conversation; what runs goes on."""
        zoomed, self._was_zoomed = self._was_zoomed, None
        self.post_message(self.Left(zoomed))

    def step_back(self) -> bool:
        """Leave a command that has ended; False where there is none."""
        if self._command is None or not self._command.is_over:
            return False
        self._command = None
        self._show()
        self.action_leave()
        return True


def _hint(rows: int, columns: int) -> Screen:
    screen = Screen(rows, columns)
    screen.dip("2")
    screen.write(HINT)
    screen.modes.discard(25)
    return screen
