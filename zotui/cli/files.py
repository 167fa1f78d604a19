"""``zotui files``: files kept in the database, under any name; and those of the workspace."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from zotui import documents
from zotui.cli.chats_files import print_touches
from zotui.cli.door import as_json, print_json, print_table, print_text, rfc3339, short, with_computer
from zotui.cli.family import Family
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.regular import NotRegular, TooLarge, read_regular
from zotui.store import now_ms
from zotui.text import ago, one_line, size
from zotui.workspace import StoredFile
from zotui.workspace.folder import Entry
from zotui.workspace.viewing import OpenFile

LARGEST = 500_000_000  # bytes of a file that is kept: SQLite holds no blob of over 1 GB


@click.group(cls=Family)
def files() -> None:
    """Files kept in the database (put, get, list, rm), and those of the workspace (show, move, bin, chats)."""


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
@click.argument("path", default="")
@as_json
@click.pass_obj
def show(options: dict[str, Any], path: str, as_json: bool) -> None:
    """List a folder of the workspace, or print what a file there says: text, tables, documents."""

    def look(computer: Computer) -> Sequence[Entry] | str:
        folder = computer.workspace
        if folder.real(path).is_dir():
            return folder.list(path)
        try:
            file = OpenFile(folder.open(path))
        except OSError as error:
            raise UsageError(f"{one_line(path, 200)}: {error}") from None
        if file.size > documents.LARGEST:
            raise UsageError(f"{one_line(path, 200)} has {size(file.size)}, at most {size(documents.LARGEST)} is read")
        given = documents.read_bytes(os.path.basename(path), file.read(0, documents.LARGEST))
        if given.text is None:
            raise UsageError(f"{one_line(path, 200)} is a picture ({size(file.size)})", "the app shows it")
        return given.text

    async def run(computer: Computer) -> Sequence[Entry] | str:
        return await asyncio.to_thread(look, computer)

    found = with_computer(options, run)
    if isinstance(found, str):
        print_json({"path": path, "text": found}) if as_json else print_text(found)
    elif as_json:
        print_json(found)
    else:
        rows = [["" if one.folder else size(one.size), f"{one.path}/" if one.folder else one.path] for one in found]
        print_table(rows, "the folder is empty")


@files.command()
@click.argument("path")
@click.argument("to")
@click.pass_obj
def move(options: dict[str, Any], path: str, to: str) -> None:
    """Give a file or folder of the workspace another path; nothing is written over."""
    with_computer(options, lambda computer: asyncio.to_thread(computer.bin.move, path, to))


@files.command("bin")
@click.argument("path")
@click.pass_obj
def bin_(options: dict[str, Any], path: str) -> None:
    """Put a file or folder of the workspace into the bin; zotui bin restore brings it back."""
    print_text(short(with_computer(options, lambda computer: asyncio.to_thread(computer.bin.delete, path))))


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
