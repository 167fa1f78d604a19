"""What a tool is: a name, typed arguments that make its JSON schema, an effect, and how its result is cut to size."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Container, Iterable, Sequence
from typing import Annotated, Any, Literal

import msgspec

from zotui.errors import ZotuiError
from zotui.text import clean, cut, one_line

FIND = "find_tool"
Effect = Literal["read", "write", "run", "net", "outside", "settings"]
RESULT_BUDGET = 12_000  # characters of one result that a model sees
LONGEST_RESULT = 1_000_000  # characters of one result that are kept


async def unshown(text: str) -> None:
    """Nobody looks at what comes of a call before its end."""


def untouched(arguments: Any) -> Sequence[str]:
    """What a call changes in the workspace that changes nothing there."""
    return ()


def anything(arguments: Any) -> None:
    """What a call changes in the workspace that may change whatever lies there."""


class ToolContext(msgspec.Struct, frozen=True):
    """For whom a tool runs. ``progress`` shows the person what has come so far; the model sees the result only.
    ``tainted``: anybody's words are in the conversation."""

    conversation: str
    turn: str
    call: str
    attended: bool
    progress: Callable[[str], Awaitable[None]] = unshown
    tainted: bool = False


class Result(msgspec.Struct, frozen=True):
    """What a tool gives: text for the model, and a few words for the person. ``tainted``: anybody's words are in it; None
    where that goes by what the tool does: those of the network, always."""

    text: str
    summary: str = ""
    tainted: bool | None = None


class Ask(msgspec.Struct, frozen=True):
    """A tool's way to say: this needs the person's answer first. The turn parks until there is one."""

    text: str
    choices: list[str] = []


class ToolError(ZotuiError):
    """A tool could not do it; the model is told the message and may try otherwise."""


class Tool(msgspec.Struct, frozen=True):
    """One tool. ``run`` gets the validated arguments; only ``read`` tools may be run again after a crash.

    ``core`` tools are described in every request, the others once ``find_tool`` has found them. ``touches`` names the
    paths of the workspace that a call with these arguments may change, None for any; ``preview`` what it would change, for the person who
    is asked.
    """

    name: str
    description: str
    arguments: type[msgspec.Struct]
    effect: Effect
    run: Callable[[Any, ToolContext], Awaitable[Result | Ask]]
    core: bool = True
    touches: Callable[[Any], Sequence[str] | None] = untouched
    preview: Callable[[Any], Awaitable[str]] | None = None

    def schema(self) -> dict[str, Any]:
        """The tool as OpenAI's chat completions describe it."""
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.description,
                "parameters": _parameters(self.arguments),
            },
        }

    def parse(self, arguments: Any) -> Any:
        """Validated arguments. Raises ToolError that says what is wrong and what is expected."""
        try:
            return msgspec.convert(arguments, self.arguments)
        except msgspec.ValidationError as error:
            expected = msgspec.json.encode(_parameters(self.arguments)).decode()
            raise ToolError(f"{self.name}: {error}", f"call it again with arguments that fit {expected}") from None


class FindTool(msgspec.Struct, forbid_unknown_fields=True):
    query: Annotated[str, msgspec.Meta(min_length=1, description="What it should do.")]


class Toolbox:
    """The tools there are, by name; with one that finds those that are not core, where there are any."""

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
        self._tools = {tool.name: tool for tool in tools}
        if rest := [tool.name for tool in self._tools.values() if not tool.core]:
            words = f"Find more tools: {', '.join(rest)}."
            words = words if len(words) <= 300 else f"Find more tools by what they do; there are {len(rest)}."
            self._tools[FIND] = Tool(FIND, words, FindTool, "read", self._find)

    def only(self, wanted: Callable[[Tool], bool]) -> "Toolbox":
        """The tools that are ``wanted``, and no way to the others."""
        return Toolbox(tool for tool in self.tools if wanted(tool))

    @property
    def tools(self) -> list[Tool]:
        """All tools but the one that finds others."""
        return [tool for tool in self._tools.values() if tool.name != FIND]

    def schemas(self, found: Container[str] = ()) -> list[dict[str, Any]]:
        """The tools a model is offered: the core ones, and those it has ``found``."""
        return [tool.schema() for tool in self._tools.values() if tool.core or tool.name in found]

    def all_schemas(self) -> list[dict[str, Any]]:
        """All tools, for who pays nothing for reading them."""
        return [tool.schema() for tool in self.tools]

    async def _find(self, arguments: FindTool, context: ToolContext) -> Result:
        from rapidfuzz import fuzz, process, utils

        words = {
            tool.name: f"{tool.name.replace('_', ' ')} {tool.description}"
            for tool in self._tools.values()
            if not tool.core
        }
        likely = process.extract(
            arguments.query, words, scorer=fuzz.token_set_ratio, processor=utils.default_process, limit=5
        )
        names = [name for _, score, name in likely if score >= 40] or list(words)[:20]
        lines = [f"- {name}: {self._tools[name].description}" for name in names]
        return Result("\n".join(["You can call these now:", *lines]), f"{len(names)} found")

    def find(self, name: str) -> Tool:
        """Raises ToolError that names the tools there are."""
        try:
            return self._tools[name]
        except KeyError:
            raise ToolError(
                f"there is no tool {one_line(name, 60)!r}", f"there are: {', '.join(self._tools)}"
            ) from None

    async def run(self, name: str, arguments: Any, context: ToolContext, timeout_s: float) -> Result | Ask:
        """Run one call: known tool, valid arguments, in time. Raises ToolError for all that goes wrong."""
        tool = self.find(name)
        if arguments is None:
            raise ToolError(f"{name}: the arguments are not a JSON object", "send one JSON object")
        parsed = tool.parse(arguments)
        try:
            async with asyncio.timeout(timeout_s) as limit:
                outcome = await tool.run(parsed, context)
        except TimeoutError as error:
            if limit.expired():
                raise ToolError(f"{name} took longer than {timeout_s:g} s and was stopped") from None
            raise ToolError(f"{name} failed: {one_line(str(error), 300) or 'something took too long'}") from error
        except ToolError:
            raise
        except ZotuiError as error:
            raise ToolError(error.message, error.hint) from error
        except Exception as error:
            raise ToolError(f"{name} failed: {type(error).__name__}: {one_line(str(error), 300)}") from error
        if isinstance(outcome, Ask):
            return outcome
        tainted = tool.effect == "net" if outcome.tainted is None else outcome.tainted
        return Result(clean(outcome.text)[:LONGEST_RESULT], one_line(outcome.summary, 60), tainted)


def found_in(result: str) -> list[str]:
    """The names of the tools in a result of ``find_tool``."""
    return re.findall(r"^- (\w+):", result, re.MULTILINE)


def shown_to_model(result: str, call: str) -> str:
    """A result within the budget, with a pointer to the rest where it is longer."""
    shown, left_out = cut(result, RESULT_BUDGET)
    if not left_out:
        return shown
    return f'{shown}\n[{left_out:,} characters left out; read_result(call="{call}", offset=…) shows them]'


def _parameters(arguments: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON schema of a struct, in one piece and without what models do not need."""
    schema = msgspec.json.schema(arguments)
    found: dict[str, Any] = _inlined(schema["$defs"][arguments.__name__], schema["$defs"])
    found.setdefault("properties", {})
    return found


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    """A schema with its references replaced by what they name, without titles and docstrings of structs, and without saying
    of each that it takes no other fields: who sends one is told so."""
    if isinstance(schema, list):
        return [_inlined(item, parts) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if (name := schema.get("$ref")) is not None:
        return _inlined(parts[name.rpartition("/")[2]], parts)
    is_struct = schema.get("type") == "object" and isinstance(schema.get("title"), str)
    return {
        key: _inlined(value, parts)
        for key, value in schema.items()
        if not (is_struct and (key in ("title", "description") or (key, value) == ("additionalProperties", False)))
    }
