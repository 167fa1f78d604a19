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
    assert "nothing was deleted" in inside("skills", "rm", "weather").complaint
    assert inside("skills", "rm", "weather", "--yes").code == 0
    assert not (home.skills / "weather").exists()
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
