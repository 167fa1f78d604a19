"""``zotui ask``: one turn, streamed."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from zotui.cli.door import as_json, find_chat, is_utf8, print_json, print_text, short, with_computer
from zotui.computer import Computer
from zotui.conversations import Given, Question
from zotui.conversations.turns import EDITED, INSTEAD
from zotui.errors import NotFound, UsageError, ZotuiError
from zotui.models.provider import TextDelta
from zotui.regular import TooLarge, read_regular
from zotui.replies import Reply, ToolResult, TurnFailed, reply_of
from zotui.text import clean, one_line

LARGEST = 1 << 26  # bytes that are read before the length of a request is looked at


@click.command()
@click.argument("text", nargs=-1)
@click.option("-c", "conversation", metavar="CONV", help="Go on with this conversation (an id, its end, or: last).")
@click.option("-m", "model", metavar="MODEL", help="PROVIDER/MODEL for this turn.")
@click.option("--persona", metavar="NAME", help="Give the conversation this persona; none takes it away.")
@click.option("--system", default="", help="More instructions for this turn.")
@click.option(
    "--file", "files", multiple=True, metavar="F", help="Add a file: text, csv, ipynb, pdf, docx, xlsx, epub, an image."
)
@click.option("--image", "images", multiple=True, metavar="F", help="Show an image: PNG, JPEG, GIF or WebP.")
@click.option("--schema", "schema", metavar="F", help="Have the answer be JSON that fits this JSON schema.")
@click.option("--no-mentions", is_flag=True, help="Take @NAME in the text for plain words, not for a file.")
@click.option("--no-memory", is_flag=True, help="Recall nothing for this turn.")
@click.option(
    "--scope", metavar="SCOPE", help="Only these tools: all, workspace, read-only, chat, or names with commas."
)
@click.option(
    "--grant",
    "grants",
    multiple=True,
    metavar="PATTERN",
    help="Allow beforehand, as Net(example.org) or a tool's name.",
)
@click.option("--no-tools", is_flag=True, help="Offer the model no tools.")
@click.option(
    "--approve",
    type=click.Choice(["ask", "all", "none"]),
    default="ask",
    help="Who answers what the agent asks: you at this terminal, or nobody (none).",
)
@as_json
@click.pass_obj
def ask(
    options: dict[str, Any],
    text: tuple[str, ...],
    conversation: str | None,
    model: str | None,
    persona: str | None,
    system: str,
    files: tuple[str, ...],
    images: tuple[str, ...],
    schema: str | None,
    no_mentions: bool,
    no_memory: bool,
    scope: str | None,
    grants: tuple[str, ...],
    no_tools: bool,
    approve: str,
    as_json: bool,
) -> int:
    """Put one request; the answer streams to stdout as plain text.

    Without TEXT, or where - ends it, stdin is read. @PATH, @skill:NAME and the like in TEXT send what they name; what is
    piped in is sent as it is. Ctrl+C stops the answer; what came is kept.
    """
    request = _request(text)
    given = [_given(name) for name in files]
    shown = [(os.path.basename(name), _bytes("--image", name)) for name in images]
    wanted = _schema(schema) if schema else None
    attended = approve != "none" and sys.stdin.isatty() and sys.stderr.isatty()

    async def run(computer: Computer) -> int:
        computer.listener = lambda line: print(f"zotui: {line}", file=sys.stderr)
        mentioned = [] if no_mentions else await _mentioned(computer, text)
        turn = await computer.submit(
            request,
            await _chat(computer, conversation, persona, model or ""),
            model,
            tools=not no_tools,
            scope=scope or "all",
            grants=grants,
            system=clean(system),
            memory=not no_memory,
            attended=attended,
            images=shown,
            files=[*given, *mentioned],
            schema=wanted,
            private=options["offline"],
        )
        with _stop_on_interrupt(computer, turn) as interrupted:
            code = await _follow(computer, turn, attended=attended, quiet=as_json or bool(wanted))
        view = await computer.turns.view(turn)
        reply = reply_of(view)
        for message in view.replies[-1:]:
            if message.note:
                why = one_line("; ".join(message.note.splitlines()), 600)
                print(f"zotui: {message.stand_in}: {why}", file=sys.stderr)
        for memory in view.remembered:
            if memory.cited:
                print(f"✦ {one_line(memory.content, 200)} (memory {short(memory.id)})", file=sys.stderr)
        if as_json:
            print_json(_as_object(reply, structured=bool(wanted)))
        elif wanted and code == 0:
            print_text(json.dumps(reply.data, ensure_ascii=not is_utf8()))
        return 130 if interrupted.is_set() else code

    return with_computer(options, run, "own" if options["no_daemon"] else "background")


async def _chat(computer: Computer, conversation: str | None, persona: str | None, model: str) -> str | None:
    """The conversation to go on with; None for a new one, which is made at once where it is to have a persona.

    Raises NotFound, UsageError.
    """
    from zotui.policy.personas import NOBODY

    chat = (await find_chat(computer, conversation)).id if conversation else None
    if persona is None:
        return chat
    name = None if persona.lower() == NOBODY else persona
    if chat is not None:
        await computer.personas.use(chat, name)
    elif name is not None:
        return await computer.begin_as(name, model)
    return chat


async def _follow(computer: Computer, turn: str, *, attended: bool, quiet: bool) -> int:
    """Print a turn as it goes on; 0 when it ends well."""
    asker = asyncio.create_task(_answer_questions(computer, turn)) if attended else None
    anything = False
    try:
        async for event in computer.events(turn):
            if quiet:
                continue
            if isinstance(event, TextDelta):
                anything = True
                print_text(event.text, end="")
            elif isinstance(event, ToolResult):
                print_text("\n" if anything else "", end="")
                print(f"▸ {event.name}  {event.status}  {event.summary}", file=sys.stderr)
                anything = False
    except TurnFailed as failed:
        if anything:
            print_text("")
        print(f"zotui: {failed.reply.status}: {failed.message}", file=sys.stderr)
        return 1
    finally:
        if asker is not None:
            asker.cancel()
    if not quiet:
        print_text("" if anything else "(model returned no text)")
    return 0


async def _answer_questions(computer: Computer, turn: str) -> None:
    """Put the turn's open questions to the person at the terminal."""
    asked: set[str] = set()
    async for view in computer.turns.follow(turn):
        question = view.question
        if question is not None and question.id not in asked:
            asked.add(question.id)
            answer = await asyncio.to_thread(_prompt, question)
            with contextlib.suppress(NotFound, UsageError):
                await computer.turns.answer(question.id, answer or None)


def _prompt(question: Question) -> str:
    print(f"\n? {question.text}", file=sys.stderr)
    for number, choice in enumerate(question.choices, 1):
        print(f"  {number} {choice}", file=sys.stderr)
    print("answer (empty to decline): ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline().strip()
    if answer.isdigit() and 0 < int(answer) <= len(question.choices):
        answer = question.choices[int(answer) - 1]
    if answer == EDITED:
        print("the command that may run, once: ", end="", file=sys.stderr, flush=True)
        command = sys.stdin.readline().strip()
        return f"{INSTEAD}{command}" if command else ""
    return answer


@contextlib.contextmanager
def _stop_on_interrupt(computer: Computer, turn: str) -> Iterator[asyncio.Event]:
    """Ctrl+C asks the turn to stop instead of tearing this process down; a second one does that, as soon as the loop can."""
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    verb = asyncio.current_task()
    stopping: list[asyncio.Task[bool]] = []

    def stop() -> None:
        if interrupted.is_set() and verb is not None:
            verb.cancel()
            return
        interrupted.set()
        stopping.append(asyncio.create_task(computer.turns.stop(turn)))

    usual = signal.getsignal(
        signal.SIGINT
    )  # asyncio's own, which cancels: the loop would leave Python's, which raises anywhere
    loop.add_signal_handler(signal.SIGINT, stop)
    try:
        yield interrupted
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, usual)


def _request(text: tuple[str, ...]) -> str:
    """The whole request: words or stdin. Raises UsageError."""
    words = " ".join(text)
    if not text and sys.stdin.isatty():
        raise UsageError("there is nothing to ask", "zotui ask TEXT, or pipe it in")
    if not text or text[-1] == "-":
        piped = sys.stdin.buffer.read(LARGEST).decode("utf-8", "replace")
        words = "\n\n".join(filter(None, [" ".join(text[:-1]), piped]))
    return words


def _given(name: str) -> Given:
    """A file to send. Raises UsageError."""
    from zotui.documents import read

    if not name:
        raise UsageError("--file: No such file", "name one")
    try:
        return read(Path(name))
    except ZotuiError as error:
        raise UsageError(f"--file {error.message}", error.hint) from None


async def _mentioned(computer: Computer, text: tuple[str, ...]) -> list[Given]:
    """What the mentions in the words stand for; what names nothing stays plain text, and is told.

    What is piped in is not looked through: others may have written it, and no file goes out because they name it.
    """
    names = computer.mentions.found_in(" ".join(text))
    files, unknown = await computer.mentions.given(names)
    for name in unknown:
        print(f"zotui: no file {one_line(name, 100)!r}: @ and the name are sent as they are", file=sys.stderr)
    return files


def _as_object(reply: Reply, *, structured: bool) -> dict[str, Any]:
    """A reply as JSON; where it had to fit a schema, ``output`` is the document itself."""
    fields: dict[str, Any] = msgspec.to_builtins(reply)
    data = fields.pop("data")
    return fields | {"output": data} if structured and reply.status == "done" else fields


def _schema(name: str) -> dict[str, Any]:
    """A JSON schema from a file. Raises UsageError."""
    try:
        found = json.loads(_bytes("--schema", name))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--schema {name}: it is no JSON: {one_line(str(error), 100)}") from None
    if not isinstance(found, dict):
        raise UsageError(f"--schema {name}: it is no JSON object")
    return found


def _bytes(option: str, name: str) -> bytes:
    """What is in a file. Raises UsageError."""
    try:
        return read_regular(name, LARGEST)
    except TooLarge as error:
        raise UsageError(f"{option} {name}: it has {error.args[0]:,} bytes, which is too much") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{option} {name}: {getattr(error, 'strerror', None) or error}") from None
