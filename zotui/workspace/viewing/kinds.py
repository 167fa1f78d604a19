"""What a file is, for whoever shows it: told by its first bytes, then by its name."""

import re
from pathlib import PurePosixPath
from typing import Literal

from zotui.images import media_type

Kind = Literal["empty", "markdown", "text", "table", "database", "picture", "document", "binary"]
HEAD = 8_192
"""Bytes that tell it."""

DATABASES = (".db", ".db3", ".sqlite", ".sqlite3")
TABLES = {".csv": "", ".tsv": "\t", ".tab": "\t"}
_MARKDOWN = (".md", ".markdown", ".mdx")
_PACKED = (".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".epub")
_CONTROLS = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")  # without those that logs and old printers use
_LANGUAGES = {
    "bash": "sh bash zsh bashrc profile", "c": "c h", "cpp": "cpp cc hpp cxx", "csharp": "cs", "css": "css scss",
    "dart": "dart", "diff": "diff patch", "docker": "dockerfile", "go": "go", "html": "html htm xhtml vue",
    "ini": "ini cfg conf service desktop editorconfig", "java": "java", "javascript": "js mjs cjs jsx",
    "json": "json jsonl ndjson geojson", "kotlin": "kt kts", "lua": "lua", "make": "mk makefile", "perl": "pl pm",
    "php": "php", "python": "py pyi pyw", "r": "r", "ruby": "rb", "rust": "rs", "scala": "scala", "sql": "sql",
    "swift": "swift", "tex": "tex", "toml": "toml", "typescript": "ts tsx", "xml": "xml svg xsl", "yaml": "yaml yml",
}  # fmt: skip
LANGUAGES = {suffix: language for language, suffixes in _LANGUAGES.items() for suffix in suffixes.split()}


def kind_of(name: str, head: bytes) -> Kind:
    """What a file of this name is that begins so."""
    suffix = PurePosixPath(name).suffix.lower()
    if not head:
        return "empty"
    if head.startswith(b"SQLite format 3\0") or (suffix in DATABASES and not is_text(head)):
        return "database"
    if media_type(head) is not None or (head.startswith(b"BM") and suffix == ".bmp"):
        return "picture"
    if head.startswith(b"%PDF-") or (head.startswith(b"PK") and suffix in _PACKED):
        return "document"
    if not is_text(head):
        return "binary"
    if suffix == ".ipynb":
        return "document"
    return "table" if suffix in TABLES else "markdown" if suffix in _MARKDOWN else "text"


def is_text(head: bytes) -> bool:
    """Whether what begins so is text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return b"\0" not in head and len(_CONTROLS.findall(head)) * 50 <= len(head)


def language_of(name: str) -> str:
    """The language that a file of this name is written in, as code blocks name it; empty for none."""
    last = PurePosixPath(name).name.lower().lstrip(".")
    return LANGUAGES.get(last.rpartition(".")[2], "")
