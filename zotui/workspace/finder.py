"""Finding files by a few letters of their names, as fast as one types."""

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from zotui.workspace.ranking import Listing, ranked
from zotui.workspace.walking import Hit, can_be_written, walk

__all__ = ["EXPLICIT", "Finder", "Hit", "ranked"]

FRESH_S = 5.0  # how long a listing is taken for true
FIRST_S = 10.0  # how long the first one is waited for
MOMENT_S = 0.1  # and a newer one, where there is an old one
EXPLICIT = ("/", "~", "./", "../")  # how a path begins that is not of the workspace


class Finder:
    """The files below a root, without those that ``.gitignore`` files name. May be asked from several threads."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._listing: Listing | None = None
        self._read_at = 0.0
        self._walking: threading.Thread | None = None
        self._lock = threading.Lock()

    def find(self, words: str, limit: int = 12) -> Sequence[Hit]:
        """The best for these letters; of a path from outside of the root, what begins so. Blocks."""
        if words.startswith(EXPLICIT):
            return _beginning(words, limit)
        listing = self._recent()
        if not words.startswith("."):
            listing = listing.shown
        return ranked(words, listing, limit) if words.strip() else listing.entries[:limit]

    def entries(self) -> Sequence[Hit]:
        """All there is, as it was a few seconds ago. Blocks."""
        return self._recent().entries

    def _recent(self) -> Listing:
        """The listing; an old one where a newer is not there in a moment: nobody who types waits for a long walk."""
        with self._lock:
            walking = self._walking
            if walking is None and (self._listing is None or time.monotonic() - self._read_at > FRESH_S):
                walking = self._walking = threading.Thread(target=self._renew, name="finder", daemon=True)
                walking.start()
            known = self._listing
        if walking is not None:
            walking.join(FIRST_S if known is None else MOMENT_S)
        return self._listing or Listing(())

    def _renew(self) -> None:
        try:
            self._listing = Listing(list(walk(self._root)))
            self._read_at = time.monotonic()
        finally:
            with self._lock:
                self._walking = None


def _beginning(words: str, limit: int) -> Sequence[Hit]:
    """The entries of a folder of the file system that begin so."""
    if words == "~":
        words = "~/"
    folder, slash, start = words.rpartition("/")
    wanted = start.lower()
    try:
        names = os.listdir(place := os.path.expanduser(folder + slash))
    except (OSError, ValueError):
        return []
    fitting = sorted(
        name
        for name in names
        if name.lower().startswith(wanted)
        and (start.startswith(".") or not name.startswith("."))
        and can_be_written(name)
    )
    return [_hit(f"{folder}{slash}{name}", os.path.join(place, name)) for name in fitting[:limit]]


def _hit(written: str, path: str) -> Hit:
    folder = os.path.isdir(path)
    return Hit(written + "/" * folder, folder)
