"""Skills for tests: folders with a SKILL.md, and a shelf with a file."""

from pathlib import Path

from zotui.home import Home
from zotui.skills import Shelf, Skill
from zotui.store import Store

RUN = 'def run(city: str, days: int = 3, *, unit="C", **more):\n    return city\n'


def put(folder: Path, name: str, description: str = "It does something.", body: str = "Do it.\n", **files: str) -> Path:
    """A skill's folder; ``files`` are scripts by their names."""
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "SKILL.md").write_text(f"---\nname: {name}\ndescription: {description}\n---\n{body}")
    for script, source in files.items():
        (place / "scripts").mkdir(exist_ok=True)
        (place / "scripts" / f"{script}.py").write_text(source)
    return place


def shelf_of(home: Home, store: Store, project: Path | None = None) -> Shelf:
    """The home's skills, and those of a project."""
    return Shelf(home.skills, store, [project] if project else [])


def own(shelf: Shelf) -> dict[str, Skill]:
    """All but those that come with zotui."""
    return {skill.name: skill for skill in shelf.list() if skill.source != "bundled"}


def states(shelf: Shelf) -> dict[str, str]:
    """The states of those."""
    return {name: skill.state for name, skill in own(shelf).items()}


def trust(shelf: Shelf, name: str) -> None:
    """Have looked at a skill as it is now."""
    skill = shelf.find(name)
    shelf.trust(skill, shelf.read(skill).skill.hash)


def settle(shelf: Shelf) -> None:
    """Look at the skills when they have lain there for a while."""
    from zotui.skills import shelf as module

    was, module.SETTLED_MS = module.SETTLED_MS, 0
    try:
        shelf.list()
    finally:
        module.SETTLED_MS = was
