"""What Markdown is cut into: leaves (words, code, table rows, rules) in their boxes (quotes, list items)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A container: a block quote (``marker`` is ``>``) or a list item with its ``marker`` (``-``, ``3.``)."""

    marker: str
    serial: int


@dataclass(frozen=True, slots=True)
class Prose:
    """Words with inline markup; ``level`` 1 to 6 is a heading, ``literal`` is shown as written (raw HTML)."""

    text: str
    level: int = 0
    literal: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """Lines of a code block; ``inside`` is the opening of a string or comment begun in an earlier piece; ``open``: more
    of it may come."""

    lines: tuple[str, ...]
    language: str = ""
    inside: str = ""
    first: bool = True
    open: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """What settles the look of a table: its header, how columns align, and the rows that set their widths."""

    head: tuple[str, ...]
    aligns: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a table; ``first`` brings the header with it, ``last`` the closing line."""

    table: Table
    rows: tuple[tuple[str, ...], ...]
    first: bool = True
    last: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """A thematic break."""


Leaf = Prose | Code | Rows | Rule


@dataclass(frozen=True, slots=True)
class Piece:
    """A leaf in its boxes, the first ``shared`` of which go on from the piece before.

    ``gap`` asks for an empty line above, inside the shared boxes; ``line`` is the line of the source that it begins in.
    """

    leaf: Leaf
    boxes: tuple[Box, ...] = ()
    shared: int = 0
    gap: bool = False
    line: int = 0
