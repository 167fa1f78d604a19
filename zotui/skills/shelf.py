"""The shelf: all skills that there are, and which of them may be used.

Whoever puts a folder among the home's skills wishes to have it: its text is taken as it is first seen. Its code runs only
once the person has looked at it, and so it is with all of a skill that lies in a project. Whatever changes afterwards is
off until the person has looked again.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Container, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zotui.errors import NotFound, StoreError, UsageError
from zotui.skills import rows
from zotui.skills.catalogue import index, told_named
from zotui.skills.judging import as_state, may_be_taken, without_twins
from zotui.skills.opened import is_as_seen
from zotui.skills.places import Place, places, skills_below
from zotui.skills.reading import Read, read_skill
from zotui.skills.routing import Routed, Router
from zotui.skills.rows import Kept, Row
from zotui.skills.skill import Skill
from zotui.store import Reader, Store, Transaction, audit, now_ms
from zotui.text import one_line

if TYPE_CHECKING:
    from zotui.skills.running import Running

SETTLED_MS = 500
"""How long nothing of a folder has changed when it is taken as it is: until then it may still be on its way."""

LOOK_S = 0.8
"""How often the folders are looked at by who shows them."""


class Shelf:
    """The skills of one home. Each call looks at the folders as they are now, and blocks: call it in a thread.

    ``projects``: folders whose own skills count too, the last the most. Without a ``store`` nothing is kept, and all is as
    if it were seen for the first time.
    """

    def __init__(self, folder: Path, store: Store | None = None, projects: Sequence[Path] = ()) -> None:
        self._folder = folder
        self._store = store
        self._projects = projects
        self._rows: dict[str, Row] = {}
        self._risen = -1
        self._lock = threading.Lock()
        self._router: tuple[object, Router] | None = None
        self.running: Running | None = None
        """What runs their scripts, where they belong to a computer."""

    async def run(self, name: str, /, *, script: str = "", **arguments: Any) -> Any:
        """What a script of a skill returns, called with these arguments behind the wall. Raises NotFound, UsageError where it may
        not run or they do not fit, SandboxError, SkillFailed."""
        from zotui.skills.running import SkillFailed
        from zotui.skills.runs import Asked

        if self.running is None:
            raise UsageError("these skills belong to no computer")
        skill, found = await self.running.script(name, script)
        ran = await self.running.run(skill, found, arguments, Asked())
        if ran.error:
            raise SkillFailed(ran.error, ran.printed)
        return ran.value

    @property
    def places(self) -> Sequence[Place]:
        """Where skills may lie; a later place hides what an earlier one has."""
        return places(self._folder, self._projects)

    def list(self) -> list[Skill]:
        """All skills by name; of those with one name the one that may be used, of such that of the latest place."""
        with self._lock:
            found = [as_state(row, place) for place, row in self._look()]
        return without_twins(found)

    async def changes(self, pause_s: float = LOOK_S) -> AsyncIterator[Sequence[Skill]]:
        """All skills, whenever they are others than before: looked at every so many seconds, which takes a few milliseconds
        for hundreds and is the same on every disk and system."""
        known = await asyncio.to_thread(self.list)
        while True:
            await asyncio.sleep(pause_s)
            found = await asyncio.to_thread(self.list)
            if found != known:
                known = found
                yield found

    def find(self, name: str) -> Skill:
        """The skill of a name, or of a folder's path. Raises NotFound."""
        for skill in self.list():
            if skill.name == name:
                return skill
        if os.sep in name:
            path = os.path.realpath(os.path.expanduser(name))
            with self._lock:
                for place, row in self._look():
                    if row.path == path:
                        return as_state(row, place)
        raise NotFound(f"no skill {one_line(name, 60)!r}", "zotui skills list shows them")

    def router(self) -> Router:
        """What chooses among all that are valid and enabled, whether they may be used or not."""
        skills = [skill for skill in self.list() if skill.valid and skill.enabled]
        key = [(skill.name, skill.path, skill.hash) for skill in skills]
        if self._router is None or self._router[0] != key:
            self._router = (key, Router(skills))
        return self._router[1]

    def route(self, text: str, k: int = 3) -> Sequence[Routed]:
        """At most ``k`` of these skills that a request is for, the best first; none where nothing fits."""
        return self.router().route(text, k)

    def index(self, request: str) -> str:
        """What a model is told of the skills there are, for a request."""
        skills = {skill.name: skill for skill in self.list()}

        def ranked() -> Sequence[Skill]:
            return [skills[one.name] for one in self.router().ranked(request) if one.name in skills]

        found = list(skills.values())
        return index(found, ranked) + told_named(request, found)

    def usable(self, name: str) -> Skill:
        """A skill whose text may be used. Raises NotFound; UsageError where it is disabled, invalid, changed, or nobody
        has looked at it."""
        skill = self.find(name)
        said = one_line(skill.name, 60)
        if skill.state == "disabled":
            raise UsageError(f"the skill {said} is disabled", f"zotui skills enable {said}")
        if skill.state == "invalid":
            raise UsageError(f"the skill {said} cannot be used", skill.problems[0] if skill.problems else "")
        if skill.state == "changed":
            raise _changed(skill)
        if skill.state == "untrusted":
            raise _unseen(skill)
        return skill

    def ready(self, name: str) -> Skill:
        """A skill that may be used whole, its code too: its files are those that are trusted, at this moment.

        Raises NotFound; UsageError where it is disabled, invalid, changed, or nobody has looked at it.
        """
        skill = self.usable(name)
        if skill.code and not skill.trusted:
            raise _unseen(skill)
        row = self._rows.get(os.path.realpath(skill.path))
        if skill.source != "bundled" and row is not None and row.trusted is not None:
            now = read_skill(Path(skill.path), skill.source)
            if now.skill.hash != row.trusted and not row.read_again(_kept(now), row.source).is_broken_only:
                raise _changed(skill)
        return skill

    def read(self, skill: Skill) -> Read:
        """Its folder as it is now."""
        return read_skill(Path(skill.path), skill.source)

    def trust(self, skill: Skill, looked: str) -> None:
        """Have it be used as the person has seen it, and enable it; ``looked`` is the hash of what was shown.

        Raises UsageError where it is another by now, or can be trusted by nobody.
        """
        read = self.read(skill)
        if not read.skill.valid or not read.skill.hash:
            why = next(iter(read.skill.problems), "it cannot be read")
            raise UsageError(f"the skill {one_line(skill.name, 60)} cannot be trusted", why)
        if read.skill.hash != looked:
            raise UsageError(f"the skill {one_line(skill.name, 60)} has just changed", "look at it again")
        path = os.path.realpath(skill.path)

        def write(db: Transaction) -> None:
            rows.trust(db, path, read, now_ms())
            rows.take_keys(db, path, looked)
            rows.turn(db, path, True)
            audit.add(db, "skill trusted", skill.name, details={"path": path, "sha256": looked})

        self._needed().write_now(write)

    def turn(self, skill: Skill, on: bool) -> None:
        """Enable or disable it."""
        path = os.path.realpath(skill.path)

        def write(db: Transaction) -> None:
            rows.turn(db, path, on)
            audit.add(db, "skill enabled" if on else "skill disabled", skill.name, details={"path": path})

        self._needed().write_now(write)

    def came_from(self, folder: Path, read: Read, source: str, commit: str) -> None:
        """Note where what is about to lie in a folder was got from: it is not taken as it is first seen."""
        path = os.path.realpath(folder)
        place = Place("home", Path(path).parent, True)

        def write(db: Transaction) -> None:
            rows.put(db, rows.fresh(path, place, read, now_ms()))
            rows.came_from(db, path, source, commit, read.skill.hash)
            audit.add(
                db, "skill added", read.skill.name, details={"path": path, "from": source, "sha256": read.skill.hash}
            )

        self._needed().write_now(write)

    def origin(self, skill: Skill) -> tuple[str, str]:
        """Where a skill was got from, and the hash that it had then; both empty where it was not."""
        path = os.path.realpath(skill.path)
        return self._needed().read_now(lambda db: rows.origin(db, path))

    def granted(self, skill: Skill) -> Sequence[str]:
        """The keys that a skill has, as it is now."""
        path = os.path.realpath(skill.path)
        return list(self._store.read_now(lambda db: rows.granted(db, skill, path))) if self._store else []

    def lock(self) -> dict[str, Any]:
        """The lockfile: of each skill its hash, that of each of its files as they are trusted, and where it came from."""
        self.list()
        return {"version": 1, "skills": self._needed().read_now(rows.locked)}

    def trusted_files(self, skill: Skill) -> dict[str, tuple[str, str | None]]:
        """The hash of each file as it is trusted, and its text where that is kept."""
        path = os.path.realpath(skill.path)
        return self._needed().read_now(lambda db: rows.trusted_files(db, path))

    def _needed(self) -> Store:
        if self._store is None:
            raise UsageError("these skills belong to no home")
        return self._store

    def _look(self) -> Sequence[tuple[Place, Row]]:
        """Every skill's row, with where it lies; those that were touched are read anew, and noted."""
        self._load()
        here = {path: (place, folder) for place in self.places for folder, path in skills_below(place.folder)}
        lying = {**self._elsewhere(here), **here}
        found: dict[str, tuple[Place, Row]] = {}
        touched: list[tuple[Row, Read]] = []
        for path, (place, folder) in lying.items():
            row = self._rows.get(path)
            if row is None or row.source != place.source or not row.read.seen or not is_as_seen(path, row.read.seen):
                read = read_skill(Path(folder), place.source)
                fresh = rows.fresh(path, place, read, now_ms())
                if row is None or (row.read, row.source) != (fresh.read, fresh.source):
                    row = row.read_again(fresh.read, place.source) if row else fresh
                    self._rows[path] = row
                    touched.append((row, read))
            found[path] = (place, row)
        if self._store is not None:
            self._note(touched, [row for place, row in found.values() if _is_to_be_taken(place, row)])
        return [(place, self._rows.get(path, row)) for path, (place, row) in found.items()]

    def _elsewhere(self, here: Container[str]) -> dict[str, tuple[Place, str]]:
        """Skills of projects that are not at hand which the person has looked at: they may be used wherever zotui works, as
        the background process is started in none of them. Any other of their names counts more."""
        return {
            row.path: (Place("project", Path(row.path).parent, False), row.path)
            for row in self._rows.values()
            if row.source == "project" and row.looked_at and row.path not in here
            if os.path.lexists(f"{row.path}/SKILL.md")
        }

    def _load(self) -> None:
        """What other processes have written since."""
        if self._store is None:
            return

        def read(db: Reader) -> tuple[int, dict[str, Row] | None]:
            risen = db.execute("""SELECT seq FROM changes WHERE "table" = 'skills'""").get or 0
            return risen, rows.all_rows(db) if risen != self._risen else None

        self._risen, loaded = self._store.read_now(read)
        if loaded is not None:
            self._rows = loaded

    def _note(self, touched: Sequence[tuple[Row, Read]], taken: Sequence[Row]) -> None:
        """Keep what was read, and take what is seen for the first time as it is. Where nothing can be written, it is so
        until this process ends."""
        assert self._store is not None
        reads = {row.path: read for row, read in touched}
        new = {row.path: reads.get(row.path) or read_skill(Path(row.path), row.source) for row in taken}
        if not touched and not new:
            return

        def write(db: Transaction) -> None:
            for row, _ in touched:
                rows.put(db, row)
            for path, read in new.items():
                rows.trust(db, path, read, None)

        try:
            self._store.write_now(write, durable=False)
        except StoreError:
            return
        self._load()


def _changed(skill: Skill) -> UsageError:
    said = one_line(skill.name, 60)
    return UsageError(f"the skill {said} has changed since it was looked at", f"zotui skills diff {said}")


def _unseen(skill: Skill) -> UsageError:
    said = one_line(skill.name, 60)
    return UsageError(f"nobody has looked at the skill {said} yet", f"zotui skills trust {said}")


def load_skills(folders: Iterable[str | os.PathLike[str]]) -> list[Skill]:
    """The skills below these folders, in order; nothing of a skill runs."""
    return [read_skill(Path(found), os.fspath(folder)).skill for folder in folders for found, _ in skills_below(folder)]


def _is_to_be_taken(place: Place, row: Row) -> bool:
    """Whether what is seen for the first time is what may be used from now on: once it has arrived."""
    if place.source == "bundled" or row.origin or row.trusted is not None or not may_be_taken(row.read.skill, place):
        return False
    latest = max(max(one.changed, one.noted) for one in row.read.seen)
    return not 0 <= now_ms() - latest // 1_000_000 < SETTLED_MS


def _kept(read: Read) -> Kept:
    return Kept(read.skill, read.files, read.seen)
