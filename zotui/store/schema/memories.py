"""Version 7: what a memory's meta says of its place, its marks, and indexes that find it."""

from zotui.store.sql import Database

# Scripts without spaces between words, and signs that are no words: found by their characters.
DRAWN = (
    "\u2e80-\u33ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\uff66-\uff9f"  # Chinese, Japanese
    "\u1100-\u11ff\uac00-\ud7af\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Korean; Thai, Lao, Burmese, Khmer
    "\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"  # emoji
)

_NAMES = "january february march april may june july august september october november december"
_MONTHS = "".join(name.ljust(9) for name in _NAMES.split())  # of 9 characters at most


def _text(*names: str) -> str:
    """The first of these in meta that is one word or number, as text."""
    cases = " ".join(
        f"WHEN json_type(meta, '$.{n}') IN ('text','integer') THEN json_extract(meta, '$.{n}')" for n in names
    )
    return f"CAST(CASE {cases} END AS TEXT)"


def _day(name: str) -> str:
    """The day that a time in meta begins with, or of one in seconds or milliseconds."""
    value = f"json_extract(meta, '$.{name}')"
    digit = "[0-9]"
    return (
        f"WHEN json_type(meta, '$.{name}') = 'text' AND {value} GLOB '{digit * 4}-{digit * 2}-{digit * 2}*' THEN substr({value}, 1, 10)"
        f" WHEN json_type(meta, '$.{name}') IN ('integer','real')"
        f" THEN date(CASE WHEN {value} > 1e11 THEN {value} / 1000 ELSE {value} END, 'unixepoch')"
    )


def _written(row: str = "") -> str:
    """What of a row is read for its signs; two spaces at the end, so that the last ones begin three characters too."""
    return f"coalesce({row}key || ' ', '') || {row}value || '  '"


def _drawn(row: str = "") -> str:
    """Whether there are signs in it; in ASCII, which is told apart quickly, there are none."""
    text = _written(row)
    return f"length(CAST({text} AS BLOB)) > length({text}) AND {text} GLOB '*[{DRAWN}]*'"


_MEMORIES = f"""
DROP INDEX memory_recent;  -- what was changed last has the highest seq
DROP TRIGGER memory_fts_add;
DROP TRIGGER memory_fts_remove;
DROP TRIGGER memory_fts_change;
DROP TABLE memory_fts;

ALTER TABLE memory ADD COLUMN pinned_at INTEGER;
ALTER TABLE memory ADD COLUMN expires_at INTEGER;
ALTER TABLE memory ADD COLUMN source TEXT AS ({_text("source")});
ALTER TABLE memory ADD COLUMN conversation TEXT AS ({_text("conversation")});
ALTER TABLE memory ADD COLUMN message TEXT AS ({_text("message")});
ALTER TABLE memory ADD COLUMN session TEXT AS (coalesce(conversation || '/' || {_text("session")}, {_text("session")}, conversation));
ALTER TABLE memory ADD COLUMN turn INTEGER AS (CASE WHEN json_type(meta, '$.turn') = 'integer' THEN json_extract(meta, '$.turn') END);
ALTER TABLE memory ADD COLUMN speaker TEXT AS ({_text("speaker")});
ALTER TABLE memory ADD COLUMN day TEXT AS (CASE {_day("at")} {_day("ts")} END);
ALTER TABLE memory ADD COLUMN dated TEXT AS (  -- "7 may 2023"
  CAST(substr(day, 9, 2) AS INTEGER) || ' ' || trim(substr('{_MONTHS}', 9 * substr(day, 6, 2) - 8, 9)) || ' ' || substr(day, 1, 4));
CREATE INDEX memory_pinned ON memory(pinned_at) WHERE pinned_at IS NOT NULL;
CREATE INDEX memory_expires ON memory(expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX memory_source ON memory(source) WHERE source IS NOT NULL;
CREATE INDEX memory_conversation ON memory(conversation) WHERE conversation IS NOT NULL;
CREATE INDEX memory_message ON memory(message) WHERE message IS NOT NULL;
CREATE INDEX memory_session ON memory(session, turn) WHERE session IS NOT NULL;

DROP TRIGGER memory_taint;
CREATE TRIGGER memory_taint AFTER INSERT ON memory
  WHEN EXISTS (SELECT 1 FROM conversations c WHERE c.id = new.conversation AND c.tainted_at IS NOT NULL) BEGIN
  UPDATE memory SET tainted = 1 WHERE seq = new.seq;
END;

CREATE TABLE memory_tags(
  memory_id TEXT NOT NULL REFERENCES memory(id) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (memory_id, tag)
) STRICT;
CREATE INDEX memory_tags_of ON memory_tags(tag);
CREATE TABLE memory_uses(  -- by answers
  memory_id TEXT PRIMARY KEY REFERENCES memory(id) ON DELETE CASCADE,
  uses INTEGER NOT NULL,
  used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE memory_fts USING fts5(value, key, dated, content='memory', content_rowid='seq',
  detail=none, columnsize=0, tokenize="porter unicode61 remove_diacritics 2");
INSERT INTO memory_fts(memory_fts, rank) VALUES ('automerge', 8);  -- half the merging of the default, as quick to ask
INSERT INTO memory_fts(memory_fts) VALUES ('rebuild');
CREATE TRIGGER memory_fts_add AFTER INSERT ON memory BEGIN
  INSERT INTO memory_fts(rowid, value, key, dated) VALUES (new.seq, new.value, new.key, new.dated);
END;
CREATE TRIGGER memory_fts_remove AFTER DELETE ON memory BEGIN
  INSERT INTO memory_fts(memory_fts, rowid, value, key, dated) VALUES ('delete', old.seq, old.value, old.key, old.dated);
END;
CREATE TRIGGER memory_fts_change AFTER UPDATE OF seq, value, key, meta ON memory BEGIN
  INSERT INTO memory_fts(memory_fts, rowid, value, key, dated) VALUES ('delete', old.seq, old.value, old.key, old.dated);
  INSERT INTO memory_fts(rowid, value, key, dated) VALUES (new.seq, new.value, new.key, new.dated);
END;

CREATE VIRTUAL TABLE memory_drawn_fts USING fts5(value, content='', detail=none, columnsize=0, tokenize="trigram");
CREATE VIRTUAL TABLE memory_drawn_fts_terms USING fts5vocab(memory_drawn_fts, row);
INSERT INTO memory_drawn_fts(rowid, value)
  SELECT seq, {_written()} FROM memory WHERE {_drawn()};
CREATE TRIGGER memory_drawn_add AFTER INSERT ON memory WHEN {_drawn("new.")} BEGIN
  INSERT INTO memory_drawn_fts(rowid, value) VALUES (new.seq, {_written("new.")});
END;
CREATE TRIGGER memory_drawn_remove AFTER DELETE ON memory WHEN {_drawn("old.")} BEGIN
  INSERT INTO memory_drawn_fts(memory_drawn_fts, rowid, value) VALUES ('delete', old.seq, {_written("old.")});
END;
CREATE TRIGGER memory_drawn_forget AFTER UPDATE OF seq, value, key ON memory
  WHEN {_drawn("old.")} BEGIN
  INSERT INTO memory_drawn_fts(memory_drawn_fts, rowid, value) VALUES ('delete', old.seq, {_written("old.")});
END;
CREATE TRIGGER memory_drawn_learn AFTER UPDATE OF seq, value, key ON memory
  WHEN {_drawn("new.")} BEGIN
  INSERT INTO memory_drawn_fts(rowid, value) VALUES (new.seq, {_written("new.")});
END;
"""


# Rows that are younger than one of a higher seq.
_UNORDERED = (
    "SELECT 1 FROM (SELECT updated_at < lag(updated_at) OVER (ORDER BY seq) AS back FROM memory) WHERE back LIMIT 1"
)
_ORDER = """
UPDATE memory SET seq = ?1 + place.n
FROM (SELECT seq AS was, row_number() OVER (ORDER BY updated_at, seq) AS n FROM memory) place WHERE memory.seq = place.was
"""


def memories(db: Database) -> None:
    """Version 7: pins, tags, ends and uses of memories, where and when they were said, and smaller indexes."""
    if db.execute(_UNORDERED).get:
        db.execute(_ORDER, (db.execute("SELECT max(seq) FROM memory").get,))
    db.execute("UPDATE memory SET meta = json_object('meta', meta) WHERE NOT json_valid(meta)")  # by other programs
    db.execute(_MEMORIES)
