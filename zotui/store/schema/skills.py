"""Which skills the person has looked at, and what was in them then."""

from zotui.store.sql import Database

_SKILLS = """
CREATE TABLE skills(
  path TEXT PRIMARY KEY,  -- its folder
  name TEXT NOT NULL,
  source TEXT NOT NULL,  -- bundled, user, home or project
  origin TEXT NOT NULL DEFAULT '',  -- where it was got from, where it was added
  commit_ TEXT NOT NULL DEFAULT '',  -- of that, where it is a repository
  arrived TEXT NOT NULL DEFAULT '',  -- the SHA-256 over its files as they came
  version TEXT NOT NULL DEFAULT '',
  enabled INTEGER NOT NULL DEFAULT 1,
  hash TEXT NOT NULL DEFAULT '',  -- SHA-256 over all its files, as they were last seen
  trusted TEXT,  -- that which may be used; null: none
  looked_at INTEGER,  -- when the person looked at that; null: it was taken as it was first seen
  first_seen INTEGER NOT NULL,
  read BLOB NOT NULL,  -- as it was last read, and how its files looked: so that it need not be read again
  good BLOB  -- as it was read when it was last trusted
) STRICT;
CREATE INDEX skills_name ON skills(name);

CREATE TABLE skill_files(  -- what was trusted: the lockfile
  skill TEXT NOT NULL REFERENCES skills(path) ON DELETE CASCADE ON UPDATE CASCADE,
  path TEXT NOT NULL,  -- from the folder
  hash TEXT NOT NULL,
  content TEXT,  -- null where it is long or no text
  PRIMARY KEY (skill, path)
) STRICT, WITHOUT ROWID;
"""


def skills(db: Database) -> None:
    """Skills, and the files of those that are trusted."""
    db.execute(_SKILLS)
