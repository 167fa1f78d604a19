"""Automations: what happens by itself, when it does next, and what became of each time it should have happened."""

from zotui.store.schema.runs import RUNS
from zotui.store.sql import Database

_AUTOMATIONS = f"""
CREATE TABLE automations(
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  rrule TEXT NOT NULL,  -- rules of RFC 5545, one a line
  start TEXT NOT NULL,  -- on the wall of the zone: what rules count from
  tz TEXT NOT NULL,
  exdate TEXT NOT NULL DEFAULT '[]',
  rdate TEXT NOT NULL DEFAULT '[]',
  words TEXT NOT NULL DEFAULT '',  -- how the person said it
  changed TEXT NOT NULL DEFAULT '',  -- a file or folder of the workspace whose changes start it
  seen TEXT NOT NULL DEFAULT '',  -- how that was when it was looked at last
  seen_at INTEGER NOT NULL DEFAULT 0,
  action TEXT NOT NULL,  -- JSON
  policy TEXT NOT NULL,  -- JSON
  enabled INTEGER NOT NULL DEFAULT 1,
  next_run INTEGER,  -- NULL where it never happens again
  looked_at INTEGER NOT NULL,  -- when that was worked out
  zones TEXT NOT NULL DEFAULT '',  -- by which rules of its zone
  problem TEXT NOT NULL DEFAULT '',  -- why it was turned off, where nobody did
  tainted INTEGER NOT NULL DEFAULT 0,  -- whether anybody's words are in it
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX automations_due ON automations(next_run) WHERE enabled = 1;
CREATE INDEX automations_changed ON automations(id) WHERE changed <> '';

CREATE TABLE runs(
  id TEXT PRIMARY KEY,
  automation_id TEXT NOT NULL REFERENCES automations(id) ON DELETE CASCADE,
  cause TEXT NOT NULL CHECK (cause IN ('schedule','backfill','manual','change')),
  instant INTEGER NOT NULL,  -- when it should have begun
  until INTEGER NOT NULL,  -- of several that were missed together, the last
  times INTEGER NOT NULL DEFAULT 1,  -- how many those are
  begun INTEGER NOT NULL DEFAULT 0,  -- whether anything may have been done
  conv_id TEXT,
  turn_id TEXT,
  exit_code INTEGER,
  output TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT '',
  told TEXT NOT NULL DEFAULT '',  -- hash of what the person was told of it
  {RUNS}) STRICT;
CREATE UNIQUE INDEX runs_once ON runs(automation_id, instant) WHERE cause IN ('schedule','backfill') AND reason IS NOT 'missed';
CREATE UNIQUE INDEX runs_lane ON runs(lane) WHERE status IN ('running','waiting');
CREATE INDEX runs_ready ON runs(priority DESC, id) WHERE status = 'queued';
CREATE INDEX runs_running ON runs(owner) WHERE status = 'running';
CREATE INDEX runs_of ON runs(automation_id, instant);
CREATE INDEX runs_turn ON runs(turn_id) WHERE turn_id IS NOT NULL;

CREATE TABLE deliveries(  -- what is told outside the file
  id TEXT PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  target TEXT NOT NULL,  -- kind:where
  text TEXT NOT NULL,
  error TEXT NOT NULL DEFAULT '',
  {RUNS}) STRICT;
CREATE INDEX deliveries_run ON deliveries(run_id);
CREATE UNIQUE INDEX deliveries_lane ON deliveries(lane) WHERE status IN ('running','waiting');
CREATE INDEX deliveries_ready ON deliveries(priority DESC, id) WHERE status = 'queued';
CREATE INDEX deliveries_running ON deliveries(owner) WHERE status = 'running';
"""


def automations(db: Database) -> None:
    """What happens by itself."""
    db.execute(_AUTOMATIONS)
