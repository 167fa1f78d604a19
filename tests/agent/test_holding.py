"""What the person said must hold: found, and told from what merely sounds like it."""

import pytest

from zotui.agent.holding import LONGEST, held

HOLDS = [
    "Never delete anything under /srv/photos.",
    "you must not push to main",
    "Always answer in metric units",
    "Don't ever touch the router config",
    "Do not send mail without asking me",
    "From now on call me Ada.",
    "ask me before you restart the server",
    "Under no circumstances share the key",
    "Please remember that the door code is 4711",
    "Make sure the tests pass first",
    "Lösche niemals die Sicherungen.",
    "Ab jetzt immer auf Deutsch antworten",
    "Ne supprime jamais mes photos",
    "Nunca borres el directorio de trabajo",
]
LETS_GO = [
    "What is the weather in Oslo?",
    "Which box is staging, and is the site up?",
    "The monthly report is late.",
    "must it be like this?",
    "> never delete anything",
    "the nevertheless clause",
    "an almost-never-ending story",
]


@pytest.mark.parametrize("text", HOLDS)
def test_it_holds(text: str) -> None:
    assert held(text) == [text]


@pytest.mark.parametrize("text", LETS_GO)
def test_it_does_not(text: str) -> None:
    assert held(text) == []


def test_only_the_sentence_is_kept_exactly_as_it_stands() -> None:
    text = "Thanks! The disk is full.  Never delete /srv/photos, v1.2 included. What else?\nAlways   ask first."
    assert held(text) == ["Never delete /srv/photos, v1.2 included.", "Always   ask first."]
    assert all(sentence in text for sentence in held(text))


def test_code_and_quotes_are_somebody_elses_words() -> None:
    assert held("look:\n```\nnever delete\n```\n> always do this\nbut never touch that") == ["but never touch that"]


def test_a_sentence_without_an_end_is_cut() -> None:
    assert [len(sentence) for sentence in held("never " * 1000)] == [LONGEST]
