"""Ids never collide and sort by time."""

import re
import threading

import pytest

from zotui.store import ids, new_id, now_ms


def test_100k_ids_of_8_threads_are_unique_and_rise_in_each() -> None:
    made: list[list[str]] = [[] for _ in range(8)]
    start = threading.Barrier(8)

    def make(mine: list[str]) -> None:
        start.wait()
        mine.extend(new_id() for _ in range(12_500))

    threads = [threading.Thread(target=make, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [id_ for mine in made for id_ in mine]
    assert len(set(everything)) == 100_000
    assert all(mine == sorted(mine) for mine in made)
    assert all(re.fullmatch(r"[0-9a-hjkmnp-tv-z]{26}", id_) for id_ in everything)


def test_ids_of_a_later_time_sort_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "_last", 0)
    times = iter([1_000, 1_001, 1_700_000_000_000, 1_700_000_000_001])
    monkeypatch.setattr(ids, "now_ms", lambda: next(times))
    made = [new_id() for _ in range(4)]
    assert made == sorted(made)
    assert made[0].startswith("000000")


def test_ids_rise_though_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id()
    monkeypatch.setattr(ids, "now_ms", lambda: now_ms() - 86_400_000)
    after = [new_id() for _ in range(100)]
    assert [before, *after] == sorted({before, *after})
