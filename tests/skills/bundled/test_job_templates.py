"""Commands for the pool."""

import shlex
from pathlib import Path

import pytest

from tests.skills.bundled import script

template = script("job-templates", "template")


def test_a_sweep_is_each_combination() -> None:
    lines = template("sweep", "train --lr {lr} --seed {seed}", "lr=0.1,0.01; seed=1,2", memory_mb=512).splitlines()
    assert len(lines) == 4
    assert lines[0] == "zotui pool submit --memory-mb 512 -- train --lr 0.1 --seed 1"


def test_frames_are_covered_once() -> None:
    lines = template("render", "r {first} {last}", "frames=1-25", chunk=10).splitlines()
    assert [line.split()[-2:] for line in lines] == [["1", "10"], ["11", "20"], ["21", "25"]]


def test_a_file_s_name_is_one_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a; rm -rf ~.csv").touch()
    words = shlex.split(template("batch", "wc -l {file}", files="*.csv"))
    assert words[-5:] == ["a; rm -rf ~.csv", "--", "wc", "-l", "a; rm -rf ~.csv"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "pie"}, "kind is"),
        ({"kind": "sweep"}, "needs command"),
        ({"kind": "sweep", "command": "x", "values": "lr"}, "no list of values"),
        ({"kind": "sweep", "command": "x {y}", "values": "lr=1"}, "{y} has no value; there are lr"),
        ({"kind": "render", "command": "x", "values": "frames=1-999999999", "chunk": 1}, "at most 1000"),
        ({"kind": "batch", "command": "x", "files": "../*"}, "pattern of the workspace"),
        ({"kind": "train", "command": "x 'y"}, "split into words"),
    ],
    ids=["kind", "command", "values", "name", "many", "outside", "quote"],
)
def test_what_is_missing_is_said(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        template(**given)
