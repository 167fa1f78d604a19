"""Vectors compared by their signs: those that are close are among the likely ones."""

import numpy
import pytest

from tests.test_vectors import PARAPHRASES, STORE
from zotui.signs import BLOCK, LIKELY, Signs, is_there, signs_of
from zotui.vectors import DIMS, embed, nearest


def test_there_is_a_bit_for_each_number_and_none_for_nothing() -> None:
    assert is_there()
    assert signs_of(bytes([255, 1] * (DIMS // 2))) == bytes([0b10101010] * (DIMS // 8))
    assert signs_of(b"") == bytes(DIMS // 8)


def test_the_closest_are_found_in_any_block_and_only_once_they_are_put() -> None:
    signs = Signs()
    query, answer = embed(PARAPHRASES[0][0]), embed(PARAPHRASES[0][1])
    assert signs.nearest(query, 5) == []
    others = [signs_of(embed(text)) for text in STORE if text != PARAPHRASES[0][1]][: BLOCK - 1]
    for block in (0, 7, 1_000_000, 3):
        signs.put(block, b"".join([signs_of(answer), *others]) if block == 7 else b"")
    assert signs.nearest(query, 5)[0] == 7 * BLOCK
    signs.put(7, b"")
    assert signs.nearest(query, 5) == []
    assert signs.nearest(b"", 5) == signs.nearest(query[1:], 5) == []


def test_most_of_the_nearest_of_many_are_among_the_likely() -> None:
    chance = numpy.random.default_rng(1)
    some = numpy.frombuffer(b"".join(map(embed, STORE)), "i1").reshape(len(STORE), DIMS)
    noise = chance.integers(-40, 41, (40 * BLOCK, DIMS))
    mixed = numpy.clip(some[chance.integers(0, len(STORE), len(noise))] + noise, -127, 127).astype("i1")
    many = [row.tobytes() for row in mixed]
    assert len(many) > 4 * LIKELY
    signs = Signs()
    for block in range(40):
        signs.put(block, b"".join(map(signs_of, many[block * BLOCK : (block + 1) * BLOCK])))
    found = 0
    for row in some[:10]:
        likely = set(signs.nearest(row.tobytes(), 100))
        found += len({place for place, _ in nearest(row.tobytes(), enumerate(many), 10)} & likely)
    assert found >= 80


@pytest.mark.parametrize("count", [1, 63, 64, 65, 130], ids=str)
def test_it_grows(count: int) -> None:
    signs = Signs()
    vectors = [embed(text) for text in STORE[:count]]
    for block, vector in enumerate(vectors):
        signs.put(block, signs_of(vector).ljust(BLOCK * DIMS // 8, b"\0"))
    assert all(signs.nearest(vector, 1) == [block * BLOCK] for block, vector in enumerate(vectors))
