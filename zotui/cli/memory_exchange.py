"""``zotui memory export|import``: memories as lines of JSON, and those of others."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from zotui.cli.door import as_json, print_json, with_computer
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.memory.exchange import Line, Taken, lines_in, paragraphs_in, take, written
from zotui.memory.tables import is_sqlite, lines_of
from zotui.regular import NotRegular, TooLarge, read_regular
from zotui.text import clean, one_line

LARGEST = 1_000_000_000  # bytes of a file that is read
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
@as_json
@click.pass_obj
def import_(options: dict[str, Any], source: str, as_json: bool) -> int:
    """Read memories: lines of JSON (zotui's, mem0's, Claude's), or Markdown (bullets and paragraphs, as Hermes, OpenClaw
    and nanobot keep them), of a file or all of a folder; or ZoClone's SQLite file, and those with a table like its memory.
    What is there already is left; a line that cannot be read is named, the others are taken."""
    files = _files(source)

    async def run(computer: Computer) -> Taken:
        whole = Taken()
        for name, lines in files:
            async for one in take(computer.store, lines):
                named = [f"{name}: {problem}" if len(files) > 1 else problem for problem in one.problems]
                whole = whole.plus(Taken(one.taken, one.known, named))
                if sys.stderr.isatty():
                    print(f"\r{whole.taken + whole.known:,} read", end="", file=sys.stderr, flush=True)
        return whole

    found = with_computer(options, run)
    if as_json:
        print_json({"taken": found.taken, "known": found.known, "problems": list(found.problems)})
        return 1 if found.problems else 0
    for problem in found.problems[:NAMED]:
        print(f"zotui: {one_line(problem, 300)}", file=sys.stderr)
    if len(found.problems) > NAMED:
        print(f"zotui: and {len(found.problems) - NAMED:,} lines more cannot be read", file=sys.stderr)
    known = f", {found.known:,} were there already" if found.known else ""
    print(f"{found.taken:,} taken{known}", file=sys.stderr)
    return 1 if found.problems else 0


def _files(source: str) -> list[tuple[str, Iterator[tuple[int, Line | str]]]]:
    """What is to be read, by its name. Raises UsageError."""
    if source == "-":
        return [("-", lines_in(sys.stdin.buffer.read(LARGEST).decode("utf-8", "replace").split("\n"), "import"))]
    place = Path(source).expanduser()
    if not place.is_dir():
        return [(place.name, _lines(place))]
    found = sorted(path for path in place.rglob("*") if path.suffix.lower() in (*MARKDOWN, ".jsonl") and path.is_file())
    if not found:
        raise UsageError(f"{source}: there is no Markdown and no .jsonl in it")
    return [(str(path.relative_to(place)), _lines(path)) for path in found]


def _lines(path: Path) -> Iterator[tuple[int, Line | str]]:
    if is_sqlite(path):
        return lines_in(lines_of(path), clean(path.name))
    try:
        text = read_regular(str(path), LARGEST).decode("utf-8-sig", "replace")
    except NotRegular:
        raise UsageError(f"{path} is no file") from None
    except TooLarge as error:
        raise UsageError(f"{path} has {error.args[0]:,} bytes, which is too much") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    name = clean(path.name)
    return paragraphs_in(text, name) if path.suffix.lower() in MARKDOWN else lines_in(text.split("\n"), name)
