"""A lockfile read: which skills there were, where they came from, and what exactly they were."""

from pathlib import Path

import msgspec

from zotui.errors import UsageError
from zotui.text import one_line

LARGEST = 64_000_000  # bytes


class Locked(msgspec.Struct, frozen=True):
    """A skill of a lockfile: ``sha256`` is over all its files, ``origin`` where it was got from, empty where it was not."""

    name: str
    sha256: str
    origin: str = ""


class _Lockfile(msgspec.Struct):
    skills: dict[str, Locked]


def read_lock(path: Path) -> dict[str, Locked]:
    """The skills of a lockfile by their names, as ``zotui skills lock`` writes it. Blocks. Raises UsageError."""
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{one_line(str(path), 200)} has more than {LARGEST:,} bytes")
        found = msgspec.json.decode(path.read_bytes(), type=_Lockfile)
    except OSError as error:
        raise UsageError(f"{one_line(str(path), 200)}: {error.strerror}") from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{one_line(str(path), 200)} is no lockfile: {one_line(str(error), 200)}", "zotui skills lock writes one"
        ) from None
    return {one.name: one for one in found.skills.values()}
