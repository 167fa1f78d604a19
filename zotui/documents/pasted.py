"""Whether a pasted text is the paths of files: terminals paste those of files that are dropped on them."""

import os
import shlex
from pathlib import Path
from urllib.parse import unquote, urlsplit

LONGEST = 4_000  # characters of a paste that may be paths
MOST = 20


def attach_paths(text: str) -> list[Path]:
    """The files whose paths a text consists of: plain, quoted, escaped or as ``file://``; empty for any other text.

    Blocks. A relative path is one only with a ``/`` in it.
    """
    text = text.strip()
    if not text or len(text) > LONGEST or not any(sign in text for sign in "/~"):
        return []
    whole = _file(text)
    if whole is not None:
        return [whole]
    try:
        words = shlex.split(text.replace("\n", " "))
    except ValueError:
        return []
    found = [_file(word) for word in words[: MOST + 1]]
    return [path for path in found if path is not None] if all(found) and len(found) <= MOST else []


def _file(word: str) -> Path | None:
    """The file that a word names, if there is one."""
    if word.startswith("file://"):
        word = unquote(urlsplit(word).path)
    if "/" not in word or "\0" in word or "\n" in word:
        return None
    try:
        path = Path(os.path.abspath(os.path.expanduser(word)))
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None
