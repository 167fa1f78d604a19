"""Running what a skill brings: out of this process, behind the wall, from the very bytes that the person looked at."""

import asyncio
import io
import json
import os
import re
import stat
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from zotui.errors import UsageError, ZotuiError
from zotui.sandbox import Command, Outcome, Output, Sandbox
from zotui.sandbox.output import SHOWN
from zotui.secret import Secret
from zotui.skills.arguments import from_values
from zotui.skills.environments import Environments
from zotui.skills.granting import Grants
from zotui.skills.opened import Opened, hash_of, hashes
from zotui.skills.runs import Asked, Runs, Status
from zotui.skills.skill import Script, Skill
from zotui.store import new_id
from zotui.text import clean, one_line

if TYPE_CHECKING:
    from zotui.skills.shelf import Shelf

TIMEOUT_S = 120.0
NO_WALL = "No sandbox stands: it would run as you, with your files and your network."
LARGEST = 50_000_000  # bytes of a skill's files that go along
PRINTED = 20_000  # characters of the end of what it printed, that a model is told
RESULT = 200_000  # characters of what is returned
BOOT = Path(__file__).with_name("boot.py")
_TEST = re.compile(r"tests/(?!conftest\.py)[^/_.][^/]*\.py")
Listener = Callable[[bytes], None] | None
PYTHONS = ("/usr/bin/python3", "/usr/local/bin/python3")  # that are seen behind the wall


class Ran(msgspec.Struct, frozen=True):
    """What came of a run: what was returned, what was printed, why it failed and where (both empty where it did not)."""

    id: str
    value: Any
    printed: str
    error: str
    trace: str
    outcome: Outcome

    @property
    def text(self) -> str:
        """What was returned as a person and a model read it."""
        if self.value is None:
            return ""
        text = self.value if isinstance(self.value, str) else json.dumps(self.value, ensure_ascii=False, indent=2)
        return clean(text)[:RESULT]


class Order(NamedTuple):
    """What the child is to do: ``told`` says it, ``script`` is its name in the history. ``hosts``: those that it may reach;
    ``secrets``: keys, by the variables in which it has them."""

    script: str
    told: Mapping[str, Any]
    hosts: Sequence[str]
    secrets: Mapping[str, Secret] = {}


class SkillFailed(ZotuiError):
    """A script that failed; ``printed`` is what it said."""

    def __init__(self, message: str, printed: str) -> None:
        super().__init__(message, one_line(printed.strip().rpartition("\n")[2], 200))
        self.printed = printed


class Running:
    """Runs the scripts of the skills on a shelf."""

    def __init__(
        self, shelf: "Shelf", sandbox: Sandbox, runs: Runs, environments: Environments, grants: Grants
    ) -> None:
        self._shelf = shelf
        self._sandbox = sandbox
        self._runs = runs
        self._environments = environments
        self._grants = grants

    @property
    def has_network(self) -> bool:
        """Whether what runs reaches hosts that nobody sees."""
        return self._sandbox.has_network

    async def preview(self, arguments: object) -> str:
        """What a person who is asked should know: what would run, where it may go, and that no wall stands where none does."""
        skill, script = await self.script(getattr(arguments, "name", ""), getattr(arguments, "script", ""))
        hosts = f" It may reach {', '.join(skill.hosts)}." if skill.hosts else ""
        packages = f" It uses {', '.join(skill.dependencies)}." if skill.dependencies else ""
        has = [key for key in await self._grants.of(skill) if skill.hosts]
        keys = f" It has {', '.join(has)}." if has else ""
        wall = f" {NO_WALL}" if self._sandbox.is_open else ""
        return f"{skill.name}: {script.path}, as you have looked at it.{hosts}{packages}{keys}{wall}"

    async def script(self, name: str, script: str = "") -> tuple[Skill, Script]:
        """A skill that may be run, and its script, which need not be named where there is one. Raises NotFound, UsageError."""
        skill = await asyncio.to_thread(self._shelf.ready, name)
        return skill, script_of(skill, script)

    async def run(
        self,
        skill: Skill,
        script: Script,
        values: Mapping[str, Any],
        asked: Asked,
        *,
        timeout_s: float = TIMEOUT_S,
        online: bool = True,
        listener: Listener = None,
    ) -> Ran:
        """Call a script with these values and wait for its end. ``online``: with a way to the hosts that the skill declares;
        ``listener`` is given what it prints, as it comes.

        Raises UsageError for values that do not fit and for a skill that has changed, SandboxError where no wall stands,
        NotFetched where what it depends on cannot be had.
        """
        arguments = from_values(script, values)
        told = {"path": script.path, "function": script.function, "arguments": arguments}
        secrets = await self._keys(skill) if online else {}
        order = Order(script.name, told, skill.hosts if online else (), secrets)
        return await self._behind(skill, order, asked, timeout_s, listener)

    async def tests(self, name: str) -> tuple[Skill, list[str]]:
        """A skill that may be run, and the files of its tests: ``tests/*.py``. Raises NotFound, UsageError where it has none."""
        skill = await asyncio.to_thread(self._shelf.ready, name)
        found = [path for path in skill.files if _TEST.fullmatch(path)]
        if not found:
            raise UsageError(
                f"the skill {one_line(name, 60)} brings no tests", "put functions test_… into tests/test_….py of it"
            )
        return skill, found

    async def test(
        self,
        skill: Skill,
        tests: Sequence[str],
        asked: Asked,
        *,
        timeout_s: float = TIMEOUT_S,
        listener: Listener = None,
    ) -> Ran:
        """Run these tests of a skill as its scripts are run; what is returned names those that ``passed``, and those that
        ``failed`` with the reason. Raises as :meth:`run` does."""
        told = {"path": tests[0], "tests": list(tests)}
        return await self._behind(skill, Order("tests", told, skill.hosts), asked, timeout_s, listener)

    async def _behind(self, skill: Skill, order: Order, asked: Asked, timeout_s: float, listener: Listener) -> Ran:
        """Have the child do what is ordered, behind the wall, and keep what became of it."""
        packed = await asyncio.to_thread(_packed, skill)
        hidden = [*order.secrets.values()]
        run, out, err = new_id(), self._sandbox.output(None, hidden), self._sandbox.output(listener, hidden)
        try:  # from here: one that is stopped while its beginning is written has begun
            await self._runs.begin(run, skill, order.script, order.told.get("arguments", {}), asked)
            command = Command(
                (_python(), "-I", "-c", await asyncio.to_thread(BOOT.read_text)),
                "",
                timeout_s,
                {
                    "PYTHONUNBUFFERED": "1",
                    "PYTHONDONTWRITEBYTECODE": "1",
                    **{key: secret.reveal() for key, secret in order.secrets.items()},
                },
                order.hosts,
                await self._packages(skill, listener),
            )
            outcome = await self._sandbox.run(command, out, err, json.dumps(order.told).encode() + b"\n" + packed)
        except BaseException as error:
            said = str(error) if isinstance(error, ZotuiError) else ""
            stopped = isinstance(error, asyncio.CancelledError)
            await asyncio.shield(
                self._runs.end(run, "cancelled" if stopped else "failed", "stopped" if stopped else "error", said)
            )
            raise
        value, wrong, trace = _result(out, outcome)
        ran = Ran(run, value, clean(err.text), wrong, trace, outcome)
        tokens = (min(len(ran.printed), PRINTED) + len(ran.text)) // 4 + 1 if asked.by == "agent" else None
        status: Status = "failed" if wrong else "done"
        output = f"{err.text}{trace}"
        await self._runs.end(run, status, outcome.reason, wrong, outcome.exit_code, output, tokens)
        return ran

    async def _keys(self, skill: Skill) -> Mapping[str, Secret]:
        """The keys that a skill was granted, where it has a way to its hosts and to no others. Raises UsageError, NotFound, VaultError."""
        values = await self._grants.values(skill) if skill.keys and skill.hosts else {}
        if values:
            await self._sandbox.wall()
            if self._sandbox.has_network:
                raise UsageError(
                    f"the skill {one_line(skill.name, 60)} gets no key where no wall keeps it to its hosts",
                    "zotui doctor says what stands; zotui skills ungrant has it run without",
                )
        return values

    async def _packages(self, skill: Skill, listener: Listener) -> dict[str, Path]:
        """The folder of what a skill depends on, by the variable that tells its scripts of it; none where it depends on nothing.
        The person has seen the names, as nothing of a skill runs before that. Raises UsageError, NotFetched."""
        if not skill.dependencies:
            return {}

        def tell(line: str) -> None:
            if listener is not None:
                listener(f"zotui: {line}\n".encode())

        return {"SKILL_PACKAGES": await self._environments.ready(_python(), skill.dependencies, tell)}


def script_of(skill: Skill, name: str = "") -> Script:
    """The script of a name; without one the only one, or the one that is called as the skill is. Raises UsageError."""
    known = {script.name: script for script in skill.scripts}
    if name in known:
        return known[name]
    said, there = one_line(skill.name, 60), ", ".join(known)
    if not known:
        raise UsageError(f"the skill {said} has nothing to run, only instructions", f"zotui skills show {said}")
    if name:
        raise UsageError(f"the skill {said} has no script {one_line(name, 60)!r}", f"there are: {there}")
    own = known.get(skill.name) or known.get(skill.name.replace("-", "_"))
    if own is None and len(known) > 1:
        raise UsageError(f"the skill {said} has several scripts", f"name one of {there}")
    return own or next(iter(known.values()))


def _packed(skill: Skill) -> bytes:
    """The files of a skill as a zip, those that were looked at. Raises UsageError where they are others by now. Blocks."""
    packed = io.BytesIO()
    try:
        with Opened(Path(skill.path)) as opened:
            found = list(opened.contents(opened.seen()))
    except (OSError, ValueError) as error:
        raise UsageError(f"the skill {one_line(skill.name, 60)} cannot be read: {error}") from None
    if skill.hash and hash_of(hashes(found)) != skill.hash:
        said = one_line(skill.name, 60)
        raise UsageError(f"the skill {said} has changed since it was looked at", f"zotui skills diff {said}")
    if sum(len(content) for _, content in found) > LARGEST:
        raise UsageError(f"the skill {one_line(skill.name, 60)} has more than {LARGEST:,} bytes")
    with zipfile.ZipFile(packed, "w") as files:
        for one, content in found:
            if stat.S_ISREG(one.mode):  # links lead elsewhere
                files.writestr(one.path, content)
    return packed.getvalue()


def _result(out: Output, outcome: Outcome) -> tuple[Any, str, str]:
    """What was returned, what went wrong, and where in the script."""
    if outcome.said:
        return None, outcome.said, ""
    if out.size > SHOWN:
        return None, f"it returned more than {SHOWN:,} bytes; have it write a file, and return the path", ""
    try:
        found = json.loads(out.text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return None, f"it ended without a result (exit code {outcome.exit_code})", ""
    if "error" in found:
        return (
            found.get("value"),
            one_line(clean(str(found["error"])), 400) or "it failed",
            clean(str(found.get("trace", ""))),
        )
    return found.get("value"), "", ""


def _python() -> str:
    """A Python that is there behind the wall too."""
    return next((path for path in PYTHONS if os.path.exists(path)), "python3")
