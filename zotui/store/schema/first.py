"""Version 1: the tables of the first release."""

from zotui.store.schema.runs import RUNS
from zotui.store.sql import Database

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
  {RUNS}
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
