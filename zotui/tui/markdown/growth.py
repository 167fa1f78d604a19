"""A leaf that is still growing, and the bounds past which it hands over a part of itself."""

import re
from dataclasses import dataclass, field, replace

from zotui.tui.markdown.piece import Box, Code, Leaf, Prose, Rows, Table

LIMIT = 4096
"""Characters after which a paragraph, or a part of a code block, is sealed."""
CHUNK = 16
"""Lines of code in one piece at most; past ``QUIET`` of them the next empty line ends it."""
QUIET = 12
SAMPLE = 20
"""Rows after which the widths of a table's columns are settled."""

_PIPE = re.compile(r"(?<!\\)\|")
_MARK = re.compile(r":?-+:?")
_BLOCK_COMMENT = re.compile(r"/\*|\*/")
_OPENINGS = {
    **dict.fromkeys(("python", "py", "python3", "toml"), re.compile(r"\"\"\"|'''")),
    **dict.fromkeys(("html", "xml", "svg", "vue"), re.compile(r"<!--|-->")),
    **dict.fromkeys(("c", "cpp", "c++", "cs", "csharp", "css", "dart", "go", "java", "scss"), _BLOCK_COMMENT),
    **dict.fromkeys(("javascript", "js", "jsx", "typescript", "ts", "tsx"), _BLOCK_COMMENT),
    **dict.fromkeys(("kotlin", "php", "rust", "rs", "scala", "sql", "swift"), _BLOCK_COMMENT),
}
_CLOSINGS = {"/*": "*/", "<!--": "-->"}


@dataclass(slots=True)
class Growth:
    """An open leaf. ``kind`` is prose, html, fence, indented or table; ``line`` is where in the source it begins."""

    kind: str
    boxes: tuple[Box, ...]
    gap: bool
    line: int
    lines: list[str] = field(default_factory=list)
    rows: list[tuple[str, ...]] = field(default_factory=list)
    size: int = 0
    fence: str = ""
    indent: int = 0
    language: str = ""
    inside: str = ""
    first: bool = True
    table: Table | None = None

    def copy(self) -> "Growth":
        """The same, to grow apart from this one."""
        return replace(self, lines=list(self.lines), rows=list(self.rows))

    @property
    def is_code(self) -> bool:
        """Whether the leaf is a code block."""
        return self.kind in ("fence", "indented")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to seal; a fence or a table shows even with nothing in it."""
        return not (self.lines or self.table is not None or (self.kind == "fence" and self.first))

    def add(self, text: str) -> bool:
        """Take a line; whether the leaf is now past its bounds."""
        if self.table is not None:
            cells = cells_of(text)[: len(self.table.head)]
            self.rows.append(cells + ("",) * (len(self.table.head) - len(cells)))
            if not self.table.sample and len(self.rows) == SAMPLE:
                self.table = replace(self.table, sample=tuple(self.rows))
            return bool(self.table.sample)
        self.lines.append(text)
        self.size += len(text) + 1
        count = len(self.lines)
        return self.size >= LIMIT or (self.is_code and (count >= CHUNK or (count >= QUIET and not text)))

    def trim(self) -> None:
        """Forget the empty lines at the end of code by indent, which are not part of it."""
        while self.kind == "indented" and self.lines and not self.lines[-1].strip():
            self.lines.pop()

    def take(self, last: bool) -> tuple[Leaf, bool]:
        """What has grown so far as a leaf, and its gap; what grows after it goes on from there."""
        made: Leaf
        if self.table is not None:
            table = self.table if self.table.sample else replace(self.table, sample=tuple(self.rows))
            made = Rows(table, tuple(self.rows), self.first, last)
        elif self.is_code:
            made = Code(tuple(self.lines), self.language, self.inside, self.first)
            self.inside = left_open(self.lines, self.language, self.inside)
        else:
            made = Prose("\n".join(self.lines).rstrip(), literal=self.kind == "html")
        gap, self.gap, self.first = self.gap, False, False
        self.lines, self.rows, self.size = [], [], 0
        return made, gap


def cells_of(row: str) -> tuple[str, ...]:
    """The cells of a table row."""
    cells = _PIPE.split(row.strip().removeprefix("|"))
    if len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    return tuple(cell.strip().replace("\\|", "|") for cell in cells)


def table_of(head: str, marks: str) -> Table | None:
    """The table that a line and the line of dashes under it begin, if they do."""
    names, dashes = cells_of(head), cells_of(marks)
    if "|" not in marks or len(names) != len(dashes) or not all(map(_MARK.fullmatch, dashes)):
        return None
    return Table(names, tuple({"::": "center", "-:": "right"}.get(m[0] + m[-1], "left") for m in dashes))


def left_open(lines: list[str], language: str, inside: str) -> str:
    """The string or comment that is still open after these lines of code, by its opening; or nothing."""
    if (pattern := _OPENINGS.get(language.lower())) is None:
        return ""
    for mark in pattern.findall("\n".join(lines)):
        if inside:
            inside = "" if mark == _CLOSINGS.get(inside, inside) else inside
        elif mark not in _CLOSINGS.values():
            inside = mark
    return inside
