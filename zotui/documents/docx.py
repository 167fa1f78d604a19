"""The text of a Word document."""

import io

from zotui.documents.packed import tell


def main() -> None:
    """Read, or exit with one line of what is wrong."""
    tell("Word document", _text)


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
