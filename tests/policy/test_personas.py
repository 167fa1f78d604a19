"""Personas as rows, and which conversation has which."""

import pytest

from zotui.conversations import Chats
from zotui.errors import NotFound, UsageError
from zotui.policy import Personas, Wanted
from zotui.store import Store


async def test_a_persona_is_added_found_changed_and_removed(store: Store) -> None:
    personas = Personas(store)
    ada = await personas.add(Wanted(name=" Ada\n", prompt="Be exact.", tools="read-only", hue=200))
    assert (ada.name, ada.prompt, ada.model, ada.tools, ada.hue) == ("Ada", "Be exact.", "", "read-only", 200)
    await personas.add(Wanted(name="bob", tools="read_file, list_files,"))
    assert [(one.name, one.tools) for one in await personas.list()] == [
        ("Ada", "read-only"),
        ("bob", "list_files,read_file"),
    ]
    assert await personas.find("aDA") == ada == await personas.find(ada.id)
    changed = await personas.edit("ada", Wanted(name="ADA", model="lab/tiny"))
    assert (changed.id, changed.name, changed.prompt, changed.model) == (ada.id, "ADA", "Be exact.", "lab/tiny")
    assert (await personas.remove("ada")).id == ada.id
    with pytest.raises(NotFound, match="no persona 'Ada'"):
        await personas.find("Ada")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(), "needs a name"),
        (Wanted(name=" \x1b[0m"), "is no name"),
        (Wanted(name="None"), "is no name"),
        (Wanted(name="x" * 41), "is no name"),
        (Wanted(name="BOB"), "there is a persona 'BOB' already"),
        (Wanted(name="a", prompt="x" * 20_001), "at most 20,000 are kept"),
        (Wanted(name="a", tools=" ,"), "is no scope of tools"),
        (Wanted(name="a", hue=360), "360 is no hue"),
    ],
    ids=["nameless", "blank", "none", "long", "taken", "prompt", "tools", "hue"],
)
async def test_what_is_no_persona_is_refused(store: Store, wanted: Wanted, said: str) -> None:
    personas = Personas(store)
    await personas.add(Wanted(name="Bob"))
    with pytest.raises(UsageError, match=said):
        await personas.add(wanted)
    assert [one.name for one in await personas.list()] == ["Bob"]


async def test_a_conversation_has_one_persona_with_its_model_until_another_or_none_is_chosen(store: Store) -> None:
    personas, chats = Personas(store), Chats(store)
    await personas.add(Wanted(name="Ada", model="lab/a"))
    await personas.add(Wanted(name="Bob"))
    chat = await chats.create()

    async def state() -> tuple[str, str]:
        persona = await personas.of(chat)
        return persona.name if persona else "", (await chats.find(chat)).model

    assert await state() == ("", "")
    await personas.use(chat, "Ada")
    assert await state() == ("Ada", "lab/a")
    await personas.edit("Ada", Wanted(model="lab/b"))
    assert await state() == ("Ada", "lab/b")
    await personas.use(chat, "Bob")
    assert await state() == ("Bob", "")
    await chats.set_model(chat, "own/choice")
    await personas.use(chat, None)
    assert await state() == ("", "own/choice")
    await personas.use(chat, "Ada")
    await personas.remove("Ada")
    assert await state() == ("", "")
    with pytest.raises(NotFound, match="no conversation"):
        await personas.use("nowhere", "Bob")
    with pytest.raises(NotFound, match="no persona"):
        await personas.use(chat, "Ada")
