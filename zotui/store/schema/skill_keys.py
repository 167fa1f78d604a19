"""Which keys the person lets a skill have."""

from zotui.store.sql import Database

_SKILL_KEYS = """
CREATE TABLE skill_keys(
  skill TEXT NOT NULL REFERENCES skills(path) ON DELETE CASCADE ON UPDATE CASCADE,
  key TEXT NOT NULL,  -- the variable in which its scripts find it
  record TEXT NOT NULL,  -- what it is called in the vault
  hash TEXT NOT NULL,  -- of the skill's files, as they were then: with others it does not hold
  granted_at INTEGER NOT NULL,
  PRIMARY KEY (skill, key)
) STRICT, WITHOUT ROWID;
"""


def skill_keys(db: Database) -> None:
    """Keys of the vault that scripts of a skill get."""
    db.execute(_SKILL_KEYS)
