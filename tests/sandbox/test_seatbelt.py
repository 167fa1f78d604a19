"""The wall of macOS by the text of its profile: there is no Mac here to try it on."""

import asyncio
from pathlib import Path

import pytest

from zotui.errors import SandboxError
from zotui.sandbox import Command, Profile, shell
from zotui.sandbox.seatbelt import Seatbelt, rules


def test_what_is_not_allowed_is_refused_and_the_last_word_is_no() -> None:
    text = rules(
        [Path("/w"), Path("/own")], [Path("/w/.git/hooks"), Path("/w/.git"), Path("/w/sub"), Path("/w/.envrc")], None
    )
    lines = text.splitlines()
    assert lines[:2] == ["(version 1)", "(deny default)"]
    assert '(allow file-read* file-write* (subpath "/w"))' in lines
    assert lines[-5:] == [
        '(deny file-write* (subpath "/w/.git/hooks"))',
        '(deny file-write* (literal "/w/.git"))',
        '(deny file-write* (literal "/w/sub"))',
        '(deny file-write* (subpath "/w/.envrc"))',
        "(deny network*)",
    ]
    assert text.count("(") == text.count(")")
    assert "/Users" not in text
    assert rules([], [], 4711).endswith('(deny network*)\n(allow network-outbound (remote ip "localhost:4711"))')


def test_a_path_cannot_end_its_text() -> None:
    text = rules([Path('/w")(allow default)("\\')], [], None)
    assert '(subpath "/w\\")(allow default)(\\"\\\\")' in text
    with pytest.raises(SandboxError, match="control characters"):
        rules([Path("/w\n(allow default)")], [], None)


def test_a_command_has_a_folder_of_its_own_that_goes(tmp_path: Path) -> None:
    (tmp_path / "workspace" / ".git").mkdir(parents=True)
    start = Seatbelt(tmp_path).start(shell("true"), Profile(tmp_path / "workspace"), True)
    assert list(start.words[-3:]) == ["/bin/bash", "-c", "true"]
    own = Path(start.environment["HOME"])
    assert f'(subpath "{own}")' in start.words[6]
    assert f'(deny file-write* (subpath "{tmp_path.resolve()}/workspace/.git/hooks"))' in start.words[6]
    assert own.is_dir()
    assert start.finish() == ""
    assert not own.exists()


def test_it_stands_on_macos_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SandboxError, match="macOS only"):
        asyncio.run(Seatbelt(tmp_path).raise_(Profile(tmp_path)))
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(SandboxError, match="root"):
        asyncio.run(Seatbelt(tmp_path).raise_(Profile(tmp_path)))
    monkeypatch.setattr("os.geteuid", lambda: 501)
    monkeypatch.setattr("zotui.sandbox.seatbelt.PROGRAM", "/bin/sh")
    assert asyncio.run(Seatbelt(tmp_path).raise_(Profile(tmp_path))).kind == "seatbelt"


def test_a_folder_that_is_given_is_read_alone(tmp_path: Path) -> None:
    given = tmp_path / "cache" / "one"
    given.mkdir(parents=True)
    command = Command(("ls",), folders={"GIVEN": given})
    start = Seatbelt(tmp_path).start(command, Profile(tmp_path / "workspace"), True)
    (text,) = [word for word in start.words if word.startswith("(version 1)")]
    assert f'(allow file-read* (subpath "{given.resolve()}"))' in text.splitlines()
    assert start.environment["GIVEN"] == str(given.resolve())
    start.finish()
