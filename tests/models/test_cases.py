"""Every case of ``cases.jsonl``, replayed byte for byte over loopback."""

import asyncio
import json
import time
from contextlib import aclosing
from typing import Any

import pytest
from case_judge import judge
from conftest import CASES, HELLO, ReplayServer

from zotui.models import Finished, Provider, ProviderError, ReasoningDelta, TextDelta, ToolCall, Usage, open_provider

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "",
        "parameters": {"type": "object", "properties": {}},
    },
}
OPTIONS = {
    "retries": "retries",
    "backoff_base_s": "backoff_s",
    "max_retry_after_s": "max_retry_after_s",
    "idle_event_timeout_s": "idle_timeout_s",
}


def opened(case: dict[str, Any], url: str) -> Provider:
    """A provider with the client options of a case."""
    client = case["client"]
    options = {ours: client[theirs] for theirs, ours in OPTIONS.items() if theirs in client}
    base = f"{url}/case/{case['id']}{client.get('base_url_suffix', '')}"
    dialect = "openai" if case["family"] == "models" else case["family"]
    return open_provider(dialect, base, client.get("api_key", "sk-rig"), **{"backoff_s": 0.05, "pace_s": 0, **options})


async def turn(case: dict[str, Any], provider: Provider) -> dict[str, Any]:
    """What becomes of one turn."""
    out: dict[str, Any] = {"text": "", "reasoning": "", "tool_calls": [], "usage": {}}
    tools = [WEATHER] if case["request"]["tools"] else []
    stop_at = case["client"].get("cancel_after_text")
    try:
        async with aclosing(provider.stream(model="m", messages=HELLO, tools=tools)) as turn:
            async for event in turn:
                match event:
                    case TextDelta(text):
                        out["text"] += text
                    case ReasoningDelta(text):
                        out["reasoning"] += text
                    case ToolCall(id_, name, arguments):
                        out["tool_calls"].append({"id": id_, "name": name, "arguments": arguments})
                    case Usage():
                        out["usage"] = {"in": event.input_tokens, "out": event.output_tokens}
                        out["cost_usd"] = event.cost
                    case Finished(reason):
                        out["finish"] = reason
                if out["text"] == stop_at:
                    out |= {"finish": "cancelled", "partial": True, "stopped": time.time()}
                    break
            opaque = turn.opaque or {}
            out["conversation_id"] = opaque.get("conversation_id")
            out["signatures"] = [block["signature"] for block in opaque.get("content", []) if "signature" in block]
    except ProviderError as error:
        out |= {"finish": "error", "partial": error.partial, "error": told(error)}
    if out["finish"] == "refusal" and case["family"] == "openai":
        out |= {"refusal": out["text"], "text": ""}
    if isinstance(case["expect"].get("output"), dict):
        out["output"] = json.loads(out["text"])
    return out


async def listing(provider: Provider) -> dict[str, Any]:
    """What becomes of a list of models."""
    try:
        models = await provider.models()
    except ProviderError as error:
        return {"models": [], "error": told(error)}
    prices = {model.id: [model.input_price, model.output_price] for model in models if model.input_price is not None}
    return {"models": [model.id for model in models], "price_per_mtok": prices}


def told(error: ProviderError) -> dict[str, Any]:
    """An error as the judge knows it; every one is a single line that names the host and not the key."""
    assert "sk-rig" not in f"{error} {error!r} {error.args}"
    assert "\n" not in str(error)
    assert "127.0.0.1:" in error.message
    assert error.hint
    return {"class": error.kind, "retryable": error.retryable, "retry_after_s": error.retry_after_s}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
async def test_case(case: dict[str, Any], replay: ReplayServer) -> None:
    provider = opened(case, replay.url)
    start = time.monotonic()
    out = await (listing(provider) if case["family"] == "models" else turn(case, provider))
    out["seconds"] = time.monotonic() - start
    journal = await asyncio.to_thread(replay.ask, f"/journal/{case['id']}")
    assert judge(case["expect"], out, journal) == []
    if limit := case["expect"].get("server_sees_close_within_s"):
        closed = await asyncio.to_thread(replay.ask, f"/closed/{case['id']}")
        assert closed["t"] - out["stopped"] < limit
    await provider.close()
