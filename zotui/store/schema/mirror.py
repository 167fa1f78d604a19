"""Memories as Markdown files in a folder: where that is, what of each was in both at last, and what is due there."""

from zotui.store.sql import Database

_DUE = "INSERT INTO mirror_due(memory_id) VALUES ({row}) ON CONFLICT DO UPDATE SET n = n + 1"
_IS_ON = "WHEN EXISTS (SELECT 1 FROM mirror WHERE active)"
_TRIGGERS = "".join(
    f"CREATE TRIGGER mirror_{name} AFTER {event} {_IS_ON} BEGIN {_DUE.format(row=row)}; END;\n"
    for name, event, row in (
        ("add", "INSERT ON memory", "new.id"),
        ("change", "UPDATE OF key, value, meta, pinned_at, expires_at, tainted ON memory", "new.id"),
        ("remove", "DELETE ON memory", "old.id"),
        ("tag", "INSERT ON memory_tags", "new.memory_id"),
        ("untag", "DELETE ON memory_tags", "old.memory_id"),
    )
)
_MIRROR = f"""
CREATE TABLE mirror(  -- at most one
  one INTEGER PRIMARY KEY CHECK (one = 1),
  folder TEXT NOT NULL,
  mark TEXT NOT NULL,  -- what stands in a file of the folder, by which it is known to be it
  active INTEGER NOT NULL DEFAULT 1,
  held TEXT NOT NULL DEFAULT ''  -- what is not done at present and why, in words
) STRICT;
CREATE TABLE mirrored(  -- a memory and its file as they were when they last said the same
  memory_id TEXT PRIMARY KEY,
  folder TEXT NOT NULL,
  path TEXT UNIQUE,  -- NULL where it has no file at present
  file BLOB NOT NULL,  -- hash of its bytes; empty where it was never there
  next BLOB NOT NULL,  -- hash of what is about to be written
  stamp TEXT NOT NULL,  -- by which it is seen that a file is unchanged without reading it
  row BLOB NOT NULL,  -- hash of what the memory is in Markdown; empty where the file is to be written
  forgotten INTEGER NOT NULL DEFAULT 0  -- whether the file goes whatever is in it
) STRICT;
CREATE INDEX mirrored_folder ON mirrored(folder);
CREATE TABLE mirror_due(  -- memories that were changed, n times since
  memory_id TEXT PRIMARY KEY,
  n INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE mirror_problems(  -- files that cannot be read, or not wholly
  path TEXT PRIMARY KEY,
  stamp TEXT NOT NULL,
  problem TEXT NOT NULL
) STRICT;
{_TRIGGERS}"""


def mirror(db: Database) -> None:
    """A folder of Markdown that follows the memory, and that the memory follows."""
    db.execute(_MIRROR)
