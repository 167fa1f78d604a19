"""The text of a page against the text of the last look, which is kept in the workspace in ``page-watch/``."""

import difflib
import os
import re
from html.parser import HTMLParser
from pathlib import Path

LARGEST = 5 * 1024 * 1024
SHOWN = 80  # lines of a difference
HIDDEN = {"script", "style", "noscript", "template", "svg", "head"}
INLINE = {"a", "abbr", "b", "code", "em", "i", "mark", "small", "span", "strong", "sub", "sup", "time", "u"}


class Page(HTMLParser):
    """Collects the text of a page in ``parts``."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """What is no part of a line begins one."""
        if tag in HIDDEN:
            self._hidden.append(tag)
        if tag == "body":
            self._hidden.clear()  # a head that was never closed
        if tag not in INLINE:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """What is no part of a line ends one."""
        if tag in self._hidden:
            del self._hidden[self._hidden.index(tag) :]
        if tag not in INLINE:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        """Text, unless it is within what is hidden; its line breaks are spaces."""
        if not self._hidden:
            self.parts.append(re.sub(r"\s+", " ", data))


def run(name: str, file: str, ignore: str = "") -> str:
    """The difference of a file's text to the last look under this name; the new text is kept in its place.

    Lines in which the regular expression ``ignore`` is found are left out. Raises ValueError for a name that is no
    name of a file, a file that cannot be read, and a wrong expression.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name):
        raise ValueError("name is 1 to 64 of a-z, 0-9 and hyphens, as shop-price")
    try:
        left_out = re.compile(ignore) if ignore else None
    except re.error as error:
        raise ValueError(f"ignore is no regular expression: {error}") from None
    new = [line for line in _text(file) if not (left_out and left_out.search(line))]
    if not new:
        raise ValueError(
            f"{file} has no text (a page that is drawn by scripts has none until they run); nothing was kept"
        )
    kept = Path("page-watch") / f"{name}.txt"
    old = kept.read_text(encoding="utf-8").splitlines() if kept.is_file() else None
    _keep(kept, new)
    if old is None:
        return f"first look: {len(new)} lines kept in {kept}"
    old = [line for line in old if not (left_out and left_out.search(line))]
    if old == new:
        return "no change"
    change = [line for line in difflib.unified_diff(old, new, lineterm="", n=0) if line[:2] not in ("--", "++", "@@")]
    more = f"\nand {len(change) - SHOWN} lines more" if len(change) > SHOWN else ""
    return f"changed: {_counted(change)}\n" + "\n".join(f"{line[0]} {line[1:301]}" for line in change[:SHOWN]) + more


def _counted(change: list[str]) -> str:
    return f"{sum(line[0] == '+' for line in change)} new, {sum(line[0] == '-' for line in change)} gone"


def _text(file: str) -> list[str]:
    path = Path(file)
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"{file} is larger than 5 MiB; watch a smaller page")
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}; fetch the page into the workspace first") from None
    if re.search(r"(?i)<(!doctype html|html|body|head)\b", text[:4000]):
        page = Page()
        page.feed(text)
        page.close()
        text = "".join(page.parts)
    plain = ("".join(letter if letter.isprintable() else " " for letter in line) for line in text.splitlines())
    return [line for line in (" ".join(line.split()) for line in plain) if line]


def _keep(path: Path, lines: list[str]) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
        draft = path.with_suffix(".new")
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror}") from None
