"""Viewing: the folders of the workspace as a tree, and its files by pages, however large they are."""

from zotui.workspace.viewing.encodings import Encoded, encoded
from zotui.workspace.viewing.kinds import DATABASES, HEAD, TABLES, Kind, kind_of, language_of
from zotui.workspace.viewing.lines import Lines
from zotui.workspace.viewing.paged import Paged
from zotui.workspace.viewing.records import Records
from zotui.workspace.viewing.source import Held, OpenFile, Source, Stamp
from zotui.workspace.viewing.tree import Leaf, Seen, Tree

__all__ = [
    "DATABASES",
    "HEAD",
    "TABLES",
    "Encoded",
    "Held",
    "Kind",
    "Leaf",
    "Lines",
    "OpenFile",
    "Paged",
    "Records",
    "Seen",
    "Source",
    "Stamp",
    "Tree",
    "encoded",
    "kind_of",
    "language_of",
]
