"""The text of a PDF, from stdin to stdout: run in a child."""

import io
import sys

MOST_PAGES = 500
ENOUGH = 200_000  # characters, after which no more pages are read


def main() -> None:
    """Read, or exit with one line of what is wrong."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(sys.stdin.buffer.read()))
        if reader.is_encrypted and not reader.decrypt(""):
            sys.exit("it is encrypted")
        pages, length = [], 0
        for number, page in enumerate(reader.pages[:MOST_PAGES], 1):
            text = page.extract_text().strip()
            pages.append(f"[page {number}]\n{text}" if text else f"[page {number}: no text, perhaps scanned]")
            length += len(text)
            if length > ENOUGH:
                break
        if not length:
            sys.exit(f"none of its {len(reader.pages)} pages has text: was it scanned?")
        if len(pages) < len(reader.pages):
            pages.append(f"[{len(reader.pages) - len(pages)} more pages]")
    except (PyPdfError, ValueError, TypeError, KeyError, AttributeError, RecursionError, MemoryError, OSError) as error:
        sys.exit(f"it is damaged ({type(error).__name__})")
    sys.stdout.write("\n\n".join(pages))
