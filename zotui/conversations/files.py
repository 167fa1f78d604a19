"""Conversations written into files and read from them."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

from zotui.conversations.exchange import from_json, to_json
from zotui.conversations.incoming import checked, put
from zotui.conversations.markdown import from_markdown, to_markdown
from zotui.conversations.outgoing import records
from zotui.errors import NotFound, UsageError
from zotui.regular import NotRegular, TooLarge, read_regular
from zotui.store import Store

Form = Literal["md", "jsonl"]
LARGEST = 500_000_000  # bytes of a file that is imported
WRITERS = {"md": to_markdown, "jsonl": to_json}


def form_of(path: Path) -> Form:
    """The form that a file's name asks for: JSON lines for .jsonl, else Markdown."""
    return "jsonl" if path.suffix.lower() in (".jsonl", ".ndjson", ".json") else "md"


class Exchange:
    """Conversations out into files, and in again."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def pieces(self, conversation: str, form: Form, *, reasoning: bool = False) -> AsyncIterator[str]:
        """A conversation as text, a message at a time: no more than a page of it is in memory. Raises NotFound."""
        async for record in records(self._store, conversation, reasoning=reasoning):
            yield WRITERS[form](record)

    async def text(self, conversation: str, form: Form, *, reasoning: bool = False) -> str:
        """A conversation as one text. Raises NotFound."""
        return "".join([piece async for piece in self.pieces(conversation, form, reasoning=reasoning)])

    async def export(
        self, conversation: str, path: str, form: str = "", *, reasoning: bool = False
    ) -> tuple[Path, int]:
        """Write a conversation into a new file, 0600, as ``md`` or ``jsonl``, else by the file's name; where that is, and
        how many messages. Raises NotFound, UsageError where it cannot."""
        target = await asyncio.to_thread(lambda: Path(path).expanduser().absolute())
        chosen: Form = "md" if form == "md" else "jsonl" if form == "jsonl" else form_of(target)
        pieces = self.pieces(conversation, chosen, reasoning=reasoning)
        try:
            handle = await asyncio.to_thread(os.open, target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                written = await _written(handle, pieces)
            except BaseException:  # half a conversation is none
                await asyncio.to_thread(target.unlink, missing_ok=True)
                raise
        except FileExistsError:
            raise UsageError(f"{target} is there already", "choose another name") from None
        except OSError as error:
            raise UsageError(f"{target} cannot be written: {error.strerror}") from None
        return target, written

    async def import_file(self, path: str) -> str:
        """Read a conversation from a file that was exported; its id. Raises NotFound, UsageError that names the line."""
        source = await asyncio.to_thread(lambda: Path(path).expanduser())
        try:
            content = await asyncio.to_thread(read_regular, source, LARGEST)
        except (NotRegular, TooLarge) as error:
            raise UsageError(f"{source} cannot be imported: {error}") from None
        except OSError as error:
            raise NotFound(f"{source} cannot be read: {error.strerror}") from None
        return await self.import_text(content, str(source))

    async def import_text(self, content: bytes, name: str) -> str:
        """Read a conversation from what was exported, whichever form it has; its id. Raises UsageError."""
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise UsageError(f"{name} is no text: byte {error.start} is not UTF-8") from None
        read = from_json if text.startswith("{") else from_markdown
        try:
            found = await asyncio.to_thread(lambda: checked(read(text)))
        except UsageError as error:
            raise UsageError(f"{name}: {error.message}", error.hint) from None
        return await self._store.write(lambda db: put(db, found))


async def _written(handle: int, pieces: AsyncIterator[str]) -> int:
    """Write the pieces into an open file, which is closed then; how many messages. Raises OSError, NotFound."""
    written = -1  # the first piece is the conversation
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece)
            written += 1
    return written
