"""The blocks of a text: what one goes through and copies, each exactly as it was written."""

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_KINDS = {
    "paragraph_open": "paragraph", "heading_open": "heading", "bullet_list_open": "list", "ordered_list_open": "list",
    "blockquote_open": "quote", "table_open": "table", "fence": "code", "code_block": "code", "html_block": "html",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a text. ``text`` is what is copied: of code, what stands between the fences.

    It takes the lines from ``first`` to before ``last`` of the source; ``inner`` says that it is a part of the block
    before it, as code in a list is.
    """

    kind: str
    text: str
    language: str = ""
    first: int = 0
    last: int = 0
    inner: bool = False


class Blocks:
    """The blocks of a text that may grow: what is closed is not looked at again."""

    def __init__(self) -> None:
        self._text = ""
        self._found: list[Block] = []

    def of(self, text: str) -> list[Block]:
        """The blocks of the text as it is now."""
        if text == self._text:
            return self._found
        outer = [at for at, block in enumerate(self._found) if not block.inner]
        if len(outer) < 2 or not text.startswith(self._text):
            self._found = blocks_of(text)
        else:  # the last line may have grown into the block before the last
            opening = outer[-2]
            line = self._found[opening].first
            rest = text.split("\n", line)[line]
            grown = [replace(one, first=one.first + line, last=one.last + line) for one in blocks_of(rest)]
            self._found = self._found[:opening] + grown
        self._text = text
        return self._found


def blocks_of(source: str) -> list[Block]:
    """The outermost blocks of a text in order, and code wherever it is; rules are left out."""
    lines = source.replace("\r", "").split("\n")
    found = []
    for token in _parser().parse("\n".join(lines)):
        kind = _KINDS.get(token.type)
        if kind is None or not token.map or (token.level and kind != "code"):
            continue
        first, last = token.map
        while last > first + 1 and not lines[last - 1].strip():
            last -= 1
        text = token.content.removesuffix("\n") if kind == "code" else "\n".join(lines[first:last])
        words = token.info.split() if kind == "code" else []
        found.append(Block(kind, text, words[0] if words else "", first, last, token.level > 0))
    return found


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])
