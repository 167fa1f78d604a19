"""Version 2: models, their providers and what they cost."""

from zotui.store.sql import Database

_MODELS = """
ALTER TABLE messages ADD COLUMN opaque TEXT;
ALTER TABLE messages ADD COLUMN note TEXT NOT NULL DEFAULT '';

ALTER TABLE usage ADD COLUMN provider TEXT NOT NULL DEFAULT '';
ALTER TABLE usage ADD COLUMN origin TEXT NOT NULL DEFAULT 'chat';
ALTER TABLE usage ADD COLUMN reason TEXT;
ALTER TABLE usage ADD COLUMN cache_write_tokens INTEGER;
ALTER TABLE usage ADD COLUMN reserved REAL;
ALTER TABLE usage ADD COLUMN priced_by TEXT NOT NULL DEFAULT '';
ALTER TABLE usage ADD COLUMN owner TEXT;
ALTER TABLE usage ADD COLUMN finished_at INTEGER;
UPDATE usage SET provider = substr(model || '/', 1, instr(model || '/', '/') - 1), finished_at = created_at;
CREATE INDEX usage_running ON usage(provider, owner) WHERE status = 'running';
CREATE INDEX usage_model ON usage(model, status);
CREATE INDEX usage_answers ON usage(model, id) WHERE output_tokens > 0;
DROP INDEX usage_conv;
CREATE INDEX usage_conv ON usage(conv_id, model, id);
CREATE INDEX usage_day ON usage(created_at);

CREATE TABLE providers(
  name TEXT PRIMARY KEY,
  next_at INTEGER NOT NULL DEFAULT 0,
  wait_until INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE breakers(
  model TEXT PRIMARY KEY,
  failures INTEGER NOT NULL DEFAULT 0,
  open_until INTEGER NOT NULL DEFAULT 0,
  said TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE models(
  provider TEXT NOT NULL,
  id TEXT NOT NULL,
  position INTEGER NOT NULL,
  info TEXT NOT NULL,
  listed_at INTEGER NOT NULL,
  PRIMARY KEY (provider, id)
) STRICT;

CREATE TABLE attachments(
  id TEXT PRIMARY KEY,
  turn_id TEXT NOT NULL REFERENCES turns(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  content TEXT NOT NULL REFERENCES blobs(hash)
) STRICT;
CREATE INDEX attachments_turn ON attachments(turn_id, position);
CREATE INDEX attachments_content ON attachments(content);

CREATE TABLE requests(
  conv_id TEXT PRIMARY KEY REFERENCES conversations(id) ON DELETE CASCADE,
  model TEXT NOT NULL,
  parts TEXT NOT NULL,
  sent BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
"""


def models(db: Database) -> None:
    """Version 2: a ledger of every request, limits shared by all, models on offer, attachments, what was sent last."""
    db.execute(_MODELS)
