"""What the file holds of a skill: how it was last read, what of it is trusted, and whether it is on."""

from typing import Any

import msgspec
from msgspec.structs import replace

from zotui.skills.opened import MAIN, Seen
from zotui.skills.places import Place
from zotui.skills.reading import Read
from zotui.skills.skill import Skill
from zotui.store import Reader, Transaction

LONGEST, LONGEST_ALL = 64_000, 400_000
"""Characters of a trusted file, and of all those of a skill, that are kept for a diff."""
FORM = 2  # of what is kept in a row, raised where a skill is read otherwise than before


class Kept(msgspec.Struct, frozen=True):
    """A skill as it was last read, the hash of each of its files, and how they looked."""

    skill: Skill
    files: dict[str, str]
    seen: list[Seen]
    form: int = FORM


class Row(msgspec.Struct, frozen=True):
    """One skill of the file; ``good`` is what is trusted, where that is not what was read last. Times in milliseconds since
    1970."""

    path: str
    source: str
    enabled: bool
    trusted: str | None
    looked_at: int | None
    first_seen: int
    read: Kept
    good: Kept | None
    origin: str = ""

    def read_again(self, read: Kept, source: str) -> "Row":
        """The row with what was read anew."""
        was_trusted = self.trusted is not None and self.trusted == self.read.skill.hash
        return replace(self, read=read, source=source, good=self.read if was_trusted else self.good)

    @property
    def is_broken_only(self) -> bool:
        """Whether all that differs from what is trusted is a SKILL.md that cannot be used."""
        if self.good is None or self.read.skill.valid:
            return False
        now, then = self.read.files, self.good.files
        return bool(now) and {**now, MAIN: ""} == {**then, MAIN: ""}


_COLUMNS = "path, source, enabled, trusted, looked_at, first_seen, read, CASE WHEN trusted = hash THEN NULL ELSE good END, origin"


def all_rows(db: Reader) -> dict[str, Row]:
    """All skills by their folders; those of another form are left out, and read anew."""
    found: dict[str, Row] = {}
    for path, source, enabled, trusted, looked_at, first_seen, read, good, origin in db.execute(
        f"SELECT {_COLUMNS} FROM skills"
    ).fetchall():
        try:
            kept, was = _decoded(read), _decoded(good) if good else None
        except msgspec.DecodeError:
            kept, was = UNREAD, None
        found[path] = Row(path, source, bool(enabled), trusted, looked_at, first_seen, kept, was, origin)
    return found


def put(db: Transaction, row: Row) -> None:
    """Keep how a skill was read; what is trusted of one that is there stays as it is."""
    skill = row.read.skill
    db.execute(
        "INSERT INTO skills(path, name, source, version, hash, first_seen, read) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(path) DO UPDATE SET name = excluded.name, source = excluded.source, version = excluded.version,"
        " hash = excluded.hash, read = excluded.read",
        (row.path, skill.name, row.source, skill.version, skill.hash, row.first_seen, _ENCODER.encode(row.read)),
    )


def trust(db: Transaction, path: str, read: Read, looked_at: int | None) -> None:
    """Have what was read be what is trusted, and keep its texts. ``looked_at`` None: nobody looked, and it is only done
    where nothing is trusted yet."""
    unless = " AND trusted IS NULL" if looked_at is None else ""
    kept = _ENCODER.encode(Kept(read.skill, read.files, read.seen))
    db.execute(
        f"UPDATE skills SET trusted = ?, looked_at = ?, good = ? WHERE path = ?{unless}",
        (read.skill.hash, looked_at, kept, path),
    )
    if not db.changes():
        return
    db.execute("DELETE FROM skill_files WHERE skill = ?", (path,))
    left = LONGEST_ALL
    for one, content in read.contents:
        text = _text(content) if len(content) <= min(4 * LONGEST, left) else None
        left -= len(text or "")
        name = one.path.encode("utf-8", "replace").decode()
        db.execute("INSERT INTO skill_files VALUES (?, ?, ?, ?)", (path, name, read.files[one.path], text))


def granted(db: Reader, skill: Skill, path: str) -> dict[str, str]:
    """The keys that a skill has as it is now, each with its name in the vault."""
    found = db.execute(
        "SELECT key, record FROM skill_keys WHERE skill = ? AND hash = ? ORDER BY key", (path, skill.hash)
    )
    return {key: record for key, record in found.fetchall() if key in skill.keys and skill.hash}


def take_keys(db: Transaction, path: str, digest: str) -> None:
    """Take back the keys that a skill was granted with other files than it has now."""
    db.execute("DELETE FROM skill_keys WHERE skill = ? AND hash <> ?", (path, digest))


def turn(db: Transaction, path: str, on: bool) -> None:
    """Enable or disable a skill."""
    db.execute("UPDATE skills SET enabled = ? WHERE path = ?", (on, path))


def came_from(db: Transaction, path: str, source: str, commit: str, arrived: str) -> None:
    """Note where a skill was got from."""
    db.execute("UPDATE skills SET origin = ?, commit_ = ?, arrived = ? WHERE path = ?", (source, commit, arrived, path))


def origin(db: Reader, path: str) -> tuple[str, str]:
    """Where a skill was got from, and its hash then."""
    found: tuple[str, str] | None = db.execute("SELECT origin, arrived FROM skills WHERE path = ?", (path,)).get
    return found or ("", "")


def trusted_files(db: Reader, path: str) -> dict[str, tuple[str, str | None]]:
    """The hash and, where it is kept, the text of each file that is trusted, by its path."""
    found = db.execute("SELECT path, hash, content FROM skill_files WHERE skill = ? ORDER BY path", (path,))
    return {name: (digest, content) for name, digest, content in found.fetchall()}


def locked(db: Reader) -> dict[str, Any]:
    """What is trusted, by the folders of the skills, as a lockfile has it."""
    found = {
        path: {
            "name": name,
            "source": source,
            "origin": origin,
            "commit": commit,
            "version": version,
            "sha256": digest,
            "files": {},
        }
        for path, name, source, origin, commit, version, digest in db.execute(
            "SELECT path, name, source, origin, commit_, version, trusted FROM skills WHERE trusted IS NOT NULL ORDER BY name, path"
        ).fetchall()
    }
    for skill, path, digest in db.execute("SELECT skill, path, hash FROM skill_files ORDER BY skill, path").fetchall():
        if skill in found:
            found[skill]["files"][path] = digest
    return found


def _text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return text if len(text) <= LONGEST and "\0" not in text else None


def fresh(path: str, place: Place, read: Read, now: int) -> Row:
    """The row of a skill that was not seen before."""
    return Row(path, place.source, True, None, None, now, Kept(read.skill, read.files, read.seen), None)


def _decoded(content: bytes) -> Kept:
    kept = _DECODER.decode(content)
    return kept if kept.form == FORM else UNREAD


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Kept)
UNREAD = Kept(Skill("", "", [], "", "", True, False, []), {}, [])
