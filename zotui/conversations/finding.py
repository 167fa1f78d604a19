"""Messages found by the words in them, quickly however many hold them."""

from collections.abc import Sequence

from zotui.conversations.reads import CONVERSATION, MESSAGE, ORIGINAL
from zotui.conversations.records import Conversation, Message
from zotui.store import Reader

RANKED = 2_000  # messages with the words, up to which the best are sought among all of them
Hits = list[tuple[Conversation, Message, str]]


def found(db: Reader, words: str, limit: int) -> Hits:
    """The messages that an FTS5 query finds, the best ones first, or the newest where very many hold its words."""
    newest = db.execute(
        "SELECT rowid FROM messages_fts WHERE messages_fts MATCH ? ORDER BY rowid DESC LIMIT 1 OFFSET ?",
        (words, RANKED),
    ).get
    if newest is None:
        return _hits(db, words, _sought(db, words, limit, "rank"))
    some = _sought(db, words, limit, "messages_fts.rowid DESC", newest)
    if len(some) < limit:  # most of the newest are left out
        some = _sought(db, words, limit, "messages_fts.rowid DESC")
    return _hits(db, words, some)


def _sought(db: Reader, words: str, limit: int, order: str, after: int = 0) -> list[int]:
    """The rows of the index with the words that are to be shown; nothing else of them, as all are sorted."""
    rows = db.execute(
        "SELECT m.seq FROM messages_fts CROSS JOIN messages m ON m.seq = messages_fts.rowid"
        " JOIN conversations c ON c.id = m.conv_id WHERE messages_fts MATCH ? AND messages_fts.rowid > ?"
        f" AND c.deleted_at IS NULL AND c.kind <> 'trial' AND {ORIGINAL}"
        f" ORDER BY m.model = 'offline', {order} LIMIT ?",  # which repeats what was said
        (words, after, limit),
    ).fetchall()
    return [seq for (seq,) in rows]


def _hits(db: Reader, words: str, seqs: Sequence[int]) -> Hits:
    """Rows of the index as hits, in their order."""
    if not seqs:
        return []
    some = "(SELECT value FROM json_each(?1))"
    which, width = str(list(seqs)), len(Conversation.__struct_fields__)
    excerpts = dict(
        db.execute(
            "SELECT rowid, snippet(messages_fts, 0, '', '', ' … ', 16) FROM messages_fts"
            f" WHERE messages_fts MATCH ?2 AND rowid BETWEEN ?3 AND ?4 AND +rowid IN {some}",
            (which, words, min(seqs), max(seqs)),
        ).fetchall()
    )
    rows = db.execute(
        f"SELECT m.seq, {CONVERSATION}, {MESSAGE} FROM messages m JOIN conversations c ON c.id = m.conv_id WHERE m.seq IN {some}",
        (which,),
    ).fetchall()
    hits = {
        row[0]: (Conversation(*row[1 : width + 1]), Message(*row[width + 1 :]), str(excerpts[row[0]])) for row in rows
    }
    return [hits[seq] for seq in seqs]
