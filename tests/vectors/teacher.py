"""all-MiniLM-L6-v2 in NumPy: the sentence vectors that the table learns from.

It reads ``model.safetensors`` and ``vocab.txt`` and needs no other library. Texts of one length are computed together, so
nothing is padded.
"""

import json
import math
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import erf

LAYERS, HEADS, WIDTH, LONGEST = 6, 12, 384, 62


class Teacher:
    """The model in ``folder``, which holds its weights and its vocabulary."""

    def __init__(self, folder: Path) -> None:
        self.vocabulary = (folder / "vocab.txt").read_text("utf-8").split("\n")[:-1]
        self._ids = {token: id_ for id_, token in enumerate(self.vocabulary)}
        self._weights = _safetensors(folder / "model.safetensors")

    def tokens(self, text: str) -> list[int]:
        """Return the ids of the word pieces of ``text``, at most ``LONGEST``."""
        plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
        found: list[int] = []
        for word in re.findall(r"[^\W_]+|[^\w\s]|_", plain):
            found += self._pieces(word)
        return found[:LONGEST]

    def _pieces(self, word: str) -> list[int]:
        pieces, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                if (id_ := self._ids.get(("##" if start else "") + word[start:end])) is not None:
                    break
            else:
                return [self._ids["[UNK]"]]
            pieces.append(id_)
            start = end
        return pieces

    def vectors(self, texts: Sequence[str], batch_tokens: int = 1024) -> Any:
        """Return the unit vectors of ``texts``: float16, (texts, 384)."""
        ids = [[self._ids["[CLS]"], *self.tokens(text), self._ids["[SEP]"]] for text in texts]
        found = np.zeros((len(texts), WIDTH), np.float16)
        lengths = np.array([len(tokens) for tokens in ids])
        for length in sorted(set(lengths.tolist())):
            where = np.flatnonzero(lengths == length)
            for part in np.array_split(where, math.ceil(len(where) * length / batch_tokens)):
                found[part] = self._forward(np.array([ids[i] for i in part]))
        return found

    def _forward(self, ids: Any) -> Any:
        """The model's mean over the last layer, normalised: (texts, tokens) -> (texts, 384)."""
        w = self._weights
        texts, tokens = ids.shape
        x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:tokens]
        x = self._norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm").reshape(-1, WIDTH)
        for layer in range(LAYERS):
            at = f"encoder.layer.{layer}."
            q, k, v = (
                self._linear(x, at + f"attention.self.{name}").reshape(texts, tokens, HEADS, -1).transpose(0, 2, 1, 3)
                for name in ("query", "key", "value")
            )
            scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(WIDTH / HEADS)
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            seen = (scores / scores.sum(-1, keepdims=True)) @ v
            seen = self._linear(seen.transpose(0, 2, 1, 3).reshape(-1, WIDTH), at + "attention.output.dense")
            x = self._norm(x + seen, at + "attention.output.LayerNorm")
            wide = self._linear(x, at + "intermediate.dense")
            wide *= 0.5 * (1 + erf(wide * np.float32(math.sqrt(0.5))))
            x = self._norm(x + self._linear(wide, at + "output.dense"), at + "output.LayerNorm")
        mean = x.reshape(texts, tokens, WIDTH).mean(1)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def _linear(self, x: Any, name: str) -> Any:
        return x @ self._weights[name + ".weight"].T + self._weights[name + ".bias"]

    def _norm(self, x: Any, name: str) -> Any:
        x = x - x.mean(-1, keepdims=True)
        x /= np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
        return x * self._weights[name + ".weight"] + self._weights[name + ".bias"]


def _safetensors(path: Path) -> dict[str, Any]:
    """The float32 arrays of a file: eight bytes of length, a header in JSON, the numbers."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    arrays = {}
    for name, about in json.loads(data[8:start]).items():
        if about.get("dtype") == "F32":
            first, last = about["data_offsets"]
            arrays[name] = np.frombuffer(data[start + first : start + last], np.float32).reshape(about["shape"])
    return arrays
