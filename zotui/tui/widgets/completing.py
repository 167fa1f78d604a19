"""A text area in which mentions and commands are completed while one types."""

from typing import Any

from textual import work
from textual.widgets import TextArea

from zotui.tui import slash
from zotui.tui.widgets.completions import Candidate, Completer, Completions
from zotui.tui.widgets.draft import names_in, trigger_before


class CompletingArea(TextArea):
    """Asks its ``completer`` for what is begun before the cursor, and shows it in its ``popup``."""

    def __init__(self, popup: Completions | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.popup = popup
        self.completer: Completer | None = None
        self._taken: set[str] = set()  # mentions that were completed: each is one thing to backspace
        self._quoted: set[str] = set()  # names behind an @ that somebody else wrote: enter there is no choice of them
        self._shut = -1  # where the completion begins that the person closed

    def action_send(self) -> None:
        """Send what is written."""

    def take(self, candidate: Candidate) -> None:
        """A candidate was chosen with the mouse."""
        self._take(candidate)
        self.focus()

    def mention(self, text: str) -> None:
        """Put a mention where the cursor is, as a word of its own, as if it had been completed."""
        before = self.document.get_line(self.cursor_location[0])[: self.cursor_location[1]]
        self._taken.add(text)
        self._quoted -= names_in(text)
        self.insert(f"{'' if not before or before[-1].isspace() else ' '}{text} ")

    def _complete_by(self, key: str) -> bool:
        """What a key does to the open list; False where it is not for that."""
        popup = self.popup
        if popup is None or (chosen := popup.chosen) is None:
            return False
        if key in ("up", "down"):
            popup.move(-1 if key == "up" else 1)
        elif key == "tab":
            self._take(chosen)
        elif key == "enter":
            if self._is_known_command() and not popup.moved:
                return False
            self._take(chosen)
            if chosen.insert.startswith("/"):
                self.action_send()
        elif key == "escape":
            found = trigger_before(self._before)
            self._shut = found[2] if found else -1
            popup.close()
        else:
            return False
        return True

    def _is_known_command(self) -> bool:
        found = slash.parse(self.text)
        return found is not None and slash.find(found[0]) is not None

    @property
    def _before(self) -> str:
        """The text before the cursor: a command is the whole message, a mention stands in one line."""
        row, column = self.cursor_location
        line = self.document.get_line(row)[:column]
        return line if row == 0 or not line.startswith("/") else " " + line

    def _look(self) -> None:
        """See whether something is being completed."""
        found = trigger_before(self._before)
        if self.popup is None or self.completer is None:
            return
        if found is None or names_in(f"@{found[1]}") & self._quoted:
            self._shut = -1
            self.popup.close()
        elif found[2] != self._shut:
            self._ask(found[0], found[1])

    @work(exclusive=True, group="completion")
    async def _ask(self, trigger: str, words: str) -> None:
        """Ask what may be meant; an answer to what is no longer there is dropped."""
        assert self.completer is not None
        assert self.popup is not None
        found = await self.completer.complete(trigger, words)
        now = trigger_before(self._before)
        if now is not None and now[:2] == (trigger, words):
            self.popup.show(found)

    def _take(self, candidate: Candidate) -> None:
        """Put a candidate in the place of what is being completed; below a folder one goes on."""
        found = trigger_before(self._before)
        if found is None:
            return
        row, column = self.cursor_location
        goes_on = candidate.insert.endswith("/")
        self._taken.add(candidate.insert)
        self._quoted -= names_in(candidate.insert)
        self.replace(candidate.insert + ("" if goes_on else " "), (row, found[2]), (row, column))
        if self.popup is not None and not goes_on:
            self.popup.close()
        self.call_next(self._look)
