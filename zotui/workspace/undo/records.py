"""The rows of checkpoints and of what changed under them."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from zotui.store import Reader, Transaction, now_ms
from zotui.workspace.undo.scan import Change
from zotui.workspace.undo.state import State, below, is_of_git, packed, unpacked


class Checkpoint(msgspec.Struct, frozen=True):
    """What the workspace was before a turn touched it. ``files``: how many paths the turn changed; ``gaps``: what it
    cannot bring back, in words; ``status``: open, done or undone."""

    id: str
    conversation: str
    turn: str
    status: str
    whole: bool
    paths: list[str]
    gaps: list[str]
    files: int
    created_at: int


class FileChange(msgspec.Struct, frozen=True):
    """One path under one checkpoint: what stood there before the turn and after it."""

    n: int
    checkpoint: str
    conversation: str
    turn: str
    path: str
    before: State | None
    after: State | None
    created_at: int
    status: str


_CHECKPOINTS = (
    "SELECT id, conv_id, turn_id, status, whole, paths, gaps,"
    " (SELECT count(*) FROM file_changes WHERE checkpoint_id = checkpoints.id), created_at FROM checkpoints"
)


def checkpoints(db: Reader, where: str, values: Sequence[object] = ()) -> list[Checkpoint]:
    """The checkpoints for which a condition holds, and their order."""
    return [
        Checkpoint(
            id_,
            conversation,
            turn,
            status,
            bool(whole),
            msgspec.json.decode(paths, type=list[str]),
            msgspec.json.decode(gaps, type=list[str]),
            files,
            created_at,
        )
        for id_, conversation, turn, status, whole, paths, gaps, files, created_at in db.execute(
            f"{_CHECKPOINTS} WHERE {where}", tuple(values)
        ).fetchall()
    ]


def changes(db: Reader, where: str, values: Sequence[object] = ()) -> list[FileChange]:
    """The changes for which a condition on ``f`` and ``c``, their checkpoint, holds; and their order."""
    rows = db.execute(
        "SELECT f.n, c.id, c.conv_id, c.turn_id, f.path, f.before, f.after, c.created_at, c.status"
        f" FROM file_changes f JOIN checkpoints c ON c.id = f.checkpoint_id WHERE {where}",
        tuple(values),
    ).fetchall()
    return [
        FileChange(n, checkpoint, conversation, turn, path, unpacked(before), unpacked(after), created_at, status)
        for n, checkpoint, conversation, turn, path, before, after, created_at, status in rows
    ]


def attribute(db: Transaction, found: Iterable[Change], to: Sequence[Checkpoint]) -> None:
    """Note changes with every open checkpoint that may be of the turn that made them."""
    for path, before, after in found:
        if is_of_git(path) and not (before is not None and after is None):
            continue  # within .git only what is lost is brought back
        for checkpoint in to:
            if checkpoint.whole or any(below(path, one) or below(one, path) for one in checkpoint.paths):
                _note(db, checkpoint.id, path, before, after)


def _note(db: Transaction, checkpoint: str, path: str, before: State | None, after: State | None) -> None:
    """Of a path that changed twice, the first state and the last are kept; of one that is as it was, nothing."""
    first = db.execute("SELECT before FROM file_changes WHERE checkpoint_id = ? AND path = ?", (checkpoint, path)).get
    if first is not None and first == packed(after) and (after is None or after.can_come_back):
        db.execute("DELETE FROM file_changes WHERE checkpoint_id = ? AND path = ?", (checkpoint, path))
        return
    db.execute(
        "INSERT INTO file_changes(checkpoint_id, path, before, after) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (checkpoint_id, path) DO UPDATE SET after = excluded.after",
        (checkpoint, path, packed(before), packed(after)),
    )


def close(db: Transaction, checkpoint: str) -> None:
    """A checkpoint is complete; one under which nothing changed is none."""
    if db.execute("SELECT 1 FROM file_changes WHERE checkpoint_id = ? LIMIT 1", (checkpoint,)).get is None:
        db.execute("DELETE FROM checkpoints WHERE id = ?", (checkpoint,))
    else:
        db.execute(
            "UPDATE checkpoints SET status = 'done', finished_at = ? WHERE id = ? AND status = 'open'",
            (now_ms(), checkpoint),
        )


def wanted_copies(db: Reader, tree: Iterable[str]) -> Iterator[str]:
    """The hashes that the tree and all changes need."""
    yield from tree
    for column in ("before", "after"):
        for (name,) in db.execute(f"SELECT DISTINCT json_extract({column}, '$.hash') FROM file_changes").fetchall():
            if name:
                yield name
