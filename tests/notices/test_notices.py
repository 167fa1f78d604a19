"""Notices: written with what they tell of, read, counted, kept to the newest."""

import pytest

from zotui.computer import Computer
from zotui.errors import NotFound
from zotui.home import Home
from zotui.notices import Notices, add, notices
from zotui.store import Store


async def test_they_are_counted_until_they_are_read(store: Store) -> None:
    found = Notices(store)
    ids = [await found.add("system", f"notice {number}", f"chat:{number}") for number in range(3)]
    assert await found.count() == 3
    assert [one.text for one in await found.list()] == ["notice 2", "notice 1", "notice 0"]
    assert [one.id for one in await found.list(before=ids[2])] == [ids[1], ids[0]]
    assert await found.read([ids[0]]) == 1
    assert [one.id for one in await found.list(unread=True)] == [ids[2], ids[1]]
    assert await found.read(None) == 2
    assert await found.count() == 0
    assert await found.clear() == 3
    with pytest.raises(NotFound):
        await found.read(["nothing"])


async def test_only_what_was_read_and_is_old_enough_is_cleared(store: Store) -> None:
    found = Notices(store)
    ids = [await found.add("system", f"notice {number}") for number in range(4)]
    for number, id_ in enumerate(ids):
        await store.write(
            lambda db, at=number, id_=id_: db.execute("UPDATE notices SET created_at = ? WHERE id = ?", (at, id_))
        )
    await found.read(ids[:3])
    assert await found.clear(before_ms=2) == 2
    assert [one.id for one in await found.list()] == [ids[3], ids[2]]
    assert await found.clear() == 1
    assert [one.id for one in await found.list()] == [ids[3]]


async def test_a_place_is_read_with_all_in_it_and_no_other(store: Store) -> None:
    found = Notices(store)
    for place in ("chat:a", "chat:a/m1", "chat:ab", "memory:a"):
        await found.add("answer", place, place)
    assert await found.read_place("chat:a") == 2
    assert {one.place for one in await found.list(unread=True)} == {"chat:ab", "memory:a"}
    assert await found.read_place("chat:a") == 0


async def test_a_transaction_that_fails_leaves_none(store: Store) -> None:
    def both(db) -> None:  # type: ignore[no-untyped-def]
        add(db, "failure", "it failed")
        raise RuntimeError("and so did this")

    with pytest.raises(RuntimeError):
        await store.write(both)
    assert await Notices(store).count() == 0


async def test_only_the_newest_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "KEPT", 5)
    found = Notices(store)
    for number in range(9):
        await found.add("system", f"notice {number}")
    assert [one.text for one in await found.list()] == [f"notice {number}" for number in range(8, 3, -1)]


async def test_text_of_others_is_one_clean_line(store: Store) -> None:
    await Notices(store).add("answer", "a\x1b[2J\nb" * 200, "chat:x\x1b]0;t\x07")
    one = (await Notices(store).list())[0]
    assert one.text.isprintable()
    assert one.place.isprintable()
    assert len(one.text) <= 300


async def test_turns_leave_notices(home: Home) -> None:
    home.config_file.write_text(
        'model = "gone/x"\n[providers.gone]\nbase_url = "http://127.0.0.1:9/v1"\nmodels = ["x"]\n'
    )
    async with Computer.open(home, workers="own") as computer:
        turn = await computer.submit("hello there", attended=True)
        async for _ in computer.turns.follow(turn):
            pass
        found = (await computer.notices.list())[0]
        assert (found.kind, found.level) == ("failure", "warning")
        assert "hello there" in found.text
        assert found.place.startswith("chat:")
        turn = await computer.submit("help", model="offline", attended=True)
        async for _ in computer.turns.follow(turn):
            pass
        assert (await computer.notices.list())[0].kind == "answer"
        count = await computer.notices.count()
        await computer.ask("help", model="offline")  # a script's: nobody is to be told
        assert await computer.notices.count() == count
