"""What skills did when they were run."""

from zotui.store.sql import Database

_SKILL_RUNS = """
CREATE TABLE skill_runs(
  id TEXT PRIMARY KEY,
  skill TEXT NOT NULL,
  script TEXT NOT NULL,
  hash TEXT NOT NULL,  -- of the skill's files, as they were
  arguments TEXT NOT NULL,  -- without what looks like a key
  asked_by TEXT NOT NULL,  -- a person, or a turn
  conv_id TEXT,
  turn_id TEXT,
  status TEXT NOT NULL CHECK (status IN ('running','done','failed','cancelled','interrupted')),
  reason TEXT,
  error TEXT,
  exit_code INTEGER,
  ms INTEGER,
  output TEXT NOT NULL DEFAULT '',  -- the end of what it printed
  owner TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
CREATE INDEX skill_runs_of ON skill_runs(skill, id);
CREATE INDEX skill_runs_running ON skill_runs(id) WHERE status = 'running';
"""


def skill_runs(db: Database) -> None:
    """The history of skills that ran."""
    db.execute(_SKILL_RUNS)
