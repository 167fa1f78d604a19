"""Keys that a command was given, hidden in what it puts out, wherever the pieces are cut."""

import json
from collections.abc import Iterable
from urllib.parse import quote

from zotui.secret import Secret

SHOWN = b"[key]"


class Veil:
    """Hides secrets in bytes that come in pieces: as they are, and as JSON and addresses write them."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        written = {form.encode() for secret in secrets for form in _forms(secret.reveal()) if form}
        self._hidden = sorted(written, key=len, reverse=True)
        self._kept = b""

    def feed(self, piece: bytes) -> bytes:
        """What can be shown by now; what may be the beginning of a secret waits for the rest."""
        text = self._without(self._kept + piece)
        begun = self._begun(text)
        text, self._kept = text[: len(text) - begun], text[len(text) - begun :]
        return text

    def rest(self) -> bytes:
        """What still waits, once no more will come."""
        left, self._kept = self._kept, b""
        return left

    def _without(self, text: bytes) -> bytes:
        for secret in self._hidden:
            text = text.replace(secret, SHOWN)
        return text

    def _begun(self, text: bytes) -> int:
        """How many bytes at the end may be the beginning of a secret."""
        longest = min(len(text), len(self._hidden[0]) - 1) if self._hidden else 0
        for length in range(longest, 0, -1):
            if any(secret.startswith(text[-length:]) for secret in self._hidden):
                return length
        return 0


def _forms(text: str) -> tuple[str, ...]:
    return (
        text,
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        quote(text, safe=""),
        repr(text)[1:-1],
    )
