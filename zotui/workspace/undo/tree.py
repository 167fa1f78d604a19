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
    """A folder as it is now."""

    marks: list[Mark]
    packed: bytes

    @property
    def folders(self) -> list[str]:
        """The names of the folders in it."""
        return [mark[0] for mark in self.marks if stat.S_ISDIR(mark[1])]


def look(folder: int) -> Seen:
    """What lies in a folder, of which this is a descriptor. Blocks. Raises OSError.

    All files of the workspace pass here twice a turn: hence no call for each that could be spared.
    """
    marks: list[Mark] = []
    add = marks.append
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            try:
                s = entry.stat(follow_symlinks=False)
            except OSError:  # it has just gone
                continue
            mode = s.st_mode
            if mode & 0o170000 == stat.S_IFDIR:
                if name not in UNCOVERED:
                    add((name, mode, 0, 0, 0, 0))
            else:
                add((name, mode, s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino))
    marks.sort()
    try:
        return Seen(marks, _encoder.encode(marks))
    except UnicodeEncodeError:  # names that are no text are not covered
        marks = [mark for mark in marks if is_text(mark[0])]
        return Seen(marks, _encoder.encode(marks))


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


def is_same(kept: bytes, seen: Seen) -> bool:
    """Whether nothing changed in a folder itself."""
    return _decoder.decode(kept).marks == seen.packed


def bare(kept: bytes) -> list[str]:
    """The names of the files of a folder of which there is no copy."""
    return _decoder.decode(kept).bare


def keep(db: Transaction, path: str, marks: Sequence[Mark], contents: Sequence[str]) -> None:
    """Keep a folder as it is now."""
    bare = [mark[0] for mark, content in zip(marks, contents, strict=True) if stat.S_ISREG(mark[1]) and not content]
    folder = Folder(_encoder.encode(list(marks)), msgspec.Raw(_encoder.encode(list(contents))), bare)
    packed = _encoder.encode(folder)
    db.execute("INSERT OR REPLACE INTO tree(folder, entries) VALUES (?, ?)", (path, packed))


def forget(db: Transaction, path: str) -> None:
    """A folder is gone, with all below it."""
    db.execute("DELETE FROM tree WHERE folder = ?1 OR substr(folder, 1, length(?1) + 1) = ?1 || '/'", (path,))


def load(db: Reader) -> dict[str, bytes]:
    """All folders as they were kept, by their path."""
    return dict(db.execute("SELECT folder, entries FROM tree").fetchall())


def hashes(kept: bytes) -> Iterator[str]:
    """The copies that a folder's entries need."""
    folder = opened(kept)
    return (content for mark, content in zip(folder.marks, folder.contents, strict=True) if stat.S_ISREG(mark[1]))
