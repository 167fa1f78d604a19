"""Which content a file of the workspace is shown as."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from zotui.documents import LARGEST, read_bytes
from zotui.documents import picture as pictures
from zotui.errors import UsageError, ZotuiError
from zotui.text import one_line, size
from zotui.tui.viewer.content import Content, Markdown, Prose, Said
from zotui.tui.viewer.picture import Picture
from zotui.tui.viewer.table import OfDatabase, OfRecords, OfTables, Table
from zotui.tui.viewer.text import Bytes, Text
from zotui.workspace import Folder
from zotui.workspace.viewing import (
    HEAD,
    TABLES,
    Kind,
    Lines,
    OpenFile,
    Records,
    Stamp,
    encoded,
    kind_of,
    language_of,
)

LONGEST_MARKDOWN = 1_000_000  # bytes that are rendered; a longer one is shown as it is written


class Opened(NamedTuple):
    """A file's content, what it is in words, and by what a change of it is told; None where it could not be opened."""

    content: Content
    words: str
    stamp: Stamp | None


class Wanted(NamedTuple):
    """A file to be opened, and of a database the table."""

    folder: Folder
    path: str
    table: str
    file: OpenFile

    @property
    def name(self) -> str:
        """Its name, to be shown."""
        return one_line(self.path.rpartition("/")[2], 100)

    def whole(self, most: int) -> bytes:
        """All of it. Raises UsageError for more than this."""
        if self.file.size > most:
            raise UsageError(f"{self.name} has {size(self.file.size)}, at most {size(most)} of its kind are shown")
        return self.file.read(0, most)

    @property
    def real(self) -> Path:
        """Where it is."""
        return self.folder.real(self.path)


def open_file(folder: Folder, path: str, table: str = "") -> Opened:
    """A file of the workspace, ready to be shown; what is wrong with it is its content. Blocks."""
    try:
        file = OpenFile(folder.open(path))
        kind = kind_of(path, file.read(0, HEAD))
    except ZotuiError as error:
        return Opened(Said(str(error)), "", None)
    except OSError as error:
        return Opened(Said(f"{one_line(path, 100)}: {error.strerror or error}"), "", None)
    wanted = Wanted(folder, path, table, file)
    words = f"{kind if kind != 'text' else language_of(path) or 'text'} · {size(file.size)}"
    try:
        return Opened(_CONTENTS[kind](wanted), words, file.stamp)
    except ZotuiError as error:
        return Opened(Said(str(error)), words, file.stamp)
    except OSError as error:
        return Opened(Said(f"{wanted.name}: {error.strerror or error}"), words, file.stamp)


def _text(wanted: Wanted) -> Content:
    return Text(Lines(encoded(wanted.file)), wanted.file.size, language_of(wanted.path))


def _markdown(wanted: Wanted) -> Content:
    if wanted.file.size > LONGEST_MARKDOWN:
        return Text(Lines(encoded(wanted.file)), wanted.file.size, "markdown")
    text = encoded(wanted.file)
    return Markdown(text.text(text.source.read(text.start, text.source.size)))


def _table(wanted: Wanted) -> Content:
    delimiter = next((sign for ending, sign in TABLES.items() if wanted.path.lower().endswith(ending)), "")
    return Table(OfRecords(Records(encoded(wanted.file), delimiter), wanted.file.size))


def _database(wanted: Wanted) -> Content:
    if wanted.table:
        return Table(OfDatabase(wanted.real, wanted.table))
    return Table(OfTables(wanted.real), "table")


def _document(wanted: Wanted) -> Content:
    given = read_bytes(wanted.path.rpartition("/")[2], wanted.whole(LARGEST))
    return Prose(given.text or "")


def _picture(wanted: Wanted) -> Content:
    return Picture(wanted.name, wanted.whole(pictures.LARGEST))


_CONTENTS: dict[Kind, Callable[[Wanted], Content]] = {
    "empty": lambda wanted: Said("It is empty."),
    "text": _text,
    "markdown": _markdown,
    "table": _table,
    "database": _database,
    "document": _document,
    "picture": _picture,
    "binary": lambda wanted: Bytes(wanted.file),
}
