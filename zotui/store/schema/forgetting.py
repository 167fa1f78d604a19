"""Version 8: what is deleted is gone from the indexes of words, too."""

from zotui.store.sql import Database


def forgetting(db: Database) -> None:
    """FTS5 takes deleted words out of its segments at once, from now on (its option ``secure-delete``). What was deleted
    from conversations before goes by building their index anew; that of memories has just been built."""
    for table in ("messages_fts", "memory_fts", "memory_drawn_fts"):
        db.execute(f"INSERT INTO {table}({table}, rank) VALUES ('secure-delete', 1)")
    db.execute("INSERT INTO messages_fts(messages_fts) VALUES ('rebuild')")
