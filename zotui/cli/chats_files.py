"""``zotui chats export|import|touching``: conversations and files."""

import sys
from typing import Any

import click

from zotui.cli.door import (
    as_json,
    as_object,
    find_chat,
    print_json,
    print_table,
    print_text,
    rfc3339,
    short,
    with_computer,
)
from zotui.computer import Computer
from zotui.conversations import Touch
from zotui.conversations.files import Form
from zotui.errors import UsageError
from zotui.store import now_ms
from zotui.text import ago


@click.command()
@click.argument("id_")
@click.option(
    "--format", "form", type=click.Choice(["md", "jsonl"]), help="Else by the file's name; Markdown on stdout."
)
@click.option("--output", "-o", "path", help="A new file; else stdout.")
@click.option("--reasoning", is_flag=True, help="With what the model thought.")
@click.pass_obj
def export(options: dict[str, Any], id_: str, form: Form | None, path: str | None, reasoning: bool) -> None:
    """Write a conversation as Markdown or JSON lines; import reads both."""

    async def run(computer: Computer) -> None:
        chat = await find_chat(computer, id_)
        if path is None:
            async for piece in computer.exchange.pieces(chat.id, form or "md", reasoning=reasoning):
                sys.stdout.buffer.write(piece.encode())
            sys.stdout.buffer.flush()
            return
        target, count = await computer.exchange.export(chat.id, path, form or "", reasoning=reasoning)
        print(f"zotui: {count} messages are in {target}", file=sys.stderr)

    with_computer(options, run)


@click.command("import")
@click.argument("file")
@as_json
@click.pass_obj
def import_(options: dict[str, Any], file: str, as_json: bool) -> None:
    """Read a conversation from a FILE that was exported, or "-"; print its id."""
    if file == "-" and sys.stdin.isatty():
        raise UsageError("nothing comes on stdin", "zotui chats import FILE")

    async def run(computer: Computer) -> str:
        if file == "-":
            return await computer.exchange.import_text(sys.stdin.buffer.read(), "stdin")
        return await computer.exchange.import_file(file)

    made = with_computer(options, run)
    print_json({"conversation_id": made}) if as_json else print_text(made)


@click.command()
@click.argument("path")
@as_json
@click.pass_obj
def touching(options: dict[str, Any], path: str, as_json: bool) -> None:
    """List the conversations that had to do with a file: attached it, read it, changed it."""

    print_touches(options, path, as_json)


def print_touches(options: dict[str, Any], path: str, as_json: bool) -> None:
    """Print the conversations that had to do with a file, each turn and message of them."""

    async def run(computer: Computer) -> list[Touch]:
        return await computer.chats.touching(*computer.workspace.names(path))

    found = with_computer(options, run)
    if as_json:
        print_json(
            [
                {
                    "conversation": as_object(one.conversation),
                    "turn_id": one.turn_id,
                    "message_id": one.message_id,
                    "how": one.how,
                    "access": one.access,
                    "at": rfc3339(one.at),
                }
                for one in found
            ]
        )
        return
    now = now_ms()
    rows = [
        [
            short(one.conversation.id),
            ago(one.at, now),
            one.access,
            "" if one.how == one.access else one.how,
            one.conversation.title,
        ]
        for one in found
    ]
    print_table(rows, "no conversation had to do with it")


COMMANDS = (export, import_, touching)
