"""A skill that is followed keeps its turn to the tools that it allows."""

from tests.openai_server import calls, openai_server, says
from tests.skills.shelves import put
from zotui.computer import Computer
from zotui.home import Home
from zotui.store import audit

CONFIG = 'model = "lab/tiny"\n[providers.lab]\nbase_url = "{url}"\nmodels = ["tiny"]\n'


async def test_only_what_it_allows_from_then_on(home: Home) -> None:
    folder = put(home.skills, "reader", "Reads files. Use in tests.")
    text = (folder / "SKILL.md").read_text()
    (folder / "SKILL.md").write_text(text.replace("---\nDo it.", "allowed-tools: Read Bash(git:*)\n---\nDo it."))
    async with openai_server() as server:
        home.config_file.write_text(CONFIG.format(url=server.url))
        async with Computer.open(home, workers="own") as computer:
            skill = computer.skills.find("reader")
            computer.skills.trust(skill, skill.hash)
            write = ("write_file", {"path": "a.txt", "content": "x"})
            server.script(
                calls(write),
                calls(("find_skill", {"query": "reader"})),
                calls(write, ("list_files", {}), ("run_command", {"command": "rm -r ."})),
                says("I could not."),
                calls(write),
                says("Done."),
            )
            reply = await computer.ask("read, then write", attended=True)
            assert [(call["name"], call["status"]) for call in reply.tool_calls] == [
                ("write_file", "done"),
                ("find_skill", "done"),
                ("write_file", "failed"),
                ("list_files", "done"),
                ("run_command", "failed"),
            ]
            assert "the skill reader allows only Read, Bash(git:*)" in str(reply.tool_calls[2]["result"])
            refused = await computer.store.read(lambda db: audit.entries(db, 20))
            assert [one.kind for one in refused].count("refused") == 2
            again = await computer.ask("now write", reply.conversation_id, attended=True)  # another turn
            assert again.tool_calls[0]["status"] == "done"
