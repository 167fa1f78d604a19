"""The text of a Word document, from stdin to stdout: run in a child."""

import io
import sys
import zipfile

from zotui.documents.child import bound
from zotui.documents.length import shortened

UNPACKED = 200_000_000  # bytes that it may have when unpacked


def main() -> None:
    """Read, or exit with one line of what is wrong."""
    bound()
    content = io.BytesIO(sys.stdin.buffer.read())
    try:
        with zipfile.ZipFile(content) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > UNPACKED:
                sys.exit("unpacked it would be too large")
        sys.stdout.write(shortened(_text(content)))
    except zipfile.BadZipFile:
        sys.exit("it is no Word document, or damaged")
    except MemoryError:
        sys.exit("it takes too much memory")
    except Exception as error:  # whatever a damaged file makes of its reader
        sys.exit(f"it is damaged ({type(error).__name__})")


def _text(content: io.BytesIO) -> str:
    """Headings, paragraphs and tables in their order."""
    from docx import Document
    from docx.table import Table

    lines: list[str] = []
    for block in Document(content).iter_inner_content():
        if isinstance(block, Table):
            lines += [" | ".join(cell.text.strip().replace("\n", " ") for cell in row.cells) for row in block.rows]
            lines.append("")
            continue
        style = block.style.name if block.style is not None and block.style.name else ""
        level = int(style[8:]) if style.startswith("Heading ") and style[8:].isdigit() else 0
        mark = "- " if style.startswith("List") else "#" * level + " " if level else ""
        lines.append(mark + block.text)
    return "\n".join(lines)
