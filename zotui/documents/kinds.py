"""What a file is, told by its bytes and then by its name, and its bytes as text where they are that."""

import mimetypes
import re
from pathlib import Path

from zotui.errors import UsageError
from zotui.text import size

DOCUMENTS = {  # what a child has to read, and its media type
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "epub": "application/epub+zip",
}
_LOOKED_AT = 8192  # bytes of a file that tell whether it is text
_CONTROLS = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")  # without those that logs and old printers use
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PACKED = (
    (b"mimetypeapplication/epub+zip", "epub"),
    (b"word/document.xml", "docx"),
    (b"xl/workbook.xml", "xlsx"),
    (b"ppt/presentation.xml", "slides (pptx)"),
)
_SIGNS = (
    (b"PK\3\4", "a zip archive"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"(\xb5/\xfd", "zstd"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\0", "an SQLite database"),
    (_OLE, "an Office file that is encrypted, or of before 2007"),
    (b"ID3", "sound"),
    (b"OggS", "sound"),
    (b"RIFF", "sound or video"),
)


def kind_of(name: str, content: bytes) -> str:
    """What has to read it: one of ``DOCUMENTS``, the name's ending of what has a form of its own (csv, tsv, ipynb), else
    text."""
    suffix = Path(name).suffix.lower().removeprefix(".")
    if content.startswith(b"%PDF-"):
        return "pdf"
    if suffix in DOCUMENTS and suffix != "pdf" and not content.startswith(_OLE):
        return suffix
    if (kind := _packed(content)) in DOCUMENTS:
        return kind
    return suffix if suffix in ("csv", "tsv", "ipynb") else "text"


def decoded(name: str, content: bytes) -> str:
    """Bytes as text. Raises UsageError where they are none, which says what they are."""
    for sign, encoding in _BOMS:
        if content.startswith(sign):
            return content.decode(encoding, "replace")
    head = content[:_LOOKED_AT]
    if b"\0" in head or len(_CONTROLS.findall(head)) * 50 > len(head):
        raise UsageError(
            f"{name} is no text ({_said(name, content)}, {size(len(content))})",
            f"text, csv, ipynb, {', '.join(DOCUMENTS)} and images can be attached",
        )
    for encoding in ("utf-8", "cp1252"):  # the latter is latin-1, with the quotation marks that people type
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _packed(content: bytes) -> str:
    """What a zip archive is more than that; empty where it is nothing, or none."""
    return next((kind for sign, kind in _PACKED if content.startswith(b"PK\3\4") and sign in content), "")


def _said(name: str, content: bytes) -> str:
    """What bytes that are no text are."""
    known = _packed(content) or next((kind for sign, kind in _SIGNS if content.startswith(sign)), "")
    guessed = mimetypes.guess_type(name)[0] or "text/"
    return known or ("an unknown kind" if guessed.startswith("text/") else guessed)
