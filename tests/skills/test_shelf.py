"""The shelves: which skills there are, and which of two with one name."""

import os
from pathlib import Path

import pytest

from tests.processes import ROOT, Children, output
from zotui.errors import NotFound
from zotui.home import Home
from zotui.skills import Shelf, Skill, load_skills
from zotui.skills.places import bundled


def put(folder: Path, name: str, description: str = "It does something.", said: str | None = None) -> Path:
    """A skill's folder."""
    (folder / name).mkdir(parents=True)
    (folder / name / "SKILL.md").write_text(f"---\nname: {said or name}\ndescription: {description}\n---\nDo it.\n")
    return folder / name


def own(home: Home) -> list[Skill]:
    """The home's own skills."""
    return [skill for skill in Shelf(home.skills).list() if skill.source == "home"]


def test_bundled_and_own_by_name(home: Home) -> None:
    put(home.skills, "zebra")
    put(home.skills, "aardvark")
    skills = Shelf(home.skills).list()
    assert [skill.name for skill in skills] == sorted(skill.name for skill in skills)
    assert {"aardvark", "zebra", "meeting-notes"} <= {skill.name for skill in skills}
    assert {skill.source for skill in skills} == {"bundled", "home"}


def test_an_own_one_hides_the_bundled_one_of_its_name(home: Home) -> None:
    put(home.skills, "meeting-notes", "Mine.")
    (found,) = [skill for skill in Shelf(home.skills).list() if skill.name == "meeting-notes"]
    assert (found.description, found.source) == ("Mine.", "home")


def test_what_is_no_skill_is_not_listed(home: Home) -> None:
    put(home.skills, ".hidden")
    (home.skills / "empty").mkdir()
    (home.skills / "file.md").write_text("---\nname: x\n---\n")
    (home.skills / "link").symlink_to("nowhere")
    assert own(home) == []


def test_a_linked_folder_is_a_skill(home: Home, tmp_path: Path) -> None:
    put(tmp_path, "elsewhere")
    (home.skills / "elsewhere").symlink_to(tmp_path / "elsewhere")
    assert [skill.name for skill in own(home)] == ["elsewhere"]


def test_each_look_is_at_the_folders_as_they_are(home: Home) -> None:
    shelf = Shelf(home.skills)
    folder = put(home.skills, "new-one")
    assert shelf.find("new-one").description == "It does something."
    (folder / "SKILL.md").write_text("broken")
    assert not shelf.find("new-one").valid
    (folder / "SKILL.md").unlink()
    with pytest.raises(NotFound, match="no skill 'new-one': zotui skills list"):
        shelf.find("new-one")


def test_of_two_with_one_name_the_folder_of_that_name_has_it(home: Home) -> None:
    put(home.skills, "a-thief", "The thief.", said="victim")
    put(home.skills, "victim", "The real one.")
    put(home.skills, "z-thief", "Another thief.", said="victim")
    found = {skill.name: skill for skill in own(home)}
    assert set(found) == {"a-thief", "victim", "z-thief"}
    assert found["victim"].description == "The real one."
    for thief in ("a-thief", "z-thief"):
        assert any("has the name 'victim' already" in problem for problem in found[thief].problems)


def test_folders_of_ones_own_in_order(tmp_path: Path) -> None:
    put(tmp_path / "b", "one")
    put(tmp_path / "a", "two")
    skills = load_skills([tmp_path / "b", str(tmp_path / "a"), tmp_path / "gone"])
    assert [(skill.name, skill.source) for skill in skills] == [
        ("one", str(tmp_path / "b")),
        ("two", str(tmp_path / "a")),
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_what_may_not_be_read_is_listed_with_the_reason(children: Children) -> None:
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="zotui-skills-"))  # pytest's own may not be entered by others
    try:
        folder.chmod(0o755)
        put(folder, "closed").chmod(0o700)
        (put(folder, "locked") / "SKILL.md").chmod(0o600)
        put(folder, "open")
        code = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
import os, yaml
from zotui.skills import load_skills
import codecs; codecs.lookup("utf-8-sig")  # what is imported later could not be read any more
os.setgroups([]); os.setgid(65534); os.setuid(65534)
for skill in load_skills([sys.argv[1]]):
    print(skill.name, skill.valid, skill.problems)
"""
        assert output(children.python(code, str(folder))).splitlines() == [
            "closed False ['Permission denied']",
            "locked False ['Permission denied']",
            "open True []",
        ]
    finally:
        shutil.rmtree(folder)


def test_listing_runs_nothing(home: Home, tmp_path: Path) -> None:
    folder = put(home.skills, "sneaky")
    (folder / "scripts").mkdir()
    for name in ("__init__.py", "scripts/sneaky.py", "sitecustomize.py"):
        (folder / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    Shelf(home.skills).list()
    Shelf(home.skills).find("sneaky")
    load_skills([home.skills])
    assert not (tmp_path / "ran").exists()
    assert [path.name for path in folder.rglob("*.pyc")] == []


class TestBundled:
    """The skills that come along."""

    def test_they_are_valid_and_without_problems(self) -> None:
        skills = load_skills([bundled()])
        assert {"meeting-notes", "decision-log", "skill-writer"} <= {skill.name for skill in skills}
        assert {skill.name: skill.problems for skill in skills if skill.problems or not skill.valid} == {}

    def test_each_says_when_to_use_it_and_is_short(self) -> None:
        for skill in load_skills([bundled()]):
            assert "Use when" in skill.description
            assert 80 <= len(skill.description) <= 400
            assert 5 <= len(skill.body.splitlines()) <= 100

    def test_they_name_only_tools_and_verbs_that_exist(self) -> None:
        import re

        from zotui.cli.verbs import VERBS

        for skill in load_skills([bundled()]):
            assert set(re.findall(r"zotui (\w+)", skill.body)) <= set(VERBS)
            assert not re.search(r"run_command|write_file|edit_file|browser|bash\b", skill.body)
