"""Tables."""

import csv
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.skills.bundled import script

explore = script("csv-explorer", "explore")


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "t.csv"
    path.write_text("city;price;day\nOslo;1.5;2026-01-01\nRome;3;2026-01-02\nOslo;;2026-01-03\n\x1b[2Jx;9;n/a\n")
    return str(path)


def test_it_describes(table: str) -> None:
    said = explore(table)
    assert "4 rows, 3 columns (utf-8-sig, delimiter ';')" in said
    assert "price: number, 1 missing; min 1.5, mean 4.5, max 9" in said
    assert "city: text; 3 different; top Oslo (2)" in said
    assert "day: date, 1 missing" in said
    assert "\x1b" not in said


def test_groups_and_filters(table: str) -> None:
    assert "Oslo: 2, mean 1.5, sum 1.5" in explore(table, group="city", value="price")
    assert explore(table, where="price > 2 and city ~ om").startswith("1 rows")
    assert explore(table, where="city != Oslo").startswith("2 rows")


@pytest.mark.parametrize("plot", ["histogram", "line", "scatter"])
@pytest.mark.parametrize("width", [20, 60])
def test_plots_keep_their_width(table: str, plot: str, width: int) -> None:
    drawn = explore(table, plot=plot, value="price", x="price", width=width)
    assert all(len(line) <= width for line in drawn.splitlines())
    assert any(letter == "█" or "\u2801" <= letter <= "\u28ff" for letter in drawn)


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"value": "cost", "plot": "line"}, "no column 'cost'; there are city, price, day"),
        ({"plot": "pie"}, "histogram, line or scatter"),
        ({"plot": "line"}, "needs value"),
        ({"where": "price"}, "no condition"),
        ({"where": "price > dear"}, "no number"),
        ({"plot": "histogram", "value": "city"}, "no numbers to draw"),
    ],
)
def test_what_is_wrong_is_said(table: str, given_: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        explore(table, **given_)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        explore(str(tmp_path / "none.csv"))


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.csv"
        path.write_text("a,b\n" + "".join(f"{n},text {n}\n" for n in range(rows)))
        tracemalloc.start()
        explore(str(path))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(20_000) < 1.5 * peak(4_000)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    st.lists(st.tuples(st.text(), st.floats(allow_nan=False, allow_infinity=False, width=32)), min_size=1, max_size=20)
)
def test_whatever_is_written_is_counted(tmp_path: Path, rows: list[tuple[str, float]]) -> None:
    path = tmp_path / "any.csv"
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        csv.writer(file).writerows([("a", "b"), *rows])
    said = explore(str(path))
    assert said.splitlines()[0].startswith(f"{len(rows)} rows, 2 columns")
    assert all(line.isprintable() for line in said.split("\n"))
