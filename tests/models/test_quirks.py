"""What differs between servers: what is left out for some, and what others want back."""

import asyncio
import json
from typing import Any

import pytest
from conftest import DONE, HELLO, asked, choice, events, opened, serving

from zotui.models import quirks

pytestmark = pytest.mark.timeout(20)


async def bodies_seen(answers: list[bytes], provider_of: Any, *turns: Any) -> list[dict[str, Any]]:
    """The JSON bodies that reach a server while these turns are asked."""
    seen: list[dict[str, Any]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(next(line.split(b":")[1] for line in head.lower().split(b"\r\n") if b"content-length" in line))
        seen.append(json.loads(await reader.readexactly(length)))
        writer.write(answers[min(len(seen), len(answers)) - 1])
        await writer.drain()
        writer.close()

    async with serving(handle) as port:
        provider = provider_of(port)
        for messages, model in turns:
            await asked(provider, messages, model)
    return seen


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body


async def test_opaque_data_goes_back_to_whom_it_came_from() -> None:
    detail = {"type": "reasoning.text", "text": "weigh", "signature": "sig1"}
    call = {"id": "c1", "function": {"name": "now", "arguments": "{}"}}
    answer = events(
        choice({"reasoning_details": [detail]}),
        choice({"tool_calls": [{**call, "extra_content": {"google": {"thought_signature": "SIG"}}}]}),
        choice({}, "tool_calls"),
    )
    history = [*HELLO, {"role": "assistant", "content": "", "tool_calls": [call]}]
    turns = [(HELLO, "m"), (history, "m"), (history, "other")]
    first, second, other = await bodies_seen([ok(answer), ok(DONE)], opened, *turns)
    assert first["messages"] == HELLO
    assert first["stream_options"] == {"include_usage": True}
    assert "tools" not in first
    echoed = second["messages"][1]
    assert echoed["reasoning_details"] == [detail]
    assert echoed["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "SIG"}}
    assert other["messages"] == history
    (elsewhere,) = await bodies_seen([ok(DONE)], opened, (history, "m"))
    assert elsewhere["messages"] == history


async def test_deepseek_wants_its_reasoning_back(monkeypatch: pytest.MonkeyPatch) -> None:
    row = next(row for row in quirks.QUIRKS if row.echo)
    monkeypatch.setattr(quirks, "QUIRKS", (row._replace(host="127.0.0.1"),))
    call = {"id": "c1", "function": {"name": "now", "arguments": "{}"}}
    deltas = [{"reasoning_content": "we"}, {"reasoning_content": "igh"}, {"tool_calls": [call]}]
    answer = events(*map(choice, deltas), choice({}, "tool_calls"))
    history = [*HELLO, {"role": "assistant", "content": "", "tool_calls": [call]}]
    _, second = await bodies_seen([ok(answer), ok(DONE)], opened, (HELLO, "m"), (history, "m"))
    assert second["messages"][1]["reasoning_content"] == "weigh"


async def test_what_a_server_refuses_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    row = quirks.quirk_of("api.mistral.ai")
    monkeypatch.setattr(quirks, "QUIRKS", (row._replace(host="127.0.0.1"),))
    (body,) = await bodies_seen([ok(DONE)], opened, (HELLO, "m"))
    assert "stream_options" not in body
    assert quirks.quirk_of("elsewhere").drop == ()


async def test_a_field_that_is_refused_is_left_out_from_then_on() -> None:
    body = b'{"message": {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]}}'
    no = b"HTTP/1.1 422 No\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    seen = await bodies_seen([no, ok(DONE)], opened, (HELLO, "m"), (HELLO, "m"))
    assert ["stream_options" in body for body in seen] == [True, False, False]
