"""A person's words as FTS5 queries. Every word is quoted: nothing in it is an operator."""

from unicodedata import category

MOST = 64  # words of a query

# Words that say nothing about what is sought.
STOP_WORDS = frozenset(
    [
        "a",
        "about",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "me",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "our",
        "she",
        "so",
        "some",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "they",
        "this",
        "to",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "whom",
        "whose",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)


def words(text: str) -> list[str]:
    """The words of a text, lower case, in order, each once, at most ``MOST``. Accents and vowel signs belong to their word."""
    split = "".join(c if c.isalnum() or category(c)[0] == "M" else " " for c in text.lower()).split()
    return [word for word in dict.fromkeys(split) if any(map(str.isalnum, word))][:MOST]


def any_word(text: str) -> str:
    """A query for texts with any of the telling words; empty where there is none."""
    found = words(text)
    telling = [word for word in found if word not in STOP_WORDS] or found
    return " OR ".join(f'"{word}"' for word in telling)


def every_word(text: str) -> str:
    """A query for texts with all the words, the last one as a prefix; empty where there is none."""
    found = words(text)
    return " ".join(f'"{word}"' for word in found) + ("*" if found else "")
