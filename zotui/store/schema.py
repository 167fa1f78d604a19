"""The schema, step by step. A step, once released, never changes; the next one is added at the end."""

from collections.abc import Callable

from zotui.store.sql import Database

# Columns of everything that runs; see zotui.store.work.
_RUNS = """
  status TEXT NOT NULL DEFAULT 'queued' CHECK (status IN
    ('queued','running','waiting','done','failed','cancelled','interrupted','skipped')),
  reason TEXT,
  lane TEXT NOT NULL,
  priority INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0,
  door TEXT,
  owner TEXT,
  lease_until INTEGER,
  attempt INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  stop INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER
"""

_FIRST = f"""
CREATE TABLE changes("table" TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT;

CREATE TABLE conversations(
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL DEFAULT '',
  model TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX conversations_recent ON conversations(updated_at DESC, id DESC);

CREATE TABLE messages(
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  conv_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  turn_id TEXT,
  position INTEGER NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('system','user','assistant')),
  content TEXT NOT NULL DEFAULT '',
  reasoning TEXT NOT NULL DEFAULT '',
  tools TEXT,
  raw TEXT,
  model TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL DEFAULT 'done' CHECK (status IN ('running','done','failed','cancelled','interrupted')),
  reason TEXT,
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  UNIQUE (conv_id, position)
) STRICT;
CREATE INDEX messages_turn ON messages(turn_id);

CREATE TABLE parts(
  n INTEGER PRIMARY KEY,
  message_id TEXT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('text','reasoning')),
  text TEXT NOT NULL
) STRICT;
CREATE INDEX parts_message ON parts(message_id, n);

CREATE VIRTUAL TABLE messages_fts USING fts5(
  content, content='messages', content_rowid='seq', tokenize="porter unicode61 remove_diacritics 2");
CREATE TRIGGER messages_fts_add AFTER INSERT ON messages WHEN new.status <> 'running' BEGIN
  INSERT INTO messages_fts(rowid, content) VALUES (new.seq, new.content);
END;
CREATE TRIGGER messages_fts_seal AFTER UPDATE ON messages WHEN old.status = 'running' AND new.status <> 'running' BEGIN
  INSERT INTO messages_fts(rowid, content) VALUES (new.seq, new.content);
END;
CREATE TRIGGER messages_fts_redact AFTER UPDATE OF content ON messages
  WHEN old.status <> 'running' AND old.content <> new.content BEGIN
  INSERT INTO messages_fts(messages_fts, rowid, content) VALUES ('delete', old.seq, old.content);
  INSERT INTO messages_fts(rowid, content) VALUES (new.seq, new.content);
END;
CREATE TRIGGER messages_fts_remove AFTER DELETE ON messages WHEN old.status <> 'running' BEGIN
  INSERT INTO messages_fts(messages_fts, rowid, content) VALUES ('delete', old.seq, old.content);
END;

CREATE TABLE turns(
  id TEXT PRIMARY KEY,
  conv_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  input TEXT NOT NULL,
  model TEXT NOT NULL DEFAULT '',
  options TEXT NOT NULL DEFAULT '{{}}',
  error TEXT,
  {_RUNS}
) STRICT;
CREATE UNIQUE INDEX turns_lane ON turns(lane) WHERE status IN ('running','waiting');
CREATE INDEX turns_ready ON turns(priority DESC, id) WHERE status = 'queued';
CREATE INDEX turns_running ON turns(owner) WHERE status = 'running';
CREATE INDEX turns_conv ON turns(conv_id, id);

CREATE TABLE tool_calls(
  id TEXT PRIMARY KEY,
  message_id TEXT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
  turn_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  call_id TEXT NOT NULL,
  name TEXT NOT NULL,
  arguments TEXT NOT NULL,
  effect TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL DEFAULT 'queued' CHECK (status IN
    ('queued','running','waiting','done','failed','cancelled','interrupted','skipped')),
  reason TEXT,
  result TEXT,
  summary TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  UNIQUE (message_id, position)
) STRICT;
CREATE INDEX tool_calls_turn ON tool_calls(turn_id);

CREATE TABLE approvals(
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('question','approval')),
  tool_call_id TEXT REFERENCES tool_calls(id) ON DELETE CASCADE,
  turn_id TEXT REFERENCES turns(id) ON DELETE CASCADE,
  text TEXT NOT NULL,
  choices TEXT NOT NULL DEFAULT '[]',
  status TEXT NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting','done','cancelled')),
  reason TEXT,
  answer TEXT,
  created_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
CREATE INDEX approvals_waiting ON approvals(id) WHERE status = 'waiting';
CREATE INDEX approvals_turn ON approvals(turn_id);

CREATE TABLE usage(
  id TEXT PRIMARY KEY,
  conv_id TEXT,
  turn_id TEXT,
  message_id TEXT,
  model TEXT NOT NULL,
  status TEXT NOT NULL,
  input_tokens INTEGER,
  output_tokens INTEGER,
  cached_tokens INTEGER,
  reasoning_tokens INTEGER,
  cost REAL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX usage_turn ON usage(turn_id);
CREATE INDEX usage_conv ON usage(conv_id);

CREATE TABLE memory(
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  key TEXT UNIQUE,
  value TEXT NOT NULL,
  meta TEXT NOT NULL DEFAULT '{{}}',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX memory_recent ON memory(updated_at DESC, seq DESC);

CREATE TABLE memory_history(
  seq INTEGER PRIMARY KEY,
  memory_id TEXT NOT NULL,
  key TEXT,
  value TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX memory_history_of ON memory_history(memory_id, seq);
CREATE INDEX memory_history_key ON memory_history(key, seq);

CREATE VIRTUAL TABLE memory_fts USING fts5(
  value, key, content='memory', content_rowid='seq', prefix='2 3', tokenize="porter unicode61 remove_diacritics 2");
CREATE TRIGGER memory_fts_add AFTER INSERT ON memory BEGIN
  INSERT INTO memory_fts(rowid, value, key) VALUES (new.seq, new.value, new.key);
END;
CREATE TRIGGER memory_fts_remove AFTER DELETE ON memory BEGIN
  INSERT INTO memory_fts(memory_fts, rowid, value, key) VALUES ('delete', old.seq, old.value, old.key);
END;
CREATE TRIGGER memory_fts_change AFTER UPDATE OF value, key ON memory BEGIN
  INSERT INTO memory_fts(memory_fts, rowid, value, key) VALUES ('delete', old.seq, old.value, old.key);
  INSERT INTO memory_fts(rowid, value, key) VALUES (new.seq, new.value, new.key);
END;

CREATE TABLE blobs(hash TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT;
CREATE TABLE files(
  id TEXT PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  content TEXT NOT NULL REFERENCES blobs(hash),
  encoding TEXT NOT NULL DEFAULT 'sha256',
  size INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX files_content ON files(content);

CREATE TABLE desk(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


def first(db: Database) -> None:
    """Version 1: the tables of the first release; a ZoClone file's rows are taken over."""
    from zotui.store.zoclone import move_aside, take_over

    old = move_aside(db)
    db.execute(_FIRST)
    take_over(db, old)


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


_DESK = f"""
ALTER TABLE conversations ADD COLUMN kind TEXT NOT NULL DEFAULT 'chat';  -- chat, branch, sequel or trial
ALTER TABLE conversations ADD COLUMN parent_id TEXT;  -- what it was taken from, which may be gone
ALTER TABLE conversations ADD COLUMN parent_message_id TEXT;  -- the parent's last message that is in it too
ALTER TABLE conversations ADD COLUMN comparison_id TEXT REFERENCES comparisons(id) ON DELETE CASCADE;
ALTER TABLE conversations ADD COLUMN pinned_at INTEGER;
ALTER TABLE conversations ADD COLUMN archived_at INTEGER;
ALTER TABLE conversations ADD COLUMN deleted_at INTEGER;
CREATE INDEX conversations_parent ON conversations(parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX conversations_comparison ON conversations(comparison_id) WHERE comparison_id IS NOT NULL;
CREATE INDEX conversations_shown ON conversations(pinned_at IS NULL, updated_at DESC, id DESC)
  WHERE deleted_at IS NULL AND archived_at IS NULL AND kind <> 'trial';
CREATE INDEX conversations_deleted ON conversations(deleted_at) WHERE deleted_at IS NOT NULL;

ALTER TABLE messages ADD COLUMN copy_of TEXT;  -- the message of another conversation that it repeats
CREATE INDEX messages_copies ON messages(copy_of) WHERE copy_of IS NOT NULL;

ALTER TABLE attachments ADD COLUMN text TEXT;  -- what a model reads of it; of an image nothing
ALTER TABLE attachments ADD COLUMN path TEXT NOT NULL DEFAULT '';  -- where it came from
CREATE INDEX attachments_path ON attachments(path) WHERE path <> '';
CREATE INDEX tool_calls_path ON tool_calls(
  CASE WHEN json_valid(arguments) THEN json_extract(arguments, '$.path') END, id);

CREATE TABLE comparisons(
  id TEXT PRIMARY KEY,
  conv_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  input TEXT NOT NULL,
  kept TEXT,  -- the conversation whose answer became the turn
  created_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
CREATE INDEX comparisons_conv ON comparisons(conv_id, id);

CREATE TABLE summaries(
  id TEXT PRIMARY KEY,
  conv_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  first_position INTEGER NOT NULL,
  last_position INTEGER NOT NULL,
  purpose TEXT NOT NULL DEFAULT 'compact' CHECK (purpose IN ('compact','sequel')),
  lines TEXT NOT NULL DEFAULT '[]',
  sequel_id TEXT,  -- the conversation that goes on from it
  model TEXT NOT NULL DEFAULT '',
  tokens_before INTEGER NOT NULL DEFAULT 0,
  tokens_after INTEGER NOT NULL DEFAULT 0,
  error TEXT,
  {_RUNS}
) STRICT;
CREATE UNIQUE INDEX summaries_lane ON summaries(lane) WHERE status IN ('running','waiting');
CREATE INDEX summaries_ready ON summaries(priority DESC, id) WHERE status = 'queued';
CREATE INDEX summaries_conv ON summaries(conv_id, first_position);

CREATE TABLE plans(
  conv_id TEXT PRIMARY KEY REFERENCES conversations(id) ON DELETE CASCADE,
  turn_id TEXT NOT NULL,
  steps TEXT NOT NULL DEFAULT '[]',
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE notices(
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  level TEXT NOT NULL DEFAULT 'info' CHECK (level IN ('info','warning','error')),
  text TEXT NOT NULL,
  place TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  read_at INTEGER
) STRICT;
CREATE INDEX notices_unread ON notices(id) WHERE read_at IS NULL;
"""


def desk(db: Database) -> None:
    """Version 3: pins, archive, trash, branches and comparisons of conversations; summaries, plans, notices."""
    db.execute(_DESK)


STEPS: list[Callable[[Database], None]] = [first, models, desk]
VERSION = len(STEPS)
