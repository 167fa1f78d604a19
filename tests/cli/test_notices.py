"""``zotui notices``."""

from tests.cli.conftest import Command


def test_on_the_command_line(run: Command) -> None:
    assert run("notices").out == "nothing new\n"
    run("ask", "help")
    assert run("notices", "list", "--json").json == []
    assert run("notices", "read").out == "0 read\n"
    assert run("notices", "clear").out == "0 deleted\n"
    assert "no notice" in run("notices", "read", "zzz").complaint
