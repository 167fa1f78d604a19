"""Any page of any list of memories: by its place, by what it is narrowed to, with counts that stop."""

import random
from datetime import datetime

import pytest

from zotui.memory import Memories, conditions, counting
from zotui.memory.asking import Asked, asked, facet, fits, has, toggled
from zotui.store import now_ms

NOW = datetime.fromisoformat("2026-03-05T14:30:00+00:00")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}T00:00:00+00:00").timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("green tea", Asked("green tea")),
        ("tea tag:x  tag:Y source:me", Asked("tea", ("x", "Y"), ("me",))),
        ('tag:"two words" TAG:z', Asked("", ("two words", "z"))),
        ("is:pinned is:nonsense", Asked("is:nonsense", kinds=("pinned",))),
        ("after:2026-01 before:2026-03-04", Asked(since=ms("2026-01-01"), until=ms("2026-03-04"))),
        ("after:2025 after:2026", Asked(since=ms("2026-01-01"))),
        ("when:today", Asked(since=ms("2026-03-05"))),
        ("when:older", Asked(until=ms("2025-03-05"))),
        ("after:2026-13 before:x", Asked("after:2026-13 before:x")),
        ("tag: source: tea", Asked("tea")),
        ("nota-tag:x http://a.b", Asked("nota-tag:x http://a.b")),
        ('tag:"open', Asked("", ("open",))),
        ("", Asked()),
    ],
    ids=str,
)
def test_what_is_asked(text: str, wanted: Asked) -> None:
    assert asked(text, NOW) == wanted
    assert wanted.narrows == (wanted != Asked())


def test_a_facet_is_put_in_and_taken_out() -> None:
    assert facet("tag", "two words") == 'tag:"two words"'
    text = toggled("tea", 'tag:"two words"')
    assert text == 'tea tag:"two words"'
    assert has(text, 'tag:"two words"')
    assert toggled(text, 'tag:"two words"') == "tea"
    assert toggled("tea when:week", "when:today") == "tea when:today", "there is one time"
    assert toggled("tea when:week", "when:week") == "tea"


async def test_a_page_by_its_place_is_the_same_as_by_walking_there(memory: Memories) -> None:
    chance = random.Random(5)
    ids = await memory.memorize_many((f"row {n}", None) for n in range(6_000))
    await memory.delete(chance.sample(ids, 1_500))
    for one in chance.sample(await memory.ids(""), 20):
        await memory.edit(one, "changed, so that it comes first")
    await memory._store.write(
        lambda db: db.execute("UPDATE memory SET expires_at = ? WHERE seq % 500 = 7", (now_ms() - 1,))
    )
    live = await memory._store.read(
        lambda db: [
            id for (id,) in db.execute("SELECT id FROM memory WHERE expires_at IS NULL ORDER BY seq DESC").fetchall()
        ]
    )
    assert await memory.count() == len(live) < 4_500
    for offset in [0, 1, len(live) - 1, len(live), len(live) + 9, *(chance.randrange(len(live)) for _ in range(40))]:
        found = [one.id for one in await memory.list(limit=7, offset=offset)]
        assert found == live[offset : offset + 7], offset
        if found:
            assert await memory.place(found[0]) == offset
    assert await memory.place("nobody") is None
    assert await memory.ids("") == live


@pytest.mark.parametrize("few", [0, 1_000], ids=["row by row", "as a set"])
async def test_lists_are_narrowed(memory: Memories, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, "FEW", few)
    city = await memory.set("city", "Berlin", {"source": "me"})
    box = await memory.memorize("the staging box", {"source": "agent", "conversation": "c1", "message": "m1"})
    tea = await memory.memorize("green tea", {"source": "me"})
    old = await memory.memorize("old box", {"source": "c1"})
    await memory.tag(tea, "two words")
    await memory.tag(box, "x")
    await memory.pin(box)
    await memory.expire(tea, now_ms() + 60_000)
    await memory._store.write(lambda db: db.execute("UPDATE memory SET tainted = 1 WHERE id = ?", (old,)))
    year = 366 * 86_400_000
    await memory._store.write(
        lambda db: db.execute("UPDATE memory SET updated_at = updated_at - ? WHERE id = ?", (year, old))
    )
    for search, found in [
        ("is:key", [city]), ("is:plain", [old, tea, box]), ("is:pinned", [box]), ("is:chat", [box]),
        ("is:untrusted", [old]), ("is:ending", [tea]), ("tag:x", [box]), ('tag:"two words"', [tea]), ("tag:x is:key", []),
        ("source:me", [tea, city]), ("source:c1", [old, box]), ("source:m1", [box]), ("source:none", []),
        ("box", [old, box]), ("box source:agent", [box]), ("box is:plain when:today", [box]), ("when:older", [old]),
        ("when:year", [tea, box, city]), ("when:older is:untrusted box", [old]), ("after:2001 before:2002", []),
        ("staging tag:x is:pinned source:c1 when:week", [box]), ("東", []),
    ]:  # fmt: skip
        assert [one.id for one in await memory.list(search=search)] == found, search
        assert await memory.count(search) == len(found), search
        numbers = await memory.numbers(search)
        assert [one.id for one in await memory.numbered(numbers)] == found, search
        words = asked(search).words
        if not words:
            assert [one.id for one in await memory.list() if fits(one, asked(search))] == found, search
        assert [one.id for one in await memory.list(search=search, limit=1, offset=1)] == found[1:2], search
    assert [one.id for one in await memory.list(search="box", tag="x", pinned=True, source="agent")] == [box]
    assert await memory.numbered([10**6, *await memory.numbers("is:key")]) == [await memory.find("city")]


async def test_facets_say_what_there_is(memory: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST", 5)
    assert await memory.facets() == []
    ids = await memory.memorize_many((f"row {n}", {"source": "me"} if n % 2 else None) for n in range(10))
    await memory.tag_all(ids[:3], ["two words"])
    counts = {one.typed: one.memories for one in await memory.facets()}
    times = {f"when:{name}": 6 for name in ("today", "week", "month", "year")}
    assert counts == {"is:plain": 6, **times, "source:me": 5, 'tag:"two words"': 3}
    counts = {one.typed: one.memories for one in await memory.facets('tag:"two words"')}
    assert counts == {"is:plain": 3, **dict.fromkeys(times, 3), "source:me": 1, 'tag:"two words"': 3}
