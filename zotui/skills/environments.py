"""The Python packages that skills depend on: fetched once for each set of them, into a folder that their scripts see read-only.

Wheels only: fetching one unpacks it and runs nothing of it, so it is done outside of the wall. What would have to be built, lies
at an address of its own or is an option of pip is refused.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from zotui.errors import UsageError, ZotuiError
from zotui.private import make_folder
from zotui.secret import without_secrets
from zotui.text import clean, one_line

FETCH_S, LOCK_S = 600.0, 0.05
KEPT_S = 90 * 86_400
"""How long an environment stays that no script has used."""
NEW = ".new-"
# https://packaging.python.org/specifications/dependency-specifiers, without addresses
_NAME = re.compile(r"([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(\[[\w\s,.-]*\])?", re.ASCII)
_VERSION = re.compile(r"\s*(?:~=|===?|!=|[<>]=?)\s*[\w.*+!-]+\s*", re.ASCII)
_MARKER = re.compile(r"[\w\s.'\"()<>=!~,]+", re.ASCII)
LONGEST = 200  # characters of a dependency
_TELLS = "import sys, sysconfig; print(sys.implementation.cache_tag, sys.version.split()[0], sysconfig.get_platform())"


class NotFetched(ZotuiError):
    """The packages of a skill that could not be had."""


class Environments:
    """The folders of packages of a home. ``index`` says where packages come from: an address, a folder of wheels, or nothing
    for what the person has set up for pip or uv."""

    def __init__(self, folder: Path, index: Callable[[], str]) -> None:
        self._folder = folder
        self._index = index

    async def ready(self, python: str, wanted: Sequence[str], tell: Callable[[str], None]) -> Path:
        """The folder with these packages, for this Python; fetched where it is not there yet, of which ``tell`` is told in lines.

        Of processes that want it at once one fetches it. Raises UsageError for what is no name of a package, NotFetched.
        """
        wanted = checked(wanted)
        identity = await _said([python, "-I", "-S", "-c", _TELLS], Path("/"), without_secrets(os.environ))
        key = hashlib.sha256("\0".join([identity.strip(), *wanted]).encode()).hexdigest()[:32]
        place = self._folder / key
        await asyncio.to_thread(make_folder, self._folder)
        async with _alone(self._folder / f"{key}.lock") as held:
            if await asyncio.to_thread(place.is_dir):
                await asyncio.to_thread(os.utime, place)
                return place
            tell(f"fetching {', '.join(wanted)}")
            await self._fetch(python, wanted, self._folder / f"{NEW}{key}", place, held)
        await asyncio.to_thread(self._forget_old)
        tell(f"fetched {', '.join(await asyncio.to_thread(packages_in, place)) or 'nothing'}")
        return place

    async def _fetch(self, python: str, wanted: Sequence[str], room: Path, place: Path, held: int) -> None:
        """Have the packages in a new folder, then give it its name: it is there whole, or not at all. ``held`` is the lock, which
        whoever fetches holds too: where this process is killed, nobody else begins before that has ended."""
        index = self._index()
        words = _program(python, room, index)
        environment = without_secrets(
            os.environ, *(_of_indexes(os.environ) if index else ()), "PYTHONPATH", "PYTHONHOME"
        )
        environment |= {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_NO_INPUT": "1", "NO_COLOR": "1"}
        environment |= {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"} if index else {}
        if index.startswith("http"):  # not as words, which other users see: there may be a password in it
            environment |= {"PIP_INDEX_URL": index, "UV_INDEX_URL": index}
        try:
            await asyncio.to_thread(shutil.rmtree, room, True)  # of one that was killed
            await asyncio.to_thread(make_folder, room)
            await _said([*words, *wanted], room, environment, held)
            await asyncio.to_thread(os.rename, room, place)
        except OSError as error:
            raise NotFetched(f"the packages {', '.join(wanted)} cannot be kept: {error.strerror or error}") from None
        except NotFetched as error:
            raise NotFetched(f"the packages {', '.join(wanted)} cannot be had: {error.message}", error.hint) from None
        finally:
            await asyncio.to_thread(shutil.rmtree, room, True)

    def _forget_old(self) -> None:
        """What no script has used for long goes."""
        for place in self._folder.iterdir():
            with contextlib.suppress(OSError):
                if time.time() - place.stat().st_mtime > KEPT_S:
                    shutil.rmtree(place) if place.is_dir() else place.unlink()


def checked(dependencies: Sequence[str]) -> list[str]:
    """Dependencies in order, each once. Raises UsageError for one that is no name of a package with versions."""
    for one in dependencies:
        if wrong := mistake(one):
            raise UsageError(wrong, "as requests>=2.31: wheels of an index, no addresses, no paths")
    return sorted({" ".join(one.split()) for one in dependencies})


def mistake(dependency: str) -> str:
    """Why a dependency is not fetched, in words; nothing where it is one."""
    return (
        ""
        if _is_one(dependency)
        else f"the dependency {one_line(dependency, 80)!r} is no name of a package with versions"
    )


def _is_one(dependency: str) -> bool:
    plain, _, marker = dependency.strip().partition(";")
    name = _NAME.match(plain)
    if name is None or len(dependency) > LONGEST or (marker and not _MARKER.fullmatch(marker)):
        return False
    versions = plain[name.end() :].strip()
    if versions.startswith("(") and versions.endswith(")"):
        versions = versions[1:-1]
    return not versions or all(map(_VERSION.fullmatch, versions.rstrip(" ,").split(",")))


def packages_in(place: Path) -> list[str]:
    """The packages of an environment with their versions, by name. Blocks."""
    found = (path.name.removesuffix(".dist-info").rpartition("-") for path in place.glob("*.dist-info"))
    return sorted(f"{one_line(name, 80)} {one_line(version, 40)}" for name, _, version in found)


def _program(python: str, room: Path, index: str) -> list[str]:
    """The words that fetch packages into a folder, up to their names. Raises NotFetched where no program does."""
    wheels = "" if index.startswith("http") else os.path.expanduser(index.removeprefix("file://"))
    where = ["--no-index", "--find-links", wheels] if wheels else []
    own = ["--target", str(room), "--only-binary", ":all:", "--quiet", *where]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", python, "--link-mode", "copy", "--no-progress", *own, "--"]
    if find_spec("pip") is not None:
        pip = [sys.executable, "-m", "pip", "--python", python]
    elif os.path.exists(python) and any(Path("/usr/lib/python3/dist-packages").glob("pip")):
        pip = [python, "-m", "pip"]
    else:
        raise NotFetched("neither uv nor pip is installed", "apt install python3-pip, or install uv")
    said = ["--disable-pip-version-check", "--no-warn-script-location", "--no-compile"]
    return [*pip, "install", *said, *own, "--"]


def _of_indexes(environment: Mapping[str, str]) -> list[str]:
    """The variables by which a person says where pip and uv find packages: not asked where the configuration says it."""
    return [name for name in environment if re.match(r"(PIP|UV)_.*(INDEX|FIND_LINKS|CONSTRAINT)", name)]


async def _said(words: Sequence[str], folder: Path, environment: Mapping[str, str], *held: int) -> str:
    """What a program prints. Raises NotFetched with what is wrong, in one line."""
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            cwd=folder, env=dict(environment), start_new_session=True, pass_fds=held,
        )  # fmt: skip
    except OSError as error:
        raise NotFetched(f"{words[0]}: {error.strerror}") from None
    try:
        out, err = await asyncio.wait_for(process.communicate(), FETCH_S)
    except TimeoutError:
        raise NotFetched(f"it took more than {FETCH_S:g} s") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode:
        raise NotFetched(
            _complaint(err.decode("utf-8", "replace")), "[skills] index in the configuration says where from"
        )
    return out.decode("utf-8", "replace")


def _complaint(text: str) -> str:
    """What pip or uv complain of, in one line."""
    lines = [line.strip(" ×│╰─▶├") for line in clean(text).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]  # of pip, each whole
    return one_line(re.sub(r"(?i)^error:\s*", "", " ".join(errors[:1] or lines)), 300) or "it failed"


@contextlib.asynccontextmanager
async def _alone(lock: Path) -> AsyncIterator[int]:
    """One process at a time, whatever becomes of it; the descriptor by which it is."""
    with open(lock, "w") as held:  # noqa: ASYNC230 (an empty file)
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(LOCK_S)
        yield held.fileno()
