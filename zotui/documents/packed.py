"""Documents that are zip archives, from stdin to stdout: run in a child."""

import io
import sys
import zipfile
from collections.abc import Callable

from zotui.documents.child import bound
from zotui.documents.length import shortened

UNPACKED = 200_000_000  # bytes that one may have when unpacked


def tell(kind: str, text: Callable[[io.BytesIO], str]) -> None:
    """Write what ``text`` makes of a document, or exit with one line of what is wrong; ``kind`` as a person says it."""
    bound()
    content = io.BytesIO(sys.stdin.buffer.read())
    try:
        with zipfile.ZipFile(content) as packed:
            entries = packed.infolist()
        if sum(entry.file_size for entry in entries) > UNPACKED:
            sys.exit("unpacked it would be too large")
        if any(entry.flag_bits & 1 for entry in entries):
            sys.exit("it is encrypted")
        sys.stdout.write(shortened(text(content)))
    except zipfile.BadZipFile:
        sys.exit(f"it is no {kind}, or damaged")
    except MemoryError:
        sys.exit("it takes too much memory")
    except Exception as error:  # whatever a damaged file makes of its reader
        sys.exit(f"it is damaged ({type(error).__name__})")
