"""A skill's programs, told from their source: none runs."""

from pathlib import Path

import pytest

from tests.skills.shelves import RUN, put
from zotui.skills import Parameter, Script, load_skill
from zotui.skills.scripts import dependencies_in, script_in

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


def test_what_is_no_script() -> None:
    problems: list[str] = []
    for source in (b"", b"class A:\n    def run(self): ...", b"def runner(): ...", b"run = 1", bytes(range(256))):
        assert script_in("scripts/a.py", source, problems) is None
    assert problems == []
    for source in (b"def run(:\n", b"def run():\n" + b"(" * 100_000, b"def run(): ...\n\0"):
        assert script_in("scripts/a.py", source, problems) is None
    assert len(problems) == 3
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
