"""Where skills lie: how far is looked, which of several with one name counts."""

import os
import shutil
import threading
from pathlib import Path

import pytest

from tests.processes import rows
from tests.skills.shelves import own, put, settle, shelf_of, states, trust
from zotui.home import Home
from zotui.skills import Shelf, load_skills
from zotui.skills.places import DEEPEST, FOLDERS, projects
from zotui.store import Store


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's home directory."""
    folder = tmp_path / "person"
    folder.mkdir()
    monkeypatch.setattr("zotui.skills.places.surroundings", lambda: (folder, tmp_path / "project"))
    return folder


def test_all_places(home: Home, person: Path, tmp_path: Path) -> None:
    for number, name in enumerate(FOLDERS):
        put(person / name, f"user-{number}")
        put(home.workspace / name, f"workspace-{number}")
        put(tmp_path / "project" / name, f"project-{number}")
    found = own(Shelf(home.skills, projects=projects(home)))
    assert {name: skill.source for name, skill in found.items()} == {
        **{f"user-{number}": "user" for number in range(3)},
        **{f"workspace-{number}": "project" for number in range(3)},
        **{f"project-{number}": "project" for number in range(3)},
    }
    assert {skill.state for skill in found.values() if skill.source == "project"} == {"untrusted"}
    assert {skill.state for skill in found.values() if skill.source == "user"} == {"ready"}


def test_where_it_was_started_is_no_project_within_the_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for here in (home.path, home.workspace, home.workspace / "a", Path("/nobody"), Path("/")):
        monkeypatch.setattr("zotui.skills.places.surroundings", lambda here=here: (Path("/nobody"), here))
        assert projects(home) == [home.workspace]


def test_a_project_hides_the_persons_once_it_is_trusted(home: Home, store: Store, person: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    put(person / ".claude/skills", "jottings", "The person's.")
    theirs = put(project / ".agents/skills", "jottings", "The project's.")
    shelf = shelf_of(home, store, project)
    assert own(shelf)["jottings"].description == "The person's."
    assert own(shelf)["jottings"].problems == [f"it hides another of its name, project: {theirs} (untrusted)"]
    trust(shelf, str(theirs))
    assert own(shelf)["jottings"].description == "The project's."
    (told,) = own(shelf)["jottings"].problems
    assert told == f"it hides another of its name, user: {person}/.claude/skills/jottings"


def test_what_is_trusted_in_a_project_is_known_elsewhere(home: Home, store: Store, tmp_path: Path) -> None:
    folder = put(tmp_path / "project" / ".agents/skills", "jottings", "The project's.")
    put(tmp_path / "project" / ".agents/skills", "other")
    here, elsewhere = shelf_of(home, store, tmp_path / "project"), shelf_of(home, store)
    assert states(here) == {"jottings": "untrusted", "other": "untrusted"}
    trust(here, "jottings")
    assert states(elsewhere) == {"jottings": "ready"}
    (folder / "SKILL.md").write_text("---\nname: jottings\ndescription: Another.\n---\n")
    assert states(elsewhere) == {"jottings": "changed"}
    put(home.skills, "jottings", "The home's.")
    assert own(elsewhere)["jottings"].description == "The home's."
    shutil.rmtree(folder)
    shutil.rmtree(home.skills / "jottings")
    assert states(elsewhere) == {}


def test_one_folder_is_one_skill_however_it_is_reached(home: Home, person: Path) -> None:
    real = put(person / ".agents/skills", "jottings")
    (person / ".claude/skills").mkdir(parents=True)
    (person / ".claude/skills/jottings").symlink_to(real)
    (home.skills / "jottings").symlink_to(real)
    found = own(Shelf(home.skills))
    assert found["jottings"].problems == []


def test_how_deep_is_looked(tmp_path: Path) -> None:
    folder = tmp_path
    for level in range(DEEPEST + 2):
        put(folder, f"level-{level}")
        folder = folder / "below"
    put(tmp_path / "level-0", "inside-a-skill")
    put(tmp_path / ".hidden", "hidden")
    put(tmp_path / "node_modules", "of-npm")
    assert sorted(skill.name for skill in load_skills([tmp_path])) == [f"level-{level}" for level in range(DEEPEST)]
    assert [skill.name for skill in load_skills([tmp_path / "level-0"])] == ["level-0"]


def test_how_many_folders_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.skills.places.MOST", 5)
    for number in range(8):
        put(tmp_path, f"skill-{number}")
    assert len(load_skills([tmp_path])) == 5


def test_links_in_a_circle(tmp_path: Path) -> None:
    put(tmp_path, "one")
    (tmp_path / "circle").mkdir()
    (tmp_path / "circle" / "back").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to("self")
    assert [skill.name for skill in load_skills([tmp_path])] == ["one"]


def test_a_folder_with_too_much_cannot_be_trusted(
    home: Home, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = put(home.skills, "large")
    (folder / "data").write_bytes(bytes(20_000))
    monkeypatch.setattr("zotui.skills.opened.MOST_BYTES", 10_000)
    shelf = shelf_of(home, store)
    assert states(shelf) == {"large": "untrusted"}
    assert "its files have more than 10,000 bytes" in own(shelf)["large"].problems[0]
    monkeypatch.setattr("zotui.skills.opened.MOST_BYTES", 100_000)
    monkeypatch.setattr("zotui.skills.opened.MOST_FILES", 2)
    assert "more than 2 files" in load_skills([home.skills])[0].problems[0]


def test_names_that_are_not_utf8(home: Home, store: Store) -> None:
    folder = put(home.skills, "odd")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.txt")).write_text("x")
    Path(os.fsdecode(os.fsencode(home.skills) + b"/\xff")).mkdir()
    Path(os.fsdecode(os.fsencode(home.skills) + b"/\xff/SKILL.md")).write_text("---\ndescription: x\n---\n")
    shelf = shelf_of(home, store)
    assert states(shelf) == {"odd": "untrusted"}
    assert own(shelf)["odd"].problems == ["it cannot be trusted: the name of a file in it is not UTF-8"]


def test_a_look_that_finds_nothing_new_writes_nothing(home: Home, store: Store, person: Path) -> None:
    real = put(person / ".agents/skills", "jottings")
    (home.skills / "linked").symlink_to(real)
    put(home.skills, "broken").joinpath("SKILL.md").write_text("broken")
    put(home.skills, "odd").joinpath("SKILL.md").unlink()
    (home.skills / "odd" / "SKILL.md").symlink_to("nowhere")
    shelf = shelf_of(home, store)
    settle(shelf)
    settle(shelf)
    before = rows(home, "SELECT seq FROM changes WHERE \"table\" = 'skills'")
    settle(shelf)
    settle(shelf_of(home, store))
    assert rows(home, "SELECT seq FROM changes WHERE \"table\" = 'skills'") == before


@pytest.mark.timeout(30)
def test_a_folder_that_is_swapped_for_a_link_while_it_is_read(tmp_path: Path) -> None:
    """Whatever is read is of one folder: the text of one never comes with the files of the other."""
    for name, other in (("a", "is-a"), ("b", "is-b")):
        put(tmp_path / name, "swapped", other, other, **{other.replace("-", "_"): "def run(): ..."})
    place = tmp_path / "shelf" / "swapped"
    place.parent.mkdir()
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for name in ("a", "b"):
                (tmp_path / "next").symlink_to(tmp_path / name / "swapped")
                os.replace(tmp_path / "next", place)

    place.symlink_to(tmp_path / "a" / "swapped")
    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(150):
            (skill,) = load_skills([tmp_path / "shelf"])
            assert skill.valid
            assert skill.scripts[0].name == skill.description.replace("-", "_") == skill.body.replace("-", "_")
    finally:
        stop.set()
        thread.join()


def test_a_folder_that_is_gone_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "fleeting")
    from zotui.skills import reading

    real = reading.Opened

    def gone(folder: Path) -> reading.Opened:
        shutil.rmtree(folder)
        return real(folder)

    monkeypatch.setattr(reading, "Opened", gone)
    (skill,) = load_skills([tmp_path])
    assert (skill.state, skill.problems) == ("invalid", ["No such file or directory"])
