"""``zotui skills add|update|rm|new|validate``."""

from pathlib import Path

from tests.cli.inside import Inside
from tests.skills.shelves import put
from zotui.home import Home


def test_they_come_are_looked_at_and_go(home: Home, tmp_path: Path) -> None:
    inside = Inside(home)
    put(tmp_path, "weather", "Tells the weather. Use in tests.", weather="def run(city: str):\n    return city\n")
    added = inside("skills", "add", str(tmp_path / "weather"))
    assert added.code == 0
    assert "scripts/weather.py" in added.out
    assert "zotui skills trust weather lets it be used" in added.out
    found = {one["name"]: one["state"] for one in inside("skills", "list", "--json").json}
    assert found["weather"] == "untrusted"
    assert inside("skills", "update").out == "weather  is as it was\n"
    (tmp_path / "weather" / "more.md").write_text("more")
    assert "has changed: zotui skills diff" in inside("skills", "update", "weather").out
    assert "nothing was put away" in inside("skills", "rm", "weather").complaint
    assert inside("skills", "rm", "weather", "--yes").code == 0
    assert not (home.skills / "weather").exists()
    assert inside("skills", "restore").out.startswith("weather  ")
    inside("skills", "rm", "weather", "--yes")
    assert inside("skills", "restore", "weather").out == "weather is back: untrusted\n"
    assert "no skill 'weather' was put away" in inside("skills", "restore", "weather").complaint
    assert inside("skills", "restore").out == "no skill was put away\n"
    assert inside("skills", "rm", "weather", "--yes").code == 0
    assert "no such folder or file" in inside("skills", "add", "/no/such/place").complaint


def test_one_is_begun_and_validated(home: Home, tmp_path: Path) -> None:
    inside = Inside(home)
    place = Path(inside("skills", "new", "page-look", "--script").out.strip())
    assert inside("skills", "validate", str(place)).out == "page-look is as it should be\n"
    assert inside("skills", "validate", "page-look", "--json").json["problems"] == []
    assert "is there already" in inside("skills", "new", "page-look").complaint
    assert "is no name of a skill" in inside("skills", "new", "Page Look").complaint
    (place / "SKILL.md").write_text("---\nname: Other\n---\n")
    wrong = inside("skills", "validate", str(place))
    assert wrong.code == 1
    assert "there is no description" in wrong.out
    assert inside("skills", "validate", "nobody").code == 1


def test_what_there_is_and_what_a_lockfile_has(home: Home, tmp_path: Path) -> None:
    inside = Inside(home)
    for name in ("tide", "wind"):
        put(tmp_path / "all", name, f"Tells the {name}. Use in tests.", **{name: "def run():\n    return 1\n"})
    listed = inside("skills", "add", str(tmp_path / "all"), "--list")
    assert (listed.code, listed.out) == (
        0,
        "tide  1 scripts  Tells the tide. Use in tests.\nwind  1 scripts  Tells the wind. Use in tests.\n",
    )
    assert "say from where" in inside("skills", "add").complaint
    assert "say from where" in inside("skills", "add", "--list").complaint
    inside("skills", "add", str(tmp_path / "all"), "--all")
    for name in ("tide", "wind"):
        inside("skills", "trust", name, "--yes")
    (tmp_path / "lock.json").write_text(inside("skills", "lock").out)
    inside("skills", "rm", "wind", "--yes")
    again = inside("skills", "add", "--locked", str(tmp_path / "lock.json"))
    assert (again.code, "zotui skills trust wind" in again.out, "tide" in again.out) == (0, True, False)
    assert inside("skills", "add", "--locked", str(tmp_path / "lock.json")).out == ""
    inside("skills", "rm", "wind", "--yes")
    (tmp_path / "all" / "wind" / "SKILL.md").write_text("---\nname: wind\ndescription: Changed.\n---\n")
    said = inside("skills", "add", "--locked", str(tmp_path / "lock.json"))
    assert "the skill wind is another than in the lockfile" in said.complaint
