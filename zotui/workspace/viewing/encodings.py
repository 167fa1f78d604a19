"""How a file's text is encoded, told by its beginning."""

from typing import NamedTuple

from zotui.errors import UsageError
from zotui.text import size
from zotui.workspace.viewing.source import Held, Source

LOOKED_AT = 65_536  # bytes that tell it
LARGEST = 64_000_000  # bytes of UTF-16, which is recoded whole
_UTF_8, _UTF_16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


class Encoded(NamedTuple):
    """A text in an encoding that has all of ASCII as it is: its bytes, where it begins in them, the encoding's name."""

    source: Source
    start: int
    encoding: str

    def text(self, line: bytes) -> str:
        """Some of it as text."""
        return line.decode(self.encoding, "replace")


def encoded(source: Source) -> Encoded:
    """UTF-8 where it can be that, else the old one of western Europe; UTF-16 is recoded. Blocks. Raises UsageError for
    more of that than fits."""
    head = source.read(0, LOOKED_AT)
    if head.startswith(_UTF_16):
        if source.size > LARGEST:
            raise UsageError(f"it is UTF-16 and has {size(source.size)}, at most {size(LARGEST)} of that are shown")
        return Encoded(Held(source.read(0, LARGEST).decode("utf-16", "replace").encode("utf-8", "replace")), 0, "utf-8")
    if head.startswith(_UTF_8):
        return Encoded(source, len(_UTF_8), "utf-8")
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        cut_off = error.start >= LOOKED_AT - 3 and error.reason == "unexpected end of data"
        return Encoded(source, 0, "utf-8" if cut_off else "cp1252")
    return Encoded(source, 0, "utf-8")
