"""Nothing is lost: not by disks that are gone, by files in masses, by what others write, or by a kill at any moment."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.memory.mirror.conftest import Both, replace
from zotui import Computer
from zotui.errors import UsageError
from zotui.memory.mirror.text import read


async def fill(both: Both, count: int) -> None:
    await both.computer.memory.memorize_many((f"number {n}", None) for n in range(count))
    both.sync()


async def test_a_deleted_file_deletes_its_memory_and_undo_brings_both_back(both: Both) -> None:
    await fill(both, 5)
    both.file("number 3").unlink()
    waits = both.mirror.syncing.run(deletions="wait")
    assert (waits.deleted, len(waits.again)) == (0, 1), "an editor may be about to write it anew"
    assert both.sync().deleted == 1
    assert len(await both.contents()) == 4
    assert await both.computer.memory.undo()
    assert both.sync().written == 1
    assert both.file("number 3").exists()


async def test_a_memory_that_changed_survives_its_file(both: Both) -> None:
    await fill(both, 3)
    [one] = await both.computer.memory.list(search="1")
    both.file("number 1").unlink()
    await both.computer.memory.edit(one.id, "number one")
    assert both.sync().deleted == 0
    both.sync()
    assert both.file("number one").exists()


@pytest.mark.parametrize("how", ["gone", "empty", "another", "most", "file"])
async def test_masses_of_deletions_delete_nothing(both: Both, how: str) -> None:
    await fill(both, 5)
    before = await both.contents()
    if how == "most":
        for name in list(both.files())[:3]:
            (both.root / name).unlink()
    else:
        shutil.rmtree(both.root)
    if how == "another":
        shutil.copytree(both.computer.home.logs, both.root)
    if how == "empty":
        both.root.mkdir()
    if how == "file":
        both.root.write_text("a file")
    for _ in range(2):
        outcome = both.sync()
        assert (outcome.deleted, outcome.written) == (0, 0)
        assert outcome.held == both.mirror.status().held != ""
    assert await both.contents() == before
    [told] = await both.told()
    assert told.startswith("the mirror: ")
    if how == "most":
        assert both.sync("restore").written == 3
        assert (len(both.files()), both.sync().held) == (5, "")
        for name in list(both.files())[:3]:
            (both.root / name).unlink()
        assert both.sync("take").deleted == 3
        assert (len(await both.contents()), both.mirror.status().held) == (2, "")
        undone = await both.computer.memory.undo()
        assert undone is not None
        assert undone.memories == 3
        return
    if both.root.is_file():
        both.root.unlink()
    both.mirror.turn_on(str(both.root))
    assert (both.sync().written, len(both.files())) == (5, 5)


async def test_deletions_one_after_the_other_are_many_too(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.memory.mirror.syncing.MANY", 4)
    await fill(both, 30)
    for name in list(both.files())[:10]:
        (both.root / name).unlink()
        both.sync()
    assert len(await both.contents()) == 26
    assert both.mirror.status().held.startswith("6 of 26 files are gone")


BAD = {
    "front.md": (b"---\ntags: [a\n---\ntext\n", "line 3"),
    "open.md": (b"---\ntags: a\ntext\n", "line 1: the front matter has no closing '---'"),
    "expires.md": (b"---\ntags: a\nexpires: soon\n---\ntext\n", "line 3: 'soon' is no time"),
    "past.md": (b"---\nexpires: 2001-01-01\n---\ntext\n", "line 2: that time is past"),
    "tags.md": (b"---\ntags:\n- " + b"x" * 201 + b"\n---\ntext\n", "line 2: a tag is one line"),
    "alias.md": (b"---\na: &a [x]\nb: *a\n---\ntext\n", "line 3: aliases are not allowed"),
    "list.md": (b"---\n- a\n---\ntext\n", "no list of 'field: value'"),
    "empty.md": (b"\n \n", "line 1: a memory cannot be empty"),
    "body.md": (b"---\ntags: a\n---\n\n", "line 4: a memory cannot be empty"),
    "latin.md": (b"one\ntwo \xe4\n", "line 2: it is not UTF-8"),
    "long.md": (b"x" * 100_001, "at most 100,000 characters"),
    "huge.md": (b"x" * 1_000_001, "1,000,001 bytes"),
}


async def test_files_that_cannot_be_read_are_named_and_left(both: Both) -> None:
    await fill(both, 1)
    known = both.file("number 0")
    good = known.read_text()
    for name, (data, _) in BAD.items():
        (both.root / name).write_bytes(data)
    known.write_text(good.replace("id:", "id: {"))
    outcome = both.sync()
    assert (outcome.problems, outcome.new, outcome.changed) == (len(BAD) + 1, 0, 0)
    for name, (data, words) in BAD.items():
        assert [words in one for one in both.problems() if one.startswith(f"{name}: ")] == [True], (
            name,
            both.problems(),
        )
        assert (both.root / name).read_bytes() == data
    assert len(await both.told()) == 4, "three, and how many more"
    assert both.sync().problems == 0, "they are not told again"
    assert await both.contents() == ["number 0"]
    [one] = await both.computer.memory.list()
    await both.computer.memory.edit(one.id, "number nought")
    assert (both.sync().written, known.read_text().count("id: {")) == (0, 1), "what a person is at is not written over"
    known.write_text(good.replace("number 0", "number zero"))
    for name in BAD:
        (both.root / name).unlink()
    assert both.sync().conflicts == 1
    assert both.problems() == []
    assert await both.contents() == ["number nought", "number zero"]


async def test_links_lead_nowhere(both: Both, tmp_path: Path) -> None:
    await fill(both, 1)
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "one.md").write_text("a secret")
    known = both.file("number 0").relative_to(both.root)
    (both.root / "link.md").symlink_to(secret / "one.md")
    (both.root / "folder").symlink_to(secret)
    (both.root / "pipe").mkdir()
    os.mkfifo(both.root / "pipe" / "pipe.md")
    (both.root / ".hidden").mkdir()
    (both.root / ".hidden" / "one.md").write_text("hidden")
    assert both.sync().new == 0
    shutil.move(both.root / known.parent, secret / "moved")
    (both.root / known.parent).symlink_to(secret / "moved")
    [one] = await both.computer.memory.list()
    await both.computer.memory.edit(one.id, "number nought")
    both.sync()
    both.sync()
    assert "nought" not in (secret / "moved" / known.name).read_text()
    assert await both.contents() == ["number nought"]


async def test_odd_names(both: Both) -> None:
    for name in ("a b\n\x1b[31m.md", "ü 東京.md", "-rf.md", "'\"$(x).md"):
        (both.root / name).write_text(f"of {name.encode()!r}")
    with open(os.path.join(os.fsencode(both.root), b"latin\xe4.md"), "w") as file:
        file.write("text")
    os.mkdir(os.path.join(os.fsencode(both.root), b"folder\xe4"))
    outcome = both.sync()
    assert (outcome.new, len(both.problems())) == (4, 2)
    assert all("its name is not UTF-8" in one for one in both.problems())
    assert both.sync().is_nothing
    await both.computer.memory.set("../../etc/passwd", "a key")
    await both.computer.memory.memorize("\x1b]0;x\x07 /../ …")
    both.sync()
    assert (both.root / "keys" / "etc-passwd.md").exists()
    assert len(both.files()) == 7, "one of them is not in UTF-8"


async def test_control_characters_go(both: Both) -> None:
    (both.root / "a.md").write_bytes(b"---\ntags: [x\x1b[31my]\n---\nred\x1b[31m \x00 \xe2\x80\xae text\n")
    assert both.sync().new + both.sync().new == 1
    [one] = await both.computer.memory.list()
    assert (one.content, one.tags) == ("red   text", ("xy",))


@pytest.mark.parametrize("place", ["workspace", "workspace/notes", "logs", ".", ".."])
def test_where_it_cannot_be(computer: Computer, place: str) -> None:
    with pytest.raises(UsageError, match="is not apart from"):
        computer.mirror.turn_on(str(computer.home.path / place))
    assert computer.mirror.status().folder == ""


async def test_markdown_that_is_there_is_taken_only_when_asked(computer: Computer, tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault" / "a.md").write_text("of the vault")
    with pytest.raises(UsageError, match="holds 1 Markdown files"):
        computer.mirror.turn_on(str(tmp_path / "vault"))
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"File exists|Not a directory"):
        computer.mirror.turn_on(str(tmp_path / "file"))
    computer.mirror.turn_on(str(tmp_path / "vault"), take=True)
    assert computer.mirror.sync().new == 1
    assert read((tmp_path / "vault" / "a.md").read_bytes()).id


class Killed(BaseException):
    """The process is no more."""


class Clock:
    """Counts moments at which something becomes lasting, before and after it; ends the process at one of them."""

    def __init__(self, patched: pytest.MonkeyPatch, computer: Computer) -> None:
        self.left = 0
        for module, name in ((os, "rename"), (os, "unlink"), (computer.store, "write_now")):
            patched.setattr(module, name, self.around(getattr(module, name)))

    def around(self, do: Callable[..., object]) -> Callable[..., object]:
        def done(*values: object, **named: object) -> object:
            self.tick()
            found = do(*values, **named)
            self.tick()
            return found

        return done

    def tick(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed


async def test_killed_at_any_moment(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    """New files, edits, moves, deletions and conflicts on both sides at once; killed at this moment and at that."""
    memory, root = both.computer.memory, both.root
    await fill(both, 7)
    ids = {one.content: one.id for one in await memory.list()}
    (root / "new.md").write_text("a new one")
    replace(both.file("number 0"), "number 0", "number nought")
    both.file("number 1").rename(root / "moved.md")
    both.file("number 2").unlink()
    replace(both.file("number 3"), "number 3", "number three in the file")
    await memory.edit(ids["number 3"], "number three in the memory")
    await memory.edit(ids["number 4"], "number four")
    await memory.delete([ids["number 5"]])
    await memory.memorize("another new one")
    kills, moment = 0, 0
    with monkeypatch.context() as patched:
        clock = Clock(patched, both.computer)
        while True:
            clock.left = moment
            try:
                for _ in range(3):
                    both.computer.mirror.sync()
            except Killed:
                kills, moment = kills + 1, moment % 40 + 1
                assert kills < 100
            else:
                break
    assert kills > 5
    expected = sorted(
        ["a new one", "number nought", "number 1", "number three in the file", "number three in the memory", "number four",
         "number 6", "another new one"]
    )  # fmt: skip
    assert await both.contents() == expected
    found = [read(path.read_bytes()) for path in root.rglob("*.md")]
    assert sorted(one.content for one in found) == expected
    assert len({one.id for one in found}) == len(found)
    assert not list(root.rglob(".zotui-*.tmp"))
    assert both.mirror.status().due == 0
    assert len(await memory.list(tag="conflict")) == 1
