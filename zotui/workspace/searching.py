"""Searching the files of the workspace: by ripgrep where there is one, else by ourselves."""

import asyncio
import contextlib
import fnmatch
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import msgspec

from zotui.errors import UsageError
from zotui.regular import read_below
from zotui.text import clean, one_line
from zotui.workspace.walking import walk

MOST = 200  # lines that are given
PATIENCE_S = 20.0
LARGEST = 5_000_000  # bytes of a file that is searched
LONGEST = 300  # characters of a line that are shown


class Match(NamedTuple):
    """A line that fits: the file's path from the root, the line's number from 1, its text."""

    path: str
    line: int
    text: str


async def search(root: Path, pattern: str, *, literal: bool, files: str, most: int = MOST) -> tuple[list[Match], bool]:
    """The lines of the workspace that fit, in files that ``files`` (a glob) fits; and whether there are more.

    What ``.gitignore`` leaves out is left out, and links are not followed. Raises UsageError for a pattern that is none.
    """
    if rg := shutil.which("rg"):
        return await _by_ripgrep(rg, root, pattern, literal, files, most)
    return await asyncio.to_thread(_by_ourselves, root, pattern, literal, files, most)


async def _by_ripgrep(
    rg: str, root: Path, pattern: str, literal: bool, files: str, most: int
) -> tuple[list[Match], bool]:
    words = [
        rg,
        "--no-config",
        "--json",
        "--no-messages",
        "--hidden",
        "--glob",
        "!.git",
        "--max-filesize",
        "5M",
        "--sort",
        "path",
    ]
    words += ["--fixed-strings"] * literal + (["--glob", files] if files else []) + ["--regexp", pattern, "--", "."]
    process = await asyncio.create_subprocess_exec(
        *words, cwd=root, env={"PATH": "/usr/bin:/bin"}, limit=8_000_000, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    found: list[Match] = []
    more, said = False, b""
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for line in process.stdout:
                if (match := _match(line)) is not None:
                    if len(found) == most:
                        more = True
                        break
                    found.append(match)
            if not more:
                said = await process.stderr.read()
                await process.wait()
    except (TimeoutError, ValueError):  # a line of megabytes is none
        more = True
    finally:
        if process.returncode is None:  # one that has ended would lose its exit code by being killed
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode == 2 and not found and said:
        raise UsageError(
            f"no pattern: {one_line(said.decode('utf-8', 'replace'), 200)}", "literal=true takes it as it is"
        )
    return found, more


def _match(line: bytes) -> Match | None:
    event = msgspec.json.decode(line)
    if event["type"] != "match":
        return None
    data = event["data"]
    path, text = data["path"].get("text"), data["lines"].get("text")
    if path is None or text is None:  # names and lines that are no text
        return None
    return Match(clean(path).removeprefix("./"), data["line_number"] or 0, one_line(text, LONGEST))


def _by_ourselves(root: Path, pattern: str, literal: bool, files: str, most: int) -> tuple[list[Match], bool]:
    try:
        wanted = re.compile(re.escape(pattern) if literal else pattern)
    except re.error as error:
        raise UsageError(f"no pattern: {error}", "literal=true takes it as it is") from None
    found: list[Match] = []
    for hit in walk(root):
        name = hit.path.rpartition("/")[2]
        if hit.folder or (files and not (fnmatch.fnmatch(hit.path, files) or fnmatch.fnmatch(name, files))):
            continue
        try:
            content = read_below(root, hit.path, LARGEST)
        except OSError:
            continue
        if b"\0" in content[:8192]:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            if wanted.search(line[:10_000]):
                if len(found) == most:
                    return found, True
                found.append(Match(hit.path, number, one_line(line, LONGEST)))
    return found, False
