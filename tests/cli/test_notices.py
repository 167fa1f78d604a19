"""``zotui notices``."""

from tests.cli.conftest import Command
from tests.processes import opened
from zotui.home import Home
from zotui.notices import add


def test_where_there_are_none(run: Command) -> None:
    assert run("notices").out == "nothing new\n"
    run("ask", "help")  # a script's: nobody is to be told
    assert run("notices", "list", "--all", "--json").json == []
    assert run("notices", "read").out == "0 read\n"
    assert run("notices", "clear").out == "0 deleted\n"
    assert "no notice" in run("notices", "read", "zzz").complaint


def test_they_are_listed_read_and_cleared(run: Command, home: Home) -> None:
    run("chats", "list")  # makes the home
    store = opened(home)
    try:
        first = store.write_now(lambda db: add(db, "answer", "the first\nof two", "chat:c1"))
        second = store.write_now(lambda db: add(db, "failure", "the second", "chat:c2", "warning"))
    finally:
        store.close()
    lines = run("notices").out.splitlines()
    assert ["the second" in lines[0], "the first of two" in lines[1], len(lines)] == [True, True, 2]
    assert "!" in lines[0]
    told = run("notices", "list", "--json").json
    assert [(one["id"], one["level"], one["place"], one["read_at"]) for one in told] == [
        (second, "warning", "chat:c2", None),
        (first, "info", "chat:c1", None),
    ]
    assert run("notices", "read", first[-8:]).out == "1 read\n"
    assert [one["id"] for one in run("notices", "list", "--json").json] == [second]
    assert [one["id"] for one in run("notices", "list", "--all", "--json").json] == [second, first]
    assert run("notices", "list", "--all", "--json", "--limit", "1").json[0]["id"] == second
    assert run("notices", "clear").out == "1 deleted\n"
    assert run("notices", "read").out == "1 read\n"
    assert run("notices").out == "nothing new\n"
