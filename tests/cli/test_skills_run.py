"""``zotui skills run`` and ``history``."""

import shutil

import pytest

from tests.cli.inside import Inside
from tests.skills.shelves import put
from zotui.home import Home

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")


def test_a_script_by_words_and_by_json(home: Home) -> None:
    inside = Inside(home)
    assert inside("skills", "history").out == "no skill has run yet\n"
    assert "mi" in inside("skills", "run", "convert", "5", "km", "in", "mi").out
    put(
        home.skills,
        "sums",
        "Adds. Use in tests.",
        sums="def run(a: int, b: int = 2):\n    print('adding')\n    return a + b\n",
    )
    assert "nobody has looked at the skill sums" in inside("skills", "run", "sums", "1").complaint
    assert inside("skills", "trust", "sums", "--yes").code == 0
    done = inside("skills", "run", "sums", "3")
    assert (done.code, done.out, done.err) == (0, "5\n", "adding\n")
    found = inside("skills", "run", "sums", "--json-args", '{"a": 3, "b": 4}', "--json").json
    assert (found["status"], found["value"], found["printed"], found["sandbox"].partition(" ")[0]) == (
        "done",
        7,
        "adding\n",
        "bubblewrap",
    )
    for words, said in (
        (("sums",), "sums needs a"),
        (("sums", "a=x"), "a: 'x' is no int"),
        (("sums", "a=\udcff"), "is not UTF-8"),
        (("sums", "1", "--json-args", "{}"), "say the arguments as words, or as --json-args"),
        (("sums", "--json-args", "[]"), "--json-args is no JSON object"),
        (("nobody",), "no skill 'nobody'"),
    ):
        wrong = inside("skills", "run", *words)
        assert said in wrong.complaint
        assert wrong.code
    (home.skills / "sums" / "scripts" / "sums.py").write_text("def run():\n    raise ValueError('no')\n")
    inside("skills", "trust", "sums", "--yes")
    failed = inside("skills", "run", "sums")
    assert (failed.code, failed.err.splitlines()[-1]) == (1, "zotui: sums: ValueError: no")
    runs = inside("skills", "history", "sums", "--json").json
    assert [(one["status"], one["arguments"]) for one in runs] == [
        ("failed", "{}"), ("done", '{"a":3,"b":4}'), ("done", '{"a":3}')
    ]  # fmt: skip
    assert "ValueError: no" in inside("skills", "history", "sums").out
    assert len(inside("skills", "history", "--json").json) == 4


def test_the_offline_words(home: Home) -> None:
    inside = Inside(home)
    assert "3.1068559612 mi" in inside("ask", "run skill convert 5 km in mi").out
