"""Text and code by their lines, with numbers, coloured; and bytes that are no text."""

from itertools import islice

from rich.segment import Segment
from textual.strip import Strip

from zotui.text import clean, size
from zotui.tui.markdown import Code, coloured, left_open
from zotui.tui.viewer.content import Content, Look, strip_of
from zotui.workspace.viewing import Lines, Source

AT_ONCE_S = 0.05  # of finding lines before the first are shown: most files are whole by then
IN_A_ROW = 16  # bytes


class Text(Content):
    """A text file, by pages of its lines. ``language``: what code blocks call it; empty for none."""

    def __init__(self, lines: Lines, length: int, language: str) -> None:
        self._lines = lines
        self._length = length
        self._language = language
        self._inside = {0: ""}  # the string or comment that is open where a page begins
        self._look: Look | None = None

    def lay_out(self, look: Look) -> None:
        self._look = look
        self.scan(AT_ONCE_S)
        lines, covered = max(1, self._lines.count), max(1, self._lines.scanned)
        self.fixed = len(str(lines if self.is_whole else 2 * lines * max(1, self._length // covered))) + 2
        self.width = 0

    def scan(self, patience_s: float) -> None:
        self.is_whole = self._lines.scan(patience_s)
        self.count = self._lines.count
        self.words = f"{self.count:,}{'' if self.is_whole else '+'} line{'s' * (self.count != 1)}"

    def page(self, first: int, most: int) -> list[Strip]:
        assert self._look is not None
        palette = self._look.palette
        texts = tuple(clean(line).replace("\n", " ").expandtabs(4) for line in self._lines.page(first, most))
        inside = self._inside.get(first, "")
        self._inside[first + most] = left_open(list(texts), self._language, inside)
        lines = coloured(Code(texts, self._language, inside), palette, palette.text)
        numbers = (
            Segment(f"{number:>{self.fixed - 1}} ", palette.text + palette.line)
            for number in range(first + 1, first + most + 1)
        )
        strips = [strip_of([number, *line]) for number, line in zip(numbers, lines, strict=False)]
        self.width = max([self.width, *(strip.cell_length for strip in strips)])
        return strips


class Bytes(Content):
    """Bytes as numbers and letters."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.count = -(-source.size // IN_A_ROW)
        self.words = size(source.size)
        self._look: Look | None = None

    def lay_out(self, look: Look) -> None:
        self._look = look
        self.fixed = max(8, len(f"{self._source.size:x}")) + 2
        self.width = self.fixed + 4 * IN_A_ROW + 2

    def page(self, first: int, most: int) -> list[Strip]:
        assert self._look is not None
        base, muted = self._look.palette.text, self._look.palette.text + self._look.palette.muted
        content = iter(self._source.read(first * IN_A_ROW, most * IN_A_ROW))
        strips = []
        for row in range(first, first + most):
            if not (some := bytes(islice(content, IN_A_ROW))):
                break
            letters = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in some)
            address = f"{row * IN_A_ROW:>0{self.fixed - 2}x}  "
            numbers = f"{some.hex(' '):<{3 * IN_A_ROW}} "
            strips.append(strip_of([Segment(address, muted), Segment(numbers, base), Segment(letters, muted)]))
        return strips
