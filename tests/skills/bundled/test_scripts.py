"""What holds for every script that comes along: it stands alone, is typed, and its errors are one line."""

import ast
import inspect
import sys
from pathlib import Path

import pytest

from tests.skills.bundled import SKILLS, script

SCRIPTS = sorted(SKILLS.glob("*/scripts/*.py"))
IDS = [path.parts[-3] for path in SCRIPTS]


def test_ten_come_along() -> None:
    assert len(SCRIPTS) >= 10


def test_they_are_strictly_typed() -> None:
    for path in SCRIPTS:  # the cheap half of mypy --strict: nothing is without a type
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                arguments = [*node.args.args, *node.args.kwonlyargs]
                assert node.returns is not None, (path, node.name)
                assert all(one.annotation or one.arg == "self" for one in arguments), (path, node.name)


@pytest.mark.parametrize("path", SCRIPTS, ids=IDS)
def test_it_is_of_the_standard_library_alone_and_short(path: Path) -> None:
    tree = ast.parse(path.read_text())
    named = {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
    named |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in named} <= sys.stdlib_module_names
    assert len(path.read_text().splitlines()) < 300
    assert f"`{path.stem}`" in (path.parents[1] / "SKILL.md").read_text()


@pytest.mark.parametrize("path", SCRIPTS, ids=IDS)
def test_a_form_can_be_made_of_it(path: Path) -> None:
    run = script(path.parts[-3], path.stem)
    for one in inspect.signature(run).parameters.values():
        assert one.annotation in (str, int, bool, float)
    assert run.__doc__


def test_catalogue_stays_small() -> None:
    from zotui.skills import load_skills
    from zotui.skills.places import bundled

    assert [skill.name for skill in load_skills([bundled()]) if len(skill.description) > 200] == []
