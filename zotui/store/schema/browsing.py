"""How memories are spread over their numbers, by which any page of them is found; and what was done to them, to be undone."""

from zotui.store.sql import Database

SPAN = 11  # bits of a number (``seq``) within one span: 2,048 rows at most

_BROWSING = f"""
CREATE TABLE memory_spans(  -- of numbers of memories: how many are there, and when they were changed at most
  span INTEGER PRIMARY KEY,
  memories INTEGER NOT NULL,
  oldest INTEGER NOT NULL,
  newest INTEGER NOT NULL
) STRICT;
INSERT INTO memory_spans SELECT seq >> {SPAN}, count(*), min(updated_at), max(updated_at) FROM memory GROUP BY 1;
CREATE TRIGGER memory_spans_add AFTER INSERT ON memory BEGIN
  INSERT INTO memory_spans VALUES (new.seq >> {SPAN}, 1, new.updated_at, new.updated_at)
    ON CONFLICT DO UPDATE SET memories = memories + 1, oldest = min(oldest, excluded.oldest), newest = max(newest, excluded.newest);
END;
CREATE TRIGGER memory_spans_remove AFTER DELETE ON memory BEGIN
  UPDATE memory_spans SET memories = memories - 1 WHERE span = old.seq >> {SPAN};
END;
CREATE TRIGGER memory_spans_change AFTER UPDATE OF seq, updated_at ON memory BEGIN
  UPDATE memory_spans SET memories = memories - 1 WHERE span = old.seq >> {SPAN};
  INSERT INTO memory_spans VALUES (new.seq >> {SPAN}, 1, new.updated_at, new.updated_at)
    ON CONFLICT DO UPDATE SET memories = memories + 1, oldest = min(oldest, excluded.oldest), newest = max(newest, excluded.newest);
END;

CREATE TABLE memory_done(  -- by a person, the last of it
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  what TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE TABLE memory_was(  -- a memory before that: all of it as JSON, NULL where there was none; and when it was changed after
  done INTEGER NOT NULL REFERENCES memory_done(seq) ON DELETE CASCADE,
  memory_id TEXT NOT NULL,
  was TEXT,
  changed INTEGER,
  PRIMARY KEY (done, memory_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX memory_was_of ON memory_was(memory_id);
"""


def browsing(db: Database) -> None:
    """Any page of a long list of memories at once, and undoing what was done to them."""
    db.execute(_BROWSING)
