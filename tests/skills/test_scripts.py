"""A skill's programs, told from their source: none runs."""

from pathlib import Path

import pytest

from tests.skills.shelves import RUN, put
from zotui.skills import Parameter, Script, load_skill
from zotui.skills.looking import look, mistakes
from zotui.skills.reading import read_skill
from zotui.skills.scripts import dependencies_in, mistake_in, script_in

SIGNATURES = {
    "nothing": ("def run(): ...", "run()"),
    "execute": ("def execute(text): ...", "execute(text)"),
    "run before execute": ("def execute(a): ...\ndef run(b): ...", "run(b)"),
    "async": ("async def run(a: int = 1): ...", "run(a: int = 1)"),
    "anything": ("def run(*args, **kwargs): ...", "run(*args, **kwargs)"),
    "positional": ("def run(a, /, b, *, c=None): ...", "run(a, b, c = None)"),
    "annotations": ("def run(a: list[str] | None = None): ...", "run(a: list[str] | None = None)"),
    "decorated": ("@touch('ran')\ndef run(a): ...", "run(a)"),
}


@pytest.mark.parametrize("kind", SIGNATURES)
def test_signatures(kind: str) -> None:
    source, expected = SIGNATURES[kind]
    problems: list[str] = []
    script = script_in("scripts/a.py", source.encode(), problems)
    assert script is not None
    assert (script.signature, problems) == (expected, [])


HEADS = {
    "several lines": (
        "def run(\n    a: int,  # a: b\n    b: dict[str, int] = {'x:': 1},\n) -> None:\n    pass\n",
        "run(a: int, b: dict[str, int] = {'x:': 1})",
    ),
    "a colon at the end of a line": ("def run(a={\n  1:\n  2}):\n    pass\n", "run(a = {1: 2})"),
    "a comment behind it": ("def run(a):  # says it\n    pass\n", "run(a)"),
    "one line": ("def run(a): return a\nx = 1\n", "run(a)"),
    "twice": ("def run(a): ...\ndef run(b): ...\n", "run(b)"),
    "in a text before": ('TEXT = """\ndef run(x):\n"""\ndef run(y):\n    pass\n', "run(y)"),
    "in a text behind": ("def execute(y):\n    pass\nTEXT = '''\ndef run(x):\n'''\n", "execute(y)"),
    "CRLF": ("def run(a):\r\n    pass\r\n", "run(a)"),
}


@pytest.mark.parametrize("kind", HEADS)
def test_by_the_head_alone_it_is_the_same(kind: str) -> None:
    source, expected = HEADS[kind]
    problems: list[str] = []
    script = script_in("scripts/a.py", source.encode(), problems)
    assert script is not None
    assert (script.signature, problems) == (expected, [])


def test_what_is_wrong_further_down_is_said_when_it_is_looked_at(tmp_path: Path) -> None:
    place = put(tmp_path, "odd", odd="def run(a):\n    return (\n")
    read = read_skill(place, "home")
    assert [script.signature for script in read.skill.scripts] == ["run(a)"]
    assert mistakes(read) == ["scripts/odd.py: line 2: it is no Python: '(' was never closed"]
    assert f"! {mistakes(read)[0]}" in look(read.skill, read, {}).splitlines()
    assert mistake_in("a.py", b"def run():\n" + b"(" * 100_000).startswith("a.py: line 2: it is no Python")


def test_what_is_no_script() -> None:
    problems: list[str] = []
    for source in (b"", b"class A:\n    def run(self): ...", b"def runner(): ...", b"run = 1", bytes(range(256))):
        assert script_in("scripts/a.py", source, problems) is None
    assert problems == []
    for source in (b"def run(:\n", b"def run(): ...\n\0"):
        assert script_in("scripts/a.py", source, problems) is None
    assert len(problems) == 2
    assert problems[0].startswith("scripts/a.py: line 1: it is no Python: ")


def test_that_which_is_called_like_the_skill_comes_first(tmp_path: Path) -> None:
    folder = put(tmp_path, "the-weather", a=RUN, the_weather=RUN, z="x = 1\n")
    (folder / "run.py").write_text(RUN)
    (folder / "scripts" / "linked.py").symlink_to(folder / "run.py")
    skill = load_skill(folder)
    assert [script.path for script in skill.scripts] == ["scripts/the_weather.py", "scripts/a.py"]
    assert skill.scripts[1] == Script(
        "a",
        "scripts/a.py",
        "run",
        (
            Parameter("city", "str"),
            Parameter("days", "int", "3"),
            Parameter("unit", "", "'C'"),
            Parameter("more", kind="kwargs"),
        ),
    )
    assert skill.code == ("run.py", "scripts/a.py", "scripts/the_weather.py", "scripts/z.py")
    assert skill.problems == []


def test_a_script_that_is_broken_is_said_and_the_skill_loads(tmp_path: Path) -> None:
    skill = load_skill(put(tmp_path, "weather", weather="def run(:\n"))
    assert (skill.valid, skill.scripts) == (True, ())
    assert skill.problems[0].startswith("scripts/weather.py: line 1")


BLOCK = "# /// script\n# requires-python = '>=3.11'\n# dependencies = ['httpx<1', 'rich']\n# ///\n"


def test_dependencies(tmp_path: Path) -> None:
    assert dependencies_in(BLOCK.encode()) == ["httpx<1", "rich"]
    assert dependencies_in(BLOCK.replace("\n", "\r\n").encode()) == ["httpx<1", "rich"]
    for source in (
        "",
        "# /// script\n# dependencies = [\n# ///\n",
        "# /// script\n",
        BLOCK.replace("['httpx<1', 'rich']", "3"),
    ):
        assert dependencies_in(source.encode()) == []
    folder = put(tmp_path, "weather", weather=BLOCK + RUN)
    (folder / "SKILL.md").write_text("---\nname: weather\ndescription: x\ndependencies: rich, numpy>=2\n---\n")
    assert load_skill(folder).dependencies == ("rich", "numpy>=2", "httpx<1")
