"""``zotui memory export|import``: memories as lines of JSON, and those of others."""

import os
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import click
import msgspec

from zotui.cli.door import as_json, print_json, with_computer
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.memory.databases import HEAD, rows_in
from zotui.memory.exchange import Line, lines_in, paragraphs_in, written
from zotui.memory.taking import Taken, take
from zotui.text import clean, one_line

LARGEST = 100_000_000  # bytes of Markdown that are read
LONGEST_LINE = 64_000_000  # bytes
NAMED = 20  # problems that are named
MARKDOWN = (".md", ".markdown")


@click.command("export")
@click.pass_obj
def export(options: dict[str, Any]) -> None:
    """Print all memories, the oldest first, a line of JSON each; import reads them again."""

    async def run(computer: Computer) -> None:
        async for line in written(computer.store):
            sys.stdout.write(line)
        sys.stdout.flush()

    with_computer(options, run)


@click.command("import")
@click.argument("source", metavar="FILE|FOLDER|-")
@click.option("--table", default="", help="Of an SQLite file, where it is not called memory.")
@as_json
@click.pass_obj
def import_(options: dict[str, Any], source: str, table: str, as_json: bool) -> int:
    """Read memories: lines of JSON (zotui's, mem0's, Claude's), Markdown (bullets and paragraphs, as Hermes, OpenClaw
    and nanobot keep them), or a table of an SQLite file (ZoClone's), of a file or all of a folder. What is there already is
    left, so that the same file can be read again; a line that cannot be read is named, the others are taken."""
    files = _files(source, table)

    async def run(computer: Computer) -> Taken:
        whole, began = Taken(), time.monotonic()
        for name, lines in files:
            async for one in take(computer.store, lines):
                named = [f"{name}: {problem}" for problem in one.problems] if len(files) > 1 else one.problems
                whole = whole.plus(msgspec.structs.replace(one, problems=named))
                _progress(whole, time.monotonic() - began)
        return whole

    try:
        found = with_computer(options, run)
    finally:
        if _looks():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    if as_json:
        print_json(found)
        return 1 if found.wrong else 0
    for problem in found.problems[:NAMED]:
        print(f"zotui: {one_line(problem, 300)}", file=sys.stderr)
    if found.wrong > NAMED:
        print(f"zotui: and {found.wrong - NAMED:,} lines more cannot be read", file=sys.stderr)
    known = f", {found.known:,} were there already" if found.known else ""
    print(f"{found.taken:,} taken{known}", file=sys.stderr)
    return 1 if found.wrong else 0


def _looks() -> bool:
    return sys.stderr.isatty()


def _progress(whole: Taken, seconds: float) -> None:
    """How far it is, where somebody looks."""
    count = whole.taken + whole.known + whole.wrong
    if _looks() and seconds:
        print(f"\r\x1b[K{count:,} read, {count / seconds:,.0f} a second", end="", file=sys.stderr, flush=True)


def _files(source: str, table: str) -> list[tuple[str, Iterator[tuple[int, Line | str]]]]:
    """What is to be read, by its name. Raises UsageError."""
    if source == "-":
        return [("-", lines_in(_texts(sys.stdin.buffer), "import"))]
    place = Path(source).expanduser()
    if not place.is_dir():
        return [(place.name, _lines(place, table))]
    found = sorted(path for path in place.rglob("*") if path.suffix.lower() in (*MARKDOWN, ".jsonl") and path.is_file())
    if not found:
        raise UsageError(f"{source}: there is no Markdown and no .jsonl in it")
    return [(str(path.relative_to(place)), _lines(path, table)) for path in found]


def _lines(path: Path, table: str) -> Iterator[tuple[int, Line | str]]:
    """The lines of a file, which is open only while they are read. Raises UsageError."""
    name = clean(path.name)
    try:
        with open(path, "rb", opener=_opened) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(f"{path} is no file")
            if file.read(len(HEAD)) == HEAD:
                yield from rows_in(path, name, table)
                return
            file.seek(0)
            if path.suffix.lower() not in MARKDOWN:
                yield from lines_in(_texts(file), name)
                return
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if len(text) > LARGEST:
        raise UsageError(f"{path} has more than {LARGEST:,} bytes, which is too much")
    yield from paragraphs_in(text.decode("utf-8-sig", "replace"), name)


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe is not waited for


def _texts(file: IO[bytes]) -> Iterator[str]:
    """The lines of a file, one at a time, however many; one that is too long is cut."""
    first = True
    while line := file.readline(LONGEST_LINE):
        rest = line
        while len(rest) == LONGEST_LINE and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST_LINE)
        yield line.decode("utf-8-sig" if first else "utf-8", "replace").rstrip("\n")
        first = False
