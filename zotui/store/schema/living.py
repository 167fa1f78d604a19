"""What is learned from conversations: facts that are proposed, what was read for them, and where memories were used."""

from zotui.store.schema.runs import RUNS
from zotui.store.sql import Database

_LIVING = f"""
ALTER TABLE conversations ADD COLUMN memory INTEGER NOT NULL DEFAULT 1;  -- whether it knows and learns anything
CREATE TRIGGER conversations_memory AFTER INSERT ON conversations WHEN new.parent_id IS NOT NULL BEGIN
  UPDATE conversations SET memory = 0
  WHERE id = new.id AND EXISTS (SELECT 1 FROM conversations p WHERE p.id = new.parent_id AND p.memory = 0);
END;

CREATE TABLE proposals(
  id TEXT PRIMARY KEY,
  content TEXT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT,  -- of what there is only one
  gist TEXT NOT NULL UNIQUE,  -- by which the same fact is known in other words
  replaces TEXT,  -- the memory that it contradicts
  proposer TEXT NOT NULL,  -- a model, or a pattern
  conv_id TEXT NOT NULL,  -- which may be gone, as its message may
  message_id TEXT NOT NULL,
  tainted_by TEXT NOT NULL DEFAULT '',
  times INTEGER NOT NULL DEFAULT 1,  -- how often it was said
  status TEXT NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting','accepted','rejected')),
  reason TEXT,
  memory_id TEXT,
  created_at INTEGER NOT NULL,
  decided_at INTEGER
) STRICT;
CREATE INDEX proposals_waiting ON proposals(id) WHERE status = 'waiting';
CREATE INDEX proposals_memory ON proposals(memory_id) WHERE memory_id IS NOT NULL;
CREATE INDEX proposals_conv ON proposals(conv_id);
CREATE TRIGGER proposals_of_conversation AFTER DELETE ON conversations BEGIN
  DELETE FROM proposals WHERE conv_id = old.id;
END;
CREATE TABLE accepted_kinds(kind TEXT PRIMARY KEY, created_at INTEGER NOT NULL) STRICT;

CREATE TABLE readings(
  id TEXT PRIMARY KEY,
  conv_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  last_position INTEGER NOT NULL,  -- of the messages that are read
  found INTEGER NOT NULL DEFAULT 0,
  model TEXT NOT NULL DEFAULT '',
  error TEXT,
  {RUNS}
) STRICT;
CREATE UNIQUE INDEX readings_lane ON readings(lane) WHERE status IN ('running','waiting');
CREATE INDEX readings_ready ON readings(priority DESC, id) WHERE status = 'queued';
CREATE INDEX readings_conv ON readings(conv_id, last_position);

CREATE TABLE memory_used(
  memory_id TEXT NOT NULL REFERENCES memory(id) ON DELETE CASCADE,
  turn_id TEXT NOT NULL,
  used_at INTEGER NOT NULL,
  cited INTEGER NOT NULL DEFAULT 0,  -- whether the answer names it
  PRIMARY KEY (memory_id, turn_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX memory_used_turn ON memory_used(turn_id);
"""


def living(db: Database) -> None:
    """Proposed facts, the conversations that know and learn nothing, and the answers that a memory was in."""
    db.execute(_LIVING)
