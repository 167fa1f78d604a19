"""What is changed in a file is changed in its memory, and the other way round; where both were, both are kept."""

import os
import stat
from pathlib import Path

import pytest

from tests.memory.mirror.conftest import Both, replace
from zotui import Computer
from zotui.memory.mirror import putting
from zotui.memory.mirror.text import read


async def test_memories_are_files_that_a_person_can_read(both: Both) -> None:
    memory = both.computer.memory
    one = await memory.memorize("The staging box is lab-3.\n\n- it has 8 cores", {"source": "me", "n": 5})
    await memory.set("home city", "Bergen: rainy")
    for tag in ("lab", "of work, mostly"):
        await memory.tag(one, tag)
    await memory.pin(one)
    assert both.sync().written == 2
    files = both.files()
    assert sorted(name.rpartition("/")[2] for name in files) == [
        "home-city.md",
        "the-staging-box-is-lab-3-it-has-8-cores.md",
    ]
    assert "keys/home-city.md" in files
    lines = both.file("staging").read_text().split("\n")
    assert lines[0] == "---"
    assert lines[1] == f"id: {one}"
    assert lines[2] == 'tags: [lab, "of work, mostly"]'
    assert [line.partition(":")[0] for line in lines[3:7]] == ["pinned", "created", "updated", "meta"]
    assert lines[6:] == ['meta: {"source":"me","n":5}', "---", "The staging box is lab-3.", "", "- it has 8 cores", ""]
    said = read(both.file("staging").read_bytes())
    assert said.fits(await memory.find(one))
    assert stat.S_IMODE(both.file("staging").stat().st_mode) == 0o600
    assert stat.S_IMODE((both.root / "keys").stat().st_mode) == 0o700
    assert both.sync().is_nothing


async def test_an_edit_of_a_file_is_an_edit_of_its_memory(both: Both) -> None:
    memory = both.computer.memory
    one = await memory.memorize("the box is lab-3", {"source": "me"})
    key = await memory.set("city", "Oslo")
    await memory.tag(one, "old")
    both.sync()
    replace(both.file("lab-3"), "the box is lab-3", "the box is lab-4")
    replace(both.file("lab-4"), "tags: [old]", "pinned: yes\naliases:\n  - box\ntags:\n- new\n- newer")
    replace(both.file("Oslo"), "\nOslo", "\nBergen")
    assert both.sync().changed == 2
    found = await memory.find(one)
    assert (found.content, found.tags, found.pinned_at is not None) == ("the box is lab-4", ("new", "newer"), True)
    assert [version.value for version in await memory.history("city")] == ["Oslo", "Bergen"]
    assert (await memory.find(key)).content == "Bergen"
    assert both.sync().is_nothing, "a file is not written while a person is at it"
    undone = await memory.undo()
    assert undone is not None
    assert (undone.what, undone.memories) == ("edit", 2)
    assert both.sync().written == 2
    assert "\nthe box is lab-3" in both.file("lab-3").read_text()
    assert "aliases:\n  - box\n" in both.file("lab-3").read_text(), "what others put there stays"


async def test_an_edit_of_a_memory_is_written(both: Both) -> None:
    memory = both.computer.memory
    one = await memory.memorize("the box is lab-3")
    both.sync()
    path = both.file("lab-3")
    await memory.edit(one, "the box is lab-4")
    await memory.tag(one, "lab")
    assert both.sync().written == 1
    assert both.file("lab-4") == path, "a file keeps its name"
    assert read(path.read_bytes()).tags == ("lab",)
    await memory.delete([one])
    assert both.sync().removed == 1
    assert both.files() == {}
    assert not path.parent.exists()
    await memory.undo()
    both.sync()
    assert "lab-4" in both.file("lab-4").read_text()


async def test_a_new_file_is_a_new_memory(both: Both) -> None:
    (both.root / "people").mkdir()
    (both.root / "people" / "Ada.md").write_bytes(b"\xef\xbb\xbfAda likes tea.\r\n\r\nAnd maths.\r\n")
    (both.root / "key.MD").write_text(
        "---\nkey: shoe size\ntags: feet, body\nexpires: 2999-01-02\nauthor: me\n---\n43\n"
    )
    assert both.sync().new == 2
    memory = both.computer.memory
    assert await both.contents() == ["43", "Ada likes tea.\n\nAnd maths."]
    size = await memory.find("shoe size")
    assert (size.tags, size.expires_at, size.meta) == (("body", "feet"), 32472230400000, {"source": "mirror"})
    text = (both.root / "key.MD").read_text()
    assert text.startswith(f"---\nid: {size.id}\nkey: shoe size\n")
    assert "author: me\n" in text
    assert sorted(both.files()) == ["people/Ada.md"]
    assert both.sync().is_nothing
    replace(both.root / "people" / "Ada.md", "tea", "coffee")
    assert both.sync().changed == 1


async def test_a_file_that_is_moved_stays_its_memorys(both: Both) -> None:
    memory = both.computer.memory
    one, other = await memory.memorize("the first"), await memory.memorize("the second")
    both.sync()
    first, second = both.file("first"), both.file("second")
    (both.root / "deep" / "er").mkdir(parents=True)
    first.rename(both.root / "deep" / "er" / "renamed.md")
    replace(both.root / "deep" / "er" / "renamed.md", "the first", "the first one")
    outcome = both.sync()
    assert (outcome.moved, outcome.changed, outcome.deleted, outcome.new) == (1, 1, 0, 0)
    assert (await memory.find(one)).content == "the first one"
    second.rename(both.root / "swap")  # both change places
    (both.root / "deep" / "er" / "renamed.md").rename(second)
    (both.root / "swap").rename(both.root / "deep" / "er" / "renamed.md")
    outcome = both.sync()
    assert (outcome.moved, outcome.changed, outcome.deleted, outcome.new, outcome.conflicts) == (2, 0, 0, 0, 0)
    await memory.edit(other, "the second one")
    both.sync()
    assert both.file("second one").name == "renamed.md"


async def test_a_copy_is_another_memory(both: Both) -> None:
    one = await both.computer.memory.set("city", "Oslo")
    both.sync()
    (both.root / "copy.md").write_text(both.file("Oslo").read_text())
    assert both.sync().new == 1
    found = await both.computer.memory.list()
    assert sorted((memory.content, memory.key) for memory in found if memory.id != one) == [("Oslo", None)]
    assert len({read(text.encode()).id for text in both.files().values()}) == 2


@pytest.mark.parametrize("gone", [False, True], ids=["changed", "deleted"])
async def test_both_are_kept_where_both_changed(both: Both, gone: bool) -> None:
    memory = both.computer.memory
    one = await memory.memorize("the box is lab-3")
    await both.computer.store.write(lambda db: db.execute("UPDATE memory SET tainted = 1"))
    both.sync()
    path = both.file("lab-3")
    replace(path, "the box is lab-3", "the box is mine")
    if gone:
        await memory.delete([one])
    else:
        await memory.edit(one, "the box is theirs")
    outcome = both.sync()
    assert (outcome.conflicts, outcome.changed) == (1, 0)
    beside = await memory.find((await memory.list(tag="conflict"))[0].id)
    assert (beside.content, beside.tags) == ("the box is mine", ("conflict",))
    assert await both.contents() == ["the box is mine"] + ["the box is theirs"] * (not gone)
    assert gone or beside.tainted
    assert [path in (await both.told())[0] for path in [path.name]] == [True]
    assert sorted(read(text.encode()).content for text in both.files().values()) == await both.contents()
    assert both.sync().is_nothing


async def test_the_same_change_on_both_sides_is_none(both: Both) -> None:
    one = await both.computer.memory.memorize("the box is lab-3")
    both.sync()
    replace(both.file("lab-3"), "the box is lab-3", "the box is lab-4")
    await both.computer.memory.edit(one, "the box is lab-4")
    outcome = both.sync()
    assert (outcome.conflicts, await both.contents()) == (0, ["the box is lab-4"])


async def test_what_anybodys_words_were_in_stays_so(both: Both) -> None:
    one = await both.computer.memory.memorize("read on a page")
    await both.computer.store.write(lambda db: db.execute("UPDATE memory SET tainted = 1"))
    both.sync()
    text = both.file("page").read_text()
    both.file("page").write_text(text.replace("tainted: true\n", "").replace("read on", "I read it on"))
    assert both.sync().changed == 1
    assert (await both.computer.memory.find(one)).tainted


async def test_no_folder_holds_too_many_files(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(putting, "FULL", 4)
    await both.computer.memory.memorize_many((f"number {n}", None) for n in range(10))
    await both.computer.memory.memorize_many(("all the same", None) for n in range(3))
    both.sync()
    counts = [len(list(folder.iterdir())) for folder in sorted(both.root.glob("2*"))]
    assert counts == [4, 4, 4, 1]


async def test_what_has_come_to_its_end_leaves_the_folder(both: Both) -> None:
    memory = both.computer.memory
    one = await memory.memorize("for a while")
    both.sync()
    await both.computer.store.write(lambda db: db.execute("UPDATE memory SET expires_at = 1 WHERE id = ?", (one,)))
    assert both.sync().removed == 1
    assert both.files() == {}


async def test_what_is_forgotten_for_good_leaves_the_folder_whatever_is_in_its_file(both: Both) -> None:
    one = await both.computer.memory.memorize("the sentinel heron")
    both.sync()
    copy = both.file("heron").read_text()
    replace(both.file("heron"), "heron", "heron, edited")
    traces = await both.computer.forgetting.traces(one)
    assert await both.computer.forgetting.forget(traces) == ""
    assert both.files() == {}
    assert b"sentinel" not in both.computer.home.database.read_bytes()
    (both.root / "again.md").write_text(copy)
    assert (both.sync().new, await both.contents()) == (0, [])
    assert "forgotten for good" in both.problems()[0]


async def test_forgetting_says_what_it_cannot_reach(both: Both) -> None:
    one = await both.computer.memory.memorize("the sentinel heron")
    both.sync()
    os.rename(both.root, both.root.with_name("away"))
    left = await both.computer.forgetting.forget(await both.computer.forgetting.traces(one))
    assert "its file in the mirror is still there" in left
    os.rename(both.root.with_name("away"), both.root)
    both.sync()
    assert both.files() == {}


async def test_off_and_on_again(both: Both, computer: Computer, tmp_path: Path) -> None:
    one = await computer.memory.memorize("the box is lab-3")
    gone = await computer.memory.memorize("gone meanwhile")
    both.sync()
    assert both.mirror.turn_off()
    assert not both.mirror.turn_off()
    await computer.memory.edit(one, "the box is lab-4")
    await computer.memory.delete([gone])
    (both.root / "new.md").write_text("new meanwhile")
    assert both.sync().is_nothing
    both.mirror.turn_on(str(both.root))
    outcome = both.sync()
    assert (outcome.new, outcome.removed, outcome.conflicts) == (1, 1, 0)
    assert sorted(read(text.encode()).content for text in both.files().values()) == [
        "new meanwhile",
        "the box is lab-4",
    ]
    both.mirror.turn_on(str(tmp_path / "other"))
    assert both.sync().written == 2
    assert len(both.files()) == 2, "the files of the old folder stay"
