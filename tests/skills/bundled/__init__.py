"""The scripts of the bundled skills, each run on files as a person has them."""

import runpy
from collections.abc import Callable
from pathlib import Path

SKILLS = Path(__file__).parents[3] / "skills"


def script(skill: str, name: str) -> Callable[..., str]:
    """The ``run`` of a bundled skill's script, from its file."""
    run: Callable[..., str] = runpy.run_path(str(SKILLS / skill / "scripts" / f"{name}.py"))["run"]
    return run
