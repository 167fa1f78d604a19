"""Version 3: conversations as the desk has them."""

from zotui.store.schema.runs import RUNS
from zotui.store.sql import Database

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
  {RUNS}
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
