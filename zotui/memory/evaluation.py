"""How well recall does on labelled questions.

A file of JSON lines: ``{"content": TEXT, "id": NAME, "meta"?: {…}, "key"?: KEY}`` is a memory,
``{"query": TEXT, "relevant": [NAME, …]}`` a question with the names of the memories that answer it.
"""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from zotui.errors import UsageError
from zotui.memory.memories import Memories
from zotui.text import one_line

DEPTH = 10  # memories of an answer that are looked at


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A memory of the file."""

    content: Annotated[str, Meta(min_length=1)]
    id: str = ""
    meta: dict[str, Any] = {}
    key: str = ""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question of the file."""

    query: str
    relevant: Annotated[tuple[str, ...], Meta(min_length=1)]


class Labelled(msgspec.Struct, frozen=True):
    """A labelled file."""

    memories: list[Given]
    questions: list[Question]


class Figures(msgspec.Struct, frozen=True, rename={"recall_5": "recall@5", "recall_10": "recall@10"}):
    """Means over the questions: the share of what is relevant among the first 5 and 10; one over the place of the first."""

    questions: int
    memories: int
    recall_5: float
    recall_10: float
    mrr: float


def read(lines: Iterable[str]) -> Labelled:
    """The memories and questions of a file. Raises UsageError that names the line."""
    labelled = Labelled([], [])
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            if "query" in msgspec.json.decode(line, type=dict[str, Any]):
                labelled.questions.append(msgspec.json.decode(line, type=Question))
            else:
                labelled.memories.append(msgspec.json.decode(line, type=Given))
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise UsageError(
                f"line {number}: {one_line(str(error), 200)}",
                'a memory is {"content", "id", "meta"?, "key"?}, a question {"query", "relevant": [id, …]}',
            ) from None
    if not labelled.questions:
        raise UsageError("there is no question in it", '{"query": TEXT, "relevant": [ID, …]} is one')
    return labelled


async def fill(memories: Memories, given: Sequence[Given]) -> dict[str, str]:
    """Remember the memories of a file; their ids by their names."""
    plain = [one for one in given if not one.key]
    ids = await memories.memorize_many((one.content, one.meta) for one in plain)
    names = {one.id or identity: identity for one, identity in zip(plain, ids, strict=True)}
    for one in given:
        if one.key:
            names[one.id or one.key] = await memories.set(one.key, one.content, one.meta)
    return names


async def evaluate(
    memories: Memories, questions: Sequence[Question], names: Mapping[str, str] | None = None
) -> Figures:
    """Ask all questions. ``names`` are ids by the names in the questions; where there are none, those are ids or keys.
    Raises NotFound for a name of nothing."""
    scores = []
    for question in questions:
        relevant = {(names or {}).get(name) or (await memories.find(name)).id for name in question.relevant}
        found = [memory.id for memory in await memories.recall(question.query, DEPTH)]
        scores.append(score(found, relevant))
    five, ten, first = (statistics.fmean(column) for column in zip(*scores, strict=True))
    return Figures(len(questions), await memories.count(), five, ten, first)


def score(found: Sequence[str], relevant: set[str]) -> tuple[float, float, float]:
    """One answer: recall at 5 and at 10, and one over the place of the first that is relevant."""
    places = [place for place, one in enumerate(found, 1) if one in relevant]
    among = [sum(place <= depth for place in places) / len(relevant) for depth in (5, DEPTH)]
    return among[0], among[1], 1 / places[0] if places else 0.0
