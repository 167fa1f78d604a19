"""Comparisons: one prompt put to several models at once, each in a branch of its own; one answer becomes the turn."""

from collections.abc import Sequence

import msgspec

from zotui.conversations import branches, reads
from zotui.conversations.chats import created
from zotui.conversations.closing import halt
from zotui.conversations.copying import copy
from zotui.conversations.records import Given, Message, Spent, Turn, TurnOptions
from zotui.conversations.requests import request
from zotui.errors import NotFound, UsageError
from zotui.store import Reader, Store, Transaction, new_id, now_ms
from zotui.text import one_line

LEAST, MOST = 2, 6  # models of a comparison


class Member(msgspec.Struct, frozen=True):
    """One model of a comparison: its turn as it stands, in a conversation of its own."""

    conversation: str
    model: str
    turn: Turn
    messages: list[Message]
    spent: Spent

    @property
    def output(self) -> str:
        """The text of the last reply so far."""
        replies = [message.content for message in self.messages if message.role == "assistant"]
        return replies[-1] if replies else ""

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.turn.finished_at is not None

    def seconds(self, now: int) -> float:
        """How long it has taken, or takes by now (ms since 1970)."""
        start = self.turn.started_at
        return 0.0 if start is None else ((self.turn.finished_at or now) - start) / 1000


class Comparison(msgspec.Struct, frozen=True):
    """A prompt and the models that it was put to. ``kept``: the conversation whose answer became the turn."""

    id: str
    conv_id: str
    input: str
    kept: str | None
    created_at: int
    finished_at: int | None
    members: list[Member] = []

    @property
    def over(self) -> bool:
        """Whether all have answered."""
        return all(member.over for member in self.members)


_COLUMNS = "id, conv_id, input, kept, created_at, finished_at"
Found = list[Comparison]


class Comparisons:
    """Start, look at, decide."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def start(
        self,
        text: str,
        models: Sequence[str],
        conversation: str | None = None,
        *,
        options: TurnOptions | None = None,
        files: Sequence[Given] = (),
        own: bool = False,
    ) -> str:
        """Put a prompt to several models, each with the conversation so far before it; the comparison's id.

        Where no conversation is named, it is for a new one. Raises UsageError, NotFound.
        """
        models = list(dict.fromkeys(models))
        if not LEAST <= len(models) <= MOST:
            raise UsageError(f"{len(models)} models cannot be compared", f"choose {LEAST} to {MOST} different ones")
        asked = [request(text, model, options, files=files) for model in models]

        def put(db: Transaction) -> str:
            comparison = new_id()
            chat = created(db, asked[0].text) if conversation is None else reads.existing(db, conversation).id
            last = db.execute("SELECT id FROM messages WHERE conv_id = ? ORDER BY position DESC LIMIT 1", (chat,)).get
            db.execute(
                "INSERT INTO comparisons(id, conv_id, input, created_at) VALUES (?, ?, ?, ?)",
                (comparison, chat, asked[0].text, now_ms()),
            )
            for one in asked:
                trial = branches.fork(db, chat, last, kind="trial", comparison=comparison)
                db.execute("UPDATE conversations SET model = ? WHERE id = ?", (one.model, trial))
                one.put(db, trial, self._store.owner if own else None)
            return comparison

        return await self._store.write(put)

    async def view(self, comparison: str) -> Comparison:
        """A comparison as it stands. Raises NotFound."""
        return await self._store.read(lambda db: viewed(db, comparison))

    async def of(self, conversation: str) -> Found:
        """The comparisons of a conversation, the latest first, without their members."""
        rows = await self._store.read(
            lambda db: db.execute(
                f"SELECT {_COLUMNS} FROM comparisons WHERE conv_id = ? ORDER BY id DESC", (conversation,)
            ).fetchall()
        )
        return [Comparison(*row) for row in rows]

    async def keep(self, comparison: str, conversation: str) -> str:
        """The answer in one of its conversations becomes the next turn of the original, whose id is returned; the others
        stop, and stay as branches. What all of them cost is counted to the original. Raises NotFound, UsageError."""

        def put(db: Transaction) -> str:
            found = viewed(db, comparison)
            winner = next((one for one in found.members if one.conversation == conversation), None)
            if winner is None:
                raise NotFound(f"no answer {one_line(conversation, 40)!r} in this comparison")
            if found.kept is not None:
                raise UsageError("one of these answers was kept already")
            if not winner.over or not winner.output:
                raise UsageError("this model has not answered", "wait for it, or keep another")
            self._append(db, found.conv_id, winner)
            self._end(db, found, conversation)
            return found.conv_id

        return await self._store.write(put)

    async def drop(self, comparison: str) -> None:
        """Keep none: all that run stop, and the answers go into the trash; one that is restored is a branch. What they
        cost is counted to the original, which goes too where it was begun with them and has nothing else. Raises
        NotFound, and UsageError where one was kept."""

        def put(db: Transaction) -> None:
            found = viewed(db, comparison)
            if found.kept is not None:
                raise UsageError("one of these answers was kept already")
            self._end(db, found, None)
            db.execute(
                "UPDATE conversations SET deleted_at = ?1 WHERE deleted_at IS NULL AND (comparison_id = ?2 AND kind = 'trial'"
                " OR id = ?3 AND NOT EXISTS (SELECT 1 FROM turns WHERE conv_id = ?3)"
                " AND NOT EXISTS (SELECT 1 FROM messages WHERE conv_id = ?3))",
                (now_ms(), found.id, found.conv_id),
            )

        await self._store.write(put)

    @staticmethod
    def _append(db: Transaction, original: str, winner: Member) -> None:
        """Copy the winner's turn behind the last message of the original."""
        reads.existing(db, original)
        if any(turn.status != "queued" for turn in reads.turns(db, original, only_open=True)):
            raise UsageError("this conversation is being answered", "stop the answer first")
        end = db.execute("SELECT coalesce(max(position), 0) FROM messages WHERE conv_id = ?", (original,)).get
        first, last = winner.messages[0].position - 1, winner.messages[-1].position
        copy(db, winner.conversation, original, first, last, shift=end - first)
        db.execute("UPDATE conversations SET updated_at = ? WHERE id = ?", (now_ms(), original))

    @staticmethod
    def _end(db: Transaction, found: Comparison, kept: str | None) -> None:
        for member in found.members:
            halt(db, member.turn.id, "stopped")
            db.execute("UPDATE usage SET conv_id = ? WHERE conv_id = ?", (found.conv_id, member.conversation))
        db.execute(
            "UPDATE comparisons SET kept = coalesce(kept, ?), finished_at = coalesce(finished_at, ?) WHERE id = ?",
            (kept, now_ms(), found.id),
        )


def viewed(db: Reader, comparison: str) -> Comparison:
    """A comparison as it stands in this snapshot. Raises NotFound."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM comparisons WHERE id = ?1 OR substr(id, -length(?1)) = ?1 LIMIT 1", (comparison,)
    ).get
    if row is None or not comparison:
        raise NotFound(f"no comparison {one_line(comparison, 40)!r}")
    found = Comparison(*row)
    trials = db.execute("SELECT id FROM conversations WHERE comparison_id = ? ORDER BY id", (found.id,)).fetchall()
    members = []
    for (trial,) in trials:
        turn = _tried(db, trial)
        messages = reads.turn_messages(db, turn.id)
        members.append(Member(trial, turn.model, turn, messages, reads.spent(db, "turn_id", turn.id)))
    return msgspec.structs.replace(found, members=members)


def _tried(db: Reader, trial: str) -> Turn:
    """The turn that is compared: the first that is no copy."""
    name = db.execute(
        "SELECT min(id) FROM turns WHERE conv_id = ?1 AND id > coalesce("
        "(SELECT turn_id FROM messages WHERE conv_id = ?1 AND copy_of IS NOT NULL"
        " ORDER BY position DESC LIMIT 1), '')",
        (trial,),
    ).get
    turn = reads.turn(db, name)
    assert turn is not None
    return turn
