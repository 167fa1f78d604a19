"""Units and time zones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.skills.bundled import script

convert = script("convert", "convert")


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("5 ft in cm", "5 ft = 152.4 cm"),
        ("-40 f to c", "-40 f = -40 c"),
        ("1,000 m in km", "1,000 m = 1 km"),
        ("1/3 cup in ml", "1/3 cup = 78.8627455 ml"),
        ("4 GiB in MB", "4 GiB = 4294.967296 MB"),
        ("10 Mb in MB", "10 Mb = 1.25 MB"),
        ("5 l/100km to km/l", "5 l/100km = 20 km/l"),
        ("36 km/h in m/s", "36 km/h = 10 m/s"),
        ("5 in in cm", "5 in = 12.7 cm"),
        ("2026-07-01 3pm Oslo in Tokyo", "2026-07-01 15:00 Europe/Oslo = 2026-07-01 22:00 JST Asia/Tokyo"),
        ("2026-01-01 12am New York to UTC", "2026-01-01 00:00 America/New_York = 2026-01-01 05:00 UTC UTC"),
    ],
)
def test_answers(request_: str, answer: str) -> None:
    assert convert(request_) == answer


def test_clocks_that_change_are_said() -> None:
    assert "skip" in convert("2026-03-29 02:30 Oslo in UTC")
    assert "twice" in convert("2026-10-25 02:30 Oslo in UTC")


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("5 foo in cm", "'foo' is no unit"),
        ("5 kg in cm", "do not convert"),
        ("-1 k in c", "absolute zero"),
        ("1/0 m in km", "no number"),
        ("25:00 Oslo in Tokyo", "no date and time"),
        ("13pm Oslo in Tokyo", "1 to 12"),
        ("3pm Nowhere in Tokyo", "no place"),
        ("0 mpg in km/l", "more than 0"),
        ("hello", "ask as in"),
        ("5 \x1b[2J in cm", "no unit"),
    ],
)
def test_what_it_cannot_read_is_one_line(request_: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        convert(request_)
    assert str(caught.value).isprintable()


@given(st.decimals(0, 10**6, places=3), st.sampled_from(["m km", "lb oz", "GiB B", "gal cup", "c k", "week min"]))
def test_there_and_back_is_the_same(amount: object, pair: str) -> None:
    one, other = pair.split()
    there = convert(f"{amount} {one} in {other}")
    if " = " in there:
        back = convert(there.partition(" = ")[2].rsplit(" ", 1)[0] + f" {other} in {one}")
        assert float(back.split(" = ")[1].split()[0]) == float(str(amount))


@given(st.text(max_size=220))
def test_any_text_is_answered_or_refused(text: str) -> None:
    try:
        answer = convert(text)
    except ValueError as error:
        answer = str(error)
    assert answer.isprintable()
