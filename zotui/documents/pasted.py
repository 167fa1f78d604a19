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
    lines = text.splitlines()
    return _files([text]) or _files(lines) or _files(_words(lines))


def _words(lines: list[str]) -> list[str]:
    """The words as a shell divides them; none where it could not."""
    try:
        return shlex.split(" ".join(lines))
    except ValueError:
        return []


def _files(words: list[str]) -> list[Path]:
    """The files that these words name, if all of them do."""
    found = [_file(word) for word in words[:MOST]] if len(words) <= MOST else []
    return [path for path in found if path is not None] if all(found) else []


def _file(word: str) -> Path | None:
    """The file that a word names, if there is one and its name can be written as a mention."""
    try:
        if word.startswith("file://"):
            url = urlsplit(word)
            word = unquote(url.path) if url.netloc in ("", "localhost") else ""
        if "/" not in word or any(sign in word for sign in '\0\n"'):
            return None
        path = Path(os.path.abspath(os.path.expanduser(word)))
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None
