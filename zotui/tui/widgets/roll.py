"""The entries of a transcript under each other: heights are guessed until a reader comes near."""

from collections import OrderedDict
from collections.abc import Iterable

from rich.segment import Segment
from textual.strip import Strip

from zotui.tui.markdown import Palette
from zotui.tui.widgets.column import Column
from zotui.tui.widgets.entry import Entry
from zotui.tui.widgets.face import SHOWN_LINES, SHOWN_SIZE
from zotui.tui.widgets.marking import FOUND, GONE_TO, found_in, marked_cells, wrapped
from zotui.tui.widgets.matches import text_of
from zotui.tui.widgets.sheet import Frame, Sheet

KEPT_BARS = 1_000  # lines
KEPT_SHEETS, KEPT_LINES, LEAST_SHEETS = 256, 12_000, 96
"""How much stays painted, and how many sheets at least, however long they are: more than a screen shows."""
CURSOR = "▎"


class Roll:
    """All lines of all entries at one width. It knows nothing of a view."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.places: dict[str, int] = {}
        self.column = Column()
        self.width = 0
        self.compact = False
        self.words = ""  # marked wherever they stand
        self._gone_to: tuple[str, tuple[int, int, int]] | None = None  # the match: its entry and its first part
        self._palette = Palette()
        self._bars: dict[int, tuple[Strip, Strip]] = {}  # by the id of the strip, which is kept so that it stays one
        self._blanks = (0, self._palette.text)
        self._blank_line = Strip.blank(0)
        self._unfolded: set[str] = set()
        self._sheets: OrderedDict[str, Sheet] = OrderedDict()

    def reset(self, entries: Iterable[Entry], width: int) -> None:
        """Hold these entries, all heights guessed anew."""
        self.entries, self.width = list({entry.id: entry for entry in entries}.values()), width
        self._number()
        self._unfolded &= self.places.keys()
        self._sheets.clear()
        self.column.reset(self._guesses(self.entries))

    def rewrap(self, width: int, anchor: tuple[int, int]) -> tuple[int, int]:
        """Lay everything out at another width; where a line of an entry is then, as far in as it was."""
        if not self.width:  # nothing was laid out yet: the line is where it was at the last start
            self.reset(self.entries, width)
            return anchor
        place, line = anchor
        height = self.column.height(place) if place < len(self.entries) else 0
        self.reset(self.entries, width)
        return (place, line * self.measure(place) // height) if height else (0, 0)

    def dye(self, palette: Palette) -> None:
        """Paint with other colours from now on; heights stay as they are."""
        if palette != self._palette:
            self._palette = palette
            self._sheets.clear()
            self._bars.clear()

    def insert(self, place: int, entries: list[Entry]) -> None:
        """Put entries before a place."""
        self.entries[place:place] = entries
        if place + len(entries) == len(self.entries):
            self.places.update((entry.id, at) for at, entry in enumerate(entries, place))
        else:
            self._number()
        self.column.insert(place, self._guesses(entries))
        self._doubt(place + len(entries))

    def remove(self, place: int) -> None:
        """Take an entry out."""
        self._sheets.pop(self.entries.pop(place).id, None)
        self._number()
        self.column.remove(place)
        self._doubt(place)

    def replace(self, entry: Entry) -> int:
        """Hold a newer state of an entry; the first of its lines that is painted anew."""
        place = self.places[entry.id]
        old, self.entries[place] = self.entries[place], entry
        if old.kind != entry.kind:
            self._sheets.pop(entry.id, None)
            self._doubt(place + 1)
        sheet = self._sheets.get(entry.id)
        if sheet is None or sheet.frame != self._frame(place):
            self._doubt(place)
            return 0
        self._sheets.move_to_end(entry.id)
        start = self.gap(place) + sheet.update(entry)
        self.column.settle(place, self.gap(place) + len(sheet))
        return start

    def toggle(self, place: int) -> None:
        """Fold an entry that is unfolded, and the other way round."""
        self._unfolded ^= {self.entries[place].id}
        self._doubt(place)
        self._doubt(place + 1)

    def measure(self, place: int) -> int:
        """The height of an entry, no longer guessed."""
        if not self.column.is_exact(place):
            self.column.settle(place, self.gap(place) + len(self._sheet(place)))
        return self.column.height(place)

    def measure_from(self, place: int, lines: int, step: int) -> None:
        """Measure from a place on, up or down, until so many lines are known."""
        while 0 <= place < len(self.entries) and lines > 0:
            lines -= self.measure(place)
            place += step

    def gap(self, place: int) -> int:
        """Empty lines above an entry: none where a folded line stands before it in the same turn."""
        if place == 0 or self.compact:
            return 0
        before, entry = self.entries[place - 1], self.entries[place]
        tight = before.folds and before.id not in self._unfolded and entry.speaker == before.speaker
        return 0 if tight else 1

    def lines(self, place: int) -> range:
        """The lines of an entry, without the empty one above it."""
        top = self.column.top(place)
        return range(top + self.gap(place), top + self.column.height(place))

    def is_folded(self, place: int) -> bool:
        """Whether an entry is folded to its title."""
        return self.entries[place].folds and self.entries[place].id not in self._unfolded

    def turn(self, place: int) -> str:
        """The text of the request that an entry is of, and of its answers, as far as they are at hand."""
        requests = [at for at, entry in enumerate(self.entries) if entry.kind == "user"]
        first = max((at for at in requests if at <= place), default=0)
        last = min((at for at in requests if at > place), default=len(self.entries))
        said = [entry.text for entry in self.entries[first:last] if entry.kind in ("user", "assistant")]
        return "\n\n".join(text for text in said if text)

    def lines_of(self, place: int, first: int, last: int) -> range:
        """The lines of the roll that show lines of an entry's source; none where it is folded."""
        rows, top = self._sheet(place).rows_of(first, last), self.lines(place).start
        return range(top + rows.start, top + rows.stop)

    def match(self, place: int, number: int) -> int:
        """Mark a match of an entry, counted in its source, as the one gone to; its line, the gap above counted."""
        sheet, source = self._sheet(place), text_of(self.entries[place])
        found = self._found(sheet)
        row = 0
        if len(found) == source.count(self.words):
            row = found[number][0][0]
        elif self.entries[place].is_markdown:  # some are not seen as they are written: go to the paragraph
            parts = source.split(self.words, number + 1)
            line = self.words.join(parts[: number + 1]).count("\n")
            row = max((at for at in range(len(sheet)) if 0 <= sheet.mark(at).source <= line), default=0)
            row = sheet.rows_of(sheet.mark(row).source, sheet.mark(row).source + 1).start
            number = next((at for at, parts in enumerate(found) if parts[0][0] >= row), len(found))
        elif found:
            number = min(number, len(found) - 1)
            row = found[number][0][0]
        self._gone_to = (self.entries[place].id, found[number][0]) if number < len(found) else None
        return self.gap(place) + row

    def look_for(self, words: str) -> None:
        """Mark these words wherever they stand."""
        self.words, self._gone_to = words, None

    def _found(self, sheet: Sheet) -> list[list[tuple[int, int, int]]]:
        """All matches of a sheet: the parts of each."""
        found, row = [], 0
        while row < len(sheet):
            rows = wrapped(sheet, row)
            found += found_in(sheet, rows, self.words)
            row = rows.stop
        return found

    def copied(self, row: int, start: int, end: int) -> tuple[str | None, str]:
        """The text of a line within these cells, and what stood between it and the line before where it was wrapped."""
        place, line = self.column.find(row)
        line -= self.gap(place)
        sheet = self._sheet(place)
        if not 0 <= line < len(sheet):
            return None, ""
        return sheet.mark(line).joint, sheet.text(line, start, end)

    def strip(self, row: int, selected: str | None, marked: range | None = None) -> Strip:
        """A line of the roll; lines of the selected entry, or those that are marked, have a bar in their first cell."""
        if row >= self.column.total:
            return self._blank
        place, line = self.column.find(row)
        line -= self.gap(place)
        sheet = self._sheet(place)
        if not 0 <= line < len(sheet):
            return self._blank
        strip = sheet.line(line)
        if self.words:
            strip = self._searched(place, sheet, line, strip)
        if self.entries[place].id != selected or (marked is not None and row not in marked):
            return strip
        return self._barred(strip)

    def _barred(self, strip: Strip) -> Strip:
        """A line with the cursor's bar in its first cell, made once."""
        known = self._bars.get(id(strip))
        if known is None:
            if len(self._bars) > KEPT_BARS:
                self._bars.clear()
            bar = Segment(CURSOR, self._palette.text + self._palette.accent)
            known = self._bars[id(strip)] = (strip, Strip([bar, *strip.crop(1)], strip.cell_length))
        return known[1]

    @property
    def _blank(self) -> Strip:
        """An empty line: one strip for all of them."""
        if self._blanks != (self.width, self._palette.text):
            self._blanks = (self.width, self._palette.text)
            self._blank_line = Strip.blank(*self._blanks)
        return self._blank_line

    def _searched(self, place: int, sheet: Sheet, line: int, strip: Strip) -> Strip:
        """A line with the matches in it marked."""
        for parts in found_in(sheet, wrapped(sheet, line), self.words):
            style = GONE_TO if self._gone_to == (self.entries[place].id, parts[0]) else FOUND
            for row, start, end in parts:
                if row == line:
                    strip = marked_cells(strip, start, end, style)
        return strip

    def _number(self) -> None:
        self.places = {entry.id: place for place, entry in enumerate(self.entries)}

    def _doubt(self, place: int) -> None:
        if place < len(self.entries):
            self.column.doubt(place)

    def _frame(self, place: int) -> Frame:
        entry = self.entries[place]
        speaker = entry.speaker
        goes_on = place > 0 and speaker == "zo" and self.entries[place - 1].speaker == "zo"
        return Frame(self.width, "" if goes_on else speaker, entry.folds and entry.id not in self._unfolded)

    def _sheet(self, place: int) -> Sheet:
        entry, frame = self.entries[place], self._frame(place)
        sheet = self._sheets.get(entry.id)
        if sheet is None or sheet.frame != frame:
            sheet = self._sheets[entry.id] = Sheet(entry, frame, self._palette)
            self._forget()
        self._sheets.move_to_end(entry.id)
        return sheet

    def _forget(self) -> None:
        """Let go of the sheets that were looked at longest ago."""
        lines = sum(map(len, self._sheets.values()))
        while len(self._sheets) > LEAST_SHEETS and (len(self._sheets) > KEPT_SHEETS or lines > KEPT_LINES):
            lines -= len(self._sheets.popitem(last=False)[1])

    def _guesses(self, entries: Iterable[Entry]) -> list[int]:
        """About how high entries are."""
        room, guesses = Frame(self.width).room, []
        for entry in entries:
            if entry.folds and entry.id not in self._unfolded:
                guesses.append(1)
                continue
            whole = entry.whole if entry.kind == "tool" else entry.text
            text = whole if entry.is_markdown else whole[:SHOWN_SIZE]
            lines = len(text) // room + text.count("\n") + 1 + len(entry.attached)
            guesses.append(1 + (lines if text is whole else min(lines, SHOWN_LINES)))
        return guesses
