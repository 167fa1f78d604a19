"""The sentences of a text that say most of it, by the words that it repeats; no model is needed."""

import math
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

LARGEST = 20 * 1024 * 1024
HIDDEN = {"script", "style", "noscript", "template", "svg", "nav", "footer"}
BLOCKS = {
    "p",
    "div",
    "li",
    "tr",
    "section",
    "article",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "pre",
    "blockquote",
    "td",
    "title",
}
COMMON = set(
    re.findall(
        r"\w+",
        "about after also and are because been but can could did does for from had has have her his how into its just more most not "
        "off only other our out over she should some such than that the their them then there these they this those through too under "
        "very was were what when where which while who will with would you your",
    )
)


class Page(HTMLParser):
    """The text of a page in ``lines`` of (line in the file, text); a heading begins with #."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[int, str]] = []
        self._words: list[str] = []
        self._hidden: list[str] = []
        self._line = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A block begins a line; what is not for reading is left out."""
        if tag in HIDDEN:
            self._hidden.append(tag)
        if tag in BLOCKS:
            self.end_line()
            if re.fullmatch(r"h[1-6]", tag):
                self._words.append("#" * int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        """A block ends its line."""
        if tag in self._hidden:
            del self._hidden[self._hidden.index(tag) :]
        if tag in BLOCKS:
            self.end_line()

    def handle_data(self, data: str) -> None:
        """Text, unless it is within what is hidden."""
        if not self._hidden and data.strip():
            if not self._words:
                self._line = self.getpos()[0]
            self._words += data.split()

    def end_line(self) -> None:
        """Close the line that stands."""
        if [word for word in self._words if word.strip("#")]:
            self.lines += [(self._line, " ".join(self._words)), (self._line, "")]
        self._words = []
        self._line = self.getpos()[0]


def run(file: str, sentences: int = 10) -> str:
    """Headings, the ``sentences`` that say most, in their order with lines, and lines with numbers, of a text or HTML file.

    Raises ValueError for a file that is missing, larger than 20 MiB, empty or no text.
    """
    path = Path(file)
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"{file} is larger than 20 MiB; cut it into parts")
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}; name a file of the workspace") from None
    if b"\0" in content[:8000]:
        raise ValueError(f"{file} is no text; read_file reads pdf, docx, xlsx and epub")
    text = content.decode("utf-8-sig", errors="replace")
    lines = _page(text) if re.search(r"(?i)<(!doctype html|html|body)\b", text[:4000]) else _written(text)
    headings = [(at, line) for at, line in lines if re.match(r"#{1,6} \S", line)]
    found = _sentences([(at, line) for at, line in lines if not re.match(r"#{1,6} \S", line)])
    if not found:
        raise ValueError(f"{file} has no sentences in it")
    chosen = _best(found, max(1, min(sentences, 50)))
    numbers = [item for item in found if re.search(r"\d", item[1]) and item not in chosen][:8]
    words = sum(len(sentence.split()) for _, sentence in found)
    out = [f"{words} words, {len(found)} sentences, {len(headings)} headings"]
    for title, items in (("Headings", headings[:40]), ("Key sentences", chosen), ("More with numbers", numbers)):
        if items:
            out += ["", f"{title}:", *(f"line {at}: {_plain(item)[:500]}" for at, item in items)]
    return "\n".join(out)


def _written(text: str) -> list[tuple[int, str]]:
    """Lines of text or Markdown, an empty one in place of each that is code or a picture."""
    lines, code = [], False
    for at, line in enumerate(text.splitlines(), 1):
        fence = line.lstrip().startswith("```")
        code = code != fence
        lines.append((at, "" if code or fence or re.match(r"\s*!\[", line) else line))
    return lines


def _page(text: str) -> list[tuple[int, str]]:
    page = Page()
    page.feed(text)
    page.close()
    page.end_line()
    return page.lines


def _sentences(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Sentences with the line each begins in. A paragraph ends at an empty line, a list item or a break in the numbers."""
    found: list[tuple[int, str]] = []
    words: list[tuple[int, str]] = []

    def close() -> None:
        sentence: list[tuple[int, str]] = []
        for at, word in words:
            sentence.append((at, word))
            if re.search(r"[.!?…。][\"')\]]*$", word) and not re.fullmatch(
                r"(\w\.)+|(Mr|Mrs|Dr|St|etc|vs|e\.g|i\.e)\.", word
            ):
                found.append((sentence[0][0], " ".join(item for _, item in sentence)))
                sentence = []
        if sentence:
            found.append((sentence[0][0], " ".join(item for _, item in sentence)))
        words.clear()

    for at, line in lines:
        if not line.strip() or re.match(r"\s*([-*+>|]|\d+[.)])\s", line):
            close()
        words += [(at, word) for word in line.split()]
    close()
    return [(at, text) for at, text in found if len(text.split()) >= 4]


def _best(sentences: list[tuple[int, str]], count: int) -> list[tuple[int, str]]:
    bags = [{word for word in re.findall(r"\w{3,}", text.lower()) if word not in COMMON} for _, text in sentences]
    weight = Counter(word for bag in bags for word in bag)

    def score(at: int) -> float:
        said = sum(math.log1p(weight[word] - 1) for word in bags[at] if word not in told)
        early = 1 + 1 / (1 + at)
        return early * said / math.sqrt(8 + len(sentences[at][1].split()))

    told: set[str] = set()
    left = sorted(range(len(sentences)), key=score, reverse=True)[: count * 10]
    chosen: list[int] = []
    while left and len(chosen) < count:
        best = max(left, key=score)
        left.remove(best)
        chosen.append(best)
        told |= bags[best]
    return [sentences[at] for at in sorted(chosen)]


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
