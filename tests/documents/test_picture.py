"""Pictures scaled down in a child: each format for real; bombs and broken ones are one line."""

import io
import struct
import zlib

import pytest
from PIL import Image

from zotui.documents.picture import pixels
from zotui.errors import UsageError

RED, CLEAR = (200, 30, 40), (0, 0, 0, 0)


def encoded(format_: str, size: tuple[int, int] = (40, 20)) -> bytes:
    """A red picture."""
    out = io.BytesIO()
    Image.new("RGB", size, RED).save(out, format_)
    return out.getvalue()


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_each_format(format_: str) -> None:
    made = pixels("a", encoded(format_), 10, 10, "#000000")
    assert (made.columns, made.rows, made.format, made.width, made.height) == (10, 5, format_, 40, 20)
    assert len(made.data) == 10 * 5 * 3
    assert all(abs(is_ - shall) < 12 for is_, shall in zip(made.data[:3], RED, strict=True))


def test_where_it_is_clear_the_background_is_seen() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (4, 4), CLEAR).save(out, "PNG")
    assert pixels("a", out.getvalue(), 10, 10, "#0a0b0c").data[:3] == b"\x0a\x0b\x0c"


def bomb() -> bytes:
    """A PNG of 900 million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "words"), [(bomb(), "100,000,000 pixels"), (encoded("PNG")[:60], "damaged"), (b"GIF89a", "damaged")]
)
def test_what_cannot_be_shown_is_one_line(content: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        pixels("a.png", content, 10, 10, "#000000")
