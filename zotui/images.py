"""Images that a person shows: told by their first bytes, and small enough for every provider."""

import re

from zotui.errors import UsageError

LARGEST = 5_000_000
"""Bytes of one image. The least that a provider allows (Anthropic, 5 MB)."""
MOST = 20
"""Images of one request."""
MOST_BYTES = 20_000_000
"""Bytes of all images of one request: a third more as base64, which is about what providers take."""
TOKENS = 1200
"""About what one costs where it is scaled to fit."""

_SIGNS = (
    (rb"\x89PNG\r\n\x1a\n", "image/png"),
    (rb"\xff\xd8\xff", "image/jpeg"),
    (rb"GIF8[79]a", "image/gif"),
    (rb"RIFF....WEBP", "image/webp"),
)


def media_type(content: bytes) -> str | None:
    """What kind of image this is, whatever its name says; None for none that models can see."""
    return next((kind for sign, kind in _SIGNS if re.match(sign, content, re.DOTALL)), None)


def checked(name: str, content: bytes) -> str:
    """The media type of an image that can be sent. Raises UsageError."""
    if len(content) > LARGEST:
        raise UsageError(f"{name} has {len(content):,} bytes, an image may have {LARGEST:,}", "make it smaller")
    kind = media_type(content)
    if kind is None:
        raise UsageError(f"{name} is no PNG, JPEG, GIF or WebP image", "convert it, or send text with --file")
    return kind
