"""What memories mean, in a bit for each number of their vectors: few enough to be gone through for a million of them."""

from zotui.store.sql import Database

_SIGNS = """
CREATE TABLE memory_signs(
  block INTEGER PRIMARY KEY,  -- of the 256 memories whose seq, divided by 256, is this
  model TEXT NOT NULL,
  known INTEGER NOT NULL,  -- the signs of those with a lower seq are here
  n INTEGER NOT NULL,  -- grows with every change, so that what is new can be read
  signs BLOB NOT NULL  -- 256 times the same number of bytes, zeros where there is none; or nothing
) STRICT;
CREATE INDEX memory_signs_n ON memory_signs(n);
CREATE TRIGGER memory_signs_add AFTER INSERT ON memory BEGIN
  UPDATE memory_signs SET known = new.seq WHERE block = new.seq >> 8 AND known > new.seq;
END;
CREATE TRIGGER memory_signs_remove AFTER DELETE ON memory BEGIN
  UPDATE memory_signs SET signs = CAST(
    substr(signs, 1, (old.seq & 255) * length(signs) / 256) || zeroblob(length(signs) / 256)
    || substr(signs, ((old.seq & 255) + 1) * length(signs) / 256 + 1) AS BLOB)
  WHERE block = old.seq >> 8;
END;
CREATE TRIGGER memory_signs_change AFTER UPDATE OF seq, value ON memory
  WHEN old.seq <> new.seq OR old.value <> new.value BEGIN
  UPDATE memory_signs SET signs = CAST(
    substr(signs, 1, (old.seq & 255) * length(signs) / 256) || zeroblob(length(signs) / 256)
    || substr(signs, ((old.seq & 255) + 1) * length(signs) / 256 + 1) AS BLOB)
  WHERE block = old.seq >> 8;
  UPDATE memory_signs SET known = new.seq WHERE block = new.seq >> 8 AND known > new.seq;
END;
"""


def signs(db: Database) -> None:
    """The signs of memories' vectors, in blocks; what is deleted or changed is out of them at once."""
    db.execute(_SIGNS)
