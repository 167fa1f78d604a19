"""Labelled questions: what recall reaches on ours, and how a file of them is read."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zotui.errors import NotFound, UsageError
from zotui.memory import Memories, evaluation
from zotui.memory.evaluation import score

LABELLED = Path(__file__).with_name("labelled.jsonl")


async def test_recall_does_not_fall_below_what_it_has_reached(memory: Memories) -> None:
    labelled = evaluation.read(LABELLED.read_text(encoding="utf-8").splitlines())
    names = await evaluation.fill(memory, labelled.memories)
    figures = await evaluation.evaluate(memory, labelled.questions, names)
    assert (figures.memories, figures.questions) == (52, 32)
    assert figures.recall_5 >= 0.95
    assert figures.recall_10 >= 0.95
    assert figures.mrr >= 0.85


async def test_without_names_the_memories_are_those_there_are(memory: Memories) -> None:
    await memory.set("city", "Oslo fjord")
    other = await memory.memorize("the heron stands in the fjord")
    lines = ['{"query": "fjord", "relevant": ["city"]}', "", f'{{"query": "heron", "relevant": ["{other}", "city"]}}']
    figures = await evaluation.evaluate(memory, evaluation.read(lines).questions)
    assert (figures.questions, figures.memories, figures.recall_5, figures.mrr) == (2, 2, 0.75, 1.0)
    with pytest.raises(NotFound):
        await evaluation.evaluate(memory, evaluation.read(['{"query": "x", "relevant": ["nobody"]}']).questions)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("x", "line 2"),
        ("[]", "line 2"),
        ('{"content": ""}', "line 2"),
        ('{"content": "a", "unknown": 1}', "line 2"),
        ('{"query": "a"}', "line 2: .*relevant"),
        ('{"query": "a", "relevant": []}', "line 2"),
        ("[" * 100_000, "line 2"),
        ('{"content": "a"}', "there is no question in it"),
    ],
)
def test_what_is_no_labelled_file(line: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        evaluation.read(["", line])


@given(
    st.lists(st.sampled_from("abcdefghijklmnop"), max_size=10, unique=True),
    st.sets(st.sampled_from("abcdxyz"), min_size=1),
)
def test_scores(found: list[str], relevant: set[str]) -> None:
    five, ten, first = score(found, relevant)
    assert 0 <= five <= ten <= 1
    assert (ten > 0) == (first > 0) == bool(relevant & set(found))
    assert first in (0.0, *(1 / place for place in range(1, 11)))
    assert score(["a", "x", "b"], {"b", "c"}) == (0.5, 0.5, 1 / 3)
