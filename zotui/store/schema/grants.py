"""Version 5: what the person allowed for more than once."""

from zotui.store.sql import Database

_GRANTS = """
CREATE TABLE grants(
  id TEXT PRIMARY KEY,
  pattern TEXT NOT NULL,  -- as in [policy] of config.toml
  conv_id TEXT REFERENCES conversations(id) ON DELETE CASCADE,  -- null: in all of them
  call_id TEXT,  -- for which it was given
  created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX grants_once ON grants(pattern, coalesce(conv_id, ''));
ALTER TABLE approvals ADD COLUMN grants TEXT NOT NULL DEFAULT '[]';  -- the patterns that an answer may allow for good
"""


def grants(db: Database) -> None:
    """What is allowed from now on."""
    db.execute(_GRANTS)
