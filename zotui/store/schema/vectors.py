"""What memories mean, as vectors."""

from zotui.store.sql import Database

_VECTORS = """
CREATE TABLE memory_vectors(
  n INTEGER PRIMARY KEY,
  memory_id TEXT NOT NULL REFERENCES memory(id) ON DELETE CASCADE,
  model TEXT NOT NULL,  -- vectors of two are never compared
  vector BLOB NOT NULL,  -- a signed byte for each number
  UNIQUE (memory_id, model)
) STRICT;
CREATE INDEX memory_vectors_model ON memory_vectors(model, n);
CREATE TRIGGER memory_vectors_outdated AFTER UPDATE OF value ON memory WHEN old.value <> new.value BEGIN
  DELETE FROM memory_vectors WHERE memory_id = new.id;
END;
"""


def vectors(db: Database) -> None:
    """Vectors of memories, by the model that made them."""
    db.execute(_VECTORS)
