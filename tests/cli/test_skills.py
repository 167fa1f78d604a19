"""``zotui skills``: looking at a skill, trusting it, turning it off, and which one is for a request."""

import json

import pytest

from tests.cli.conftest import Command
from tests.processes import opened
from tests.skills.shelves import RUN, put, settle, shelf_of
from zotui.home import Home


@pytest.fixture
def weather(home: Home) -> Home:
    """A home with a skill that has a program."""
    put(home.skills, "weather", "Current weather and forecasts.", weather=RUN)
    store = opened(home)
    settle(shelf_of(home, store))
    store.close()
    return home


def test_a_look_a_change_and_another_look(run: Command, weather: Home) -> None:
    asked = run("skills", "trust", "weather")  # out of a pipe nobody can say yes
    assert (asked.code, "say --yes once you have looked" in asked.complaint) == (2, True)
    done = run("skills", "trust", "weather", "--yes")
    assert done.code == 0
    assert "run(city: str, days: int = 3" in done.out
    assert done.out.endswith("weather may be used, as it is now\n")
    script = weather.skills / "weather" / "scripts" / "weather.py"
    script.write_text(RUN.replace("return city", "return 'storm'"))
    assert run("skills", "list", "--json").json[-1]["state"] == "changed"
    told = run("skills", "diff", "weather").out
    assert "-    return city\n+    return 'storm'\n" in told
    assert told.strip() in run("skills", "enable", "weather", "--yes").out
    assert run("skills", "diff", "weather").out == "nothing has changed\n"
    assert run("skills", "list", "--json").json[-1]["state"] == "ready"


def test_off_and_on(run: Command, weather: Home) -> None:
    assert run("skills", "disable", "weather").out == "weather is disabled\n"
    found = run("skills", "list", "--json").json[-1]
    assert (found["enabled"], found["state"]) == (False, "disabled")
    assert run("skills", "route", "--json", "/weather").json == []
    assert run("skills", "enable", "weather").out == "weather is enabled\n"
    assert run("skills", "disable", "nowhere").code == 1


def test_routes(run: Command, weather: Home) -> None:
    (found,) = run("skills", "route", "--json", "will", "it", "rain", "tomorrow").json
    assert set(found) == {"name", "score", "why"}
    assert found["name"] == "weather"
    assert run("skills", "route", "/weather").out == "weather  1.00  /weather\n"
    assert run("skills", "route", "who wrote war and peace").out == "nothing fits\n"
    assert run("skills", "route", "--json", "who wrote war and peace").json == []
    assert len(run("skills", "route", "-k", "1", "--json", "/weather for the meeting notes").json) == 1
    assert run("skills", "route").code == 2


def test_the_lockfile_is_json(run: Command, weather: Home) -> None:
    found = json.loads(run("skills", "lock").out)["skills"][str(weather.skills / "weather")]
    assert set(found["files"]) == {"SKILL.md", "scripts/weather.py"}


def test_what_comes_with_zotui_needs_no_look(run: Command, home: Home) -> None:
    assert run("skills", "trust", "meeting-notes").out == "meeting-notes comes with zotui\n"
    assert run("skills", "diff", "meeting-notes").out == "it comes with zotui\n"
    assert run("skills", "disable", "meeting-notes").out == "meeting-notes is disabled\n"
    assert run("skills", "enable", "meeting-notes").out == "meeting-notes is enabled\n"
