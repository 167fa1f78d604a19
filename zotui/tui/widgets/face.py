"""How an entry looks apart from its Markdown: title, plain text, and what is said under it."""

import json

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from zotui.tui.markdown import Code, Line, Palette, Piece, paint, plain
from zotui.tui.widgets.entry import BROKEN, MARKS, Entry
from zotui.tui.widgets.sections import Section, sections_of

Part = tuple[int, list[Line]]
"""Lines, and which line of the source they are of, or which section of a tool call; -1 for none."""

SHOWN_LINES, SHOWN_SIZE = 200, 20_000
"""How much of a plain text is shown."""
EMPTY = "(model returned no text)"
CARET = "▍"
_LEAST_TITLE = 12


def head(entry: Entry, folded: bool, room: int, palette: Palette) -> list[Line]:
    """The title line of a tool, of reasoning or of an error; two where its note needs one of its own."""
    base = palette.text
    if entry.kind == "error":
        style = palette.muted if entry.status == "cancelled" else palette.bad
        return plain(_mark(entry) or f"✗ {entry.title or 'error'}", room, base + style)
    if not entry.folds:
        return []
    style, title = base, entry.title or entry.kind
    if entry.kind == "reasoning":
        style = base + palette.muted
        title = entry.title or ("thinking" if entry.live else "thought")
        opening = entry.text.strip().partition("\n")[0]
        if folded and opening and not entry.title:
            title = f"{title} · {opening}"
    fold = Segment("▸ " if folded else "▾ ", base + palette.muted)
    note = _note(entry, palette)
    spare = room - 2 - _cells(note) - 2
    name = _shortened(title, room - 2 if not note or spare < min(_LEAST_TITLE, cell_len(title)) else spare)
    line = [fold, Segment(name, style)]
    if not note:
        return [line]
    if spare < cell_len(name):
        return [line, _right([], note, room, base)]
    return [_right(line, note, room, base)]


def body(entry: Entry, room: int, palette: Palette) -> list[Part]:
    """The text of an entry, or what a tool shows unfolded, as it is written."""
    if entry.kind == "tool":
        return _unfolded(entry, room, palette)
    if entry.kind == "error" and not entry.text:
        return []
    muted = palette.text + palette.muted
    parts = _shown(entry.text, room, muted if entry.kind == "note" else palette.text, palette)
    return [*parts, *((-1, plain(line, room, muted)) for line in entry.attached)]


def _unfolded(entry: Entry, room: int, palette: Palette) -> list[Part]:
    """A tool call in full; what it put out stands alone where that is all there is."""
    muted = palette.text + palette.muted
    sections = sections_of(entry)
    if not sections:
        return [(-1, plain("(nothing to show)", room, muted))]
    parts: list[Part] = []
    for at, section in enumerate(sections):
        if entry.given:
            parts.append((-1, [[Segment(section.name[:room], muted)]]))
        if section.language:
            parts.append((at, _coded(section, room, palette)))
        else:
            parts += ((at, lines) for _, lines in _shown(section.text, room, muted, palette))
    return parts


def _coded(section: Section, room: int, palette: Palette) -> list[Line]:
    """Arguments and changes as code, the first lines of many."""
    text = _pretty(section.text) if section.language == "json" else section.text
    shown = _beginning(text)
    lines = paint(Piece(Code(tuple(shown.split("\n")), section.language, first=False)), room, palette)
    return lines + _rest(text, shown, room, palette)


def _pretty(arguments: str) -> str:
    """JSON as people read it; what is none, or is long, as it is."""
    if len(arguments) > SHOWN_SIZE:
        return arguments
    try:
        return json.dumps(json.loads(arguments), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return arguments


def _shown(text: str, room: int, style: Style, palette: Palette) -> list[Part]:
    """A plain text a line of it at a time, or how it begins and how much more there is."""
    shown = _beginning(text)
    parts: list[Part] = [(at, plain(row, room, style)) for at, row in enumerate(shown.split("\n"))]
    return [*parts, (-1, _rest(text, shown, room, palette))]


def _beginning(text: str) -> str:
    """As much of a text as is shown."""
    return "\n".join(text[:SHOWN_SIZE].split("\n", SHOWN_LINES)[:SHOWN_LINES]).rstrip("\n")


def _rest(text: str, shown: str, room: int, palette: Palette) -> list[Line]:
    """How much more there is than what is shown."""
    left = len(text.rstrip("\n")) - len(shown)
    words = f"… {_size(left)} more: o opens it whole"
    return [[Segment(words[:room], palette.text + palette.muted)]] if left > 0 else []


def foot(entry: Entry, room: int, palette: Palette) -> list[Line]:
    """What is said under a text: how it ended, that there is none, that it is about to come."""
    base = palette.text
    if entry.kind not in ("user", "assistant"):
        return []
    silent = entry.kind == "assistant" and not entry.text.strip()
    if entry.status not in MARKS or (entry.status == "running" and (entry.live or not silent)):
        if silent and entry.live:
            return [[Segment(CARET, base + palette.accent)]]
        if silent:
            return plain(EMPTY, room, base + palette.muted)
        if entry.live or not entry.aside:
            return []
    return [_right([], _note(entry, palette), room, base)] if not _mark(entry) else [_note(entry, palette)]


def _mark(entry: Entry) -> str:
    return MARKS.get(entry.status, "")


def _note(entry: Entry, palette: Palette) -> Line:
    """The status, where it needs saying, and the aside."""
    base, note = palette.text, []
    if mark := _mark(entry):
        note.append(Segment(mark, base + (palette.bad if entry.status in BROKEN else palette.busy)))
    if entry.aside:
        note.append(Segment(f" · {entry.aside}" if mark else entry.aside, base + palette.muted))
    return note


def _right(line: Line, note: Line, room: int, base: Style) -> Line:
    """A line with a note at its right edge."""
    spare = room - _cells(line) - _cells(note)
    return [*line, Segment(" " * max(0, spare), base), *note]


def _cells(line: Line) -> int:
    return sum(cell_len(text) for text, _, _ in line)


def _shortened(text: str, room: int) -> str:
    """The beginning of a text, on one line."""
    text = " ".join(text.split())
    return text if cell_len(text) <= room else set_cell_size(text, max(0, room - 1)).rstrip() + "…"


def _size(count: float) -> str:
    for unit in ("B", "kB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} MB"
