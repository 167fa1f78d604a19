"""Conversations written into files and read from them."""

import asyncio
import os
from pathlib import Path
from typing import Literal

from zotui.conversations import exchange
from zotui.conversations.markdown import from_markdown, to_markdown
from zotui.errors import NotFound, UsageError
from zotui.regular import NotRegular, TooLarge, read_regular
from zotui.store import Store

Form = Literal["md", "jsonl"]
LARGEST = 500_000_000  # bytes of a file that is imported
WRITERS = {"md": to_markdown, "jsonl": exchange.to_json}


def form_of(path: Path) -> Form:
    """The form that a file's name asks for: JSON lines for .jsonl, else Markdown."""
    return "jsonl" if path.suffix.lower() in (".jsonl", ".ndjson", ".json") else "md"


class Exchange:
    """Conversations out into files, and in again."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def text(self, conversation: str, form: Form, *, reasoning: bool = False) -> str:
        """A conversation as text. Raises NotFound."""
        found = exchange.records(self._store, conversation, reasoning=reasoning)
        return "".join([WRITERS[form](one) async for one in found])

    async def export(
        self, conversation: str, path: str, form: str = "", *, reasoning: bool = False
    ) -> tuple[Path, int]:
        """Write a conversation into a new file, 0600, as ``md`` or ``jsonl``, else by the file's name; where that is, and
        how many messages. Raises NotFound, UsageError where it cannot."""
        target = await asyncio.to_thread(lambda: Path(path).expanduser().absolute())
        write = WRITERS[form] if form in WRITERS else WRITERS[form_of(target)]
        written = -1  # the first record is the conversation
        try:
            handle = await asyncio.to_thread(os.open, target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                async for record in exchange.records(self._store, conversation, reasoning=reasoning):
                    await asyncio.to_thread(file.write, write(record))
                    written += 1
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
        read = exchange.from_json if text.startswith("{") else from_markdown
        try:
            found = await asyncio.to_thread(lambda: list(read(text)))
        except UsageError as error:
            raise UsageError(f"{name}: {error.message}", error.hint) from None
        return await self._store.write(lambda db: exchange.put(db, found))
