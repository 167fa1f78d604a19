"""``zotui search``."""

from tests.cli.conftest import Command
from zotui.home import Home


def test_on_the_command_line(run: Command, home: Home) -> None:
    run("memory", "add", "the heron is grey")
    for number in range(3):
        (home.workspace / f"heron{number}.txt").write_text("x")
    done = run("search", "heron", "--json").json
    assert [hit["group"] for hit in done] == ["memory", "files", "files", "files"]
    assert set(done[0]) == {"group", "id", "title", "excerpt", "place", "at"}
    assert done[0]["place"].startswith("memory:")
    told = run("search", "grey", "heron").out
    assert told.startswith("memory:\n")
    assert "the heron is grey" in told
    assert run("search", "zebra").out == "nothing found\n"


def test_only_a_group_and_only_so_many(run: Command, home: Home) -> None:
    run("memory", "add", "the heron is grey")
    for number in range(3):
        (home.workspace / f"heron{number}.txt").write_text("x")
    assert {hit["group"] for hit in run("search", "heron", "--only", "files", "--json").json} == {"files"}
    assert len(run("search", "heron", "-n", "2", "--json").json) == 3
    refused = run("search", "heron", "--only", "nowhere")
    assert refused.code == 2
    assert "chats" in refused.complaint
