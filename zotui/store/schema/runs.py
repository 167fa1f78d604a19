"""The columns of everything that runs; see zotui.store.work."""

RUNS = """
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
