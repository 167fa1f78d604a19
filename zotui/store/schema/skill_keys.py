"""Which keys the person lets a skill have, and what a model reads of it."""

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

ALTER TABLE skill_runs ADD COLUMN tokens INTEGER;  -- about how many a model was told; null: none was
"""


def skill_keys(db: Database) -> None:
    """Keys of the vault that scripts of a skill get, and tokens in the history."""
    db.execute(_SKILL_KEYS)
