"""What a conversation should know, within a budget."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zotui.memory import Memories
from zotui.memory.knowing import LONGEST, PROFILE_LONGEST, Known, name_of
from zotui.memory.meaning import Vectors

FACTS = [
    "The staging box is lab-3",
    "The certificate of the website ends in May",
    "Maja is allergic to nuts",
    "The spare key lies under the third pot",
    "Backups run at night on the NAS in the cellar",
    "The heron is grey and stands in the river",
]
# a question, and what of the facts it should bring; nothing for small talk and for what is not known
ASKED = [
    ("which machine is staging?", [0]),
    ("when does the certificate end", [1]),
    ("what may Maja not eat", [2]),
    ("where is the spare key", [3]),
    ("hi", []),
    ("how are you?", []),
    ("thanks, that is all for now", []),
    ("what can you do", []),
    ("write me a poem about winter and the sea, please, with three verses and no rhymes", []),
    ("", []),
    ("!?", []),
]


@pytest.mark.parametrize("mean", [False, True], ids=["words", "meaning"])
async def test_what_fits_and_nothing_else(memory: Memories, mean: bool) -> None:
    memory._mean = Vectors() if mean else None
    ids = await memory.memorize_many([(fact, None) for fact in FACTS])
    for question, wanted in ASKED:
        found = await memory.know("c", question)
        assert [one.memory.id for one in found.told][:1] == [ids[place] for place in wanted], question
        assert len(found.told) <= 2, question


async def test_profile_then_pins_then_the_rest(memory: Memories) -> None:
    await memory.set("profile", "Ada, a nurse in Oslo. Metric units.\nShort answers.")
    await memory.pin(await memory.memorize("Never use tabs"))
    heron = await memory.memorize("the heron is grey", {"source": "me"})
    found = await memory.know("c", "what colour is the heron of Ada in Oslo?")
    assert [one.reason for one in found.told] == ["profile", "pinned", "recalled"]
    assert found.told[0].text == "Ada, a nurse in Oslo. Metric units.\nShort answers."
    assert found.told[2].text.startswith(f"[{name_of(heron)}] the heron is grey (20")
    assert found.told[2].why.startswith("recalled 0.")
    assert [one.content for one in await memory.get_context("c", query="heron")] == [
        "Ada, a nurse in Oslo. Metric units.\nShort answers.",
        "Never use tabs",
        "the heron is grey",
    ]
    assert (await memory.find(heron)).uses == 1


async def test_what_was_asked_before_helps_what_cannot_stand_alone(memory: Memories) -> None:
    await memory.memorize("The spare key lies under the third pot")

    async def say(position: int, words: str) -> None:
        await memory._store.write(
            lambda db: db.execute(
                "INSERT INTO messages(id, conv_id, position, role, content, created_at) VALUES (?1, 'c', ?1, 'user', ?2, 1)",
                (position, words),
            )
        )

    await memory._store.write(
        lambda db: db.execute("INSERT INTO conversations(id, created_at, updated_at) VALUES ('c', 1, 1)")
    )
    await say(1, "where is the spare key?")
    await say(2, "sure about that?")
    assert len((await memory.know("c", "sure about that?")).told) == 1
    assert (await memory.know("c", "now write a long text about gardens in spring")).told == ()
    assert (await memory.know("other", "sure about that?")).told == ()


async def test_it_holds_in_its_room(memory: Memories) -> None:
    await memory.set("profile", "x" * 5_000)
    await memory.memorize_many([(f"heron number {number} " + "stands " * 200, None) for number in range(20)])
    for number in range(4):
        await memory.pin(await memory.memorize(f"pinned {number} " + "very long " * 300))
    for room in (0, 100, 1_000, 3_000):
        found = await memory.know("c", "which heron number stands?", room)
        spent = sum(len(one.text.encode()) + 3 for one in found.told if one.reason != "profile")
        assert spent <= room
        assert len(found.told[0].text) == PROFILE_LONGEST
        assert found.left_out == 12 - (len(found.told) - 1)
        assert all(len(one.text) < LONGEST + 60 for one in found.told[1:])
    assert found.told[0].text.endswith("…")


@given(st.text(max_size=80), st.integers(0, 400))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_question_breaks_it(memory: Memories, asked: str, room: int) -> None:
    if not await memory.count():
        await memory.memorize_many([(fact, None) for fact in [*FACTS, "東京塔の猫", "🎉 party on Friday"]])
    assert isinstance(await memory.know("c", asked, room), Known)


async def test_signs_are_enough(memory: Memories) -> None:
    await memory.memorize("東京塔の猫は黒い")
    await memory.memorize("京都の犬は白い")
    assert [one.memory.content for one in (await memory.know("c", "東京塔")).told] == ["東京塔の猫は黒い"]
