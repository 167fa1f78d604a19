"""``zotui rules`` and ``zotui personas``."""

from tests.cli.conftest import Command
from tests.cli.inside import Inside
from tests.openai_server import OpenAIServer, says


def test_rules_are_added_listed_edited_disabled_and_deleted(inside: Inside) -> None:
    assert inside("rules", "list").out == "no rules; zotui rules add TEXT makes one\n"
    first = inside("rules", "add", "Answer", "in", "French.").out.strip()
    made = inside("rules", "add", "Use types.", "--glob", "*.py", "--json").json
    assert (made["kind"], made["condition"], made["enabled"]) == ("glob", "*.py", True)
    assert inside("rules", "add", "Be kind.", "--when", "the person is sad").code == 0
    assert [one["kind"] for one in inside("rules", "list", "--json").json] == ["always", "glob", "model"]
    assert "for *.py" in inside("rules", "list").out
    assert inside("rules", "edit", made["id"][-8:], "--regex", "py(thon)?").out.split()[1:4] == [
        "on",
        "on",
        "/py(thon)?/",
    ]
    assert inside("rules", "edit", first, "In", "Latin.", "--json").json["instruction"] == "In Latin."
    assert inside("rules", "disable", first).out.split()[1] == "off"
    told = inside("rules", "test", "some python", "--json").json
    assert [(one["instruction"], one["holds"]) for one in told] == [("Use types.", True), ("Be kind.", False)]
    assert "a model would be asked" in inside("rules", "test", "some python").out
    assert inside("rules", "enable", first, "--json").json["enabled"] is True
    assert inside("rules", "edit", made["id"], "--always", "--json").json["kind"] == "always"
    assert inside("rules", "rm", first, "--json").json["id"] == first
    assert len(inside("rules", "list", "--json").json) == 2


def test_wrong_rules_are_one_line(inside: Inside) -> None:
    for words, said in (
        (["add", "x", "--regex", "("], "is no regular expression"),
        (["add", "x", "--glob", "a", "--when", "b"], "a rule has one condition"),
        (["edit", "abcd"], "nothing is to be changed"),
        (["edit", "abcd", "--always", "--glob", "a"], "always is no condition"),
        (["rm", "abcd"], "no rule 'abcd'"),
        (["add"], "Missing argument"),
    ):
        assert said in inside("rules", *words).complaint


def test_a_rule_for_python_is_tested_by_the_files_that_are_named(inside: Inside) -> None:
    inside("rules", "add", "Use types.", "--glob", "*.py")
    assert inside("rules", "test", "see", "src/a.py", "--json").json[0]["why"] == "src/a.py matches *.py"
    assert inside("rules", "test", "see", "src/a.md", "--json").json[0]["holds"] is False


def test_personas_are_made_shown_changed_and_deleted(inside: Inside) -> None:
    assert inside("personas", "list").out.startswith("no personas")
    made = inside("personas", "add", "Ada", "--prompt", "Be exact.", "--tools", "read-only", "--json").json
    assert (made["name"], made["tools"], made["hue"]) == ("Ada", "read-only", None)
    assert "Be exact." in inside("personas", "show", "ada").out
    assert inside("personas", "edit", "ada", "--name", "Eve", "--hue", "9", "--json").json["hue"] == 9
    assert [one["name"] for one in inside("personas", "list", "--json").json] == ["Eve"]
    assert "no provider 'nobody'" in inside("personas", "edit", "eve", "-m", "nobody/x").complaint
    assert "there is a persona 'eve' already" in inside("personas", "add", "eve").complaint
    assert inside("personas", "rm", "eve").out == "deleted: Eve\n"
    assert "no persona 'eve'" in inside("personas", "show", "eve").complaint


async def test_one_asks_with_a_persona_and_gives_a_conversation_another(run: Command, server: OpenAIServer) -> None:
    import asyncio

    server.script(says("one"), says("two"), says("three"))

    async def zotui(*words: str) -> str:
        done = await asyncio.to_thread(run, *words)
        assert done.code == 0, done.err
        return done.out

    await zotui("personas", "add", "Ada", "--prompt", "You are Ada.", "-m", "lab/large")
    await zotui("ask", "--persona", "ada", "hello")
    assert await zotui("personas", "use", "none") == "no persona\n"
    await zotui("ask", "-c", "last", "again")
    assert await zotui("personas", "use", "ADA", "-c", "last") == "Ada\n"
    await zotui("ask", "-c", "last", "-m", "lab/tiny", "more")
    sent = [(exchange.request["model"], b"You are Ada." in exchange.body) for exchange in server.exchanges]
    assert sent == [("large", True), ("tiny", False), ("tiny", True)]
    assert len([line for line in (await zotui("chats", "list")).splitlines() if line]) == 1
    done = await asyncio.to_thread(run, "ask", "--persona", "nobody", "x")
    assert "no persona 'nobody'" in done.complaint
    assert len([line for line in (await zotui("chats", "list")).splitlines() if line]) == 1
