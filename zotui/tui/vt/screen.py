"""What a program makes a terminal show, and which ways of its own it has asked for."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from rich.cells import get_character_cell_size

from zotui.tui.vt.grid import Grid
from zotui.tui.vt.pen import PLAIN, Pen, dipped, ground_of

KEPT = 3_000  # rows beyond the top
LARGEST = 1_000  # rows, and columns
TAB = 8
LINES = str.maketrans("`afgjklmnopqrstuvwxyz{|}~", "◆▒°±┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·")
"""The letters that stand for lines while that alphabet is chosen."""


class Saved(NamedTuple):
    """What ``ESC 7`` keeps."""

    x: int = 0
    y: int = 0
    pen: Pen = PLAIN
    lined: bool = False
    origin: bool = False


class Screen:
    """Two grids, of which one is seen: the usual one, which has a history, and the other for full-screen programs."""

    def __init__(self, rows: int, columns: int) -> None:
        self._usual = Grid(rows, columns, KEPT)
        self._other = Grid(rows, columns)
        self.replies = bytearray()
        """What the program asked for and is to be told: fixed words and numbers, nothing that it printed."""
        self.reset()

    def reset(self) -> None:
        """As at first; the history stays."""
        self.grid = self._usual
        for grid in (self._usual, self._other):
            grid.clear(PLAIN)
            grid.go(0, 0)
            grid.top, grid.bottom = 0, grid.height - 1
        self.pen = PLAIN
        self.saved = {False: Saved(), True: Saved()}
        self.alphabets = [False, False]  # whether lines are chosen, of the two that can be
        self.alphabet = 0
        self.tabs = set(range(0, LARGEST, TAB))
        self.modes = {7, 25}
        """What the program has switched on of DEC's modes: 1 keys of an application, 6 origin, 7 wrapping, 25 the cursor,
        1000 to 1003 the mouse, 1006 in the newer form, 2004 pastes in brackets; -4 inserting."""
        self.last = ""

    # What is seen

    @property
    def rows(self) -> int:
        """The height."""
        return self.grid.height

    @property
    def columns(self) -> int:
        """The width."""
        return self.grid.columns

    @property
    def column(self) -> int:
        """Where the cursor is, the last column where it stands behind that."""
        return min(self.grid.x, self.columns - 1)

    @property
    def blank(self) -> Pen:
        """What is erased now has the ground of the pen, and no more of it."""
        return ground_of(self.pen)

    @property
    def is_other(self) -> bool:
        """Whether a full-screen program has the screen."""
        return self.grid is self._other

    @property
    def text(self) -> str:
        """What can be read now, line by line."""
        return "\n".join(row.text for row in self.grid.rows)

    def resize(self, rows: int, columns: int) -> None:
        """Another size."""
        self._usual.rewrap(rows, columns)
        self._other.crop(rows, columns)

    # Text

    def write(self, text: str) -> None:
        """Put characters at the cursor, none of which is a control."""
        if self.alphabets[self.alphabet]:
            text = text.translate(LINES)
        if text.isascii():
            self._write_cells(text)
            self.last = text[-1]
            return
        for character in text:
            width = get_character_cell_size(character)
            if width and (character.isprintable() or "\ue000" <= character <= "\uf8ff" or character == "\xa0"):
                self._write_cells(character if width == 1 else (character, ""))
                self.last = character
            elif not width and _is_mark(character) and self.grid.x:
                self.grid.row.join(min(self.grid.x, self.columns) - 1, character)

    def _write_cells(self, cells: str | tuple[str, str]) -> None:
        """Cells that are narrow, or one wide character."""
        grid, wraps, at = self.grid, 7 in self.modes, 0
        wide = isinstance(cells, tuple)
        while at < len(cells):
            if grid.x + wide >= grid.columns and (grid.x >= grid.columns or wide):
                if wraps and grid.columns > 1:
                    grid.row.wraps = True
                    grid.feed(self.blank)
                    grid.x = 0
                else:
                    grid.x = max(0, grid.columns - 1 - wide)
                    at = max(at, len(cells) - 1 - wide)
            piece = cells[at : at + grid.columns - grid.x]
            if -4 in self.modes:
                grid.row.insert(grid.x, len(piece), self.blank)
            grid.row.put(grid.x, piece, self.pen)
            grid.x += len(piece)
            at += len(piece)

    def repeat(self, count: int) -> None:
        """The last character again."""
        if self.last:
            self.write(self.last * min(count, self.columns * self.rows))

    def dip(self, codes: str) -> None:
        """Take another pen."""
        self.pen = dipped(self.pen, codes)

    # Moves

    def feed(self) -> None:
        """To the next row."""
        self.grid.feed(self.blank)

    def back(self) -> None:
        """One column to the left."""
        self.grid.x = max(0, self.column - 1)

    def home(self, y: int, x: int) -> None:
        """To a cell, counted from 1, within what scrolls where the program has asked for that."""
        first = self.grid.top if 6 in self.modes else 0
        last = self.grid.bottom if 6 in self.modes else self.rows - 1
        self.grid.go(x - 1, min(last, first + y - 1))

    def tab(self, count: int) -> None:
        """To the next place where tabs stop, or with a negative count the one before."""
        x = self.column
        for _ in range(min(abs(count), self.columns)):
            if count > 0:
                x = min((stop for stop in self.tabs if stop > x), default=self.columns - 1)
            else:
                x = max((stop for stop in self.tabs if stop < x), default=0)
        self.grid.x = min(x, self.columns - 1)

    def scroll_between(self, top: int, bottom: int) -> None:
        """Let only these rows scroll, counted from 1."""
        bottom = min(bottom or self.rows, self.rows)
        if top < bottom:
            self.grid.top, self.grid.bottom = max(top, 1) - 1, bottom - 1
            self.home(1, 1)

    def save(self) -> None:
        """Keep where the cursor is and how it writes."""
        grid = self.grid
        lined = self.alphabets[self.alphabet]
        self.saved[self.is_other] = Saved(grid.x, grid.y, self.pen, lined, 6 in self.modes)

    def restore(self) -> None:
        """As it was kept, or as at first."""
        kept = self.saved[self.is_other]
        self.grid.go(kept.x, kept.y)
        self.pen = kept.pen
        self.alphabets[self.alphabet] = kept.lined
        self.switch(6, kept.origin, home=False)

    # Erasing

    def erase_in_row(self, how: int) -> None:
        """From the cursor on, up to it, or the whole row."""
        x = self.column
        start, end = ((x, self.columns), (0, x + 1), (0, self.columns))[how if how in (0, 1) else 2]
        self.grid.row.erase(start, end, self.blank)
        self.grid.row.wraps &= how == 1

    def erase(self, how: int) -> None:
        """From the cursor on, up to it, all that is seen, or the history."""
        grid = self.grid
        if how == 3:
            grid.history.clear()
            return
        others = {0: grid.rows[grid.y + 1 :], 1: grid.rows[: grid.y], 2: grid.rows}.get(how, [])
        if how in (0, 1):
            self.erase_in_row(how)
        for row in others:
            row.erase(0, self.columns, self.blank)
            row.wraps = False

    def insert(self, count: int) -> None:
        """Blanks at the cursor; what is behind it makes room."""
        self.grid.row.insert(self.column, count, self.blank)

    def delete(self, count: int) -> None:
        """Take characters away at the cursor."""
        self.grid.row.delete(self.column, count, self.blank)

    def erase_cells(self, count: int) -> None:
        """Blank cells from the cursor on."""
        self.grid.row.erase(self.column, self.column + count, self.blank)

    # Ways

    def switch(self, mode: int, on: bool, home: bool = True) -> None:
        """Switch one of DEC's modes on or off. 132 columns are not to be had: the person has the say over the size."""
        if on:
            self.modes.add(mode)
        else:
            self.modes.discard(mode)
        if mode in (47, 1047, 1049):
            self._show_other(on)
        elif mode == 1048:
            (self.save if on else self.restore)()
        elif mode == 6 and home:
            self.home(1, 1)

    def _show_other(self, on: bool) -> None:
        if on == self.is_other:
            return
        if on:
            self.save()
            self._other.clear(PLAIN)
            self._other.go(self.grid.x, self.grid.y)
            self._other.top, self._other.bottom = 0, self._other.height - 1
            self.grid = self._other
        else:
            self.grid = self._usual
            self.restore()

    def answer(self, words: str) -> None:
        """Tell the program something that it asked. Who asks without end is not answered without end."""
        if len(self.replies) < 1_000:
            self.replies += words.encode()


def _is_mark(character: str) -> bool:
    """Whether a character without a width belongs onto the one before it."""
    return unicodedata.category(character) in ("Mn", "Me") and not "\ufe00" <= character <= "\ufe0f"
