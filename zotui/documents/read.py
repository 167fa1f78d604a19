"""A file as text: told by its first bytes, then by its name."""

import mimetypes
from collections.abc import Callable
from pathlib import Path

import zotui.images
from zotui.conversations import Given
from zotui.documents import tables
from zotui.documents.child import in_child
from zotui.errors import NotFound, UsageError
from zotui.regular import NotRegular, TooLarge, read_regular
from zotui.text import clean, one_line, size

LARGEST = 20_000_000  # bytes of a file
LONGEST = 60_000  # characters of its text

_OFFICE = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_TABLES: dict[str, Callable[[str], str]] = {
    ".csv": tables.csv_text,
    ".tsv": tables.csv_text,
    ".ipynb": tables.notebook_text,
}


def read(path: Path) -> Given:
    """A file and what a model reads of it. Blocks. Raises NotFound, UsageError in one line."""
    try:
        content = read_regular(path, LARGEST)
    except NotRegular as error:
        raise UsageError(f"{path}: {error}", "attach a file") from None
    except TooLarge as error:
        raise UsageError(f"{path} is {size(error.args[0])}, at most {size(LARGEST)} can be attached") from None
    except (OSError, ValueError) as error:
        raise NotFound(f"{one_line(str(path), 120)}: {getattr(error, 'strerror', None) or error}") from None
    return read_bytes(path.name, content, str(path))


def read_bytes(name: str, content: bytes, path: str = "") -> Given:
    """The same of bytes that are at hand."""
    name = one_line(name, 200)
    if (kind := zotui.images.media_type(content)) is not None:
        zotui.images.checked(name, content)
        return Given(name, content, kind, None, path)
    suffix = Path(name).suffix.lower()
    if content.startswith(b"%PDF-"):
        return Given(name, content, "application/pdf", _cut(in_child("pdf", name, content)), path)
    if suffix in _OFFICE:
        return Given(name, content, _OFFICE[suffix], _cut(in_child("docx", name, content)), path)
    text = _decoded(name, content)
    if suffix in _TABLES:
        text = _TABLES[suffix](text)
    return Given(name, content, mimetypes.guess_type(name)[0] or "text/plain", _cut(clean(text)), path)


def _decoded(name: str, content: bytes) -> str:
    """Bytes as text. Raises UsageError where they are none."""
    for sign, encoding in _BOMS:
        if content.startswith(sign):
            return content.decode(encoding, "replace")
    if b"\0" in content[:8192]:
        kind = mimetypes.guess_type(name)[0] or "an unknown kind"
        raise UsageError(
            f"{name} is no text ({kind}, {size(len(content))})",
            "text, csv, ipynb, pdf, docx and images can be attached",
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _cut(text: str) -> str:
    """The beginning of a text, and how much is left out."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}\n[{len(text) - LONGEST:,} of {len(text):,} characters are left out]"
