"""What a file is, told by its bytes and then by its name, and its bytes as text where they are that."""

import mimetypes
import re
from pathlib import Path

from zotui.errors import UsageError
from zotui.text import size

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_LOOKED_AT = 8192  # bytes of a file that tell whether it is text
_CONTROLS = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")  # without those that logs and old printers use
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OFFICE = (
    (b"word/document.xml", "a Word document"),
    (b"xl/workbook.xml", "a spreadsheet (xlsx)"),
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
    """What has to read it: pdf, docx, the name's ending of what has a form of its own (csv, tsv, ipynb), else text."""
    suffix = Path(name).suffix.lower().removeprefix(".")
    if content.startswith(b"%PDF-"):
        return "pdf"
    if content.startswith(b"PK\3\4") and _OFFICE[0][0] in content:
        return "docx"
    if suffix == "docx" and not content.startswith(_OLE):
        return "docx"
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
            "text, csv, ipynb, pdf, docx and images can be attached",
        )
    for encoding in ("utf-8", "cp1252"):  # the latter is latin-1, with the quotation marks that people type
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _said(name: str, content: bytes) -> str:
    """What bytes that are no text are."""
    if content.startswith(b"PK\3\4"):
        for sign, kind in _OFFICE:
            if sign in content:
                return kind
    known = (kind for sign, kind in _SIGNS if content.startswith(sign))
    guessed = mimetypes.guess_type(name)[0] or "text/"
    return next(known, "") or ("an unknown kind" if guessed.startswith("text/") else guessed)
