"""What a command puts out: its beginning and its end at hand, all of it in a file where it is long."""

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from zotui.private import make_file
from zotui.sandbox.restoring import discard
from zotui.sandbox.veil import Veil
from zotui.secret import Secret

SHOWN = 1_000_000  # bytes at hand, half of them from the beginning
CHUNK = 1 << 16
KEPT_S = 7 * 86_400
"""How long the files of long outputs stay."""


class Output:
    """Takes bytes as they come. At hand are at most ``SHOWN`` of them, in memory and never more; the whole is in
    ``path`` once it is longer than that or is to be kept, up to ``most`` bytes, what comes after that is counted only.

    ``listener`` is called after each piece, with the piece. What is ``hidden`` is nowhere in all that.
    """

    def __init__(
        self,
        path: Path,
        most: int,
        listener: Callable[[bytes], None] | None = None,
        hidden: Iterable[Secret] = (),
    ) -> None:
        self._veil = Veil(hidden)
        self._path = path
        self._most = most
        self._listener = listener
        self._head = bytearray()
        self._tail = bytearray()
        self._file: BinaryIO | None = None
        self._taking = threading.Lock()
        self.size = 0

    @property
    def path(self) -> Path | None:
        """The file that holds it; None where all of it is at hand."""
        return self._path if self._file is not None else None

    @property
    def is_cut(self) -> bool:
        """Whether not even the file holds all of it."""
        return self.size > self._most

    async def drain(self, stream: asyncio.StreamReader) -> None:
        """Take everything from a stream until it ends."""
        while piece := await stream.read(CHUNK):
            if shown := self._veil.feed(piece):
                await self.take(shown)
        if rest := self._veil.rest():
            await self.take(rest)

    async def take(self, piece: bytes) -> None:
        """Take a piece. Raises OSError where it cannot be kept."""
        if self._file is None and self.size + len(piece) <= SHOWN:
            self._take(piece)
        else:
            await asyncio.to_thread(self._take, piece)
        if self._listener is not None:
            self._listener(piece)

    def keep(self) -> Path:
        """Have all of it in the file from now on, for others to read while it comes; where that is. Blocks. Raises
        OSError."""
        with self._taking:
            if self._file is None:
                self._begin_file()
        return self._path

    def close(self) -> None:
        """No more is to come. What the disk did not take has been said."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # it is tried once more, and closed all the same
                self._file.close()

    @property
    def content(self) -> bytes:
        """What is at hand; where something is left out between the beginning and the end, a line says so."""
        left_out = self.size - len(self._head) - len(self._tail)
        if not left_out:
            return bytes(self._head + self._tail)
        where = f", the first {self._most:,} bytes are in {self._path}" if self.is_cut else f", all is in {self._path}"
        return bytes(self._head) + f"\n[… {left_out:,} bytes left out{where} …]\n".encode() + bytes(self._tail)

    @property
    def text(self) -> str:
        """The same as text; what is no UTF-8 is marked."""
        return self.content.decode("utf-8", "replace")

    def _take(self, piece: bytes) -> None:
        half = SHOWN // 2
        with self._taking:
            before, self.size = self.size, self.size + len(piece)
            if self._file is None and self.size > SHOWN:
                self._begin_file()
            room = max(0, half - len(self._head))
            self._head += piece[:room]
            self._tail += piece[room:]
            if len(self._tail) > half + CHUNK or (self._file is not None and len(self._tail) > half):
                del self._tail[:-half]
            if self._file is not None and before < self._most:
                self._file.write(piece[: self._most - before])
                self._file.flush()

    def _begin_file(self) -> None:
        """All that has come is at hand as yet."""
        make_file(self._path)
        self._file = open(self._path, "wb")  # noqa: SIM115 (closed by close)
        self._file.write(self._head + self._tail)
        self._file.flush()


def free_name(folder: Path) -> Path:
    """A name for a file of output that is not used yet."""
    return folder / f"output-{os.getpid()}-{os.urandom(6).hex()}.txt"


def forget_old(folder: Path) -> None:
    """Delete the files of outputs that nobody reads any more, and what was put aside. Blocks."""
    oldest = time.time() - KEPT_S
    for path in folder.glob("output-*.txt"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()
    for path in folder.glob("put-aside-*"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                discard(path)
