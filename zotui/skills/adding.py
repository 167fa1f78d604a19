"""Skills that are added, brought up to date and taken away: among the home's, whole or not at all, and not used before the
person has looked."""

import asyncio
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from zotui.errors import NotFound, UsageError
from zotui.skills.away import Away
from zotui.skills.fetching import fetch
from zotui.skills.locking import Locked
from zotui.skills.opened import MAIN
from zotui.skills.places import skills_below
from zotui.skills.reading import NAME, read_skill
from zotui.skills.shelf import Shelf
from zotui.skills.skill import Skill
from zotui.store import new_id
from zotui.text import one_line

NEW, OLD = ".new-", ".old-"  # folders that are not there yet, or no more, begin so: they are not looked into
AWAY = ".removed"
OLD_S = 3_600
MADE_OF = "conversation "
"""How the origin of a skill begins that was made of a conversation."""


class Found(msgspec.Struct, frozen=True):
    """A skill in a source: its name, where it lies, what it says of itself."""

    name: str
    folder: Path
    skill: Skill


class Adding:
    """Adds to the skills of a home."""

    def __init__(self, shelf: Shelf, folder: Path) -> None:
        self._shelf = shelf
        self._folder = folder
        self._away = Away(folder / AWAY)

    async def offered(self, source: str) -> list[Skill]:
        """The skills of a source, of which none is added. Raises UsageError, ZotuiError."""
        room = await asyncio.to_thread(self._room)
        try:
            fetched = await fetch(source, room)
            return [one.skill for one in await asyncio.to_thread(_found, fetched.folder, fetched.names)]
        finally:
            await asyncio.to_thread(shutil.rmtree, room, True)

    async def add(
        self,
        source: str,
        names: Sequence[str] = (),
        *,
        every: bool = False,
        locked: Mapping[str, Locked] | None = None,
    ) -> list[Skill]:
        """Add the skills of a source: the one that is in it, those that are named, or every one; where a lockfile is given,
        exactly as they are ``locked``. They wait for a look. Raises UsageError, ZotuiError."""
        room = await asyncio.to_thread(self._room)
        try:
            fetched = await fetch(source, room)
            found = await asyncio.to_thread(_found, fetched.folder, fetched.names)
            chosen = _chosen(found, names, every)
            if locked is not None:
                await asyncio.to_thread(_check_locked, chosen, locked)
            await asyncio.to_thread(self._refuse_taken, chosen)
            return [await asyncio.to_thread(self._put, one, source, fetched.version) for one in chosen]
        finally:
            await asyncio.to_thread(shutil.rmtree, room, True)

    async def update(self, name: str) -> tuple[Skill, bool]:
        """Fetch a skill anew from where it came from; the skill, and whether it is another now. It then waits for another look.
        Raises UsageError where it came from nowhere, or was changed here."""
        await asyncio.to_thread(self._bring_back)
        skill = await asyncio.to_thread(self._own, name)
        origin, was = await asyncio.to_thread(self._shelf.origin, skill)
        if not is_source(origin):
            raise UsageError(f"the skill {name} came from nowhere that is known", "zotui skills rm it, then add it")
        room = await asyncio.to_thread(self._room)
        try:
            fetched = await fetch(origin, room)
            found = {one.name: one for one in await asyncio.to_thread(_found, fetched.folder, fetched.names)}
            if name not in found:
                raise UsageError(f"there is no {name} any more where it came from: {one_line(origin, 80)}")
            new = await asyncio.to_thread(read_skill, found[name].folder, "home")
            if new.skill.hash == skill.hash:
                return skill, False
            if was and was != skill.hash:
                raise UsageError(
                    f"the skill {name} was changed here since it came",
                    "keep a copy of it elsewhere, then rm and add it",
                )
            return await asyncio.to_thread(self._put, found[name], origin, fetched.version), True
        finally:
            await asyncio.to_thread(shutil.rmtree, room, True)

    async def draft(self, name: str, text: str, origin: str) -> Skill:
        """Put a SKILL.md of our making among the home's skills, where it waits for a look. One of the same origin that nobody has
        looked at yet gives way. Raises UsageError where it is no skill as it should be, or the name is taken."""
        room = await asyncio.to_thread(self._room)

        def put() -> Skill:
            folder = room / name
            folder.mkdir()
            (folder / MAIN).write_text(text, "utf-8")
            skill = read_skill(folder, "home").skill
            if not skill.valid or skill.problems:
                raise UsageError(f"this is no skill yet: {'; '.join(skill.problems)}")
            self.check_free(name, origin)
            return self._put(Found(name, folder, skill), origin, "")

        try:
            return await asyncio.to_thread(put)
        finally:
            await asyncio.to_thread(shutil.rmtree, room, True)

    def check_free(self, name: str, origin: str) -> None:
        """Raises UsageError where another skill has a name than a draft of the same conversation that nobody has looked at. Blocks."""
        skill = next((one for one in self._shelf.list() if one.name == name), None)
        was = self._shelf.origin(skill)[0] if skill is not None and skill.state == "untrusted" else ""
        taken = skill is not None or os.path.lexists(self._folder / name)
        if taken and was.partition(",")[0] != origin.partition(",")[0]:
            raise UsageError(f"there is a skill {name} already", "choose another name")

    async def remove(self, name: str) -> str:
        """Put a skill away; where it lay. Raises NotFound, UsageError for one that is not the home's."""
        skill = await asyncio.to_thread(self._own, name)
        await asyncio.to_thread(self._away.put, Path(skill.path))
        await asyncio.to_thread(self._shelf.list)
        return skill.path

    async def removed(self) -> list[tuple[str, int]]:
        """What was put away: the names of folders, and when, in milliseconds since 1970, the latest first."""
        return await asyncio.to_thread(self._away.list)

    async def restore(self, name: str) -> Skill:
        """Put a skill back that was put away last. Raises NotFound, UsageError where another has its place."""
        place = await asyncio.to_thread(self._away.back, name, self._folder / name)
        return await asyncio.to_thread(self._shelf.find, str(place))

    def _refuse_taken(self, chosen: Sequence[Found]) -> None:
        """Raises UsageError where one of these is there already."""
        for one in chosen:
            if os.path.lexists(self._folder / one.name):
                raise UsageError(
                    f"there is a skill {one.name} already", f"zotui skills update {one.name}, or rm it first"
                )

    def _own(self, name: str) -> Skill:
        skill = self._shelf.find(name)
        if skill.source == "bundled":
            raise UsageError(f"the skill {name} comes with zotui", f"zotui skills disable {name}")
        if Path(skill.path).parent != Path(os.path.realpath(self._folder)):
            raise UsageError(
                f"the skill {name} is not among the home's, but in {one_line(skill.path, 100)}", "change it there"
            )
        return skill

    def _room(self) -> Path:
        """A folder for what is fetched; those of processes that ended long ago go."""
        self._bring_back()
        for left in self._folder.glob(f"{NEW}*"):
            if time.time() - left.lstat().st_mtime > OLD_S:
                shutil.rmtree(left, ignore_errors=True)
        room = self._folder / f"{NEW}{new_id()}"
        room.mkdir(mode=0o700)
        return room

    def _put(self, one: Found, source: str, version: str) -> Skill:
        """Put a skill in its place. The row of a new one comes first, so that it is never taken for one that the person wrote; an
        old one stays beside it until the new one is there."""
        target, old = self._folder / one.name, self._folder / f"{OLD}{one.name}"
        read = read_skill(one.folder, "home")
        if not os.path.lexists(target):
            self._shelf.came_from(target, read, source, version)
            os.rename(one.folder, target)
            return self._shelf.find(one.name)
        shutil.rmtree(old, ignore_errors=True)
        os.rename(target, old)
        os.rename(one.folder, target)
        self._shelf.came_from(target, read, source, version)
        shutil.rmtree(old, ignore_errors=True)
        return self._shelf.find(one.name)

    def _bring_back(self) -> None:
        """What an update that was killed left beside its place goes back there, or away."""
        for left in self._folder.glob(f"{OLD}*"):
            target = self._folder / left.name.removeprefix(OLD)
            if os.path.lexists(target):
                shutil.rmtree(left, ignore_errors=True)
            else:
                os.rename(left, target)


def _check_locked(chosen: Sequence[Found], locked: Mapping[str, Locked]) -> None:
    """Raises UsageError where a skill is another than a lockfile says."""
    for one in chosen:
        if one.name not in locked:
            raise UsageError(f"the skill {one.name} is not in the lockfile", "nothing was added")
        if read_skill(one.folder, "home").skill.hash != locked[one.name].sha256:
            raise UsageError(f"the skill {one.name} is another than in the lockfile", "nothing was added")


def is_source(origin: str) -> bool:
    """Whether a skill can be fetched again from where it came: not from nowhere, nor from a conversation."""
    return bool(origin) and not origin.startswith(MADE_OF)


def _found(folder: Path, names: Sequence[str]) -> list[Found]:
    """The skills in what was fetched. Raises UsageError where there is none, or one cannot be called what it is called."""
    found = []
    for place, _ in skills_below(folder):
        skill = read_skill(Path(place), "home").skill
        name = skill.name if NAME.fullmatch(skill.name) else ""
        if name and (not names or name in names):
            found.append(Found(name, Path(place), skill))
    if not found:
        raise UsageError("there is no skill in it: no folder with a SKILL.md that has a name and a description")
    return found


def _chosen(found: Sequence[Found], names: Sequence[str], every: bool) -> list[Found]:
    known = {one.name: one for one in found}
    there = ", ".join(known)
    for name in names:
        if name not in known:
            raise NotFound(f"there is no skill {one_line(name, 60)!r} in it", f"there are: {one_line(there, 300)}")
    if names:
        return [known[name] for name in dict.fromkeys(names)]
    if len(known) > 1 and not every:
        raise UsageError(
            f"there are {len(known)} skills in it: {one_line(there, 300)}", "name some of them, or say --all"
        )
    return list(known.values())
