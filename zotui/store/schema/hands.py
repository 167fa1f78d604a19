"""Version 4: what the agent's hands did, and what they may do."""

from zotui.store.sql import Database

_HANDS = """
ALTER TABLE conversations ADD COLUMN tainted_at INTEGER;  -- since when text that nobody here wrote is in it
ALTER TABLE conversations ADD COLUMN tainted_by TEXT NOT NULL DEFAULT '';  -- the first source of such text
ALTER TABLE conversations ADD COLUMN persona_id TEXT REFERENCES personas(id) ON DELETE SET NULL;
ALTER TABLE memory ADD COLUMN tainted INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER conversations_taint AFTER INSERT ON conversations WHEN new.parent_id IS NOT NULL BEGIN
  UPDATE conversations SET (tainted_at, tainted_by) =
    (SELECT tainted_at, tainted_by FROM conversations p WHERE p.id = new.parent_id) WHERE id = new.id;
END;
CREATE INDEX memory_tainted ON memory(id, key) WHERE tainted = 1;
CREATE TRIGGER attachments_taint_chat AFTER INSERT ON attachments WHEN new.path LIKE 'chat:%' BEGIN
  UPDATE conversations SET tainted_at = (SELECT created_at FROM turns WHERE id = new.turn_id), tainted_by = new.path
  WHERE id = (SELECT conv_id FROM turns WHERE id = new.turn_id) AND tainted_at IS NULL
    AND EXISTS (SELECT 1 FROM conversations c WHERE c.id = substr(new.path, 6) AND c.tainted_at IS NOT NULL);
END;
CREATE TRIGGER attachments_taint_memory AFTER INSERT ON attachments WHEN new.path LIKE 'memory:%' BEGIN
  UPDATE conversations SET tainted_at = (SELECT created_at FROM turns WHERE id = new.turn_id), tainted_by = new.path
  WHERE id = (SELECT conv_id FROM turns WHERE id = new.turn_id) AND tainted_at IS NULL
    AND EXISTS (SELECT 1 FROM memory m WHERE m.tainted = 1 AND substr(new.path, 8) IN (m.key, substr(m.id, 7 - length(new.path))));
END;
CREATE TRIGGER memory_taint AFTER INSERT ON memory BEGIN
  UPDATE memory SET tainted = 1 WHERE id = new.id AND EXISTS (SELECT 1 FROM conversations c
    WHERE c.id = json_extract(new.meta, '$.conversation') AND c.tainted_at IS NOT NULL);
END;
CREATE TRIGGER memory_taint_change AFTER UPDATE OF value ON memory BEGIN
  UPDATE memory SET tainted = EXISTS (SELECT 1 FROM conversations c
    WHERE c.id = json_extract(new.meta, '$.conversation') AND c.tainted_at IS NOT NULL) WHERE id = new.id;
END;

CREATE TABLE personas(
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  prompt TEXT NOT NULL DEFAULT '',
  model TEXT NOT NULL DEFAULT '',
  tools TEXT NOT NULL DEFAULT 'all',  -- a preset, or a JSON array of scopes
  hue INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE rules(
  id TEXT PRIMARY KEY,
  instruction TEXT NOT NULL,
  kind TEXT NOT NULL DEFAULT 'always' CHECK (kind IN ('always','glob','regex','model')),
  condition TEXT NOT NULL DEFAULT '',
  enabled INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE audit(
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  conv_id TEXT,
  turn_id TEXT,
  call_id TEXT,
  subject TEXT NOT NULL,
  details TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_is_whole BEFORE DELETE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE INDEX audit_turn ON audit(turn_id) WHERE turn_id IS NOT NULL;

CREATE TABLE copies(
  hash TEXT PRIMARY KEY,  -- SHA-256 of the content as it was on the disk
  packed TEXT NOT NULL CHECK (packed IN ('no','zlib')),
  stored INTEGER NOT NULL,  -- bytes that it takes
  content BLOB NOT NULL
) STRICT;
CREATE INDEX copies_stored ON copies(stored);

CREATE TABLE tree(
  folder TEXT PRIMARY KEY,  -- of the workspace, from its root, which is empty
  entries BLOB NOT NULL  -- what lies in it, as zotui.workspace.tree packs it
) STRICT;

CREATE TABLE checkpoints(
  id TEXT PRIMARY KEY,
  conv_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  turn_id TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open','done','undone')),
  whole INTEGER NOT NULL DEFAULT 0,  -- whether anything in the workspace may have changed, or the named paths only
  paths TEXT NOT NULL DEFAULT '[]',
  gaps TEXT NOT NULL DEFAULT '[]',  -- what it cannot bring back, in words
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  undone_at INTEGER
) STRICT;
CREATE INDEX checkpoints_conv ON checkpoints(conv_id, id);
CREATE INDEX checkpoints_open ON checkpoints(id) WHERE status = 'open';

CREATE TABLE file_changes(
  n INTEGER PRIMARY KEY,
  checkpoint_id TEXT NOT NULL REFERENCES checkpoints(id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  before TEXT NOT NULL,  -- JSON: kind, mode, size, hash or target; null where nothing was there
  after TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX file_changes_of ON file_changes(checkpoint_id, path);
CREATE INDEX file_changes_path ON file_changes(path, n);

CREATE TABLE binned(
  id TEXT PRIMARY KEY,  -- and its name in the bin
  path TEXT NOT NULL,  -- where it was in the workspace
  folder INTEGER NOT NULL DEFAULT 0,
  size INTEGER NOT NULL,
  conv_id TEXT,
  turn_id TEXT,
  deleted_at INTEGER NOT NULL
) STRICT;
CREATE INDEX binned_recent ON binned(deleted_at DESC);
"""


def hands(db: Database) -> None:
    """Version 4: checkpoints of the workspace and its bin, the audit chain, taint, personas and rules."""
    db.execute(_HANDS)
