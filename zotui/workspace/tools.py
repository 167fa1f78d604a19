"""What the agent may do with the files of the workspace: look, write, edit."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Annotated

from msgspec import Meta, Struct

from zotui.text import clean, size
from zotui.toolbox import Result, Tool, ToolContext
from zotui.workspace.blocks import EditLines, edited
from zotui.workspace.folder import Document, Folder, no_document
from zotui.workspace.moving import Bin
from zotui.workspace.repositories import repository
from zotui.workspace.searching import search
from zotui.workspace.writing import Writing

LINES = 400


class ListFiles(Struct, forbid_unknown_fields=True):
    path: Annotated[str, Meta(description="Empty for its root.")] = ""


class ReadFile(Struct, forbid_unknown_fields=True):
    path: Annotated[str, Meta(min_length=1)]
    line: Annotated[int, Meta(ge=1)] = 1
    lines: Annotated[int, Meta(ge=1, le=2000)] = LINES


class WriteFile(Struct, forbid_unknown_fields=True):
    path: Annotated[str, Meta(min_length=1)]
    content: str


class SearchFiles(Struct, forbid_unknown_fields=True):
    pattern: Annotated[str, Meta(min_length=1, max_length=1000, description="A regular expression.")]
    files: Annotated[str, Meta(description="A glob, as *.py; empty for all.")] = ""
    literal: Annotated[bool, Meta(description="Take the pattern as plain text.")] = False


class MoveFile(Struct, forbid_unknown_fields=True):
    path: Annotated[str, Meta(min_length=1)]
    to: Annotated[str, Meta(min_length=1)]


class DeleteFile(Struct, forbid_unknown_fields=True):
    path: Annotated[str, Meta(min_length=1)]


class EditFile(Struct, forbid_unknown_fields=True):
    path: Annotated[str, Meta(min_length=1)]
    old_string: Annotated[str, Meta(min_length=1, description="Stands there once.")]
    new_string: str
    replace_all: bool = False


def tools(folder: Folder, document: Document = no_document) -> list[Tool]:
    """The workspace tools; ``document`` reads what is no text as it is."""
    writing = Writing(folder)

    async def write_file(arguments: WriteFile, context: ToolContext) -> Result:
        return changed(await asyncio.to_thread(writing.write, arguments.path, arguments.content))

    async def edit_file(arguments: EditFile, context: ToolContext) -> Result:
        old, new, every = arguments.old_string, arguments.new_string, arguments.replace_all
        return changed(await asyncio.to_thread(writing.edit, arguments.path, old, new, every))

    async def edit_lines(arguments: EditLines, context: ToolContext) -> Result:
        return changed(await asyncio.to_thread(writing.change, arguments.path, partial(edited, wanted=arguments)))

    async def list_files(arguments: ListFiles, context: ToolContext) -> Result:
        entries = await asyncio.to_thread(folder.list, arguments.path)
        lines = [f"{entry.path}/" if entry.folder else f"{entry.path}  {size(entry.size)}" for entry in entries]
        return Result(
            "\n".join(lines) or "The folder is empty.", "1 entry" if len(entries) == 1 else f"{len(entries)} entries"
        )

    async def read_file(arguments: ReadFile, context: ToolContext) -> Result:
        lines = (await asyncio.to_thread(folder.read, arguments.path, document)).splitlines()
        foreign = bool(await asyncio.to_thread(folder.repository, arguments.path))
        first = arguments.line - 1
        shown = lines[first : first + arguments.lines]
        if not shown:
            said = f"The file has {len(lines)} lines." if lines else "The file is empty."
            return Result(said, f"0 of {len(lines)} lines")
        rest = len(lines) - first - len(shown)
        more = f"\n[{rest} more lines; line={first + len(shown) + 1} shows them]" if rest > 0 else ""
        return Result("\n".join(shown) + more, f"{len(shown)} of {len(lines)} lines", foreign)

    async def search_files(arguments: SearchFiles, context: ToolContext) -> Result:
        found, more = await search(folder.root, arguments.pattern, literal=arguments.literal, files=arguments.files)
        lines = [f"{match.path}:{match.line}: {match.text}" for match in found]
        foreign = await asyncio.to_thread(any_of_others, {match.path for match in found})
        text = "\n".join([*lines, *(["[there are more]"] * more)]) or "Nothing found."
        return Result(text, f"{len(found)}{'+' * more} found", foreign)

    def any_of_others(paths: set[str]) -> bool:
        return any(repository(folder.root, folder.root / path) for path in paths)

    async def of_writing(arguments: WriteFile) -> str:
        return await asyncio.to_thread(writing.write, arguments.path, arguments.content, try_only=True)

    async def of_editing(arguments: EditFile) -> str:
        old, new, every = arguments.old_string, arguments.new_string, arguments.replace_all
        return await asyncio.to_thread(writing.edit, arguments.path, old, new, every, try_only=True)

    async def of_editing_lines(arguments: EditLines) -> str:
        made = partial(edited, wanted=arguments)
        return await asyncio.to_thread(writing.change, arguments.path, made, try_only=True)

    return [
        Tool("list_files", "List a folder of the workspace.", ListFiles, "read", list_files),
        Tool("read_file", "Read lines of a workspace text or document.", ReadFile, "read", read_file),
        Tool(
            "write_file",
            "Write a whole workspace file.",
            WriteFile,
            "write",
            write_file,
            touches=its_path,
            preview=of_writing,
        ),
        Tool(
            "edit_file",
            "Replace text in a workspace file.",
            EditFile,
            "write",
            edit_file,
            touches=its_path,
            preview=of_editing,
        ),
        Tool(
            "search_files", "Search the text of the workspace's files.", SearchFiles, "read", search_files, core=False
        ),
        Tool(
            "edit_lines",
            "Insert lines before or after a line of a workspace file, replace or delete a block of lines, append lines.",
            EditLines,
            "write",
            edit_lines,
            core=False,
            touches=its_path,
            preview=of_editing_lines,
        ),
    ]


def moving_tools(bin_: Bin) -> list[Tool]:
    """The tools that move and delete."""

    async def move_file(arguments: MoveFile, context: ToolContext) -> Result:
        await asyncio.to_thread(bin_.move, arguments.path, arguments.to)
        return Result(f"Moved to {arguments.to}.", "moved")

    async def delete_file(arguments: DeleteFile, context: ToolContext) -> Result:
        await asyncio.to_thread(bin_.delete, arguments.path, context.conversation, context.turn)
        return Result("It is in the bin, from where the person can bring it back.", "in the bin")

    return [
        Tool(
            "move_file",
            "Move or rename a file or folder of the workspace.",
            MoveFile,
            "write",
            move_file,
            core=False,
            touches=lambda arguments: (arguments.path, arguments.to),
        ),
        Tool(
            "delete_file",
            "Put a file or folder of the workspace into the bin.",
            DeleteFile,
            "write",
            delete_file,
            core=False,
            touches=its_path,
        ),
    ]


def its_path(arguments: WriteFile | EditFile | EditLines | DeleteFile) -> Sequence[str]:
    """The one path that a call changes."""
    return (arguments.path,)


def changed(difference: str) -> Result:
    """A difference as a result."""
    lines = difference.splitlines()[2:]
    added, removed = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    return Result(clean(difference) or "Nothing changed.", f"+{added} −{removed}" if difference else "nothing changed")
