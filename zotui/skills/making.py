"""A skill begun: what a person fills in."""

from pathlib import Path

from zotui.errors import UsageError
from zotui.skills.reading import LONGEST_NAME, NAME
from zotui.text import one_line

TEXT = """---
name: {name}
description: Say what it does. Use when the person asks for that.
license: MIT
---

# {title}

1. Say in short steps what is to be done, and with which tools.
{step}3. Say what to do when something is missing, and what the result looks like.
"""
STEP = "2. Run `{script}` with `what`, and go on with what it returns.\n"
SCRIPT = """\"\"\"What the skill does that a program does better.\"\"\"


def run(what: str, often: int = 1) -> str:
    \"\"\"Return what was asked for. Paths are in the workspace.\"\"\"
    return " ".join([what] * often)
"""
TEST = """from {script} import run


def test_it_says_it_as_often_as_asked() -> None:
    assert run("so", 2) == "so so"
"""


def check_name(name: str) -> None:
    """Raises UsageError for what is no name of a skill."""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise UsageError(
            f"{one_line(name, 60)!r} is no name of a skill", "1 to 64 of a-z, 0-9 and single hyphens, as page-watch"
        )


def made(folder: Path, name: str, *, script: bool) -> Path:
    """Make the folder of a new skill; where it lies. Raises UsageError for what is no name, or is there."""
    check_name(name)
    place = folder / name
    try:
        place.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(f"{place} is there already", "choose another name") from None
    program = name.replace("-", "_")
    step = STEP.format(script=program) if script else "2. One thing after another.\n"
    if script:
        (place / "scripts").mkdir()
        (place / "scripts" / f"{program}.py").write_text(SCRIPT)
        (place / "tests").mkdir()
        (place / "tests" / f"test_{program}.py").write_text(TEST.format(script=program))
    (place / "SKILL.md").write_text(TEXT.format(name=name, title=name.replace("-", " ").capitalize(), step=step))
    return place
