"""Who turns texts into vectors: the table that comes along, or a model that is asked."""

import asyncio
from array import array
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from zotui import vectors
from zotui.errors import ZotuiError

READ = 2_000  # characters of a memory that are looked at
LONGEST = 4_096  # numbers of a vector
Numbers = Sequence[float]
Ask = Callable[[Sequence[str]], Awaitable[Sequence[Numbers]]]


class Embedder(msgspec.Struct, frozen=True):
    """A model that is asked. ``name`` is what its vectors are kept under, ``least`` the closeness from which a memory counts that
    shares no word with the query, ``here`` that it is on this machine, so that nothing leaves it, ``patience_s`` how long a
    recall waits for the vector of its query."""

    name: str
    ask: Ask
    least: float = 0.45
    here: bool = False
    patience_s: float = 1.5

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        """A vector for each text. Raises ZotuiError where the model does not answer, or with something else."""
        found = await self.ask([text[:READ] or " " for text in texts])
        if len(found) != len(texts):
            raise ZotuiError(f"{self.name} gave {len(found)} vectors for {len(texts)} texts")
        return await asyncio.to_thread(lambda: [packed(numbers) for numbers in found])


def packed(numbers: Numbers) -> bytes:
    """A vector as it is kept: signed bytes, the largest ±127; empty where it is none."""
    if not 1 <= len(numbers) <= LONGEST:
        return b""
    peak = max(map(abs, numbers))
    return array("b", [round(127 * number / peak) for number in numbers]).tobytes() if 0 < peak < 1e9 else b""


def by_table(text: str) -> bytes:
    """The vector of a text by the table that comes along; empty where no word is known, or there is no table."""
    try:
        return vectors.embed(text[:READ])
    except ZotuiError:
        return b""
