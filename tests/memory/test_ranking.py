"""The score of a row: a sum of named parts."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zotui.memory import ranking
from zotui.memory.ranking import Row, Scales, bm25, ranked, total

TELLING = {"heron": 3.0, "grey": 1.0, "lake": 2.0}
SCALES = Scales(TELLING, 10.0, "Anna", lambda seq: seq % 3 / 2 if seq % 2 else None)
COUNTS = st.dictionaries(st.sampled_from([*TELLING, "unknown"]), st.integers(0, 5))
PLAIN = st.builds(Row, st.integers(1, 10**6), COUNTS, st.integers(1, 500))
TURNS = st.builds(
    Row,
    st.integers(1, 10**6),
    COUNTS,
    st.integers(1, 500),
    st.sampled_from(["monday", "tuesday"]),
    st.none() | st.integers(1, 9),
    st.sampled_from(["Anna", "Ben", None]),
    st.booleans(),
)
ROWS = st.lists(PLAIN | TURNS, max_size=30, unique_by=lambda row: row.seq)


def turn(seq: int, counts: dict[str, int], number: int, speaker: str = "Ben", asks: bool = False) -> Row:
    return Row(seq, counts, 10, "monday", number, speaker, asks)


@given(ROWS)
def test_scores_fall_and_are_the_sum_of_their_parts(rows: list[Row]) -> None:
    found = ranked(rows, SCALES)
    assert all(total(one[1]) >= total(next_[1]) for one, next_ in pairwise(found))
    for row, parts in found:
        assert total(parts) == pytest.approx(sum(parts.values()))
        assert set(parts) <= {"words", "neighbours", "session", "speaker", "length", "question", "closeness"}
        assert all(parts.values())
        assert parts.keys() & {"words", "neighbours", "closeness"}, row
        assert row.is_turn or parts.keys() <= {"words", "closeness"}
    assert {row.seq for row, _ in found} >= {row.seq for row in rows if bm25(row, SCALES) > 0}


@given(ROWS, st.randoms())
def test_the_order_of_candidates_does_not_matter(rows: list[Row], chance: object) -> None:
    shuffled = rows[:]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert [row for row, _ in ranked(rows, SCALES)] == [row for row, _ in ranked(shuffled, SCALES)]


@given(st.lists(PLAIN, min_size=1, max_size=20, unique_by=lambda row: row.seq))
def test_rows_of_no_talk_are_ranked_by_bm25_alone(rows: list[Row]) -> None:
    scales = Scales(TELLING, 10.0, "Anna")
    expected = sorted((row for row in rows if bm25(row, scales)), key=lambda row: (-bm25(row, scales), -row.seq))
    assert [row.seq for row, _ in ranked(rows, scales)] == [row.seq for row in expected]


@given(COUNTS, st.integers(1, 500), st.sampled_from(list(TELLING)))
def test_more_of_what_is_sought_never_tells_less(counts: dict[str, int], length: int, term: str) -> None:
    more = counts | {term: counts.get(term, 0) + 1}
    assert bm25(Row(1, more, length), SCALES) > bm25(Row(1, counts, length), SCALES)
    assert bm25(Row(1, more, length + 50), SCALES) < bm25(Row(1, more, length), SCALES)


def test_the_turn_beside_the_one_with_the_words_is_found() -> None:
    rows = [turn(1, {"heron": 1}, 5, asks=True), turn(2, {}, 6), turn(3, {}, 20)]
    assert [row.seq for row, _ in ranked(rows, Scales(TELLING, 10.0))] == [1, 2]


def test_who_is_named_is_believed_to_have_said_it() -> None:
    rows = [turn(2, {"heron": 1}, 1, "Ben"), turn(1, {"heron": 1}, 9, "Anna")]
    assert [row.seq for row, _ in ranked(rows, Scales(TELLING, 10.0))] == [2, 1]
    assert [row.seq for row, _ in ranked(rows, Scales(TELLING, 10.0, "Anna"))] == [1, 2]


def test_a_question_answers_less() -> None:
    rows = [turn(2, {"heron": 1}, 1, asks=True), turn(1, {"heron": 1}, 9)]
    found = ranked(rows, Scales(TELLING, 10.0))
    assert [row.seq for row, _ in found] == [1, 2]
    assert found[1][1]["question"] == -ranking.QUESTION


def test_closeness_finds_what_holds_no_word() -> None:
    close = {1: 0.0, 2: 0.9}
    found = ranked([Row(1, {}, 5), Row(2, {}, 5), Row(3, {}, 5)], Scales({}, 10.0, None, close.get))
    assert [(row.seq, parts) for row, parts in found] == [(2, {"closeness": ranking.CLOSENESS * 0.9})]
