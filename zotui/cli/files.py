"""``zotui files``: files kept in the database, under any name; and what had to do with one of the workspace."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from zotui.cli.chats_files import print_touches
from zotui.cli.door import as_json, print_json, print_table, rfc3339, with_computer
from zotui.cli.family import Family
from zotui.errors import UsageError
from zotui.regular import NotRegular, TooLarge, read_regular
from zotui.store import now_ms
from zotui.text import ago, one_line, size
from zotui.workspace import StoredFile

LARGEST = 500_000_000  # bytes of a file that is kept: SQLite holds no blob of over 1 GB


@click.group(cls=Family)
def files() -> None:
    """Files kept in the database: any bytes under any name, the same bytes once. And who touched one of the workspace."""


@files.command()
@click.argument("path")
@click.argument("name", required=False)
@as_json
@click.pass_obj
def put(options: dict[str, Any], path: str, name: str | None, as_json: bool) -> None:
    """Keep a file, under its own name or another; - reads stdin. What was there under that name is replaced."""
    if path == "-":
        if not name:
            raise UsageError("what comes from stdin needs a name", "zotui files put - NAME")
        content = sys.stdin.buffer.read(LARGEST + 1)
    else:
        content = _read(path)
    if len(content) > LARGEST:
        raise UsageError(f"it has over {size(LARGEST)}, at most so much is kept")
    kept = with_computer(options, lambda computer: computer.files.put(name or os.path.basename(path), content))
    if as_json:
        print_json(_told(kept))


@files.command()
@click.argument("name")
@click.argument("out", required=False)
@click.option("--force", is_flag=True, help="Over a file that is there.")
@click.pass_obj
def get(options: dict[str, Any], name: str, out: str | None, force: bool) -> None:
    """Write a kept file to OUT, or to stdout, byte for byte."""
    content = with_computer(options, lambda computer: computer.files.get(name))
    if out is None or out == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        with open(Path(out).expanduser(), "wb" if force else "xb") as file:
            file.write(content)
    except FileExistsError:
        raise UsageError(f"{one_line(out, 200)} is there already", "--force writes over it") from None
    except OSError as error:
        raise UsageError(f"{one_line(out, 200)} cannot be written: {error.strerror}") from None


@files.command("list")
@as_json
@click.pass_obj
def list_(options: dict[str, Any], as_json: bool) -> None:
    """All kept files, by name."""
    found = with_computer(options, lambda computer: computer.files.list())
    if as_json:
        print_json([_told(one) for one in found])
        return
    now = now_ms()
    print_table([[one.path, size(one.size), ago(one.updated_at, now)] for one in found], "no file is kept")


@files.command()
@click.argument("name")
@click.pass_obj
def rm(options: dict[str, Any], name: str) -> None:
    """Forget a kept file."""
    with_computer(options, lambda computer: computer.files.remove(name))


@files.command()
@click.argument("path")
@as_json
@click.pass_obj
def chats(options: dict[str, Any], path: str, as_json: bool) -> None:
    """List the conversations that attached, read or changed a file of the workspace, with the turn and the message."""
    print_touches(options, path, as_json)


def _told(one: StoredFile) -> dict[str, Any]:
    return {
        "id": one.id,
        "path": one.path,
        "sha256": one.content,
        "size": one.size,
        "updated_at": rfc3339(one.updated_at),
    }


def _read(path: str) -> bytes:
    try:
        return read_regular(Path(path).expanduser(), LARGEST)
    except TooLarge as error:
        raise UsageError(f"{one_line(path, 200)} has {size(error.args[0])}, at most {size(LARGEST)} is kept") from None
    except NotRegular as error:
        raise UsageError(f"{one_line(path, 200)}: {error}") from None
    except OSError as error:
        raise UsageError(f"{one_line(path, 200)} cannot be read: {error.strerror}") from None
