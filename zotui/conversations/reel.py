"""One conversation, held up to date by small reads: what costs is what is new, not what there is."""

import asyncio
from collections.abc import Iterable, Sequence

import msgspec

from zotui.conversations import reads
from zotui.conversations.records import Conversation, Message, Question, Remembered, Spent, Turn
from zotui.conversations.turns import open_question
from zotui.store import Reader, Store, midnight_ms

PAGE = 100


class Reel:
    """The last messages of a conversation, the turns that are not over, and an open question.

    :meth:`open` reads the end, :meth:`refresh` only what came since, :meth:`older` a page before the first.
    """

    def __init__(self, store: Store, conversation: str) -> None:
        self._store = store
        self.id = conversation
        self.conversation: Conversation | None = None
        self.messages: list[Message] = []
        self.turns: list[Turn] = []
        self.ended: dict[str, Turn] = {}
        self.cited: dict[str, tuple[Remembered, ...]] = {}
        self.question: Question | None = None
        self.spent = Spent()
        self.today = Spent()
        self.has_older = False
        self._parts: dict[str, int] = {}
        self._sealed: list[str] | None = None
        self._reading = asyncio.Lock()  # one read at a time: each goes on from what the last one left

    async def open(self) -> None:
        """Read the last page. ``conversation`` stays None where there is none of this id."""

        def read(db: Reader) -> list[Message]:
            found = reads.messages(db, self.id, limit=PAGE)
            self._note_parts(db, found)
            self._read_rest(db, found)
            return found

        async with self._reading:
            self.messages = await self._store.read(read)
            self.has_older = bool(self.messages) and self.messages[0].position > 1

    async def older(self) -> list[Message]:
        """The page before the first message, now in front of it."""

        def read(db: Reader) -> list[Message]:
            found = reads.messages(db, self.id, before=self.messages[0].position, limit=PAGE)
            self._read_ended(db, found)
            return found

        async with self._reading:
            if not self.has_older:
                return []
            found = await self._store.read(read)
            self.messages = [*found, *self.messages]
            self.has_older = bool(found) and found[0].position > 1
            return found

    @property
    def settled(self) -> int:
        """How many messages from the first on will not change any more."""
        open_turns = {turn.id for turn in self.turns}
        count = len(self.messages)
        while count and (
            self.messages[count - 1].status == "running" or self.messages[count - 1].turn_id in open_turns
        ):
            count -= 1
        return count

    async def refresh(self) -> None:
        """Read what is not settled, and what is new; a message that is gone again is dropped."""
        async with self._reading:
            settled = self.settled
            since = self.messages[settled - 1].position if settled else 0
            if self.messages and not settled:
                since = self.messages[0].position - 1  # a turn longer than a page: what is before that stays unread
            marks: dict[str, int] = {}

            def read(db: Reader) -> list[Message]:
                found = self._tail(db, self.messages[settled:], since, marks)
                self._read_rest(db, found)
                return found

            self.messages[settled:] = await self._store.read(read)
            self._parts = marks

    def _tail(self, db: Reader, open_: Sequence[Message], since: int, marks: dict[str, int]) -> list[Message]:
        """The messages after a position; of a running one, only its parts that are new since ``open_`` was read."""
        known = {message.id: message for message in open_}
        found = []
        for message in reads.messages_after(db, self.id, since):
            if message.status != "running":
                found.append(reads.with_parts(db, message))
                continue
            before = known.get(message.id, message)
            last = self._parts.get(message.id, 0)
            parts = db.execute(
                "SELECT n, kind, text FROM parts WHERE message_id = ? AND n > ? ORDER BY n", (message.id, last)
            ).fetchall()
            marks[message.id] = parts[-1][0] if parts else last
            found.append(
                msgspec.structs.replace(
                    message,
                    content=before.content + "".join(text for _, kind, text in parts if kind == "text"),
                    reasoning=before.reasoning + "".join(text for _, kind, text in parts if kind == "reasoning"),
                )
            )
        return found

    def _note_parts(self, db: Reader, found: Iterable[Message]) -> None:
        for message in found:
            if message.status == "running":
                last = db.execute("SELECT max(n) FROM parts WHERE message_id = ?", (message.id,)).get
                self._parts[message.id] = last or 0

    def _read_rest(self, db: Reader, found: Iterable[Message]) -> None:
        self.conversation = reads.conversation(db, self.id)
        self.turns = reads.turns(db, self.id, only_open=True)
        self.question = open_question(db, self.id)
        sealed = [message.id for message in found if message.status != "running"]
        if sealed != self._sealed:  # only then there is a new cost
            self._sealed = sealed
            self.spent = reads.spent(db, "conv_id", self.id)
            self.today = reads.spent_since(db, midnight_ms())
        self._read_ended(db, found)

    def _read_ended(self, db: Reader, found: Iterable[Message]) -> None:
        """The turns behind these messages that are over, and the memories that their answers name."""
        for turn_id in {message.turn_id for message in found if message.turn_id}:
            turn = reads.turn(db, turn_id)
            if turn is not None and turn.finished_at is not None:
                self.ended[turn.id] = turn
                self.cited[turn.id] = tuple(one for one in reads.remembered(db, turn.id) if one.cited)
