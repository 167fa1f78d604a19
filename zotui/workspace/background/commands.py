"""Commands in the background as doors and the model see them: listed, read, fed, stopped by way of rows."""

import asyncio
import codecs
import contextlib
import os
from collections.abc import Sequence
from typing import NamedTuple

from zotui.store import Reader, Store, Transaction
from zotui.text import clean, one_line
from zotui.workspace.background import records
from zotui.workspace.background.records import BackgroundCommand, Notify, put_out, unheard

LOOK_S = 0.1  # between two looks at the file of one that is waited for
SETTLES_S = 0.2  # how long what has begun to come may go on
NEWS = 10  # commands that a request tells of


class Piece(NamedTuple):
    """A part of an output: its text, clean, the byte behind it, and how many in its middle were left out."""

    text: str
    end: int
    left_out: int


class Commands:
    """What goes on in the background of one home, and what did. ``notify`` tells of those whose process is gone."""

    def __init__(self, store: Store, notify: Notify = unheard) -> None:
        self._store = store
        self._notify = notify

    async def list(self, limit: int = 100) -> "list[BackgroundCommand]":
        """The newest first, those that run before all others."""
        await self._settle()
        order = "ORDER BY status = 'running' DESC, id DESC LIMIT ?"
        return await self._store.read(lambda db: records.found(db, f"1 {order}", (limit,)))

    async def find(self, name: str, conversation: str | None = None) -> BackgroundCommand:
        """The command of an id, or of an end of it, of a conversation or of all. Raises NotFound."""
        await self._settle()
        return await self._store.read(lambda db: records.named(db, name, conversation))

    async def count(self) -> int:
        """How many run."""
        count = "SELECT count(*) FROM commands WHERE status = 'running'"
        return await self._store.read(lambda db: db.execute(count).get)

    async def feed(self, id_: str, text: str) -> None:
        """Give it input, whole lines. Raises UsageError."""
        line = text if text.endswith("\n") else f"{text}\n"
        await self._store.write(lambda db: records.ask(db, id_, "text", line))

    async def end_input(self, id_: str) -> None:
        """Have its input end. Raises UsageError."""
        await self._store.write(lambda db: records.ask(db, id_, "end"))

    async def stop(self, id_: str) -> None:
        """Have it end at once, and all that it started. Raises UsageError."""
        await self._store.write(lambda db: records.ask(db, id_, "stop"))

    async def stop_everything(self) -> int:
        """Have all end at once; how many those are."""

        def put(db: Transaction) -> int:
            running = records.found(db, "status = 'running'")
            for one in running:
                records.ask(db, one.id, "stop")
            return len(running)

        return await self._store.write(put) if await self.count() else 0

    async def wait(self, id_: str, seconds: float, *, beyond: int | None = None) -> BackgroundCommand:
        """The command once it has ended, or has put out more than ``beyond`` bytes, or after so many seconds."""
        end = asyncio.get_running_loop().time() + seconds
        async with self._store.watch("commands") as watch:
            while True:
                one = await self.find(id_)
                left = end - asyncio.get_running_loop().time()
                if one.over or left <= 0:
                    return one
                if beyond is not None and await asyncio.to_thread(put_out, one) > beyond:
                    end, beyond = min(end, asyncio.get_running_loop().time() + SETTLES_S), None
                    continue
                await watch.wait(min(left, LOOK_S))

    async def read(self, one: BackgroundCommand, start: int, most: int) -> Piece:
        """What it has put out from a byte on: where that is more than ``most`` bytes, its head and its tail."""
        return await asyncio.to_thread(_read, one, start, most)

    async def tail(self, one: BackgroundCommand, most: int) -> Piece:
        """The end of what it has put out, ``most`` bytes of it."""
        return await asyncio.to_thread(lambda: _read(one, max(0, put_out(one) - most), most))

    async def told(self, one: BackgroundCommand, end: int) -> None:
        """The model has been told what it put out up to a byte, and its end, if it has ended."""
        query = "UPDATE commands SET seen = max(seen, ?), heard = max(heard, ?) WHERE id = ?"
        await self._store.write(lambda db: db.execute(query, (end, one.over, one.id)), durable=False)

    async def any_of(self, conversation: str) -> bool:
        """Whether a conversation has any."""
        query = "SELECT 1 FROM commands WHERE conv_id = ? LIMIT 1"
        return await self._store.read(lambda db: db.execute(query, (conversation,)).get is not None)

    async def news(self, conversation: str, turn: str) -> Sequence[str]:
        """What a turn's model should know, a line each: those that run, and those that ended since it was asked last, in an
        earlier turn."""
        return await self._store.read(lambda db: _news(db, conversation, turn))

    async def _settle(self) -> None:
        owner = self._store.owner
        if await self._store.read(lambda db: _any_left(db, owner)):
            await self._store.write(lambda db: records.settle(db, owner, self._notify, records.ids_of(db, owner)))


def _any_left(db: Reader, owner: str) -> bool:
    """Whether the processes of some are gone; of this one's own, who holds them takes care."""
    return bool(records.left(db, owner, records.ids_of(db, owner)))


def _news(db: Reader, conversation: str, turn: str) -> list[str]:
    asked = (
        "SELECT coalesce(max(created_at), 0) FROM messages"
        " WHERE conv_id = ?1 AND role = 'assistant' AND status = 'done' AND turn_id <> ?2"
    )
    where = (
        f"conv_id = ?1 AND (status = 'running' OR (heard = 0 AND finished_at > ({asked})))"
        f" ORDER BY status = 'running' DESC, id DESC LIMIT {NEWS}"
    )
    return [
        f"- {one.name} {one.end}: {one_line(one.command, 100)}"
        for one in records.found(db, where, (conversation, turn))
    ]


def _read(one: BackgroundCommand, start: int, most: int) -> Piece:
    """Blocks. Half a character at the end of one that runs is left for the next time."""
    whole = codecs.getincrementaldecoder("utf-8")("replace")
    with contextlib.suppress(OSError), open(one.path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        left_out = max(0, size - start - most)
        file.seek(start)
        head = file.read(most // 2 if left_out else most)
        text = whole.decode(head, final=bool(left_out))
        if left_out:
            file.seek(size - most // 2)
            text += f"\n[… {left_out:,} bytes left out …]\n"
            text += whole.decode(file.read(most // 2), final=False)
        rest = len(whole.getstate()[0])
        if one.over:
            text, rest = text + whole.decode(b"", final=True), 0
        return Piece(clean(text), file.tell() - rest, left_out)
    return Piece("", start, 0)
