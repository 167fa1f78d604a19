"""``zotui search``."""

from tests.cli.conftest import Command
from zotui.home import Home


def test_on_the_command_line(run: Command, home: Home) -> None:
    run("memory", "add", "the heron is grey")
    done = run("search", "heron", "--json").json
    assert [hit["group"] for hit in done] == ["memory"]
    assert "the heron is grey" in run("search", "heron").out
    assert run("search", "zebra").out == "nothing found\n"
