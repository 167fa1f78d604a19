"""The text of a book, in the order in which it is read."""

import io
import posixpath
import sys
from html.parser import HTMLParser
from urllib.parse import unquote
from zipfile import ZipFile

from zotui.documents.length import LONGEST
from zotui.documents.packed import tell

ENOUGH = LONGEST - 200  # characters, after which no more parts are read
CONTAINER, ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_UNSEEN = {"head", "script", "style", "svg", "math"}
_BLOCKS = {
    *("p", "div", "section", "article", "aside", "header", "footer", "figure", "figcaption", "blockquote", "pre"),
    *("ul", "ol", "dl", "dt", "dd", "table", "hr", "body", "nav"),
}
_HEADINGS = {f"h{level}": f"\n\n{'#' * level} " for level in range(1, 7)}
_STARTS = {"li": "\n- ", "br": "\n", "tr": "\n", "td": " | ", "th": " | ", **_HEADINGS}


def main() -> None:
    """Read, or exit with one line of what is wrong."""
    tell("book", _text)


def _text(content: io.BytesIO) -> str:
    """The parts of the spine until it is enough, and a last line of what is left out. Exits where none has any text."""
    with ZipFile(content) as packed:
        names = _spine(packed)
        parts, length = list[str](), 0
        while len(parts) < len(names) and length <= ENOUGH:
            parts.append(_part(packed, names[len(parts)]))
            length += len(parts[-1]) + 2
    whole = "\n\n".join(filter(None, parts))
    if not whole:
        sys.exit(f"none of its {len(names)} parts has text")
    if len(whole) > ENOUGH:
        return f"{whole[:ENOUGH]}\n[the rest of part {len(parts)} and what follows is left out, of {len(names)} parts]"
    return whole


def _spine(packed: ZipFile) -> list[str]:
    """The names of the parts. Exits where there are none, or where they are encrypted."""
    there = set(packed.namelist())
    if CONTAINER not in there:
        sys.exit("it is no book, or damaged")
    package = next((tag["full-path"] for name, tag in _tags(packed, CONTAINER) if name == "rootfile"), "")
    if package not in there:
        sys.exit("it is damaged: it does not say what is in it")
    tags = _tags(packed, package)
    files = {tag.get("id", ""): tag.get("href", "") for name, tag in tags if name == "item"}
    hrefs = [files.get(tag.get("idref", ""), "") for name, tag in tags if name == "itemref"]
    names = [posixpath.normpath(posixpath.join(posixpath.dirname(package), _path(href))) for href in hrefs]
    if ENCRYPTION in there:
        locked = {_path(tag.get("uri", "")) for name, tag in _tags(packed, ENCRYPTION) if name == "cipherreference"}
        if locked.intersection(names):
            sys.exit("it is encrypted")
    return [name for name in names if name in there]


def _path(href: str) -> str:
    return unquote(href.partition("#")[0])


def _part(packed: ZipFile, name: str) -> str:
    """The text of a part."""
    words = _Words()
    words.feed(_decoded(packed.read(name)))
    words.close()
    lines = (" ".join(line.split()) for line in "".join(words.said).split("\n"))
    said: list[str] = []
    for line in lines:
        if line or (said and said[-1]):
            said.append(line.removeprefix("| "))
    return "\n".join(said).strip()


def _tags(packed: ZipFile, name: str) -> list[tuple[str, dict[str, str]]]:
    """The elements of an XML file, without the prefixes of their names, and their attributes."""
    found = _Tags()
    found.feed(_decoded(packed.read(name)))
    return found.seen


def _decoded(content: bytes) -> str:
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    return content.decode("utf-16" if wide else "utf-8-sig", "replace")


class _Tags(HTMLParser):
    """Notes what begins: it knows no entities and no document types, so that none can be used against it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.seen.append((tag.rpartition(":")[2], {name: value or "" for name, value in attrs}))


class _Words(HTMLParser):
    """Gathers what a person would read, with line ends where blocks are."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._unseen: list[str] = []  # the elements around this place that nobody reads
        self._as_it_is = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        if tag in _UNSEEN:
            self._unseen.append(tag)
        self._as_it_is += tag == "pre"
        self.said.append("\n\n" if tag in _BLOCKS else _STARTS.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        if tag in self._unseen:
            del self._unseen[self._unseen.index(tag) :]
        self._as_it_is -= tag == "pre" and self._as_it_is > 0
        self.said.append("\n\n" if tag in _BLOCKS or tag in _HEADINGS else "")

    def handle_data(self, data: str) -> None:
        """Text; outside of ``pre`` its line ends are spaces."""
        if not self._unseen:
            self.said.append(data if self._as_it_is else data.replace("\n", " "))
