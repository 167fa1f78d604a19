"""Which conversations had to do with a file: attached it, read it, changed it by a tool or by a command."""

from collections.abc import Sequence

from zotui.conversations.reads import CONVERSATION, ORIGINAL
from zotui.conversations.records import Conversation, Touch
from zotui.store import Reader

_PATH = "CASE WHEN json_valid(t.arguments) THEN json_extract(t.arguments, '$.path') END"  # as the index has it
_SEEN = (  # what a trial did counts where it did it, unless it was kept or gone on with
    f"c.deleted_at IS NULL AND {ORIGINAL}"
    " AND (c.kind <> 'trial' OR NOT EXISTS (SELECT 1 FROM messages k WHERE k.copy_of = m.id))"
)
_CALLS = (
    f"SELECT {CONVERSATION}, t.turn_id, t.message_id, t.name, t.created_at,"
    " CASE WHEN t.status IN ('failed', 'cancelled', 'skipped') THEN 'tried'"
    " WHEN t.effect IN ('write', 'run') THEN 'written' ELSE 'read' END"
    " FROM tool_calls t JOIN messages m ON m.id = t.message_id JOIN conversations c ON c.id = m.conv_id"
    f" WHERE {_PATH} = ? AND {_SEEN}"
)
_ATTACHED = (
    f"SELECT {CONVERSATION}, a.turn_id, m.id, 'attached', m.created_at, 'attached' FROM attachments a"
    " JOIN messages m ON m.turn_id = a.turn_id AND m.role = 'user' JOIN conversations c ON c.id = m.conv_id"
    f" WHERE a.path = ? AND {_SEEN}"
)
_CHANGED = (  # by the message that called what may have changed it
    f"SELECT {CONVERSATION}, p.turn_id, m.id, 'changed', p.created_at, 'written'"
    " FROM file_changes f JOIN checkpoints p ON p.id = f.checkpoint_id"
    " JOIN messages m ON m.id = (SELECT t.message_id FROM tool_calls t WHERE t.turn_id = p.turn_id"
    " AND t.effect IN ('write', 'run') ORDER BY t.id LIMIT 1) JOIN conversations c ON c.id = m.conv_id"
    f" WHERE f.path = ? AND {_SEEN}"
)


def touching(db: Reader, paths: Sequence[str]) -> list[Touch]:
    """Where a file was attached, given to a tool or changed, the latest first; by any of its paths. A change that a tool
    for files made is told once, by that tool."""
    paths = [path for path in dict.fromkeys(paths) if path.encode(errors="ignore").decode() == path]
    found = [touch for path in paths for query in (_CALLS, _ATTACHED) for touch in _asked(db, query, path)]
    written = {touch.turn_id for touch in found if touch.access == "written"}
    changed = [touch for path in paths for touch in _asked(db, _CHANGED, path)]
    found += [touch for touch in changed if touch.turn_id not in written]
    return sorted(found, key=lambda touch: touch.at, reverse=True)


def _asked(db: Reader, query: str, path: str) -> list[Touch]:
    width = len(Conversation.__struct_fields__)
    rows = db.execute(query, (path,)).fetchall()
    return [Touch(Conversation(*row[:width]), *row[width:]) for row in rows]
