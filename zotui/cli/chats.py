"""``zotui chats``: conversations."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import click
import msgspec

from zotui.cli import chats_branches, chats_files, chats_summaries
from zotui.cli.cost import cost
from zotui.cli.door import (
    COUNT,
    as_json,
    as_object,
    find_chat,
    mark,
    print_json,
    print_table,
    print_text,
    rfc3339,
    short,
    with_computer,
)
from zotui.cli.family import Family
from zotui.computer import Computer
from zotui.conversations import Conversation, Message, Shelf
from zotui.errors import UsageError
from zotui.store import now_ms
from zotui.text import ago, one_line, size


@click.group(cls=Family)
def chats() -> None:
    """Conversations. An ID may be cut to any end of it that fits only one; "last" is the latest."""


@chats.command("list")
@click.option("--limit", default=50, type=COUNT, help="How many, the latest first.")
@click.option("--search", default="", help="Only those that hold these words.")
@click.option("--archived", "shelf", flag_value="archived", help="Those in the archive.")
@click.option("--deleted", "shelf", flag_value="deleted", help="Those in the trash.")
@as_json
@click.pass_obj
def list_(options: dict[str, Any], limit: int, search: str, shelf: Shelf | None, as_json: bool) -> None:
    """List conversations: pinned ones, then the latest."""
    found = with_computer(
        options, lambda computer: computer.chats.list(search=search, limit=limit, shelf=shelf or "shown")
    )
    if as_json:
        print_json([as_object(conversation) for conversation in found])
        return
    now = now_ms()
    nothing = "the archive is empty" if shelf == "archived" else "the trash is empty" if shelf else ""
    print_table(
        [[short(c.id), mark(c), ago(c.updated_at, now), str(c.messages), c.title] for c in found],
        nothing or "no conversations" + (" with these words" if search else " yet: zotui ask TEXT"),
    )


@chats.command()
@click.argument("id_")
@as_json
@click.pass_obj
def show(options: dict[str, Any], id_: str, as_json: bool) -> None:
    """Show a conversation whole."""

    async def run(computer: Computer) -> tuple[Conversation, list[Message]]:
        conversation = await find_chat(computer, id_)
        return conversation, await computer.chats.messages(conversation.id, limit=1_000_000)

    conversation, messages = with_computer(options, run)
    if as_json:
        whole = [_message(message) for message in messages]
        print_json(as_object(conversation) | {"messages": whole})
        return
    for message in messages:
        for call in message.tool_calls:
            print_text(f"▸ {call.name} {one_line(call.arguments, 100)}  {call.status}  {call.summary}")
        text = message.content or ("" if message.tool_calls else "(model returned no text)")
        if message.note:
            print_text(f"[{message.stand_in}: {one_line('; '.join(message.note.splitlines()), 300)}]")
        for image in message.attachments:
            print_text(f"[{'image' if image.is_image else 'file'}: {image.name}, {size(image.size)}]")
        if text:
            print_text(f"{'you' if message.role == 'user' else 'zo'}: {text}")
        if message.status not in ("done", "running"):
            print_text(f"[{message.status}: {message.reason or 'no reason is known'}]")
        print_text("")


@chats.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", default=20, type=COUNT)
@as_json
@click.pass_obj
def search(options: dict[str, Any], words: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Search everything said."""
    found = with_computer(options, lambda computer: computer.chats.search(" ".join(words), limit))
    if as_json:
        print_json(
            [
                {
                    "conversation_id": conversation.id,
                    "title": conversation.title,
                    "message_id": message.id,
                    "role": message.role,
                    "created_at": rfc3339(message.created_at),
                    "excerpt": excerpt,
                }
                for conversation, message, excerpt in found
            ]
        )
        return
    print_table([[short(c.id), one_line(c.title, 30), one_line(text, 200)] for c, _, text in found], "nothing found")


@chats.command()
@click.argument("id_")
@click.argument("title", nargs=-1, required=True)
@click.pass_obj
def rename(options: dict[str, Any], id_: str, title: tuple[str, ...]) -> None:
    """Give a conversation another title."""

    async def run(computer: Computer) -> None:
        conversation = await find_chat(computer, id_)
        await computer.chats.rename(conversation.id, " ".join(title))

    with_computer(options, run)


@chats.command()
@click.argument("id_")
@click.pass_obj
def pin(options: dict[str, Any], id_: str) -> None:
    """Put a conversation before the others."""
    _change(options, id_, lambda computer, chat: computer.chats.pin(chat.id))


@chats.command()
@click.argument("id_")
@click.pass_obj
def unpin(options: dict[str, Any], id_: str) -> None:
    """Put it among the others again."""
    _change(options, id_, lambda computer, chat: computer.chats.pin(chat.id, False))


@chats.command()
@click.argument("id_")
@click.argument("state", type=click.Choice(["on", "off"]))
@click.pass_obj
def memory(options: dict[str, Any], id_: str, state: str) -> None:
    """Whether a conversation knows what is remembered, and is learned from."""
    _change(options, id_, lambda computer, chat: computer.chats.remember(chat.id, state == "on"))


@chats.command()
@click.argument("id_")
@click.pass_obj
def archive(options: dict[str, Any], id_: str) -> None:
    """Put a conversation away; it is found by searching messages, and by list --archived."""
    _change(options, id_, lambda computer, chat: computer.chats.archive(chat.id))


@chats.command()
@click.argument("id_")
@click.pass_obj
def unarchive(options: dict[str, Any], id_: str) -> None:
    """Take a conversation back from the archive."""
    _change(options, id_, lambda computer, chat: computer.chats.archive(chat.id, False))


@chats.command()
@click.argument("id_")
@click.option("--forever", is_flag=True, help="Not into the trash: with all its messages, for ever.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def rm(options: dict[str, Any], id_: str, forever: bool, yes: bool) -> None:
    """Put a conversation into the trash, for 30 days."""

    async def run(computer: Computer) -> Conversation:
        conversation = await find_chat(computer, id_, deleted=forever)
        if not forever:
            await computer.chats.delete(conversation.id)
            return conversation
        if not yes and not _sure(conversation):
            raise UsageError("nothing was deleted", "--yes deletes without asking")
        await computer.chats.purge(conversation.id)
        return conversation

    gone = with_computer(options, run)
    if not forever:
        print(f"zotui: zotui chats restore {short(gone.id)} brings it back", file=sys.stderr)


@chats.command()
@click.argument("id_")
@click.pass_obj
def restore(options: dict[str, Any], id_: str) -> None:
    """Bring a conversation back from the trash."""

    async def run(computer: Computer) -> None:
        await computer.chats.restore((await find_chat(computer, id_, deleted=True)).id)

    with_computer(options, run)


@chats.command("empty-trash")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def empty_trash(options: dict[str, Any], yes: bool) -> None:
    """Delete what is in the trash, for ever."""

    async def run(computer: Computer) -> int:
        count = await computer.chats.count(shelf="deleted")
        if count and not yes and not (sys.stdin.isatty() and click.confirm(f"Delete {count} for ever?", err=True)):
            raise UsageError("nothing was deleted", "--yes deletes without asking")
        return await computer.chats.empty_trash()

    print_text(f"{with_computer(options, run)} deleted")


for _command in (cost, *chats_branches.COMMANDS, *chats_files.COMMANDS, *chats_summaries.COMMANDS):
    chats.add_command(_command)


@chats.command()
@click.argument("id_")
@click.pass_obj
def context(options: dict[str, Any], id_: str) -> None:
    """Show what the model was sent last, piece by piece, with its tokens."""

    async def run(computer: Computer) -> str | None:
        return await computer.context((await find_chat(computer, id_)).id)

    print_text(with_computer(options, run) or "nothing was asked")


def _change(options: dict[str, Any], id_: str, do: Callable[[Computer, Conversation], Awaitable[None]]) -> None:
    async def run(computer: Computer) -> None:
        await do(computer, await find_chat(computer, id_))

    with_computer(options, run)


def _sure(conversation: Conversation) -> bool:
    if not sys.stdin.isatty():
        return False
    return click.confirm(f"Delete {conversation.title!r} with {conversation.messages} messages?", err=True)


def _message(message: Message) -> dict[str, Any]:
    calls = [
        msgspec.to_builtins(call)
        | {name: rfc3339(getattr(call, name)) for name in ("created_at", "started_at", "finished_at")}
        for call in message.tool_calls
    ]
    fields: dict[str, Any] = msgspec.to_builtins(message)
    return fields | {
        "created_at": rfc3339(message.created_at),
        "finished_at": rfc3339(message.finished_at),
        "tool_calls": calls,
    }
