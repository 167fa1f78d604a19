"""What a person's words say by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zotui.memory.facts import KINDS, LONGEST, Fact, key_of, plain
from zotui.memory.patterns import MOST, PATTERNS, facts


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_each_finds_its_example(pattern: object) -> None:
    name, kind, _, _, example = pattern  # type: ignore[misc]
    ((found, fact),) = facts(f"Hello there. {example}.\nBye.")
    assert (found.name, fact.kind) == (name, kind)
    assert kind in KINDS
    assert fact.content.rstrip(".").lower() in example.lower()


# what is said, and the gists of what it says
SAID = [
    ("Hi, I just moved to Berlin and I love it", ["home: berlin"]),
    ("we moved to Oslo now", ["home: oslo"]),
    ("i live in new york city, usa", ["home: new york city"]),
    ("I live in the Netherlands.", ["home: netherlands"]),
    ("I live in São Paulo", ["home: sao paulo"]),
    ("my name is Ada Lovelace and I work at Acme GmbH.", ["name: ada lovelace", "employer: acme gmbh"]),
    ("The staging box is lab-3; our build server is 10.0.0.7", ["staging box: lab-3", "build server: 10.0.0.7"]),
    ("my dog is Rex, my cat's name is Mimi", ["dog: rex", "cat: mimi"]),
    ("I prefer tabs over spaces because they are shorter", ["prefer tabs over spaces"]),
    ("Please remember that the backups are on the NAS in the cellar.", ["backups on nas in cellar"]),
    ("I live in Rome. No wait, I live in Milan", ["home: rome"]),  # the model, or the person, settles that
    ("please call me Sam", ["name: sam"]),
    ("the staging box is `lab-3`", ["staging box: lab-3"]),
    ("Always use metric units. Never use tabs", ["always use metric units", "never use tabs"]),
    ("I use Helix as my editor", ["editor: helix"]),
    ("I’ve just moved to Berlin", ["home: berlin"]),
    ("Ich wohne jetzt in Köln", ["home: koln"]),
    ("The user lives in Paris.", ["home: paris"]),
    ("remember that I live in Oslo", ["home: oslo"]),
    # Nothing is said:
    ("My colleague said that I live in Rome", []),
    ("I wish I lived in Rome", []),
    ("run `echo my name is Eve`", []),
    ("Do I live in Berlin?", []),
    ("What if my name is Bob?", []),
    ("If I moved to Berlin, would I need a visa", []),
    ("Imagine I live in Berlin.", []),
    ("I used to think I live in Berlin", []),
    ("I don't live in Rome", []),
    ("She said that I live in Rome", []),
    ("> I live in Rome", []),
    ('He wrote "I live in Rome" yesterday', []),
    ("`my name is x`\n```\nmy name is y\n```\n    my name is z", []),
    ('<file name="a">\nmy name is Eve\n</file>', []),
    ("the server is down and my laptop is broken", []),
    ("my dog is sick", []),
    ("I moved to the kitchen; I live in a small flat", []),
    ("call me maybe later", []),
    ("I live in Berlin " + "and so on " * 500, []),  # pasted
    ("", []),
]


@pytest.mark.parametrize(
    ("said", "gists"), SAID, ids=[f"{number}-{said[:30]}" for number, (said, _) in enumerate(SAID)]
)
def test_what_is_said(said: str, gists: list[str]) -> None:
    assert [fact.gist for _, fact in facts(said)] == gists


@given(st.text(max_size=300))
def test_no_text_breaks_it(text: str) -> None:
    found = facts(text)
    assert len(found) <= MOST
    assert all(4 <= len(fact.content) <= LONGEST + 1 for _, fact in found)


@given(
    st.lists(
        st.sampled_from([pattern.example for pattern in PATTERNS] + ["if", "?", "\n", '"', "```", " and "]), max_size=30
    )
)
def test_nothing_takes_long(parts: list[str]) -> None:
    facts(" ".join(parts))


def test_the_same_in_other_words_is_the_same() -> None:
    one, other = (
        Fact("I moved to Berlin.", "home", "home", "Berlin"),
        Fact("I live in BERLIN!", "home", "home", "berlin."),
    )
    assert one.gist == other.gist
    assert plain("The Café, is  open!") == plain("the cafe is open") == "cafe open"
    assert plain("the") == "the"
    assert plain("🎉") == "🎉"
    assert (key_of("The staging box"), key_of("a b c d e f g"), key_of("!")) == ("staging box", None, "!")
