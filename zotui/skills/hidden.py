"""Characters that nobody sees: they may tell a model what the person does not read."""

import re
import unicodedata
from collections.abc import Iterator

MOST = 10
"""Places that are named of one skill."""
_HIDDEN = re.compile(
    "[\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def hidden_in(path: str, content: bytes) -> Iterator[str]:
    """Where in a file such characters stand, in words; nowhere in what is no text."""
    if content.isascii():
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return
    if "\0" in text or not _HIDDEN.search(text):
        return
    for number, line in enumerate(text.split("\n"), 1):
        for char in sorted(set(_HIDDEN.findall(line))):
            name = unicodedata.name(char, f"U+{ord(char):04X}").lower()
            yield f"{path}, line {number}: a character that is not shown ({name})"
