"""Which skills a request is for: by name and trigger, by words and by meaning; and none where nothing fits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zotui.skills import Router, Skill, route
from zotui.skills.words import terms


def skill(name: str, description: str, *triggers: str, body: str = "") -> Skill:
    """A skill of these words."""
    return Skill(name, description, list(triggers), f"/skills/{name}", "test", True, True, [], body)


SKILLS = [
    skill("pdf-tools", "Read, merge and split PDF documents, fill in their forms.", "merge pdf"),
    skill("weather", "Current weather and forecasts: rain, wind, temperature.", "what's it like outside"),
    skill(
        "git-review", "Review the changes of a git working tree before they are committed.", body="Look at each diff."
    ),
    skill("slides", "Make a presentation with slides for a talk."),
    skill("unit-conversion", "Convert between units of length, weight, volume and currency."),
    skill("log-triage", "Find what went wrong in log files: errors, stack traces, the first cause."),
    skill("translate", "翻译文件为英文 documents from Chinese"),
    skill("smart-home", "Dim lamps, set scenes and turn lights on or off in a room."),
]

FITS = {
    "words it shares": ("put these two pdf documents together", "pdf-tools"),
    "another form of a word": ("reviewing commits", "git-review"),
    "what it means, in other words": ("will it be stormy and cold tomorrow", "weather"),
    "a deck": ("make me a deck for a talk", "slides"),
    "of the body": ("look at each diff of the tree", "git-review"),
    "signs without blanks": ("请翻译文件", "translate"),
    "errors": ("why did the server crash, here are its logs", "log-triage"),
}


@pytest.mark.parametrize("kind", FITS)
def test_what_fits(kind: str) -> None:
    text, name = FITS[kind]
    found = route(text, SKILLS)
    assert found[0].name == name
    assert 0 < found[0].score < 1
    assert "meaning" in found[0].why


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "hi",
        "thanks",
        "who wrote war and peace",
        "what is my name",
        "zzqx vvkw",
        "🎉",
        "stop",
        "/",
        "\x1b[31m",
    ],
    ids=["empty", "blank", "hi", "thanks", "a question", "a name", "nonsense", "an emoji", "stop", "slash", "escape"],
)
def test_what_fits_nothing(text: str) -> None:
    assert route(text, SKILLS) == []


EXACT = {
    "a slash": ("/weather in Oslo", "weather", "/weather"),
    "a slash within": ("please use /slides for it", "slides", "/slides"),
    "capitals": ("/Weather", "weather", "/weather"),
    "its name": ("git-review", "git-review", "its name"),
    "a trigger": ("Merge PDF, now!", "pdf-tools", "trigger 'merge pdf'"),
    "a trigger with signs": ("so what's it like outside?", "weather", 'trigger "what\'s it like outside"'),
}


@pytest.mark.parametrize("kind", EXACT)
def test_the_fast_path(kind: str) -> None:
    text, name, why = EXACT[kind]
    first = route(text, SKILLS)[0]
    assert (first.name, first.score, first.why) == (name, 1.0, why)


@pytest.mark.parametrize(
    "text",
    ["cat /var/weather", "/weather/today", "/weatherman", "a/weather", "/weather-app", "merge pdfs", "emerge pdf"],
)
def test_a_name_or_trigger_counts_as_whole_words_alone(text: str) -> None:
    assert all(one.score < 1 for one in route(text, SKILLS))


def test_how_many_and_in_which_order() -> None:
    found = route("merge pdf documents, make slides of them and convert units", SKILLS, 8)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert found[0].name == "pdf-tools"
    assert len(route("merge pdf documents, make slides of them", SKILLS, 1)) == 1


def test_one_that_is_off_or_broken_is_not_chosen() -> None:
    off = Skill("weather", "Weather and rain.", [], "/w", "test", False, True, [])
    broken = Skill("weather", "", [], "/w", "test", True, False, ["broken"])
    assert route("/weather", [off]) == route("/weather", [broken]) == route("weather", []) == []


def test_other_skills_are_chosen_among_anew() -> None:
    assert route("/weather", SKILLS)
    assert route("/weather", SKILLS[:1]) == []
    assert route("/weather", SKILLS)[0].name == "weather"


def test_ranked_has_all_of_them() -> None:
    ranked = Router(SKILLS).ranked("convert five miles, /slides")
    assert [one.name for one in ranked[:2]] == ["slides", "unit-conversion"]
    assert {one.name for one in ranked} == {one.name for one in SKILLS}


def test_stems() -> None:
    assert terms("Reviewing the reviews, reviewed") == ["review"] * 3
    assert terms("companies company") == ["company"] * 2
    assert terms("stopped stopping stops") == ["stop"] * 3
    assert terms("the and of with") == []


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_no_text_is_too_strange(text: str) -> None:
    found = route(text, SKILLS)
    assert len(found) <= 3
    assert all(0 <= one.score <= 1 and one.why for one in found)
