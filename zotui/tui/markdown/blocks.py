"""The blocks of a text: what one copies, each exactly as it was written."""

from dataclasses import dataclass

_KINDS = {
    "paragraph_open": "paragraph", "heading_open": "heading", "bullet_list_open": "list", "ordered_list_open": "list",
    "blockquote_open": "quote", "table_open": "table", "fence": "code", "code_block": "code", "html_block": "html", "hr": "rule",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    """A block of Markdown. ``text`` is what is copied: of code, what stands between the fences; ``end`` is where it ends
    in the whole, in characters."""

    kind: str
    text: str
    end: int
    language: str = ""


def blocks_of(source: str) -> list[Block]:
    """The outermost blocks of a text in order, rules left out."""
    from markdown_it import MarkdownIt

    lines = source.replace("\r", "").split("\n")
    ends = [0]
    for line in lines:
        ends.append(ends[-1] + len(line) + 1)
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse("\n".join(lines)):
        kind = _KINDS.get(token.type)
        if kind is None or kind == "rule" or token.level or not token.map:
            continue
        first, last = token.map
        while last > first + 1 and not lines[last - 1].strip():
            last -= 1
        text = token.content.removesuffix("\n") if kind == "code" else "\n".join(lines[first:last])
        words = token.info.split() if kind == "code" else []
        found.append(Block(kind, text, min(ends[last], len(source)), words[0] if words else ""))
    return found
