"""Skills that were put away: kept for a while, so that they can be put back."""

import os
import shutil
from pathlib import Path

from zotui.errors import NotFound, UsageError
from zotui.private import make_folder
from zotui.store import now_ms
from zotui.text import one_line

KEPT_MS = 30 * 86_400_000


class Away:
    """The folder of what was put away, each named by when and what it was. All of it blocks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, place: Path) -> None:
        """Put a folder, or a link to one, away; what was put away long ago goes for good. Raises UsageError."""
        try:
            make_folder(self._folder)
            os.rename(place, self._folder / f"{now_ms()}-{place.name}")
        except OSError as error:
            raise UsageError(f"{one_line(str(place), 200)} cannot be put away: {error.strerror}") from None
        for name, at in self.list():
            if now_ms() - at > KEPT_MS:
                _forget(self._folder / f"{at}-{name}")

    def list(self) -> list[tuple[str, int]]:
        """The names of what is here, and when it was put away, the latest first."""
        try:
            parts = [name.partition("-") for name in os.listdir(self._folder)]
        except OSError:
            return []
        return sorted(((name, int(at)) for at, _, name in parts if at.isdecimal()), key=lambda one: -one[1])

    def back(self, name: str, place: Path) -> Path:
        """Put what had a name, the latest of such, where it lay. Raises NotFound, UsageError where that place is taken."""
        at = next((at for known, at in self.list() if known == name), None)
        if at is None:
            raise NotFound(f"no skill {one_line(name, 60)!r} was put away", "zotui skills restore lists them")
        if os.path.lexists(place):
            raise UsageError(f"there is a skill {one_line(name, 60)} already", "rm that first")
        os.rename(self._folder / f"{at}-{name}", place)
        return place


def _forget(path: Path) -> None:
    if path.is_symlink():  # what it leads to is not ours
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)
