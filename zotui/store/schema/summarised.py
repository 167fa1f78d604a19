"""What summaries say is remembered, a memory for each of their lines, for as long as they apply."""

from zotui.store.sql import Database

# Of turns that know nothing of the memory, or that nobody outside this machine may see, nothing is remembered.
_APART = """
SELECT 1 FROM messages m JOIN turns t ON t.id = m.turn_id
WHERE m.conv_id = s.conv_id AND m.position BETWEEN line.value ->> 'first' AND line.value ->> 'last'
AND (t.options ->> 'memory' = 0 OR t.options ->> 'private' = 1)
"""
_NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)"


def _remember(which: str) -> str:
    """Remember the lines of those summaries that apply."""
    return f"""
INSERT INTO memory(id, value, meta, created_at, updated_at)
SELECT lower(hex(randomblob(13))), line.value ->> 'text', json_object('source', 'summary', 'summary', s.id,
  'conversation', s.conv_id, 'message', said.id, 'at', said.created_at,
  'first', line.value ->> 'first', 'last', line.value ->> 'last'), {_NOW}, {_NOW}
FROM summaries s JOIN conversations c ON c.id = s.conv_id JOIN json_each(s.lines) line
LEFT JOIN messages said ON said.conv_id = s.conv_id AND said.position = line.value ->> 'first'
WHERE {which} AND s.purpose = 'compact' AND s.status = 'done' AND trim(line.value ->> 'text') <> ''
AND c.memory = 1 AND c.deleted_at IS NULL AND c.kind <> 'trial' AND NOT EXISTS ({_APART});
"""


def _forget(conversation: str, summary: str) -> str:
    """Remember them no longer, nor what became of these memories."""
    these = (
        f"SELECT id FROM memory WHERE conversation = {conversation} AND source = 'summary'"
        f" AND meta ->> 'summary' IN ({summary})"
    )
    return f"""
DELETE FROM memory_was WHERE memory_id IN ({these});
DELETE FROM memory_done WHERE seq NOT IN (SELECT done FROM memory_was);
DELETE FROM memory_history WHERE memory_id IN ({these});
DELETE FROM memory WHERE id IN ({these});
"""


_OF_THEM = "SELECT id FROM summaries WHERE conv_id = new.id"
_SUMMARISED = f"""
CREATE TRIGGER summaries_apply AFTER UPDATE OF status ON summaries WHEN new.status = 'done' AND old.status <> 'done' BEGIN
  {_remember("s.id = new.id")}
END;
CREATE TRIGGER summaries_undone AFTER UPDATE OF status ON summaries WHEN old.status = 'done' AND new.status <> 'done' BEGIN
  {_forget("old.conv_id", "old.id")}
END;
CREATE TRIGGER summaries_deleted AFTER DELETE ON summaries WHEN old.status = 'done' BEGIN
  {_forget("old.conv_id", "old.id")}
END;
CREATE TRIGGER summaries_in_the_trash AFTER UPDATE OF deleted_at ON conversations
  WHEN old.deleted_at IS NULL AND new.deleted_at IS NOT NULL BEGIN
  {_forget("new.id", _OF_THEM)}
END;
CREATE TRIGGER summaries_out_of_the_trash AFTER UPDATE OF deleted_at ON conversations
  WHEN old.deleted_at IS NOT NULL AND new.deleted_at IS NULL BEGIN
  {_remember("s.conv_id = new.id")}
END;
"""


def summarised(db: Database) -> None:
    """Summaries that are applied from now on are memories too; they go when these are undone or deleted."""
    db.execute(_SUMMARISED)
