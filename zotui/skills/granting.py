"""Keys that a skill may have: named by it, granted by the person, for the files that were looked at and no others.

The file holds their names alone. A script gets the value in its environment, while it can reach the hosts that the skill declares
and nothing else; in what it puts out the value is hidden.
"""

import asyncio
import os
import re
from collections.abc import Callable

from zotui.errors import NotFound, UsageError
from zotui.secret import Secret
from zotui.skills import rows
from zotui.skills.skill import Skill
from zotui.store import Store, Transaction, audit, now_ms
from zotui.text import one_line
from zotui.vault import Vault

SHORTEST = 8
"""Characters of a key that can be hidden where it is printed: a shorter one may be any word."""
_KEY = re.compile(
    r"(?!LD_|DYLD_|PYTHON|SKILL_|BASH|PATH$|HOME$|ENV$|IFS$)(?!.*_proxy$)[A-Za-z_][A-Za-z0-9_]{0,63}", re.IGNORECASE
)


class Grants:
    """The keys that skills have. ``unlock`` opens the vault where this process can, and says whether it is open."""

    def __init__(self, store: Store, vault: Vault, unlock: Callable[[], bool]) -> None:
        self._store = store
        self._vault = vault
        self._unlock = unlock

    async def grant(self, skill: Skill, key: str, record: str = "") -> None:
        """Let a skill have a key: ``record`` of the vault, which else is called as the key. The skill is one that may be run, as it
        is now. Raises UsageError, NotFound where the vault has none, VaultError."""
        check(skill, key)
        record = record or key
        secret = await asyncio.to_thread(self._vault.get, record)
        if secret is None:
            raise NotFound(
                f"the vault has no {one_line(record, 60)!r}", f"zotui skills grant {skill.name} {key} --stdin"
            )
        if len(secret.reveal()) < SHORTEST:
            raise UsageError(f"a key of fewer than {SHORTEST} characters cannot be hidden in what a script prints")
        path = _path(skill)

        def write(db: Transaction) -> None:
            db.execute(
                "INSERT OR REPLACE INTO skill_keys VALUES (?, ?, ?, ?, ?)", (path, key, record, skill.hash, now_ms())
            )
            audit.add(
                db, "skill given a key", skill.name, details={"path": path, "key": key, "hosts": list(skill.hosts)}
            )

        await self._store.write(write)

    async def revoke(self, skill: Skill, key: str) -> bool:
        """Take a key back; whether the skill had it."""
        path = _path(skill)

        def write(db: Transaction) -> bool:
            db.execute("DELETE FROM skill_keys WHERE skill = ? AND key = ?", (path, key))
            gone = bool(db.changes())
            if gone:
                audit.add(db, "skill lost a key", skill.name, details={"path": path, "key": key})
            return gone

        return await self._store.write(write)

    async def of(self, skill: Skill) -> dict[str, str]:
        """The keys that a skill has as it is now, each with its name in the vault."""
        return await self._store.read(lambda db: rows.granted(db, skill, _path(skill)))

    async def values(self, skill: Skill) -> dict[str, Secret]:
        """The same with their values. Raises NotFound where the vault has one no more, VaultError where it is locked."""
        granted = await self.of(skill)
        if granted:
            await asyncio.to_thread(self._unlock)
        values = {}
        for key, record in granted.items():
            secret = await asyncio.to_thread(self._vault.get, record)
            if secret is None:
                raise NotFound(
                    f"the vault has no {one_line(record, 60)!r} any more, which the skill {one_line(skill.name, 60)} was granted",
                    f"zotui skills grant {skill.name} {key} --stdin, or ungrant it",
                )
            values[key] = secret
        return values


def check(skill: Skill, key: str) -> None:
    """Raises UsageError where a skill cannot have such a key: it must name it, and the hosts that it is for."""
    said = one_line(skill.name, 60)
    if key not in skill.keys:
        there = f"it wants {', '.join(skill.keys)}" if skill.keys else "it wants none"
        raise UsageError(f"the skill {said} does not say that it wants {one_line(key, 60)!r}", there)
    if not _KEY.fullmatch(key):
        raise UsageError(
            f"{one_line(key, 60)!r} is no name of a key", "letters, digits and _, and nothing that programs obey"
        )
    if not skill.hosts:
        raise UsageError(f"the skill {said} declares no hosts that a key could be for", "hosts: in its front matter")


def _path(skill: Skill) -> str:
    return os.path.realpath(skill.path)
