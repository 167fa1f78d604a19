"""What people say of when: understood, asked about, or refused; never guessed."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.automations.phrases import ASKED, REFUSED, UNDERSTOOD
from zotui.automations import Ambiguous, When, occurrences, spoken, understood
from zotui.automations.words import Vocabulary
from zotui.automations.words.english import ENGLISH

NOW = datetime(2026, 12, 1, 10, 7, 33, tzinfo=UTC)  # a Tuesday


def following(when: When, now: datetime = NOW, n: int = 9) -> list[datetime]:
    return occurrences(when.rrule, when.start, when.tz, after=now, n=n)


def instants(when: When, now: datetime, n: int = 9) -> list[datetime]:
    return [at.astimezone(UTC) for at in following(when, now, n)]


def shown(found: list[datetime]) -> str:
    return ", ".join(f"{at:%y-%m-%d %H:%M}" for at in found[:3]) + ("" if len(found) > 3 else ".")


@pytest.mark.parametrize(("phrase", "wanted"), UNDERSTOOD.items())
def test_understood(phrase: str, wanted: str) -> None:
    when = understood(phrase, NOW)
    assert shown(following(when, n=4)) == wanted


@pytest.mark.parametrize("phrase", UNDERSTOOD)
def test_said_again(phrase: str) -> None:
    """What is echoed means the same."""
    when = understood(phrase, NOW)
    echo = spoken(when.rrule, when.start, when.tz, NOW)
    again = understood(echo, NOW, when.tz)
    assert following(again) == following(when)
    assert spoken(again.rrule, again.start, again.tz, NOW) == echo


@pytest.mark.parametrize(("phrase", "question", "choices"), [(phrase, *asked) for phrase, asked in ASKED.items()])
def test_asked(phrase: str, question: str, choices: tuple[str, ...]) -> None:
    with pytest.raises(Ambiguous) as found:
        understood(phrase, NOW)
    assert (found.value.question, found.value.choices) == (question, choices)
    assert len({understood(choice, NOW) for choice in choices}) == len(choices)  # one does not choose between the same


@pytest.mark.parametrize(("phrase", "wanted"), REFUSED.items())
def test_refused(phrase: str, wanted: str) -> None:
    with pytest.raises(ValueError) as found:
        understood(phrase, NOW)
    assert not isinstance(found.value, Ambiguous)
    assert str(found.value).startswith(wanted)
    assert "\n" not in str(found.value)


@given(
    st.sampled_from(list(UNDERSTOOD)),
    st.datetimes(datetime(2026, 1, 1), datetime(2032, 1, 1)),
    st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
@settings(max_examples=300, deadline=None)
def test_at_any_time(phrase: str, now: datetime, tz: str) -> None:
    """Whenever it is said: what is to come comes after, and the echo means the same."""
    now = now.replace(tzinfo=UTC)
    try:
        when = understood(phrase, now, tz)
    except ValueError:  # a day that is past by then, or is not sure on that day of the week
        return
    found = instants(when, now)
    assert found[0] > now
    assert instants(understood(spoken(when.rrule, when.start, when.tz, now), now, when.tz), now) == found


WORDS = [" ".join(phrase) for phrase in ENGLISH.phrases]
PIECES = [
    "1",
    "2",
    "9",
    "17",
    "2027",
    "9:30",
    "6pm",
    "15th",
    "2027-03-03",
    "3/4",
    "9.30",
    ":15",
    ";",
    ",",
    "UTC",
    "Asia/Tokyo",
]


@given(
    st.one_of(
        st.text(max_size=300),
        st.lists(st.sampled_from([*WORDS, *PIECES, *["every", "at", "at 9"] * 30]), max_size=25).map(" ".join),
        st.text("0123456789*/,- @ap.m:", max_size=60),
    )
)
@example("1/2 at 3;" * 33)
@example("every second monday at 3;" * 12)
@example("and , " * 50)
@example("a/" * 150)
@example("in a/" * 60)
@example("tz=" * 100)
@example("9" * 300)
@example("2027 " * 60)
@example("İ 9 ²³ ٣")
@settings(max_examples=400, deadline=None)
def test_anything(text: str) -> None:
    """Whatever is said is understood or a ValueError of one line, and soon; what one may choose is understood."""
    problem: ValueError | None = None
    try:
        when = understood(text, NOW, "Europe/Paris")
    except ValueError as error:
        problem = error
    if problem is None:
        assert following(when, n=1)
    elif isinstance(problem, Ambiguous):
        assert all(following(understood(choice, NOW, "Europe/Paris"), n=1) for choice in problem.choices)
    else:
        assert len(str(problem).splitlines()) == 1


@pytest.mark.parametrize(
    "text", ["every day at 9 " * 700, "x" * 10_000, "0 9 * * 1 " * 1_000], ids=["words", "word", "cron"]
)
def test_too_long(text: str) -> None:
    with pytest.raises(ValueError, match="at most 300 characters say when, these are"):
        understood(text, NOW)


@pytest.mark.parametrize(
    "text", ["every\x00 day\x07 at\x1b[31m 9", "every day\r\nat\t9", "every\u202e day at\u200b 9"], ids=repr
)
def test_control_characters(text: str) -> None:
    assert shown(following(understood(text, NOW))) == UNDERSTOOD["every day at 9"]


def test_what_is_not_understood_is_shown_without_control_characters() -> None:
    with pytest.raises(ValueError) as found:
        understood("every b\x1b[31man\x07ana", NOW)
    assert str(found.value).isprintable()


def test_a_word_that_is_nearly_right() -> None:
    with pytest.raises(ValueError, match="“evrey weekday at 9” is not understood; did you mean “every”\\?"):
        understood("evrey weekday at 9", NOW)


def test_an_unknown_zone_of_the_speaker() -> None:
    with pytest.raises(ValueError, match="did you mean Europe/Paris"):
        understood("every day at 9", NOW, "Europe/Pari")


# said in Paris: the instants in UTC, and a note that begins so
CHANGES = {
    "28 March 2027 at 02:30": ("03-28 01:30", "the clock in Europe/Paris leaps over 02:30 on that day: it is 03:30"),
    "31 October 2027 at 02:30": ("10-31 00:30", "02:30 comes twice on that day in Europe/Paris; it is the first"),
    "every day at 02:30 starting 2027-03-27": ("03-27 01:30, 03-28 01:30, 03-29 00:30", ""),
    "every day at 02:30 starting 2027-10-30": ("10-30 00:30, 10-31 00:30, 11-01 01:30", ""),
    "2027-10-31T01:30:00Z": ("10-31 01:30", ""),  # the second of two
}


@pytest.mark.parametrize("phrase", CHANGES)
def test_clocks_that_change(phrase: str) -> None:
    wanted, note = CHANGES[phrase]
    when = understood(phrase, NOW, "Europe/Paris")
    assert ", ".join(f"{at.astimezone(UTC):%m-%d %H:%M}" for at in following(when, n=3)) == wanted
    assert "".join(when.notes) == note


def test_a_day_is_no_24_hours_where_the_clock_changes() -> None:
    now = datetime(2027, 10, 30, 10, 0, tzinfo=UTC)
    hours, day = (understood(phrase, now, "Europe/Paris") for phrase in ("in 24 hours", "in a day"))
    assert instants(hours, now) == [now + timedelta(hours=24)]
    assert instants(day, now) == [now + timedelta(hours=25)]


@pytest.mark.parametrize("minutes", [10, 30, 60, 70, 100, 130])
def test_time_that_passes_while_the_clock_goes_back(minutes: int) -> None:
    now = datetime(2027, 10, 31, 0, 0, tzinfo=UTC)
    when = understood(f"in {minutes} minutes", now, "Europe/Paris")
    assert instants(when, now) == [now + timedelta(minutes=minutes)]
    echo = spoken(when.rrule, when.start, when.tz, now)
    assert instants(understood(echo, now, "Europe/Paris"), now) == [now + timedelta(minutes=minutes)]


NOTES = {
    "every other Friday at 17:30": "counted from 4 December 2026",
    "every month on the 31st at 9": "months without a day 31 are left out",
    "every 29 February at 9": "only leap years have a 29 February",
    "monday at 9": "once; with “every” before it, it is each time",
    "tomorrow at midnight": "midnight is 00:00, where Wednesday begins",
    "every Monday at midnight": "midnight is 00:00, where the day begins",
}


@pytest.mark.parametrize("phrase", NOTES)
def test_notes(phrase: str) -> None:
    (note,) = understood(phrase, NOW).notes
    assert note.startswith(NOTES[phrase])


def test_an_interval_keeps_its_count() -> None:
    """What is said to begin on a day counts from there, however late it is said again."""
    when = understood("every 2 weeks on Friday at 17:30 starting 2026-12-04", NOW)
    later = understood("every 2 weeks on Friday at 17:30 starting 2026-12-04", NOW + timedelta(days=70))
    assert later.start == when.start == "2026-12-04T00:00:00"


GERMAN = Vocabulary(
    {
        "every": {"jeden|jede|jedes|alle": None},
        "at": {"um": None},
        "in": {"in|im": None},
        "and": {"und|,": None},
        "to": {"bis|-": None},
        "between": {"zwischen": None},
        "filler": {"uhr|am|den|der|.": None},
        "day": {"montag": frozenset({0}), "freitag": frozenset({4}), "werktag": frozenset(range(5))},
        "days": {"montags": frozenset({0}), "werktags": frozenset(range(5))},
        "month": {"januar": 1, "märz": 3},
        "ordinal": {"ersten": 1, "zweiten": 2, "letzten": -1},
        "unit": {"minuten": "MINUTELY", "stunden": "HOURLY", "tag": "DAILY", "monat": "MONTHLY"},
        "adverb": {"täglich": ("DAILY", 1)},
        "past": {"halb": -30},
        "relative": {"heute": 0, "morgen": 1},
    },
    ways={"every nth week": "{n} wochen am {day}", "every month on nth": "monat am {nth} {day}"},
)
IN_GERMAN = {
    "jeden Werktag um 9 Uhr": "every weekday at 9",
    "täglich um halb 10": "every day at 9:30",
    "Montags um 8 und 20 Uhr": "Mondays at 8 and 20",
    "jeden ersten Montag im Monat um 9 Uhr": "first Monday of every month at 9",
    "alle 15 Minuten zwischen 9 und 17 Uhr": "every 15 minutes between 9 and 17",
    "morgen um 18 Uhr": "tomorrow at 18:00",
    "in 20 Minuten": "in 20 minutes",
    "am 3. März um 18:00": "3 March at 18:00",
    "jeden 1. Januar um 12 Uhr": "every 1 January at 12:00",
}


@pytest.mark.parametrize("phrase", IN_GERMAN)
def test_another_language(phrase: str) -> None:
    when = understood(phrase, NOW, words=GERMAN)
    assert following(when) == following(understood(IN_GERMAN[phrase], NOW))


def test_a_question_in_another_language() -> None:
    with pytest.raises(Ambiguous) as found:
        understood("jeden Tag um 3 Uhr", NOW, words=GERMAN)
    assert found.value.choices == ("jeden Tag um 03:00 Uhr", "jeden Tag um 15:00 Uhr")


def test_zones_go_with_what_is_said() -> None:
    when = understood("every day at 9 Asia/Tokyo", NOW, "Europe/Paris")
    assert list(islice(following(when), 1)) == [datetime(2026, 12, 2, 0, 0, tzinfo=UTC)]
    assert when.tz == "Asia/Tokyo"


@pytest.mark.parametrize("tz", ["UTC", "Etc/UTC", "Japan", "EST", "America/Argentina/Buenos_Aires", "Etc/GMT+3"])
def test_every_zone_is_understood_again(tz: str) -> None:
    when = understood("every day at 9", NOW, tz)
    again = understood(spoken(when.rrule, when.start, when.tz, NOW), NOW, "Europe/Paris")
    assert again == when
