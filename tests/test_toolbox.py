"""Tools: what a model is told of them, what it is told when it calls them wrongly, and how results are cut to size."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct

from zotui.computer import Computer
from zotui.errors import NotFound
from zotui.home import Home
from zotui.text import clean
from zotui.toolbox import (
    LONGEST_RESULT,
    RESULT_BUDGET,
    Ask,
    Result,
    Tool,
    Toolbox,
    ToolContext,
    ToolError,
    shown_to_model,
)
from zotui.workers import agent

CONTEXT = ToolContext("conversation", "turn", "call", True)


class Box(Struct, forbid_unknown_fields=True):
    """The arguments of the test's tool."""

    name: Annotated[str, Meta(min_length=1, max_length=20)]
    count: Annotated[int, Meta(ge=1, le=9)] = 1
    tags: list[str] = []


Run = Callable[[Box, ToolContext], Awaitable[Result | Ask]]


async def plain(arguments: Box, context: ToolContext) -> Result:
    """Says what it got."""
    return Result(f"{arguments.name} {arguments.count} {arguments.tags}", "ok")


def toolbox(run: Run = plain) -> Toolbox:
    """One tool."""
    return Toolbox([Tool("box", "A box.", Box, "read", run)])


async def fault(arguments: Any, run: Run = plain, timeout_s: float = 5) -> ToolError:
    """What goes wrong with these arguments."""
    with pytest.raises(ToolError) as caught:
        await toolbox(run).run("box", arguments, CONTEXT, timeout_s)
    return caught.value


async def test_valid_arguments_arrive_as_values() -> None:
    outcome = await toolbox().run("box", {"name": "a", "count": 3, "tags": ["x"]}, CONTEXT, 5)
    assert outcome == Result("a 3 ['x']", "ok", tainted=False)


BAD = {
    "a missing field": ({}, "name"),
    "a wrong type": ({"name": 5}, "$.name"),
    "a number as text": ({"name": "a", "count": "3"}, "$.count"),
    "too small": ({"name": "a", "count": 0}, "$.count"),
    "too large": ({"name": "a", "count": 10}, "$.count"),
    "too short": ({"name": ""}, "$.name"),
    "too long": ({"name": "x" * 21}, "$.name"),
    "a wrong item": ({"name": "a", "tags": ["x", 2]}, "$.tags[1]"),
    "an unknown field": ({"name": "a", "colour": "red"}, "colour"),
    "null": ({"name": None}, "$.name"),
}


@pytest.mark.parametrize("kind", BAD)
async def test_bad_arguments_name_the_field_and_what_is_expected(kind: str) -> None:
    arguments, named = BAD[kind]
    error = await fault(arguments)
    assert error.message.startswith("box: ")
    assert named in error.message
    assert json.loads(error.hint.removeprefix("call it again with arguments that fit "))["required"] == ["name"]


@pytest.mark.parametrize("arguments", [[], "text", 5, True])
async def test_arguments_that_are_no_object(arguments: object) -> None:
    assert "object" in (await fault(arguments)).message


async def test_arguments_that_could_not_be_read() -> None:
    error = await fault(None)
    assert "not a JSON object" in error.message
    assert error.hint == "send one JSON object"


async def test_an_unknown_tool_names_those_there_are() -> None:
    with pytest.raises(ToolError, match="there is no tool 'bax': there are: box"):
        await toolbox().run("bax", {}, CONTEXT, 5)
    with pytest.raises(ToolError) as caught:
        await toolbox().run("\x1b[31mred\n", {}, CONTEXT, 5)
    assert "'red'" in caught.value.message


async def test_a_tool_that_takes_too_long_is_stopped() -> None:
    stopped = asyncio.Event()

    async def slow(arguments: Box, context: ToolContext) -> Result:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        raise AssertionError

    error = await fault({"name": "a"}, slow, timeout_s=0.01)
    assert "box took longer than 0.01 s" in error.message
    assert stopped.is_set()


async def test_a_tools_own_timeout_is_not_ours() -> None:
    async def impatient(arguments: Box, context: ToolContext) -> Result:
        raise TimeoutError("the printer did not answer")

    error = await fault({"name": "a"}, impatient)
    assert "the printer did not answer" in error.message
    assert "longer than" not in error.message


async def test_what_a_tool_raises_becomes_words() -> None:
    async def broken(arguments: Box, context: ToolContext) -> Result:
        raise ValueError("line one\n\x1b[31mline two")

    async def missing(arguments: Box, context: ToolContext) -> Result:
        raise NotFound("no box", "look elsewhere")

    error = await fault({"name": "a"}, broken)
    assert error.message == "box failed: ValueError: line one line two"
    error = await fault({"name": "a"}, missing)
    assert (error.message, error.hint) == ("no box", "look elsewhere")


async def test_being_cancelled_is_no_failure_of_the_tool() -> None:
    async def waits(arguments: Box, context: ToolContext) -> Result:
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.create_task(toolbox(waits).run("box", {"name": "a"}, CONTEXT, 60))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_results_are_clean_and_of_bounded_size() -> None:
    async def dirty(arguments: Box, context: ToolContext) -> Result:
        return Result("\x1b]0;title\x07a\r\nb\u202e" + "x" * (LONGEST_RESULT + 5), "two\nlines \x1b[1m" + "y" * 100)

    outcome = await toolbox(dirty).run("box", {"name": "a"}, CONTEXT, 5)
    assert isinstance(outcome, Result)
    assert outcome.text.startswith("a\nbxxx")
    assert len(outcome.text) == LONGEST_RESULT
    assert clean(outcome.text) == outcome.text
    assert outcome.summary.startswith("two lines y")
    assert len(outcome.summary) == 60


async def test_a_question_passes_as_it_is() -> None:
    async def asks(arguments: Box, context: ToolContext) -> Ask:
        return Ask("which?", ["a", "b"])

    assert await toolbox(asks).run("box", {"name": "a"}, CONTEXT, 5) == Ask("which?", ["a", "b"])


def test_a_long_result_points_to_its_rest() -> None:
    assert shown_to_model("short", "c1") == "short"
    shown = shown_to_model("\n".join(str(n) for n in range(10_000)), "c1")
    assert len(shown) < RESULT_BUDGET + 200
    assert shown.startswith("0\n1\n")
    assert 'read_result(call="c1", offset=…)' in shown


class TestCoreTools:
    """The tools that every model is offered."""

    @pytest.fixture
    async def schemas(self, home: Home) -> list[dict[str, Any]]:
        async with Computer.open(home, workers="none") as computer:
            return agent(computer).toolbox.schemas()

    def test_they_take_little_room(self, schemas: list[dict[str, Any]]) -> None:
        assert len(json.dumps(schemas).encode()) <= 5_000

    def test_they_are_what_openai_wants(self, schemas: list[dict[str, Any]]) -> None:
        wanted = {"remember", "recall", "list_files", "read_file", "now", "ask_person", "find_tool", "find_skill"}
        assert wanted <= {schema["function"]["name"] for schema in schemas}
        for schema in schemas:
            function = schema["function"]
            assert set(schema) == {"type", "function"}
            assert set(function) == {"name", "description", "parameters"}
            assert function["name"].isidentifier()
            assert function["description"].endswith(".")
            assert function["parameters"]["type"] == "object"
            assert "additionalProperties" not in json.dumps(schema)  # which every request would pay for
            assert "$ref" not in json.dumps(schema)
            assert set(function["parameters"].get("required", [])) <= set(function["parameters"]["properties"])

    async def test_none_of_them_fails_on_anything_its_schema_allows(self, home: Home) -> None:
        arguments: dict[str, dict[str, object]] = {
            "remember": {"content": "x"},
            "recall": {"query": '"AND OR ( * ^ :'},
            "list_memories": {},
            "list_files": {"path": ""},
            "now": {"zone": ""},
            "search_chats": {"query": "'; DROP TABLE messages"},
        }
        async with Computer.open(home, workers="none") as computer:
            box = agent(computer).toolbox
            for name, given in arguments.items():
                assert isinstance(await box.run(name, given, CONTEXT, 5), Result), name
            for zone in ("Oslo", "new york", "America/New_York", "UTC"):
                assert isinstance(await box.run("now", {"zone": zone}, CONTEXT, 5), Result)
            with pytest.raises(ToolError):
                await box.run("now", {"zone": "Nowhere/At_All"}, CONTEXT, 5)
