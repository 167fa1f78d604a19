"""Version 7: what is deleted is gone from the indexes of words, too."""

from zotui.store.sql import Database


def forgetting(db: Database) -> None:
    """FTS5 takes deleted words out of its segments at once, from now on (its option ``secure-delete``); what was deleted
    before goes by building both indexes anew."""
    for table in ("messages_fts", "memory_fts"):
        db.execute(f"INSERT INTO {table}({table}, rank) VALUES ('secure-delete', 1)")
        db.execute(f"INSERT INTO {table}({table}) VALUES ('rebuild')")
