"""``zotui memory facts|accept|reject|always|patterns|show``, ``zotui chats memory``."""

import asyncio

from tests.cli.inside import Inside
from zotui import Computer
from zotui.home import Home


def say(home: Home, text: str, chat: str | None = None) -> str:
    """Have a person say something, without a model; in which conversation."""

    async def run() -> str:
        async with Computer.open(home, workers="own") as computer:
            return (await computer.ask(text, chat, attended=True)).conversation_id

    return asyncio.run(run())


def test_from_words_to_a_memory_and_back_to_where_it_was_said(home: Home) -> None:
    inside = Inside(home)
    assert "no fact waits" in inside("memory", "facts").out
    say(home, "I live in Oslo, my sister is called Maja and my dog is called Rex")
    waiting = inside("memory", "facts", "--json").json
    assert [(one["content"], one["kind"], one["status"]) for one in waiting] == [
        ("My dog is called Rex.", "person", "waiting"),
        ("My sister is called Maja.", "person", "waiting"),
        ("I live in Oslo.", "home", "waiting"),
    ]
    dog, sister, place = (one["id"] for one in waiting)
    lines = inside("memory", "facts").out.splitlines()
    assert [line.split(maxsplit=4)[-1] for line in lines] == [one["content"] for one in waiting]
    memory = inside("memory", "accept", place[-8:], "I", "live", "in", "Oslo", "East").out.strip()
    assert inside("memory", "always", sister).code == 0
    assert inside("memory", "always").out == "person\n"
    inside("memory", "always", "--not", "person")
    assert inside("memory", "always", "--json").json == {"kinds": []}
    assert inside("memory", "reject", dog, "nobody").complaint.startswith("zotui: no proposed fact 'nobody'")
    assert inside("memory", "facts", "--json").json == []
    assert [one["status"] for one in inside("memory", "facts", "--all", "--json").json] == [
        "rejected",
        "accepted",
        "accepted",
    ]
    assert "decided already" in inside("memory", "accept", dog).complaint
    chat = inside("chats", "list", "--json").json[0]["id"]
    shown = inside("memory", "show", "home", "--json").json
    assert (shown["id"], shown["content"], shown["tainted"]) == (memory, "I live in Oslo East", False)
    assert f"({chat}/{waiting[0]['message_id']})" in shown["origin"]
    assert shown["used_in"] == []
    inside("memory", "set", "home", "Bergen")
    inside("chats", "rm", chat)
    inside("chats", "rm", chat)
    text = inside("memory", "show", "sister").out
    assert text.startswith("My sister is called Maja.\n")
    assert "used     in no answer yet" in text
    assert "was      " in inside("memory", "show", "home").out


def test_what_contradicts_is_shown_with_what_it_would_replace(home: Home) -> None:
    inside = Inside(home)
    inside("memory", "add", "I live in Paris.")
    say(home, "I moved to Berlin")
    [waiting] = inside("memory", "facts", "--json").json
    assert (waiting["content"], waiting["instead_of"]) == ("I moved to Berlin.", "I live in Paris.")
    assert inside("memory", "facts").out.rstrip().endswith("I moved to Berlin. (instead of: I live in Paris.)")
    inside("memory", "accept", waiting["id"])
    assert "instead of" not in inside("memory", "facts", "--all").out


def test_what_is_looked_for_can_be_seen(home: Home) -> None:
    inside = Inside(home)
    assert "I moved to Berlin" in inside("memory", "patterns").out
    assert {"name", "kind", "key", "example"} == set(inside("memory", "patterns", "--json").json[0])


def test_a_conversation_without_memory(home: Home) -> None:
    inside = Inside(home)
    chat = say(home, "hello")
    assert inside("chats", "memory", "last", "off").code == 0
    say(home, "my name is Ada", chat)
    assert inside("memory", "facts", "--json").json == []
    assert inside("chats", "memory", "last", "on").code == 0
    inside("ask", "-c", "last", "my name is Ada")  # out of a pipe: nobody's word
    assert inside("memory", "facts", "--json").json == []
    say(home, "my name is Ada", chat)
    assert len(inside("memory", "facts", "--json").json) == 1
    assert "is not one of 'on', 'off'" in inside("chats", "memory", "last", "maybe").complaint
