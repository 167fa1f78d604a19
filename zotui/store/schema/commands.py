"""Version 5: commands that go on in the background."""

from zotui.store.sql import Database

_COMMANDS = """
CREATE TABLE commands(
  id TEXT PRIMARY KEY,
  conv_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  turn_id TEXT NOT NULL,
  call_id TEXT NOT NULL,  -- the row of tool_calls that began it
  command TEXT NOT NULL,
  fed INTEGER NOT NULL,  -- whether it has an input
  tainted INTEGER NOT NULL,  -- whether anybody's words may be in what it puts out
  status TEXT NOT NULL CHECK (status IN ('running','done','failed','cancelled','interrupted')),
  reason TEXT,
  said TEXT NOT NULL DEFAULT '',  -- how it ended, in words, where its exit code does not tell
  exit_code INTEGER,
  path TEXT NOT NULL,  -- the file of all that it puts out
  size INTEGER NOT NULL DEFAULT 0,  -- bytes of that, once it has ended
  seen INTEGER NOT NULL DEFAULT 0,  -- bytes of that which the model has been told
  heard INTEGER NOT NULL DEFAULT 0,  -- whether the model was told its end
  owner TEXT,
  lease_until INTEGER,
  fence INTEGER NOT NULL DEFAULT 0,
  started_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
CREATE INDEX commands_conv ON commands(conv_id, id);
CREATE INDEX commands_running ON commands(id) WHERE status = 'running';

CREATE TABLE command_inputs(  -- what doors and the model want of one that runs; its owner takes a row away once
  id INTEGER PRIMARY KEY,
  command_id TEXT NOT NULL REFERENCES commands(id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('text','end','stop')),
  content TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX command_inputs_of ON command_inputs(command_id, id);
"""


def commands(db: Database) -> None:
    """Version 5: commands in the background, and what is wanted of them."""
    db.execute(_COMMANDS)
