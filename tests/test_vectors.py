"""What the vectors of texts can do: find what means the same, quickly, with nothing but the package."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zotui import vectors
from zotui.errors import ZotuiError
from zotui.vectors import DIMS, closeness, embed, nearest, pieces

DATA = Path(__file__).parent / "vectors"
PARAPHRASES = [line.split(" | ") for line in (DATA / "paraphrases.txt").read_text("utf-8").splitlines()]
STORE = [answer for _, answer in PARAPHRASES] + (DATA / "distractors.txt").read_text("utf-8").splitlines()
SMALL = (
    "a am an and are as at be been by can did do does for from get got had has have he her his i in is it its ll me my "
    "no not of on or our s she so t that the their them there they this to us ve very was we were will with would you "
    "your all"
)
SENTENCE = "I went to the beach with my sister last weekend and we found a purple shell"


def stems(text: str) -> set[str]:
    """The first four letters of each word that says something: fewer than any stemmer leaves."""
    return {word[:4] for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in SMALL.split()}


def test_no_query_shares_a_word_with_its_answer() -> None:
    assert [pair for pair in PARAPHRASES if stems(pair[0]) & stems(pair[1])] == []
    assert len(PARAPHRASES) >= 150
    assert len(set(STORE)) == len(STORE) > 600


def test_of_paraphrases_without_a_common_word_most_are_among_the_ten_nearest() -> None:
    rows = [(at, embed(text)) for at, text in enumerate(STORE)]
    asked = list(enumerate(PARAPHRASES))[::2]  # half of them, for time
    found = [at in dict(nearest(embed(query), rows, 10)) for at, (query, _) in asked]
    assert sum(found) / len(found) >= 0.82


def test_the_seeds_example() -> None:
    query = embed("sql server outage")
    near, far = (closeness(query, embed(text)) for text in ("The database is down", "We planted a cherry tree"))
    assert near > 0.4 > far + 0.2


@pytest.mark.parametrize("text", ["", "  \n", "?!… —", "日本語", "\ud800\x00", "x" * 100_000 + "é" * 50])
def test_a_text_without_a_known_word_has_no_vector(text: str) -> None:
    assert embed(text) == b""


def test_case_accents_and_signs_do_not_count_but_words_do() -> None:
    assert embed("Naïve CAFÉ!") == embed("naive, cafe") != embed("cafe")
    assert len(embed("cafe")) == DIMS
    assert max(map(abs, memoryview(embed(SENTENCE)).cast("b"))) == 127


def test_a_word_is_taken_whole_or_in_its_longest_pieces() -> None:
    rows = {word: at for at, word in enumerate(["un", "unhappy", "##happi", "##ness", "##n", "ness"])}
    assert pieces("Unhappy", rows) == [1]
    assert pieces("unhappiness", rows) == [0, 2, 3]
    assert pieces("unkind ness", rows) == [5]


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    words = "dog " * vectors.MOST_WORDS
    assert embed(words + "parliament " * 100_000) == embed(words)


@given(st.binary(min_size=DIMS, max_size=DIMS), st.binary(min_size=DIMS, max_size=DIMS))
def test_closeness_is_a_cosine(a: bytes, b: bytes) -> None:
    assert -1.000001 <= closeness(a, b) == closeness(b, a) <= 1.000001
    assert closeness(a, a) == pytest.approx(1 if any(a) else 0)


def test_what_cannot_be_compared_is_not_close_and_not_near() -> None:
    cat = embed("cat")
    assert closeness(cat, b"") == closeness(b"", cat) == closeness(b"", b"") == closeness(cat, cat[1:]) == 0
    assert nearest(cat, [(1, b""), (2, cat[1:]), (3, embed("kitten")), (4, cat)], 10)[0] == (4, pytest.approx(1))
    assert [id_ for id_, _ in nearest(cat, [(1, b""), (2, cat[1:]), (3, embed("kitten")), (4, cat)], 10)] == [4, 3]
    assert nearest(b"", [(1, cat), (2, b"")], 10) == []


def test_numpy_finds_the_same() -> None:
    pytest.importorskip("numpy")
    rows = [(at, embed(text)) for at, text in enumerate(STORE * 4)]
    rows[7:7] = [(-1, b""), (-2, b"x")]
    query = embed("sql server outage")
    few = [row for at in range(0, len(rows), 100) for row in nearest(query, rows[at : at + 100], 20)]
    expected = sorted((close for _, close in few), reverse=True)[:20]
    assert [close for _, close in nearest(query, rows, 20)] == pytest.approx(expected, abs=1e-5)
    assert nearest(b"", rows, 20) == []


def test_a_table_that_is_missing_or_damaged_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = vectors.TABLE.read_bytes()
    monkeypatch.setattr(vectors, "TABLE", tmp_path / "vectors.bin")
    monkeypatch.setattr(vectors, "_table", vectors._table.__wrapped__)
    with pytest.raises(ZotuiError, match="cannot be read"):
        embed("cat")
    for damaged in (b"", b"zotui", whole[:-1], b"x" + whole[1:], whole[:50] + b"\0" * 50 + whole[100:]):
        vectors.TABLE.write_bytes(damaged)
        with pytest.raises(ZotuiError, match="install zotui again"):
            embed("cat")


def test_it_is_small_and_quick() -> None:
    assert vectors.TABLE.stat().st_size < 5_000_000
    rows = [(at, embed(text)) for at, text in enumerate(STORE[:100])]
    assert quickest(lambda: embed(SENTENCE)) < 0.3e-3
    assert quickest(lambda: nearest(rows[0][1], rows, 10)) < 5e-3


def quickest(act: Callable[[], object]) -> float:
    """The seconds of CPU that the best of thirty tries took."""
    best = 1.0
    for _ in range(30):
        start = time.thread_time()
        act()
        best = min(best, time.thread_time() - start)
    return best
