"""Where skills come from: a folder, a zip or tarball, a git repository, a registry's manifest. Fetched into a folder of our own,
where nothing of them is used yet."""

import asyncio
import contextlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from zotui.addresses import is_here
from zotui.errors import UsageError, ZotuiError
from zotui.skills.unpacking import LARGEST_ALL, copy, unpack
from zotui.text import one_line

GIT_S = DOWNLOAD_S = 120.0
LOOK_S = 0.5  # between two looks at how large a clone has become
LARGEST_CLONE = 4 * LARGEST_ALL  # bytes, its packed history among them
LARGEST_MANIFEST = 4_000_000
SCHEMES = ("https", "http", "file")
_GIT = re.compile(r"(?:git\+)?(?:https?|ssh|file)://\S+\.git/?|git@[\w.-]+:\S+|(?:git\+)(?:https?|ssh|file)://\S+")


class Fetched(msgspec.Struct, frozen=True):
    """What was fetched: where it lies, which of it counts (all where that is empty), and which version it is."""

    folder: Path
    names: tuple[str, ...] = ()
    version: str = ""


async def fetch(source: str, into: Path) -> Fetched:
    """Fetch a source into a new folder below ``into``. Raises UsageError, ZotuiError with what is wrong."""
    target = into / "fetched"
    if _GIT.fullmatch(source):
        return Fetched(target, version=await _clone(source.removeprefix("git+"), target))
    path = await _had(source, into)
    if await asyncio.to_thread(path.is_dir):
        if source.startswith("file:") and await asyncio.to_thread((path / ".git").exists):
            return Fetched(target, version=await _clone(source, target))
        await asyncio.to_thread(copy, path, target)
        return Fetched(target)
    if manifest := await asyncio.to_thread(_manifest, path):
        return await _of_manifest(manifest, source, into)
    await asyncio.to_thread(unpack, path, target)
    return Fetched(target)


async def _had(source: str, into: Path) -> Path:
    """A source as a file or folder on this machine. Raises UsageError."""
    parts = _parts(source)
    if parts.scheme in ("http", "https"):
        path = into / "download"
        await asyncio.to_thread(path.write_bytes, await _got(source))
        return path
    if parts.scheme == "file":
        path = Path(unquote(parts.path))
    elif "://" in source:
        known = f"a path, a git URL, or {', '.join(SCHEMES)}"
        raise UsageError(f"{one_line(source, 80)}: {parts.scheme} is not known", known)
    else:
        path = Path(os.path.expanduser(source))  # noqa: ASYNC240 (it asks no disk)
    if not await asyncio.to_thread(lambda: path.is_dir() or path.is_file()):
        raise UsageError(f"{one_line(source, 80)}: there is no such folder or file")
    return path


def _parts(source: str) -> SplitResult:
    try:
        return urlsplit(source)
    except ValueError as error:
        raise UsageError(f"{one_line(source, 80)} is no address that can be fetched: {error}") from None


async def _of_manifest(manifest: dict[str, Any], source: str, into: Path) -> Fetched:
    """The tarball that a registry's manifest names, and the skills in it. Zo's form: ``tarball_url, archive_root, skills``. One
    from the network leads to nothing on this machine."""
    url, root = manifest.get("tarball_url"), str(manifest.get("archive_root") or "")
    listed = manifest.get("skills")
    if not isinstance(url, str) or not isinstance(listed, list):
        raise UsageError("the manifest names no tarball_url and no list of skills")
    distant = source.startswith(("http:", "https:"))
    if _parts(url).scheme not in SCHEMES or (
        distant and not is_here(source) and (url.startswith("file:") or is_here(url))
    ):
        raise UsageError(f"the manifest's tarball_url is not fetched: {one_line(url, 80)}")
    inner = into / "registry"
    await asyncio.to_thread(inner.mkdir)
    target = inner / "fetched"
    await asyncio.to_thread(unpack, await _had(url, inner), target)
    folder = Path(os.path.normpath(target / root))  # noqa: ASYNC240 (it asks no disk)
    if not folder.is_relative_to(target) or not await asyncio.to_thread(folder.is_dir):
        raise UsageError(f"the tarball has no folder {one_line(root, 80)!r}, which the manifest names")
    names = tuple(str(one.get("name") or one.get("slug") or "") for one in listed if isinstance(one, dict))
    return Fetched(folder, tuple(filter(None, names)), str(manifest.get("version") or ""))


def _manifest(path: Path) -> dict[str, Any] | None:
    """A manifest, where a file is one."""
    if path.stat().st_size > LARGEST_MANIFEST:
        return None
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


async def _got(url: str) -> bytes:
    from zotui.http import Client

    client = Client()
    try:
        page = await client.get(url, cap=LARGEST_ALL, total_s=DOWNLOAD_S)
    finally:
        await client.close()
    if page.status != 200:
        raise UsageError(f"{one_line(url, 80)} answered with {page.status}")
    return page.body


async def _clone(url: str, target: Path) -> str:
    """Clone the last state of a repository, as plain files; its commit. Nothing that it holds runs."""
    if shutil.which("git") is None:
        raise ZotuiError("git is not installed", "apt install git, or name a folder or an archive")
    place = target.with_name("clone")
    settings = {
        "core.hooksPath": os.devnull,
        "core.symlinks": "false",
        "protocol.ext.allow": "never",
        "core.fsmonitor": "false",
    }
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    clone = ("clone", "--quiet", "--depth", "1", "--no-tags", "--no-recurse-submodules", "--", url, str(place))
    await _git([*words, *clone], place)
    commit = (await _git([*words, "-C", str(place), "rev-parse", "HEAD"])).strip()
    await asyncio.to_thread(copy, place, target)
    await asyncio.to_thread(shutil.rmtree, place)
    return commit


async def _git(words: list[str], growing: Path | None = None) -> str:
    """What git prints; it is ended where a folder grows too large. Raises ZotuiError."""
    environment = {
        name: os.environ[name]
        for name in ("PATH", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "HTTPS_PROXY")
        if name in os.environ
    }
    environment |= {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
        "HOME": os.devnull,
        "LC_ALL": "C",
    }
    process = await asyncio.create_subprocess_exec(
        "git", *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=environment,
    )  # fmt: skip
    try:
        async with asyncio.timeout(GIT_S):
            talk = asyncio.create_task(process.communicate())
            while not (await asyncio.wait({talk}, timeout=LOOK_S))[0]:
                if growing is not None and await asyncio.to_thread(_size, growing) > LARGEST_CLONE:
                    raise UsageError(f"the repository has more than {LARGEST_CLONE:,} bytes")
            out, err = await talk
    except TimeoutError:
        raise ZotuiError(f"git was not done within {GIT_S:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        said = err.decode("utf-8", "replace").strip().splitlines() or ["it failed"]
        raise ZotuiError(f"git: {one_line(said[-1], 200)}")
    return out.decode("utf-8", "replace")


def _size(folder: Path) -> int:
    """Bytes of all files in a folder, as far as they can be looked at. Blocks."""
    total = 0
    for place, _, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total
