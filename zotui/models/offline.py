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
from zotui.models.phrases import COMMANDS, HELP, near, near_slash, tidy, understood
from zotui.models.provider import Event, Finished, ModelInfo, Stream, TextDelta, ToolCall, Usage
from zotui.text import one_line

_NAME = re.compile(r"^- \[m:[0-9a-z]{6}\] ", re.MULTILINE)  # by which a model names a memory: nobody here does
FAILED = ("error: ", "[failed: ", "[cancelled: ", "[interrupted: ")  # how a tool's outcome begins that is no result
MARK = "*offline: no model*"
_CANNOT = "No model is connected, so I cannot answer this. `help` shows what works without one."
_WHICH = "Did you mean one of these? Answer with its number."
_CHOICE = re.compile(r"^(\d)\. `(.+)`$", re.M)

Discover = Callable[[], Awaitable[list[Found]]]


class Reply(AsyncIterator[Event]):
    """One turn without a model: there is no server, and so there are no raw words of one."""

    last_raw = ""
    opaque = None
    sent = b""

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

    def stream(
        self,
        *,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] = (),
        schema: Mapping[str, Any] | None = None,
    ) -> Stream:
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
            said = tidy(_last(messages, "user"))
            plan = self._plan(self._chosen(said, messages) or said, offered)
            if isinstance(plan, list):
                for call in plan:
                    yield call
                yield Usage(input_tokens=0, output_tokens=0, cost=0.0)
                yield Finished("tool_calls")
                return
            yield TextDelta(f"{MARK}\n\n{plan}" if plan else await self._no_model(""))
        yield Usage(input_tokens=0, output_tokens=0, cost=0.0)
        yield Finished("stop")

    async def models(self) -> list[ModelInfo]:
        """Only itself."""
        return [ModelInfo(id="offline", input_price=0.0, output_price=0.0)]

    async def close(self) -> None:
        """There is nothing to close."""

    def _plan(self, said: str, offered: set[str]) -> str | list[ToolCall]:
        """Tool calls, or what to say; nothing where there is nothing to do without a model."""
        if HELP.fullmatch(said):
            return _help(offered)
        call = understood(said)
        if call is None and said.startswith("/"):
            word = said.split()[0]
            nearest = near_slash(word)
            meant = f" Did you mean `{nearest}`?" if nearest else ""
            return f"There is no command `{_code(word)}`.{meant} {_help(offered)}"
        if call is None:
            guesses = near(said, offered)
            if len(guesses) == 1:
                call = understood(guesses[0])
            elif guesses:
                return "\n".join([_WHICH, "", *(f"{number}. `{phrase}`" for number, phrase in enumerate(guesses, 1))])
        if call is not None and call[0] in offered:
            return [_call("run", *call)]
        if call is not None:
            return f"`{call[0]}` is not allowed in this conversation, so this was not run."
        query = {"query": one_line(said, 200)}
        return [_call("miss", name, query) for name in ("recall", "search_chats") if said and name in offered] or ""

    @staticmethod
    def _chosen(said: str, messages: Sequence[Mapping[str, Any]]) -> str | None:
        """The phrase behind a number, where the last answer was ours and offered some."""
        number = re.fullmatch(r"#?(\d)[.)]?", said)
        last = _last(messages, "assistant")
        if not number or not last.startswith(MARK) or _WHICH not in last:
            return None
        return dict(_CHOICE.findall(last)).get(number[1])

    async def _report(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """What the tools gave, said plainly."""
        results: list[tuple[str, str]] = []
        names: dict[str, str] = {}
        for message in reversed(messages):
            if message["role"] == "tool":
                results.insert(0, (str(message["tool_call_id"]), _NAME.sub("- ", str(message["content"]))))
                continue
            names = {call["id"]: call["function"]["name"] for call in message.get("tool_calls") or []}
            break
        if all(identity.startswith("offline-miss") for identity, _ in results):
            found = [text for _, text in results if not text.startswith(("Nothing", *FAILED))]
            return await self._no_model("\n".join(found))
        told = "\n\n".join(
            f"{'could not run' if text.startswith(FAILED) else 'ran'} `{names.get(identity, '?')}`:\n\n{_as_list(text)}"
            for identity, text in results
        )
        return f"{MARK} · {told}"

    async def _no_model(self, found: str) -> str:
        lines = [MARK, "", _CANNOT]
        if found:
            lines += ["", "What memory and earlier chats hold on these words:", "", _as_list(found)]
        offers = await self._discover()
        if offers:
            lines += ["", "What could answer, if you connect it (`F5` in the app, or):", ""]
            for offer in offers:
                lines += [f"- {offer.what}:", "", *_fenced(offer.command, "sh"), ""]
        else:
            lines += [
                "",
                "To connect one, in the app: `F8` keeps a key, `F5` chooses a model. Or:",
                "",
                "- start Ollama or LM Studio on this machine, then `zotui models default ollama` or `lmstudio`",
                "- `zotui keys set groq`, then `zotui models default groq`; or openai, anthropic, gemini, …",
            ]
        return "\n".join(lines)


def _call(kind: str, tool: str, arguments: dict[str, Any]) -> ToolCall:
    return ToolCall(f"offline-{kind}-{tool}", tool, arguments, msgspec.json.encode(arguments).decode())


def _help(offered: set[str]) -> str:
    shown = [f"- `{phrase}`" for command in COMMANDS if command.tool in offered for phrase in command.phrases]
    return "Without a model I understand:\n\n" + "\n".join([*shown, "- `help`"])


def _as_list(text: str) -> str:
    """A tool's lines as Markdown: lists stay lists, other lines keep their breaks."""
    if "\n" not in text or all(line.startswith("- ") for line in text.splitlines()):
        return text
    return "\n".join(_fenced(text))


def _fenced(text: str, language: str = "") -> list[str]:
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return [fence + language, text, fence]


def _code(text: str) -> str:
    return one_line(text, 40).replace("`", "")


def _last(messages: Sequence[Mapping[str, Any]], role: str) -> str:
    for message in reversed(messages):
        if message["role"] == role and isinstance(message.get("content"), str) and message["content"]:
            return str(message["content"])
    return ""
