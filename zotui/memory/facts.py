"""A fact: something that lasts, said in a conversation, which may become a memory."""

import re
import unicodedata
from typing import Literal, get_args

import msgspec

from zotui.text import one_line

Kind = Literal["name", "home", "work", "person", "machine", "project", "preference", "date", "other"]
KINDS: tuple[str, ...] = get_args(Kind)
LONGEST = 300  # characters of a fact
_SMALL = re.compile(r"(?:an?|the|is|are|was|am|be|been|my|our|your|his|her|their|i|we|me|that|this|it|to|of)")


class Fact(msgspec.Struct, frozen=True):
    """A sentence that stands alone. ``key``: what it is about, where there is only one such thing at a time; ``of_key``: what
    it says of that, by which another way to say the same is known."""

    content: str
    kind: Kind = "other"
    key: str | None = None
    of_key: str = ""

    @property
    def gist(self) -> str:
        """What it says, however it is written: facts with one gist are the same."""
        return f"{self.key}: {plain(self.of_key)}" if self.key and self.of_key else plain(self.content)


def plain(text: str) -> str:
    """A text by its words alone: without case, accents, punctuation and small words."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    words = re.findall(r"[\w'’./@:+#-]*\w", bare)
    return " ".join(word for word in words if not _SMALL.fullmatch(word)) or " ".join(words) or bare.strip()


def key_of(name: str) -> str | None:
    """A key from what somebody calls a thing; None where that is none."""
    words = plain(one_line(name, 60)).split()
    return " ".join(words) if 1 <= len(words) <= 4 else None
