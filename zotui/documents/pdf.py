"""The text of a PDF, from stdin to stdout: run in a child."""

import io
import sys
from typing import TYPE_CHECKING

from zotui.documents.child import bound
from zotui.documents.length import LONGEST

if TYPE_CHECKING:
    from pypdf import PdfReader

MOST_PAGES = 500
ENOUGH = LONGEST - 200  # characters, after which no more pages are read


def main() -> None:
    """Read, or exit with one line of what is wrong."""
    bound()
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(sys.stdin.buffer.read()))
        if reader.is_encrypted and not reader.decrypt(""):
            sys.exit("it is encrypted")
        sys.stdout.write(_text(reader))
    except MemoryError:
        sys.exit("it takes too much memory")
    except Exception as error:  # whatever a damaged file makes of its reader
        sys.exit(f"it is damaged ({type(error).__name__})")


def _text(reader: "PdfReader") -> str:
    """The pages' texts until it is enough, and a last line of what is left out. Exits where no page has any."""
    count, length, number, told = len(reader.pages), 0, 0, False
    pages: list[str] = []
    while number < min(count, MOST_PAGES) and length <= ENOUGH:
        text = reader.pages[number].extract_text().strip()
        number += 1
        pages.append(f"[page {number}]\n{text}" if text else f"[page {number}: no text, perhaps scanned]")
        length += len(pages[-1]) + 2
        told = told or bool(text)
    if not told:
        sys.exit(f"none of {number} pages has text: was it scanned?")
    whole = "\n\n".join(pages)
    if len(whole) > ENOUGH:
        return f"{whole[:ENOUGH]}\n[the rest of page {number} and what follows is left out, of {count} pages]"
    if number < count:
        return f"{whole}\n[{count - number} of {count} pages are left out]"
    return whole
