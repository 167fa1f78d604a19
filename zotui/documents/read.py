"""A file as text: told by its first bytes, then by its name."""

import mimetypes
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import zotui.images
from zotui.conversations import Given
from zotui.documents import tables
from zotui.documents.child import in_child
from zotui.documents.kinds import DOCUMENTS, decoded, kind_of
from zotui.documents.length import shortened
from zotui.errors import NotFound, UsageError
from zotui.regular import NotRegular, TooLarge, read_regular
from zotui.text import clean, one_line, size

LARGEST = 20_000_000  # bytes of a file
MADE_UP = ("/proc/", "/sys/")  # what the system makes up as it is read, processes' keys among it

_FORMS: dict[str, Callable[[str], str]] = {
    "csv": tables.csv_text,
    "tsv": partial(tables.csv_text, delimiter="\t"),
    "ipynb": tables.notebook_text,
}


def read(path: Path) -> Given:
    """A file and what a model reads of it. Blocks. Raises NotFound, UsageError in one line."""
    shown = one_line(str(path), 200)
    try:
        if os.path.realpath(path).startswith(MADE_UP):
            raise NotRegular("it is no file, the system makes it up")
        content = read_regular(path, LARGEST)
    except NotRegular as error:
        raise UsageError(f"{shown}: {error}", "attach a file") from None
    except TooLarge as error:
        raise UsageError(f"{shown} is {size(error.args[0])}, at most {size(LARGEST)} can be attached") from None
    except PermissionError as error:
        raise UsageError(f"{shown}: {error.strerror}") from None
    except (OSError, ValueError) as error:
        raise NotFound(f"{shown}: {getattr(error, 'strerror', None) or error}") from None
    return read_bytes(path.name, content, str(path))


def read_bytes(name: str, content: bytes, path: str = "") -> Given:
    """The same of bytes that are at hand."""
    name = one_line(name, 200)
    if zotui.images.media_type(content) is not None:
        return Given(name, content, zotui.images.checked(name, content), None, path)
    kind = kind_of(name, content)
    if kind in DOCUMENTS:
        return Given(name, content, DOCUMENTS[kind], in_child(kind, name, content), path)
    text = clean(decoded(name, content))
    if kind in _FORMS:
        text = _FORMS[kind](text)
    return Given(name, content, mimetypes.guess_type(name)[0] or "text/plain", shortened(text), path)


def document_text(name: str, content: bytes) -> str | None:
    """The text of a document that needs a reader; None of what is none. Blocks. Raises UsageError in one line."""
    kind = kind_of(name, content)
    return in_child(kind, one_line(name, 200), content) if kind in DOCUMENTS else None
