"""The workspace as it was last looked at: for each folder what lies in it, and by what marks a change is seen."""

import os
import stat
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from zotui.store import Reader, Transaction
from zotui.workspace.undo.state import UNCOVERED, State, is_text, kind_of

Mark = tuple[str, int, int, int, int, int]
"""An entry's name, mode, size, time of change and of its status (ns), and inode: alike, it has not changed."""
JUST_NOW_NS = 20_000_000  # what changed so shortly before it was looked at may change again within the same tick

_encoder = msgspec.msgpack.Encoder()
_marks_of = msgspec.msgpack.Decoder(list[Mark])


class Folder(msgspec.Struct, frozen=True, array_like=True):
    """A folder as it is kept: its marks, packed, so that an unchanged one is known by comparing bytes; of each entry
    the hash or the link's target; and the names of the files of which there is no copy."""

    marks: bytes
    contents: msgspec.Raw
    bare: list[str]


_decoder = msgspec.msgpack.Decoder(Folder)
_contents_of = msgspec.msgpack.Decoder(list[str])


class Seen(NamedTuple):
    """A folder as it is now. ``folders``: the names of those in it; ``linked``: inode and number of names of each file
    that has another name elsewhere."""

    marks: list[Mark]
    packed: bytes
    folders: list[str]
    linked: list[tuple[int, int]]


def look(folder: int) -> Seen:
    """What lies in a folder, of which this is a descriptor. Blocks. Raises OSError.

    All files of the workspace pass here twice a turn: hence no call for each that could be spared.
    """
    marks: list[Mark] = []
    folders: list[str] = []
    linked: list[tuple[int, int]] = []
    add = marks.append
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            try:
                s = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # it has just gone
                continue
            mode = s.st_mode
            if mode & 0o170000 == stat.S_IFDIR:
                if name not in UNCOVERED:
                    add((name, mode, 0, 0, 0, 0))
                    folders.append(name)
            else:
                add((name, mode, s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino))
                if s.st_nlink > 1:
                    linked.append((s.st_ino, s.st_nlink))
    marks.sort()
    try:
        return Seen(marks, _encoder.encode(marks), folders, linked)
    except UnicodeEncodeError:  # names that are no text are not covered
        marks = [mark for mark in marks if is_text(mark[0])]
        return Seen(marks, _encoder.encode(marks), [name for name in folders if is_text(name)], linked)


def mark_of(name: str, status: os.stat_result) -> Mark:
    """By what a change of this entry is seen. Of a folder its mode alone: what lies in it is looked at by itself."""
    mode = status.st_mode
    if stat.S_ISDIR(mode):
        return (name, mode, 0, 0, 0, 0)
    return (name, mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def state_of(mark: Mark, content: str) -> State:
    """What a mark and its hash or target say."""
    kind = kind_of(mark[1])
    return State(
        kind,
        stat.S_IMODE(mark[1]),
        mark[2] if kind == "file" else 0,
        content if kind == "file" else "",
        content if kind == "link" else "",
    )


def unsettled(mark: Mark, now_ns: int) -> Mark:
    """A mark as it is kept: one that may not show the next change is made to differ, so that it is looked at again."""
    if stat.S_ISREG(mark[1]) and abs(now_ns - max(mark[3], mark[4])) < JUST_NOW_NS:
        return (*mark[:4], 0, mark[5])
    return mark


class Known(NamedTuple):
    """A folder as it was."""

    marks: list[Mark]
    contents: list[str]

    def states(self) -> dict[str, tuple[Mark, str]]:
        """Marks and contents by name."""
        return {mark[0]: (mark, content) for mark, content in zip(self.marks, self.contents, strict=True)}


def opened(kept: bytes) -> Known:
    """A folder that was kept."""
    folder = _decoder.decode(kept)
    return Known(_marks_of.decode(folder.marks), _contents_of.decode(folder.contents))


def bare_if_same(kept: bytes, seen: Seen) -> list[str] | None:
    """Where nothing changed in a folder itself, the names of its files of which there is no copy; else None."""
    folder = _decoder.decode(kept)
    return folder.bare if folder.marks == seen.packed else None


def bare(marks: Sequence[Mark], contents: Sequence[str]) -> list[str]:
    """The same for a folder as it is kept."""
    return [mark[0] for mark, content in zip(marks, contents, strict=True) if stat.S_ISREG(mark[1]) and not content]


def keep(db: Transaction, path: str, marks: Sequence[Mark], contents: Sequence[str]) -> None:
    """Keep a folder as it is now."""
    raw = msgspec.Raw(_encoder.encode(list(contents)))
    folder = _encoder.encode(Folder(_encoder.encode(list(marks)), raw, bare(marks, contents)))
    db.execute("INSERT OR REPLACE INTO tree(folder, entries) VALUES (?, ?)", (path, folder))


def forget(db: Transaction, path: str) -> None:
    """A folder is gone, with all below it."""
    db.execute(f"DELETE FROM tree WHERE {_BELOW}", (path,))


def load(db: Reader) -> dict[str, bytes]:
    """All folders as they were kept, by their path."""
    return dict(db.execute("SELECT folder, entries FROM tree").fetchall())


def load_one(db: Reader, path: str) -> bytes | None:
    """One folder as it was kept."""
    kept: bytes | None = db.execute("SELECT entries FROM tree WHERE folder = ?", (path,)).get
    return kept


def load_below(db: Reader, path: str) -> dict[str, bytes]:
    """A folder, which is not the root, and all below it."""
    return dict(db.execute(f"SELECT folder, entries FROM tree WHERE {_BELOW}", (path,)).fetchall())


def version(db: Reader) -> int:
    """A number that rises with every change of what is kept, by whatever process."""
    return db.execute("SELECT seq FROM changes WHERE \"table\" = 'tree'").get or 0


def hashes(kept: bytes) -> Iterator[str]:
    """The copies that a folder's entries need."""
    folder = opened(kept)
    return (content for mark, content in zip(folder.marks, folder.contents, strict=True) if stat.S_ISREG(mark[1]))


_BELOW = "folder = ?1 OR folder > ?1 || '/' AND folder < ?1 || '0'"  # which comes after the slash
