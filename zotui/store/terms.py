"""A text as the terms of a full-text index."""

from typing import cast

import apsw

from zotui.store.sql import Database

_STEMMED = "porter", ["unicode61", "remove_diacritics", "2"]  # as the indexes over memory and messages are made


def terms(db: Database, text: str) -> list[str]:
    """The stems of a text's words, in order."""
    tokenize = cast(apsw.Connection, db).fts5_tokenizer(*_STEMMED)
    return cast(
        list[str],
        tokenize(
            text.encode(errors="replace"),
            apsw.FTS5_TOKENIZE_DOCUMENT,
            None,
            include_offsets=False,
            include_colocated=False,
        ),
    )


def words(db: Database, text: str) -> list[tuple[str, str]]:
    """The words of a text, in order, each with its stem. A word holds no character that acts in a query."""
    utf8 = text.encode(errors="replace")
    tokenize = cast(apsw.Connection, db).fts5_tokenizer(*_STEMMED)
    found = cast(list[tuple[int, int, str]], tokenize(utf8, apsw.FTS5_TOKENIZE_DOCUMENT, None, include_colocated=False))
    return [(utf8[start:end].decode(), stem) for start, end, stem in found]
