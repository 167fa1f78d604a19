"""Facts on their way into memory: folded, decided about, superseding, traced back."""

from typing import Any

import pytest

from zotui.errors import NotFound, UsageError
from zotui.memory import Memories
from zotui.memory.facts import Fact
from zotui.memory.patterns import facts
from zotui.memory.proposals import Proposals
from zotui.memory.proposing import Proposal, Source, propose

HERE = Source("c1", "m1", "pattern home")


@pytest.fixture
def proposals(memory: Memories) -> Proposals:
    return Proposals(memory._store)


async def say(memory: Memories, text: str, source: Source = HERE) -> list[Proposal]:
    """What is proposed for a person's words."""
    made = await memory._store.write(lambda db: [propose(db, fact, source) for _, fact in facts(text)])
    return [one for one in made if one is not None]


async def contents(memory: Memories) -> dict[str | None, str]:
    return {one.key: one.content for one in await memory.list()}


async def test_the_same_a_hundred_times_is_one_row(memory: Memories, proposals: Proposals) -> None:
    ways = ["I live in Berlin.", "Well, i live in BERLIN", "I moved to Berlin!", "I'm based in Berlin"]
    for number in range(100):
        await say(memory, ways[number % 4])
    (one,) = await proposals.list(None)
    assert (one.content, one.times, one.kind, one.key) == ("I live in Berlin.", 100, "home", "home")
    await proposals.accept(one.id)
    for way in ways:
        assert await say(memory, way) == []
    assert await memory.count() == 1
    assert await proposals.count() == 0


async def test_a_contradiction_supersedes_and_both_stay_in_the_history(memory: Memories, proposals: Proposals) -> None:
    (paris,) = await say(memory, "I live in Paris")
    await proposals.accept(paris.id)
    (berlin,) = await say(memory, "I moved to Berlin", Source("c2", "m9", "pattern home"))
    held = await memory.find("home")
    assert berlin.replaces == held.id
    await proposals.accept(berlin.id)
    assert await contents(memory) == {"home": "I moved to Berlin."}
    assert [one.value for one in await memory.history("home")] == ["I live in Paris.", "I moved to Berlin."]
    now = await memory.find("home")
    assert (now.id, now.meta["conversation"], now.meta["message"]) == (held.id, "c2", "m9")
    assert await memory.revert("home") == "I live in Paris."
    # What is said anew of what no longer holds is worth a word again.
    assert [one.content for one in await say(memory, "I moved to Berlin")] == ["I moved to Berlin."]


async def test_a_memory_without_a_key_is_superseded_too(memory: Memories, proposals: Proposals) -> None:
    old = await memory.memorize("I live in Paris, near the canal")
    (new,) = await say(memory, "I moved to Berlin")
    assert new.replaces == old
    await proposals.accept(new.id)
    assert await contents(memory) == {"home": "I moved to Berlin."}
    assert [one.value for one in await memory.history("home")] == [
        "I live in Paris, near the canal",
        "I moved to Berlin.",
    ]


async def test_no_fact_takes_the_place_of_the_profile(memory: Memories, proposals: Proposals) -> None:
    said = "I'm Ada, a nurse. I live in Paris. I prefer short answers."
    profile = await memory.set("profile", said)
    assert await say(memory, "I live in Paris") == []  # which the profile says
    made = [*await say(memory, "I moved to Berlin")]
    for fact, replaces in ((Fact("I am the king.", "other", "profile"), None), (Fact("I am a queen."), profile)):
        one = await memory._store.write(lambda db, fact=fact, replaces=replaces: propose(db, fact, HERE, replaces))
        assert one is not None
        made.append(one)
    for one in made:
        assert one.replaces is None
        await proposals.accept(one.id)
    assert await memory.get("profile") == said
    assert await memory.count() == 4


async def test_what_a_model_says_is_replaced_without_a_key(memory: Memories, proposals: Proposals) -> None:
    old = await memory.memorize("The deploy needs two reviews")
    made = await memory._store.write(lambda db: propose(db, Fact("The deploy needs one review."), HERE, old))
    assert made is not None
    await proposals.accept(made.id, "One review is enough for the deploy.")
    (one,) = await memory.list()
    assert (one.id, one.content) == (old, "One review is enough for the deploy.")
    assert [version.value for version in await memory.history(old)] == [
        "The deploy needs two reviews",
        "One review is enough for the deploy.",
    ]
    assert [found.id for found in await memory.recall("deploy review")] == [old]


async def test_what_waits_and_no_longer_holds_goes(memory: Memories, proposals: Proposals) -> None:
    await say(memory, "I live in Rome")
    (milan,) = await say(memory, "I live in Milan")
    assert [one.id for one in await proposals.list()] == [milan.id]
    (rome,) = await say(memory, "I moved to Rome")
    assert [one.id for one in await proposals.list()] == [rome.id]


async def test_rejected_is_never_proposed_again(memory: Memories, proposals: Proposals) -> None:
    (one,) = await say(memory, "I prefer tabs")
    assert (await proposals.reject(one.id)).status == "rejected"
    assert await say(memory, "I prefer tabs!") == []
    for again in (proposals.accept, proposals.reject, proposals.always):
        with pytest.raises(UsageError, match="decided already: rejected"):
            await again(one.id)
    with pytest.raises(NotFound, match="no proposed fact"):
        await proposals.accept("nobody")


async def test_always_is_of_a_kind_and_not_of_what_is_tainted(memory: Memories, proposals: Proposals) -> None:
    (one,) = await say(memory, "my sister is called Maja")
    await proposals.always(one.id[-8:])
    assert await proposals.accepted_kinds() == ("person",)
    (other,) = await say(memory, "my brother is called Jan")
    assert (other.status, other.reason) == ("accepted", "always")
    (tainted,) = await say(memory, "my boss is called Eve", Source("c1", "m2", "x", tainted_by="a page"))
    assert tainted.status == "waiting"
    (place,) = await say(memory, "I live in Oslo")
    assert place.status == "waiting"
    await proposals.ask_again("person")
    (third,) = await say(memory, "my dog is called Rex")
    assert third.status == "waiting"
    assert sorted(filter(None, await contents(memory))) == ["brother", "sister"]


async def test_taint_stays(memory: Memories, proposals: Proposals) -> None:
    (keyed,) = await say(memory, "my name is Eve", Source("gone", "m", "x", tainted_by="a page"))
    (plain,) = await say(memory, "I prefer pop-ups", Source("gone", "m", "x", tainted_by="a page"))
    ids = [await proposals.accept(keyed.id), await proposals.accept(plain.id, "I prefer many pop-ups.")]
    assert [(await memory.find(one)).tainted for one in ids] == [True, True]


async def test_what_was_forgotten_may_be_said_again(memory: Memories, proposals: Proposals) -> None:
    (one,) = await say(memory, "I prefer tabs")
    await memory.forget(await proposals.accept(one.id))
    (again,) = await say(memory, "I prefer tabs")
    assert again.status == "waiting"


async def test_where_a_memory_was_used(memory: Memories) -> None:
    one = await memory.find(await memory.memorize("the heron is grey"))
    for turn in ("t1", "t2", "t2", ""):
        await memory.use([one], turn)
    assert [turn for turn, _ in await memory.used_in(one.id)] == ["t2", "t1"]
    assert (await memory.find(one.id)).uses == 3  # an answer without a name is one, too
    for number in range(150):
        await memory.use([one], f"more {number:03}")
    used: list[Any] = await memory.used_in(one.id)
    assert len(used) == 100
    assert used[0][0] == "more 149"
    await memory.forget(one.id)
    assert await memory.used_in(one.id) == []


async def test_no_fact_takes_the_place_of_a_summary_nor_is_known_by_it(memory: Memories) -> None:
    await memory.memorize("I live in Paris.", {"source": "summary", "conversation": "c9"})
    (paris,) = await say(memory, "I live in Paris")
    (berlin,) = await say(memory, "I moved to Berlin")
    assert paris.replaces is berlin.replaces is None
