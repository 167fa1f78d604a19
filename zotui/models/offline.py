"""The offline provider: no model, no key, no network, and no pretending.

It understands slash commands, then a small grammar over the tools it is offered, then phrases that are nearly
one of them; and says for all else that no model is connected, what memory and history hold on it, what could be
connected, and how. It acts only by tool calls, like any model; every answer begins with "offline: no model".
"""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from zotui.models.discovery import Found
from zotui.models.provider import Event, Finished, ModelInfo, Stream, TextDelta, ToolCall, Usage
from zotui.text import one_line

MARK = "*offline: no model*"
SURE, AHEAD, MAYBE = 88, 8, 65  # of 100, by rapidfuzz's WRatio


class Command(msgspec.Struct, frozen=True):
    """A tool call in a person's words: ``phrase`` as help shows it, ``pattern`` as it is recognised."""

    tool: str
    phrase: str
    pattern: str
    defaults: dict[str, Any] = {}


# Named groups are the tool's arguments. The first pattern that fits wins.
COMMANDS = (
    Command(
        "remember",
        "remember TEXT as KEY",
        r"(?:/remember|remember|note)(?: that)? (?P<content>.+) as (?P<key>[\w -]{1,60})",
    ),
    Command("remember", "remember TEXT", r"(?:/remember|remember|note)(?: that)? (?P<content>.+)"),
    Command(
        "list_memories",
        "list memories",
        r"/memories|(?:list|show)(?: (?:my|all|the))? memories|what do you remember\??",
    ),
    Command(
        "recall",
        "recall WORDS",
        r"(?:/recall|recall|what do you (?:know|remember) about|search memory for) (?P<query>.+?)\??",
    ),
    Command(
        "search_chats",
        "search chats for WORDS",
        r"(?:/search|search (?:chats|history)(?: for)?|find in chats) (?P<query>.+)",
    ),
    Command(
        "list_files", "list files in FOLDER", r"(?:/files|(?:list|show)(?: the)? files in) (?P<path>\S.*)"
    ),
    Command("list_files", "list files", r"/files|ls|files|(?:list|show)(?: (?:my|all|the))? files"),
    Command("read_file", "read FILE", r"(?:/read|read|cat|show file|read file) (?P<path>\S.*)"),
    Command(
        "now",
        "time in ZONE",
        r"(?:/time|what time is it|time|the time|what is the time) (?:in )?(?P<zone>[\w/+-]+)\??",
    ),
    Command(
        "now",
        "what time is it",
        r"/time|time|what time is it\??|what(?: is|'s) the (?:time|date)\??|what day is it\??",
    ),
    Command("ask_person", "/ask QUESTION", r"/ask (?P<question>.+)"),
)
_HELP = re.compile(r"/help|help|\?|what can you do\??", re.I)
_CHOICE = re.compile(r"^(\d)\. `(.+)`$", re.M)

Discover = Callable[[], Awaitable[list[Found]]]


class Reply(AsyncIterator[Event]):
    """One turn without a model: there is no server, and so there are no raw words of one."""

    last_raw = ""

    def __init__(self, events: AsyncGenerator[Event, None]) -> None:
        self._events = events

    async def __anext__(self) -> Event:
        return await anext(self._events)

    async def aclose(self) -> None:
        """End the turn."""
        await self._events.aclose()


class Offline:
    """A provider that runs commands. ``discover`` looks for what could be connected, when it is asked for."""

    def __init__(self, discover: Discover) -> None:
        self._discover = discover

    def stream(self, *, model: str, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = ()) -> Stream:
        """A tool call for what is understood; after its result, or for all else, text."""
        return Reply(self._events(messages, tools))

    async def _events(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
    ) -> AsyncGenerator[Event, None]:
        """The events of a reply."""
        offered = {str(tool["function"]["name"]) for tool in tools}
        if messages and messages[-1]["role"] == "tool":
            yield TextDelta(await self._report(messages))
        else:
            said = _last(messages, "user")
            if not said.startswith("/"):
                said = self._chosen(said, messages) or said
            plan = self._plan(said, offered)
            if isinstance(plan, str):
                yield TextDelta(f"{MARK}\n\n{plan}")
            else:
                for call in plan:
                    yield call
                yield Usage(input_tokens=0, output_tokens=0, cost=0.0)
                yield Finished("tool_calls")
                return
        yield Usage(input_tokens=0, output_tokens=0, cost=0.0)
        yield Finished("stop")

    async def models(self) -> list[ModelInfo]:
        """Only itself."""
        return [ModelInfo(id="offline", input_price=0.0, output_price=0.0)]

    async def close(self) -> None:
        """There is nothing to close."""

    def _plan(self, said: str, offered: set[str]) -> str | list[ToolCall]:
        """Tool calls, or what to say."""
        line = " ".join(said.split())
        if _HELP.fullmatch(line):
            return _help(offered)
        call = understood(line)
        if call is None and line.startswith("/"):
            return f"There is no command `{one_line(line.split()[0], 40)}`. {_help(offered)}"
        if call is None and len(line) <= 80:
            near = _near(line, offered)
            if len(near) == 1:
                call = understood(near[0])
            elif near:
                return "Did you mean one of these? Answer with its number.\n\n" + "\n".join(
                    f"{number}. `{phrase}`" for number, phrase in enumerate(near, 1)
                )
        if call is not None and call[0] in offered:
            return [_call("run", *call)]
        if call is not None:
            return f"`{call[0]}` is not allowed in this conversation, so this was not run."
        searches = [
            ("recall", {"query": one_line(line, 200)}),
            ("search_chats", {"query": one_line(line, 200)}),
        ]
        calls = [_call("miss", name, arguments) for name, arguments in searches if name in offered]
        return calls or _CANNOT

    @staticmethod
    def _chosen(said: str, messages: Sequence[Mapping[str, Any]]) -> str | None:
        """The phrase behind a number, where the last answer offered some."""
        if not said.strip().isdigit():
            return None
        offers = dict(_CHOICE.findall(_last(messages, "assistant")))
        return offers.get(said.strip())

    async def _report(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """What the tools gave, said plainly."""
        results: list[tuple[str, str, str]] = []
        names: dict[str, str] = {}
        for message in reversed(messages):
            if message["role"] == "tool":
                results.insert(0, (str(message["tool_call_id"]), "", str(message["content"])))
                continue
            names = {call["id"]: call["function"]["name"] for call in message.get("tool_calls") or []}
            break
        if all(identity.startswith("offline-miss") for identity, _, _ in results):
            found = [text for _, _, text in results if not text.startswith("Nothing")]
            return await self._no_model("\n".join(found))
        told = "\n\n".join(
            f"ran `{names.get(identity, '?')}`:\n\n{_as_list(text)}" for identity, _, text in results
        )
        return f"{MARK} · {told}"

    async def _no_model(self, found: str) -> str:
        lines = [MARK, "", _CANNOT]
        if found:
            lines += ["", "What memory and earlier chats hold on these words:", "", _as_list(found)]
        offers = await self._discover()
        if offers:
            lines += ["", "What could answer, if you connect it in `config.toml`:", ""]
            lines += [f"- {offer.what}: `{offer.line}`" for offer in offers]
        else:
            lines += [
                "",
                "No key is in the environment and no model server answers on this machine. To connect one, either:",
                "",
                '- start Ollama or LM Studio here, then set `model = "ollama"` or `model = "lmstudio"` in `config.toml`',
                '- export a key such as `GROQ_API_KEY` or `OPENAI_API_KEY`, then set `model = "groq"` or `model = "openai"`',
            ]
        return "\n".join(lines)


_CANNOT = "No model is connected, so I cannot answer this. `help` shows what works without one."


def understood(line: str) -> tuple[str, dict[str, Any]] | None:
    """The tool and arguments that a line asks for, or None."""
    for command in COMMANDS:
        match = re.fullmatch(command.pattern, line, re.I | re.S)
        if match:
            arguments = {name: value.strip() for name, value in match.groupdict().items() if value}
            return command.tool, {**command.defaults, **arguments}
    return None


def _near(line: str, offered: set[str]) -> list[str]:
    """One phrase that this surely is, several that it may be, or none. Only what merely reads is guessed."""
    from rapidfuzz import fuzz, process

    phrases = [command.phrase for command in COMMANDS if command.phrase.islower() and command.tool in offered]
    ranked = process.extract(line.lower(), phrases, scorer=fuzz.ratio, limit=3, score_cutoff=MAYBE)
    if not ranked:
        return []
    if ranked[0][1] >= SURE and (len(ranked) == 1 or ranked[0][1] - ranked[1][1] >= AHEAD):
        return [ranked[0][0]]
    return [phrase for phrase, _, _ in ranked] if len(ranked) > 1 else [ranked[0][0], "help"]


def _call(kind: str, tool: str, arguments: dict[str, Any]) -> ToolCall:
    return ToolCall(f"offline-{kind}-{tool}", tool, arguments, msgspec.json.encode(arguments).decode())


def _help(offered: set[str]) -> str:
    shown = [f"- `{command.phrase}`" for command in COMMANDS if command.tool in offered]
    return "Without a model I understand:\n\n" + "\n".join([*shown, "- `help`"])


def _as_list(text: str) -> str:
    """A tool's lines as Markdown: lists stay lists, other lines keep their breaks."""
    if all(line.startswith("- ") for line in text.splitlines()):
        return text
    return f"```\n{text}\n```" if "\n" in text else text


def _last(messages: Sequence[Mapping[str, Any]], role: str) -> str:
    for message in reversed(messages):
        if message["role"] == role and isinstance(message.get("content"), str) and message["content"]:
            return str(message["content"])
    return ""
