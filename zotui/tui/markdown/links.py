"""The links of a text."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from zotui.tui.markdown.words import leads_anywhere, parser

if TYPE_CHECKING:
    from markdown_it.token import Token

_BARE = re.compile(r"https?://[^\s<>\"'`]+[^\s<>\"'`.,;:!?)\]}]")


class Link(NamedTuple):
    """Where a link leads, and the words it has in the text."""

    text: str
    url: str


def links_in(source: str) -> list[Link]:
    """The links of a text in order, each once: those of Markdown, pictures, and addresses that just stand there."""
    found: dict[str, Link] = {}
    for token in parser().parse(source):
        for link in _links(token.children or ()):
            found.setdefault(link.url, link)
    return list(found.values())


def _links(tokens: Sequence["Token"]) -> Iterator[Link]:
    """The links of a paragraph that may be followed."""
    url, words = "", ""
    for token in tokens:
        if token.type == "link_open":
            url, words = str(token.attrGet("href") or ""), ""
        elif token.type == "link_close":
            if leads_anywhere(url):
                yield Link(words, url)
            url = ""
        elif token.type == "image":
            source = str(token.attrGet("src") or "")
            if leads_anywhere(source):
                yield Link(token.content, source)
        elif url:
            words += token.content
        elif token.type == "text":
            yield from (Link(bare, bare) for bare in _BARE.findall(token.content))
