"""Streaming Markdown cut into pieces: what is sealed never changes again, so it is painted once.

Complete lines go through a scanner that keeps the open containers (quotes, list items) and one open leaf
(paragraph, code, table), and seals a ``Piece`` whenever the leaf ends or grows past its bounds. How the text
was split on its way in makes no difference to ``sealed + tail()``.
"""

import re
from dataclasses import dataclass, replace

from zotui.tui.markdown.growth import LIMIT, Growth, table_of
from zotui.tui.markdown.piece import Box, Leaf, Piece, Prose, Rule

DEPTH = 12
"""Containers inside each other; deeper ones are shown as written."""

_QUOTE = re.compile(r" {0,3}> ?")
_HEADING = re.compile(r"(#{1,6})(?:\s|$)")
_FENCE = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$")
_RULE = re.compile(r"(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$")
_UNDERLINE = re.compile(r"(=+|-+)\s*$")
_ITEM = re.compile(r"([-+*]|(\d{1,9})[.)])(\s+|$)")
_HTML = re.compile(r"<(?:!--|[?!]|/?[a-zA-Z][\w-]*(?:\s[^<>]*)?/?>\s*$)")
_HTML_BLOCK = re.compile(
    r"<(?:!--|[?!]|/?(?:article|body|center|dd|details|dialog|div|dl|dt|figure|footer|form|h\d|head|header|hr|html"
    r"|iframe|li|main|nav|ol|p|pre|script|section|style|summary|table|tbody|td|tfoot|th|thead|tr|ul)(?:[\s/>]|$))",
    re.IGNORECASE,
)


class Pieces:
    """Markdown that grows: ``feed`` it, paint what is in ``sealed`` once, and ``tail()`` at every frame."""

    def __init__(self, text: str = "") -> None:
        self._scanner = _Scanner()
        self._rest = ""
        self.feed(text)

    @property
    def sealed(self) -> list[Piece]:
        """The pieces that no later text can change, oldest first; it only ever grows."""
        return self._scanner.out

    def feed(self, text: str) -> None:
        """Add text at the end."""
        lines = (self._rest + text.replace("\r", "")).split("\n")
        rest = lines.pop()
        for line in lines:
            self._scanner.line(self._cut(line))
        self._rest = self._cut(rest)

    def tail(self) -> list[Piece]:
        """The pieces still open, as they would be if the text ended here."""
        scanner = self._scanner.fork()
        if self._rest:
            scanner.line(self._rest)
        scanner.close()
        return scanner.out

    def _cut(self, line: str) -> str:
        """Hand over what a line has beyond the limit, at a space where there is one; return the rest."""
        while len(line) > LIMIT:
            at = line.rfind(" ", LIMIT // 2, LIMIT) + 1 or LIMIT
            self._scanner.line(line[:at], more=True)
            line = line[at:]
        return line


@dataclass(slots=True)
class _Open:
    """An open container: an item's content starts at ``indent``, the list inside it is of a ``series``."""

    box: Box
    indent: int = 0
    line: int = 0
    used: bool = False
    series: str = ""
    number: int = 0


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


class _Scanner:
    """The block structure, a line at a time: match the open containers, then open blocks (CommonMark)."""

    def __init__(self) -> None:
        self.out: list[Piece] = []
        self.root = _Open(Box("", 0))
        self.open: list[_Open] = []
        self.leaf: Growth | None = None
        self.blank = False
        self.joined = False
        self.last: tuple[Box, ...] | None = None
        self.serial = 0
        self.number = -1  # of the line that is looked at

    def fork(self) -> "_Scanner":
        """The same state, with nothing sealed yet, to see what would come next."""
        other = _Scanner()
        other.root, other.open = replace(self.root), [replace(each) for each in self.open]
        other.leaf = self.leaf and self.leaf.copy()
        other.blank, other.joined, other.last, other.serial = self.blank, self.joined, self.last, self.serial
        other.number = self.number
        return other

    def close(self) -> None:
        """The text ends here."""
        self._shut(0)

    def line(self, text: str, more: bool = False) -> None:
        """One line of source, or with ``more`` the first part of a long one."""
        joined, self.joined = self.joined, more
        self.number += not joined
        text = text.expandtabs(4)
        if joined:
            self._grow(text)
            return
        matched, text = self._match(text)
        whole = matched == len(self.open)
        if self.leaf is not None and self.leaf.kind == "fence" and whole:
            self._fenced(self.leaf, text)
        elif text.strip() and whole and self.leaf is not None and self.leaf.kind == "html":
            self._grow(text)
        elif text.strip():
            self._block(matched, text)
        else:
            if self.leaf is not None and self.leaf.kind == "indented" and whole:
                self.leaf.lines.append("")
            else:
                self._shut(matched)
            self.blank = True

    def _match(self, text: str) -> tuple[int, str]:
        """How many of the open containers go on in this line, and the line inside of them."""
        for place, each in enumerate(self.open):
            if each.box.marker == ">":
                if (quote := _QUOTE.match(text)) is None:
                    return place, text
                text = text[quote.end() :]
            elif _indent(text) >= each.indent or (each.used and not text.strip()):
                text = text[each.indent :]
            else:
                return place, text
        return len(self.open), text

    def _block(self, matched: int, text: str) -> None:
        """Open what this line opens; what is left over belongs to the leaf."""
        while (indent := _indent(text)) < 4:
            bare = text[indent:]
            whole = self.leaf if matched == len(self.open) else None
            prose = whole if whole is not None and whole.kind == "prose" and whole.lines else None
            if bare[0] == ">" and len(self.open) < DEPTH:
                self._shut(matched)
                self._enter(">")
                text = bare[1:].removeprefix(" ")
            elif prose is not None and self._underlined(prose, bare):
                return
            elif (item := _ITEM.match(bare)) and not _RULE.match(bare) and self._may_open(item, prose):
                self._shut(matched)
                after = len(item[3])
                width = len(item[1]) + (after if 0 < after <= 4 and item.end() < len(bare) else 1)
                self._enter(item[1], indent + width)
                text = bare[width:]
            elif self._single(matched, indent, bare, prose):
                return
            else:
                break
            matched = len(self.open)
            if not text.strip():
                return
        self._leftover(matched, text)

    def _may_open(self, item: re.Match[str], prose: Growth | None) -> bool:
        """Whether an item may begin here: inside a paragraph it must count from 1 and hold words."""
        calm = prose is None or (item.end() < len(item.string) and int(item[2] or 1) == 1)
        return calm and len(self.open) < DEPTH

    def _underlined(self, prose: Growth, bare: str) -> bool:
        """Turn the paragraph above a line of dashes into a heading or the header of a table."""
        if line := _UNDERLINE.match(bare):
            text, self.leaf = "\n".join(prose.lines), None
            self._emit(Prose(text, 1 if line[1][0] == "=" else 2), prose.boxes, prose.gap, prose.line)
            return True
        if (table := table_of(prose.lines[-1], bare)) is None:
            return False
        prose.lines.pop()
        gap = prose.gap and not prose.lines
        self._end()
        self.leaf = Growth("table", prose.boxes, gap, self.number - 1, table=table)
        return True

    def _single(self, matched: int, indent: int, bare: str, prose: Growth | None) -> bool:
        """The blocks that begin and may end with their line: heading, rule, fence, HTML."""
        if heading := _HEADING.match(bare):
            self._shut(matched)
            text = bare[heading.end() :].strip()
            short = text.rstrip("#")
            text = short.rstrip() if not short or short[-1].isspace() else text
            self._emit(Prose(text, len(heading[1])), *self._here(), self.number)
        elif _RULE.match(bare):
            self._shut(matched)
            self._emit(Rule(), *self._here(), self.number)
        elif fence := _FENCE.match(bare):
            self._shut(matched)
            words = (fence[2] or fence[4] or "").split()
            self.leaf = Growth("fence", *self._here(), self.number, fence=fence[1] or fence[3], indent=indent)
            self.leaf.language = words[0].strip("{}.") if words else ""
        elif _HTML_BLOCK.match(bare) or (prose is None and _HTML.match(bare)):
            self._shut(matched)
            self.leaf = Growth("html", *self._here(), self.number)
            self._grow(bare)
        else:
            return False
        return True

    def _leftover(self, matched: int, text: str) -> None:
        """A line that opens nothing goes on with the leaf, or starts a paragraph or code by indent."""
        leaf, whole, indented = self.leaf, matched == len(self.open), _indent(text) >= 4
        if leaf is not None and leaf.kind == "prose":  # also a lazy line, outside of its containers
            self._grow(text.lstrip())
        elif leaf is not None and whole and leaf.kind == "table" and not indented:
            self._grow(text)
        elif leaf is not None and whole and leaf.kind == "indented" and indented:
            self._grow(text[4:])
        else:
            self._shut(matched)
            self.leaf = Growth("indented" if indented else "prose", *self._here(), self.number)
            self._grow(text[4:] if indented else text.lstrip())

    def _fenced(self, leaf: Growth, text: str) -> None:
        bare = text.strip()
        if set(bare) == {leaf.fence[0]} and len(bare) >= len(leaf.fence) and _indent(text) < 4:
            self._end()
        else:
            self._grow(text[min(leaf.indent, _indent(text)) :])

    def _grow(self, text: str) -> None:
        """Add a line to the open leaf, and seal what is past its bounds."""
        if self.leaf is None:  # the rest of a long line that did not open a leaf
            self.leaf = Growth("prose", self._here()[0], False, self.number)
        self.blank = False
        if self.leaf.add(text) or self.joined:
            self._seal(self.leaf)

    def _seal(self, leaf: Growth, last: bool = False) -> None:
        made, gap = leaf.take(last)
        self._emit(made, leaf.boxes, gap, leaf.line)
        leaf.line = self.number + (not self.joined)

    def _end(self) -> None:
        """Close the open leaf."""
        leaf, self.leaf = self.leaf, None
        if leaf is not None:
            leaf.trim()
            if not leaf.is_empty:
                self._seal(leaf, last=True)

    def _shut(self, keep: int) -> None:
        """Close the open leaf and all containers but the first ``keep``."""
        self._end()
        while len(self.open) > keep:
            if not self.open[-1].used:  # an item with nothing in it is still an item
                self._emit(Prose(""), *self._here(), self.open[-1].line)
            self.open.pop()

    def _enter(self, marker: str, indent: int = 0) -> None:
        """Open a container; a list item goes on counting where its list is."""
        parent = self.open[-1] if self.open else self.root
        series = marker[-1]
        if marker[0].isdigit():
            number = parent.number + 1 if parent.series == series else int(marker[:-1])
            parent.number, marker = number, f"{number}{series}"
        parent.series = series
        self.serial += 1
        self.open.append(_Open(Box(marker, self.serial), indent, self.number))

    def _here(self) -> tuple[tuple[Box, ...], bool]:
        """The containers a leaf that starts now is in, and whether an empty line came before it."""
        for each in self.open:
            each.used = True
        (self.open[-1] if self.open else self.root).series = ""
        gap, self.blank = self.blank, False
        return tuple(each.box for each in self.open), gap

    def _emit(self, leaf: Leaf, boxes: tuple[Box, ...], gap: bool, line: int) -> None:
        shared = 0
        for one, other in zip(boxes, self.last or (), strict=False):
            if one != other:
                break
            shared += 1
        above = gap or (isinstance(leaf, Prose) and leaf.level > 0)
        self.out.append(Piece(leaf, boxes, shared, above and self.last is not None, line))
        self.last = boxes
