"""What may be used: what the person has put there or looked at, and only as it was then."""

import os
import shutil
from pathlib import Path

import pytest

from tests.processes import rows
from tests.skills.shelves import RUN, own, put, settle, shelf_of, states, trust
from zotui.errors import NotFound, UsageError
from zotui.home import Home
from zotui.skills import Shelf
from zotui.skills.looking import changes, look
from zotui.store import Store


def test_what_the_person_drops_in_is_ready_and_its_code_waits(home: Home, shelf: Shelf) -> None:
    put(home.skills, "words")
    put(home.skills, "weather", weather=RUN)
    settle(shelf)
    assert states(shelf) == {"words": "ready", "weather": "ready"}
    assert shelf.ready("words").body == "Do it."
    assert shelf.usable("weather").body == "Do it."
    with pytest.raises(UsageError, match="nobody has looked at the skill weather yet: zotui skills trust weather"):
        shelf.ready("weather")
    trust(shelf, "weather")
    (script,) = shelf.ready("weather").scripts
    assert (script.path, script.function) == ("scripts/weather.py", "run")


def test_a_projects_skill_waits_whole(home: Home, store: Store, tmp_path: Path) -> None:
    put(tmp_path / "repo" / ".agents" / "skills", "helper", "Helps with the repository.")
    shelf = shelf_of(home, store, tmp_path / "repo")
    assert states(shelf) == {"helper": "untrusted"}
    assert "helper" not in shelf.index("help with the repository")
    for use in (shelf.usable, shelf.ready):
        with pytest.raises(UsageError, match="nobody has looked"):
            use("helper")
    trust(shelf, "helper")
    assert shelf.ready("helper").source == "project"
    assert "helper" in shelf.index("help with the repository")


@pytest.mark.parametrize("what", ["a byte", "a script", "a new file", "a file that is gone", "a link", "may run"])
def test_any_change_turns_it_off_until_it_is_looked_at(what: str, home: Home, shelf: Shelf) -> None:
    folder = put(home.skills, "weather", weather=RUN)
    (folder / "jottings.md").write_text("jottings")
    trust(shelf, "weather")
    assert shelf.ready("weather").trusted
    if what == "a byte":
        text = (folder / "SKILL.md").read_text()
        status = (folder / "SKILL.md").stat()
        (folder / "SKILL.md").write_text(text.replace("Do it", "Do It"))
        os.utime(folder / "SKILL.md", ns=(status.st_atime_ns, status.st_mtime_ns))
    elif what == "a script":
        (folder / "scripts" / "weather.py").write_text(RUN + "\n")
    elif what == "a new file":
        (folder / "more.txt").write_text("more")
    elif what == "a file that is gone":
        (folder / "jottings.md").unlink()
    elif what == "a link":
        (folder / "jottings.md").unlink()
        (folder / "jottings.md").symlink_to("SKILL.md")
    else:
        (folder / "jottings.md").chmod(0o755)
    settle(shelf)
    if what == "may run":  # the same bytes: only that they could run is told
        assert shelf.find("weather").code == ("jottings.md", "scripts/weather.py")
        return
    assert states(shelf) == {"weather": "changed"}
    for use in (shelf.usable, shelf.ready):
        with pytest.raises(UsageError, match="has changed since it was looked at: zotui skills diff weather"):
            use("weather")
    trust(shelf, "weather")
    assert shelf.ready("weather").state == "ready"


def test_what_is_used_is_looked_at_in_that_moment(home: Home, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put(home.skills, "weather", weather=RUN)
    trust(shelf, "weather")
    monkeypatch.setattr("zotui.skills.shelf.is_as_seen", lambda path, seen: True)  # nothing tells of the change
    (folder / "scripts" / "weather.py").write_text("def run(): evil()\n")
    assert shelf.find("weather").state == "ready"
    with pytest.raises(UsageError, match="has changed"):
        shelf.ready("weather")


def test_another_process_sees_the_same(home: Home, store: Store, shelf: Shelf) -> None:
    put(home.skills, "weather", weather=RUN)
    trust(shelf, "weather")
    other = shelf_of(home, store)
    assert other.ready("weather").trusted
    shelf.turn(shelf.find("weather"), False)
    assert other.find("weather").state == "disabled"
    with pytest.raises(UsageError, match="the skill weather is disabled: zotui skills enable weather"):
        other.ready("weather")
    assert not other.find("weather").enabled


def test_a_broken_edit_keeps_the_last_good_version(home: Home, shelf: Shelf) -> None:
    folder = put(home.skills, "jottings", "Takes jottings.", "The good body.\n")
    settle(shelf)
    (folder / "SKILL.md").write_text("---\nname: [\n")
    skill = shelf.find("jottings")
    assert (skill.state, skill.description, skill.body) == ("ready", "Takes jottings.", "The good body.")
    assert "SKILL.md is broken (line 1: the front matter has no closing '---')" in skill.problems[0]
    assert shelf.ready("jottings").body == "The good body."
    (folder / "more.py").write_text("print()")
    assert shelf.find("jottings").state == "changed"
    (folder / "more.py").unlink()
    put(home.skills, "jottings", "Takes jottings.", "The good body.\n")
    assert (shelf.find("jottings").state, shelf.find("jottings").problems) == ("ready", [])
    shutil.rmtree(folder)
    with pytest.raises(NotFound):
        shelf.find("jottings")


def test_one_that_never_was_good_is_invalid(home: Home, shelf: Shelf) -> None:
    folder = put(home.skills, "jottings")
    (folder / "SKILL.md").write_text("broken")
    assert shelf.find("jottings").state == "invalid"
    with pytest.raises(UsageError, match=r"cannot be used: SKILL\.md: line 1"):
        shelf.ready("jottings")
    with pytest.raises(UsageError, match="cannot be trusted"):
        trust(shelf, "jottings")
    put(home.skills, "jottings")
    assert shelf.find("jottings").state == "ready"


def test_what_is_still_arriving_is_not_held_to_what_it_was(
    home: Home, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zotui.skills.shelf.SETTLED_MS", 3_600_000)
    folder = put(home.skills, "slow")
    assert states(shelf) == {"slow": "ready"}
    (folder / "second.md").write_text("the rest")
    assert states(shelf) == {"slow": "ready"}
    settle(shelf)
    (folder / "third.md").write_text("later")
    assert states(shelf) == {"slow": "changed"}


def test_characters_that_nobody_sees_wait_for_a_look(home: Home, shelf: Shelf) -> None:
    put(home.skills, "sly", body="Do it.\nAnd\u200b\u202e more.\n")
    settle(shelf)
    skill = shelf.find("sly")
    assert skill.state == "untrusted"
    assert skill.hidden == (
        "SKILL.md, line 6: a character that is not shown (zero width space)",
        "SKILL.md, line 6: a character that is not shown (right-to-left override)",
    )
    assert "zero width space" in look(skill, shelf.read(skill), {})


def test_what_is_trusted_is_what_was_shown(home: Home, shelf: Shelf) -> None:
    folder = put(home.skills, "weather", weather=RUN)
    skill = shelf.find("weather")
    shown = shelf.read(skill).skill.hash
    (folder / "scripts" / "weather.py").write_text("def run(): evil()\n")
    with pytest.raises(UsageError, match="has just changed: look at it again"):
        shelf.trust(skill, shown)
    with pytest.raises(UsageError):
        shelf.ready("weather")


def test_the_difference_is_shown(home: Home, shelf: Shelf) -> None:
    folder = put(home.skills, "weather", weather=RUN)
    (folder / "old.txt").write_text("old\n")
    (folder / "picture.bin").write_bytes(bytes(range(256)))
    trust(shelf, "weather")
    skill = shelf.find("weather")
    assert changes(shelf.read(skill), shelf.trusted_files(skill)) == ""
    (folder / "scripts" / "weather.py").write_text(RUN.replace("return city", "return evil(city)"))
    (folder / "old.txt").unlink()
    (folder / "new.txt").write_text("new\x1b[31m\n")
    (folder / "picture.bin").write_bytes(b"\0")
    told = changes(shelf.read(skill), shelf.trusted_files(skill)).splitlines()
    assert {
        "-    return city",
        "+    return evil(city)",
        "-old",
        "+new",
        "picture.bin has changed (it is no text, or long)",
    } <= {*told}
    assert "SKILL.md" not in " ".join(told)


def test_a_look_tells_what_it_wants(home: Home, shelf: Shelf) -> None:
    folder = put(home.skills, "weather", weather=RUN + "URL = 'https://wttr.example.org/x'\n")
    (folder / "SKILL.md").write_text(
        "---\nname: weather\ndescription: Weather.\nallowed-tools: Bash(curl:*) Read\ncompatibility: Needs curl\n"
        "metadata:\n  hosts: api.example.com\n  openclaw:\n    requires:\n      env: [WEATHER_KEY]\n---\n"
    )
    skill = shelf.find("weather")
    told = look(skill, shelf.read(skill), {})
    for line in (
        " B  run(city: str, days: int = 3, unit = 'C', **more)",
        "allowed tools: Bash(curl:*), Read",
        "hosts: api.example.com",
        "hosts named in its code: wttr.example.org",
        "keys: WEATHER_KEY",
        "compatibility: Needs curl",
    ):
        assert line in told


def test_the_lockfile(home: Home, shelf: Shelf) -> None:
    put(home.skills, "weather", weather=RUN)
    trust(shelf, "weather")
    lock = shelf.lock()
    one = lock["skills"][str(home.skills / "weather")]
    assert (one["name"], one["source"], one["sha256"]) == ("weather", "home", shelf.find("weather").hash)
    assert set(one["files"]) == {"SKILL.md", "scripts/weather.py"}
    assert [row[0] for row in rows(home, "SELECT kind FROM audit")] == ["skill trusted"]


def test_a_file_that_is_full_hides_no_skill(
    home: Home, store: Store, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zotui.errors import StoreFull

    def full(*_: object, **__: object) -> None:
        raise StoreFull("no room")

    monkeypatch.setattr(store, "write_now", full)
    folder = put(home.skills, "jottings", "Takes jottings.")
    settle(shelf)
    assert own(shelf)["jottings"].state == "ready"
    (folder / "SKILL.md").write_text("broken")
    assert own(shelf)["jottings"].state == "invalid"


def test_nothing_is_read_again_that_was_not_touched(
    home: Home, store: Store, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home.skills, "one")
    folder = put(home.skills, "two")
    settle(shelf)
    again = shelf_of(home, store)
    read: list[Path] = []
    monkeypatch.setattr(
        "zotui.skills.shelf.read_skill", lambda path, source: read.append(path) or pytest.fail("it was read again")
    )
    assert set(states(again)) == {"one", "two"}
    monkeypatch.undo()
    (folder / "SKILL.md").write_text((folder / "SKILL.md").read_text())
    assert states(again) == {"one": "ready", "two": "ready"}
