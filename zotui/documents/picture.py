"""A picture scaled down to a few pixels: ``pixels`` starts a child, which ``main`` runs in, from stdin to stdout."""

import sys
from typing import NamedTuple

from zotui.documents.child import bound, run_child

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
LARGEST = 50_000_000  # bytes of a file
MOST_PIXELS = 100_000_000  # of a picture when it is unpacked


class Pixels(NamedTuple):
    """A picture: its columns and rows, three bytes a pixel from the top left on, and what it was: its format, width and
    height."""

    columns: int
    rows: int
    data: bytes
    format: str
    width: int
    height: int


def pixels(name: str, content: bytes, columns: int, rows: int, background: str) -> Pixels:
    """A picture in at most so many columns and rows; ``background``, as #rrggbb, is where it lets through. Blocks. Raises
    UsageError for what is none, is damaged or too large."""
    made = run_child("picture", name, content, str(max(1, columns)), str(max(1, rows)), background)
    head, _, data = made.partition(b"\n")
    size, format_, of = head.decode("ascii").split()
    (columns, rows), (width, height) = (map(int, pair.split("x")) for pair in (size, of))
    return Pixels(columns, rows, data, format_, width, height)


def main() -> None:
    """Scale, or exit with one line of what is wrong."""
    bound()
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # it warns of more than that, and refuses twice as many
    columns, rows, background = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    try:
        head, data = _scaled(sys.stdin.buffer.read(), (columns, rows), background)
    except Image.DecompressionBombError:
        sys.exit(f"unpacked it would have over {MOST_PIXELS:,} pixels")
    except MemoryError:
        sys.exit("it takes too much memory")
    except Exception as error:  # whatever a damaged file makes of its reader
        sys.exit(f"it is damaged ({type(error).__name__})")
    sys.stdout.buffer.write(head.encode() + b"\n" + data)


def _scaled(content: bytes, room: tuple[int, int], background: str) -> tuple[str, bytes]:
    """The first frame, the right way up, on a background."""
    import io
    import warnings

    from PIL import Image, ImageOps

    warnings.simplefilter("ignore")
    with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
        said = f"{picture.format} {picture.width}x{picture.height}"
        picture.draft("RGB", (2 * room[0], 2 * room[1]))  # a JPEG is unpacked no larger than it is needed
        turned = ImageOps.exif_transpose(picture).convert("RGBA")
    turned.thumbnail(room)
    ground = Image.new("RGBA", turned.size, background)
    ground.alpha_composite(turned)
    return f"{turned.width}x{turned.height} {said}", ground.convert("RGB").tobytes()
