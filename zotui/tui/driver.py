"""The last gate before the terminal: what is painted is text, and only Textual's own sequences go out.

Textual paints whatever a widget holds, escape sequences and all. Two filters stand in the way, behind the
cleaning at the boundary (``zotui.text``): ``Painted`` sees the text of each line before it is mixed with
Textual's sequences, and ``admit`` sees each write as it leaves. An app gets both by deriving from
``GuardedApp``. The forms let through are those of the Textual version that ``pyproject.toml`` pins.
"""

import contextlib
import errno
import os
import re
import selectors
import sys
from base64 import b64encode
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import IO, Any, TypeVar

from rich.segment import Segment
from textual import constants, on
from textual.app import App
from textual.color import Color
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.drivers.linux_inline_driver import LinuxInlineDriver
from textual.events import CursorPosition, Event, Resize
from textual.filter import LineFilter
from textual.message import Message

from zotui.tui.glass import CLEARING, Glass, is_frame
from zotui.tui.keyboard import Keyboard
from zotui.tui.legible import HIGH, USUAL, Legible
from zotui.tui.terminal import profile
from zotui.tui.theme import is_of_high_contrast

Result = TypeVar("Result")
INPUT_POLL_S = 0.1

_C1_AND_BIDI = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROLS = r"\x00-\x1a\x1c-\x1f" + _C1_AND_BIDI  # all but ESC
_WITHIN_LINES = r"\x00-\x09\x0b\x0c\x0e-\x1a\x1c-\x1f" + _C1_AND_BIDI  # nor CR and LF
_ALONE = re.compile(  # what Textual only writes as a whole write: no painted text can pass for it
    r"\x1b\[\?(?:7|25|1000|1002|1003|1004|1006|1015|1016|1049|2004|2026|2031|2048)[hl]"  # modes
    r"|\x1b\]11;\?\x1b\\|\x1b\[\?996n"  # queries: the background, whether it is dark
    r"|\x1b\[\?20(?:26|48)\$p"  # queries: synchronised output, in-band resize
    r"|\x1b\[(?:>[0-9]{1,2}|<)u"  # the kitty keyboard protocol
    r"|\x1b\]22;[a-z-]{1,24}\x07"  # the pointer's shape
    r"|\x07|\x1b\[2?J"  # the bell; clearing of an inline app
)
_LONGEST_ALONE = 40
_ASKING = re.compile(r"\x1b(?:\]11;\?|\[\?996n|\[\?20(?:26|31|48)(?:\$p|[hl])|\]22;|\[[<>][0-9]*u)")
"""What a terminal of before such questions may show instead of answering, or of obeying."""
_ANY_MOTION, _DRAGGING = "\x1b[?1003", "\x1b[?1002"
_SYNC_BEGINS, _SYNC_ENDS = "\x1b[?2026h", "\x1b[?2026l"


def _foreign(controls: str, *forms: str) -> re.Pattern[str]:
    """Match whole OSC sequences, the given controls, and every ESC but before a colour or a form."""
    known = "|".join((r"\[[0-9;]{0,100}m", *forms))
    return re.compile(rf"\x1b\][^\x07\x1b]*+(?:\x07|\x1b\\)|[{controls}]|\x1b(?!{known})")


_IN_FRAME = _foreign(_CONTROLS, r"\[[0-9]{1,5};[0-9]{1,5}H")
_INLINE = _foreign(_WITHIN_LINES, r"\[[0-9]{1,5}[ABCD]", r"\[J", r"\[6n")
_PRINTED = _foreign(_WITHIN_LINES)


def admit(data: str, inline: bool = False) -> str:
    """Return ``data``, a whole write of Textual, without anything Textual does not write itself.

    A full-screen frame is positioned absolutely, so that even its newlines can go; an inline one needs them.
    """
    if len(data) <= _LONGEST_ALONE and _ALONE.fullmatch(data):
        return data
    return (_INLINE if inline else _IN_FRAME).sub("", data)


class Patient:
    """A terminal to write to that may go away. Were that a fault, Textual's writing thread would end, and the app wait
    for it for ever as it leaves: an orphan without a terminal."""

    def __init__(self, terminal: IO[str]) -> None:
        self._terminal = terminal

    def write(self, text: str) -> None:
        """Write, if anybody is still there."""
        with self._going():
            self._terminal.write(text)

    def flush(self) -> None:
        """The same for what is on its way."""
        with self._going():
            self._terminal.flush()

    @contextlib.contextmanager
    def _going(self) -> Iterator[None]:
        """Once the terminal is gone, what it still holds goes nowhere: Python would fail on it as it ends."""
        try:
            yield
        except OSError as error:
            if error.errno == errno.EIO:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self.fileno())
                os.close(nowhere)

    def fileno(self) -> int:
        """The terminal's number."""
        return self._terminal.fileno()


class Guard(Driver):
    """A mixin for drivers that passes every write through ``admit``, and to a terminal only what it does not show yet."""

    _awaited = ""
    _sync = ""  # the beginning of a frame of which nothing was sent yet
    _follows_background = False
    is_silent = False
    """Whether the terminal is to be asked nothing, as it would show the question."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._glass = Glass()
        if (terminal := getattr(self, "_file", None)) is not None:
            self._file = Patient(terminal)
            self.is_silent = not profile().answers

    def copy_next(self, text: str) -> None:
        """Let the next write to the clipboard pass if it is of exactly this text: for a person's key only."""
        self.let_pass(f"\x1b]52;c;{b64encode(text.encode()).decode()}\a")

    def let_pass(self, sequence: str) -> None:
        """Let the next write pass if it is exactly this sequence of ours."""
        self._awaited = sequence

    def follow_background(self) -> None:
        """Ask the terminal what its background is, now and whenever that changes. It may never answer."""
        self._follows_background = True
        for query in ("\x1b]11;?\x1b\\", "\x1b[?2031h", "\x1b[?996n"):
            self.write(query)

    def leave_mouse(self) -> None:
        """Leave the mouse to the terminal from now on."""
        if self._mouse and isinstance(self, LinuxDriver):
            self._disable_mouse_support()
        self._mouse = False

    def forget_shown(self) -> None:
        """The terminal may show something else than was written: all is to be sent again."""
        self._glass.forget()

    def start_application_mode(self) -> None:
        """Take the terminal, for the first time or after a pause."""
        self._glass.forget()
        super().start_application_mode()  # type: ignore[safe-super]
        writing = getattr(self, "_writer_thread", None)
        if self._follows_background and writing is not None and writing.is_alive():  # not one stopped in the background
            self.follow_background()

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was: after a crash, and for a pause, too."""
        if self._follows_background:
            self.write("\x1b[?2031l")
        super().stop_application_mode()  # type: ignore[safe-super]

    def write(self, data: str) -> None:
        """Write what may be written of ``data`` and is not on the screen yet."""
        if data == self._awaited:
            self._awaited = ""
        else:
            data = self._sparing(admit(data, self.is_inline))
        if data:
            super().write(data)  # type: ignore[safe-super]

    def _sparing(self, data: str) -> str:
        """Of a frame what differs from what is shown; nothing that asks a terminal which would show the question."""
        if self.is_silent and _ASKING.match(data):
            return ""
        if data.startswith(_ANY_MOTION):  # where the mouse rests is of no use to anybody, and costs bytes
            return _DRAGGING + data[len(_ANY_MOTION) :]
        if data == _SYNC_BEGINS:
            self._sync = data
            return ""
        if data == _SYNC_ENDS and self._sync:
            self._sync = ""
            return ""
        if self.is_inline or not is_frame(data):
            if data in CLEARING:
                self._glass.forget()
            return data
        if (data := self._glass.lessen(data)) and self._sync:
            data, self._sync = self._sync + data, ""
        return data


class Typed(Driver):
    """A mixin for drivers of real terminals that reads what is typed."""

    def run_input_thread(self) -> None:
        """Read what the person types until the app leaves: Textual's way, but for bad bytes and pastes."""
        keyboard, decode = Keyboard(), getincrementaldecoder("utf-8")("replace").decode
        terminal: LinuxDriver = self  # type: ignore[assignment]
        with selectors.DefaultSelector() as selector:
            selector.register(terminal.fileno, selectors.EVENT_READ)
            while not terminal.exit_event.is_set():
                if selector.select(INPUT_POLL_S):
                    typed = os.read(terminal.fileno, 4096)
                    if not typed:  # the terminal is gone
                        return
                    self._pass_on(keyboard.feed(decode(typed)))
                self._pass_on(keyboard.tick())

    def _pass_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if self.is_inline and isinstance(message, CursorPosition):
                self.cursor_origin = (message.x, message.y)
            else:
                self.process_message(message)


@cache
def guarded(driver_class: type[Driver]) -> type[Driver]:
    """Return a driver class that is the given one behind a ``Guard``; of a terminal, its input is filtered too."""
    on_terminal = issubclass(driver_class, LinuxDriver | LinuxInlineDriver)
    mixins = (Guard, Typed) if on_terminal else (Guard,)
    return type(f"Guarded{driver_class.__name__}", (*mixins, driver_class), {})


class Painted(LineFilter):
    """Takes control characters and terminal links out of painted lines. Nothing moves: they had no width."""

    _acting = re.compile(rf"[\x1b{_CONTROLS}]")

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments of a line, as text only."""
        return [self._text_only(segment) for segment in segments if not segment.control]

    def _text_only(self, segment: Segment) -> Segment:
        text, style, _ = segment
        if not text.isprintable():
            text = self._acting.sub(lambda found: "\ufffd" if found[0] >= "\ud800" else "", text)
        if style is not None and style.link:
            style = style.update_link(None)
        return Segment(text, style)


class Colourless(LineFilter):
    """Takes all colours out of painted lines: Textual's own filter for NO_COLOR leaves shades of grey."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments of a line without colours; what is bold, dim, underlined or reversed stays so."""
        return [Segment(text, style and style.without_color, control) for text, style, control in segments]


_PAINTED = Painted()
_COLOURLESS = Colourless()
_LEGIBLE, _HIGH = Legible(USUAL), Legible(HIGH)


class GuardedApp(App[Result]):
    """An app whose terminal receives Textual's own sequences and text, nothing else."""

    def get_driver_class(self) -> type[Driver]:
        """Return the platform's driver, guarded."""
        return guarded(super().get_driver_class())

    def _build_driver(self, headless: bool, inline: bool, mouse: bool, size: tuple[int, int] | None) -> Driver:
        if headless or not inline:
            return super()._build_driver(headless, inline, mouse, size)
        driver = guarded(LinuxInlineDriver)(self, debug=constants.DEBUG, mouse=mouse, size=size)
        self._driver = driver
        return driver

    async def on_event(self, event: Event) -> None:
        """Handle an event. A terminal of another size may show anything."""
        if isinstance(event, Resize) and isinstance(self._driver, Guard):
            self._driver.forget_shown()
        await super().on_event(event)

    @on(Driver.SignalResume)
    def _resumed(self) -> None:
        """After a pause the terminal shows nothing of the app; Textual paints only what has changed."""
        self.refresh()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return Textual's filters and ours."""
        if self.no_color:
            return [*super().get_line_filters(), _PAINTED, _COLOURLESS]
        return [*super().get_line_filters(), _PAINTED, _HIGH if is_of_high_contrast(self.theme) else _LEGIBLE]

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text; call it for a person's key only."""
        if isinstance(self._driver, Guard):
            self._driver.copy_next(text)
        super().copy_to_clipboard(text)

    def _print_error_renderables(self) -> None:
        with self.error_console.capture() as printed:
            super()._print_error_renderables()
        sys.stderr.write(_PRINTED.sub("", printed.get()))
