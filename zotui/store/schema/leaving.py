"""What skills were given and said goes with the conversation that had them run."""

from zotui.store.sql import Database

_LEAVING = """
CREATE INDEX skill_runs_conv ON skill_runs(conv_id) WHERE conv_id IS NOT NULL;
DELETE FROM skill_runs WHERE conv_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = conv_id);
CREATE TRIGGER skill_runs_of_conversation AFTER DELETE ON conversations BEGIN
  DELETE FROM skill_runs WHERE conv_id = old.id;
END;
"""


def leaving(db: Database) -> None:
    """Runs of skills go with their conversation."""
    db.execute(_LEAVING)
