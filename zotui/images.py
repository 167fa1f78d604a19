"""Images that a person shows: told by their first bytes, and small enough for every provider."""

from zotui.errors import UsageError
from zotui.text import size

LARGEST = 5_000_000
"""Bytes of one image. The least that a provider allows (Anthropic, 5 MB)."""
MOST = 20
"""Images of one request."""

_SIGNS = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF87a", 0, "image/gif"),
    (b"GIF89a", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
)


def media_type(content: bytes) -> str | None:
    """What kind of image this is, whatever its name says; None for none that models can see."""
    return next((kind for sign, at, kind in _SIGNS if content[at : at + len(sign)] == sign), None)


def checked(name: str, content: bytes) -> str:
    """The media type of an image that can be sent. Raises UsageError."""
    if len(content) > LARGEST:
        raise UsageError(f"{name} is {size(len(content))}, an image may have {size(LARGEST)}", "make it smaller")
    kind = media_type(content)
    if kind is None:
        raise UsageError(f"{name} is no PNG, JPEG, GIF or WebP image", "convert it, or send text with --file")
    return kind
