"""How an answer is put together and an error understood, without a network."""

import contextlib
import json
from typing import Any

import pytest
from conftest import choice, events
from hypothesis import given
from hypothesis import strategies as st

from zotui.models import Event, Finished, ProviderError, ReasoningDelta, TextDelta, ToolCall, Usage
from zotui.models.openai import RAW_CHARS, OpenAI, _Answer, _base, _Body, _Host, _Tail, _unwrapped

HOST = _Host("lab:1", "sk-secret")


def answered(*chunks: bytes) -> list[Event]:
    """The events of an answer whose body comes in these chunks; neighbouring deltas are joined."""
    answer, body = _Answer(HOST), _Body(HOST, _Tail(HOST))
    out: list[Event] = []
    for chunk in (*chunks, None):
        for type_, document in body.feed(chunk):
            out += answer.take(document, type_)
    if not answer.finish:
        raise body.unfinished()
    joined: list[Event] = []
    for event in out + answer.end():
        last = joined[-1] if joined else None
        if isinstance(event, TextDelta | ReasoningDelta) and type(last) is type(event):
            joined[-1] = type(event)(last.text + event.text)
        else:
            joined.append(event)
    return joined


def called(*pieces: dict[str, Any], reason: str = "tool_calls") -> list[tuple[str, dict[str, Any] | None]]:
    """The tool calls that items of ``delta.tool_calls`` come to, one item a chunk."""
    out = answered(events(*(choice({"tool_calls": [piece]}) for piece in pieces), choice({}, reason)))
    return [(event.name, event.arguments) for event in out if isinstance(event, ToolCall)]


def piece(name: str | None = None, arguments: Any = None, **more: Any) -> dict[str, Any]:
    return {**more, "function": {"name": name, "arguments": arguments}}


STREAM = events(
    choice({"role": "assistant", "content": ""}),
    choice({"reasoning": "weigh 🐢"}),
    choice({"content": "za\u2028żółć \ud83d"}),  # an emoji in two halves
    choice({"content": "\udc22!"}),
    choice({"tool_calls": [piece("now", '{"tz": "ż"}', index=0, id="c1")]}),
    choice({}, "tool_calls"),
    {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}},
).replace(b"\\u017c", "ż".encode())
ANSWER = [
    ReasoningDelta("weigh 🐢"),
    TextDelta("za\u2028żółć 🐢!"),
    ToolCall("c1", "now", {"tz": "ż"}, '{"tz": "ż"}'),
    Usage(input_tokens=9, output_tokens=3),
    Finished("tool_calls"),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=6).map(sorted))
def test_any_cuts_give_the_same_answer(cuts: list[int]) -> None:
    bounds = [0, *cuts, len(STREAM)]
    assert answered(*(STREAM[start:end] for start, end in zip(bounds, bounds[1:]))) == ANSWER  # noqa: B905, RUF007


def test_every_cut_in_two_gives_the_same_answer() -> None:
    for place in range(len(STREAM)):
        assert answered(STREAM[:place], STREAM[place:]) == ANSWER


@given(st.binary(max_size=200))
def test_any_bytes_end_in_an_answer_or_an_error(data: bytes) -> None:
    with pytest.raises(ProviderError):
        answered(data)
    with pytest.raises(ProviderError):
        answered(b"data: " + data)


WORDS = ["choices", "index", "delta", "message", "content", "tool_calls", "function", "name", "arguments", "id"]
WORDS += ["usage", "error", "code", "finish_reason", "reasoning", "reasoning_details", "extra_content", "detail"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=20,
)


@given(JSON, JSON)
def test_any_json_ends_in_an_answer_or_an_error(chunk: Any, delta: Any) -> None:
    for document in (chunk, {"choices": [{"delta": delta}]}, {"choices": [{"message": delta}]}, {"error": chunk}):
        with contextlib.suppress(ProviderError):
            answered(events(document, choice({}, "stop")))


@pytest.mark.parametrize(
    ("pieces", "calls"),
    [
        # the same server, twice the same call without ids
        ([piece("a", "{}", index=0), piece("a", '{"x": 1}', index=0)], [("a", {}), ("a", {"x": 1})]),
        ([piece("a", "{}"), piece("b", "{}")], [("a", {}), ("b", {})]),
        # an id that comes late, a name that comes late
        ([piece("a", '{"x"', index=0), piece(None, ": 1}", index=0, id="c1")], [("a", {"x": 1})]),
        ([piece(None, None, index=0, id="c1"), piece("a", "{}", index=0)], [("a", {})]),
        # the same id for two calls at different places
        (
            [piece("a", "{}", index=0, id="c"), piece("b", "{}", index=1, id="c")],
            [("a", {}), ("b", {})],
        ),
        # the name again on a fragment that adds nothing
        ([piece("a", '{"x": 1}', index=0), piece("a", "", index=0)], [("a", {"x": 1})]),
        # an index that counts from one, and one that is no number
        ([piece("a", "{", index=1, id="c1"), piece(None, "}", index=1)], [("a", {})]),
        ([piece("a", "{", index="0", id="c1"), piece(None, "}", index="0")], [("a", {})]),
        # spaces, a list, a string, NaN, a number after the object
        ([piece("a", " \n", index=0, id="c1")], [("a", {})]),
        ([piece("a", [1], index=0, id="c1")], [("a", None)]),
        ([piece("a", '"{}"', index=0, id="c1")], [("a", None)]),
        ([piece("a", '{"x": NaN}', index=0, id="c1")], [("a", None)]),
        ([piece("a", "{} 1", index=0, id="c1")], [("a", None)]),
        ([piece("a", "[" * 100_000, index=0, id="c1")], [("a", None)]),
        ([piece()], []),
    ],
)
def test_fragments_of_tool_calls(pieces: list[dict[str, Any]], calls: list[tuple[str, Any]]) -> None:
    assert called(*pieces) == calls


def test_arguments_that_were_cut_are_not_none() -> None:
    whole = piece("a", '{"x": 1}', index=0, id="c1")
    assert called(whole, piece("b", "", index=1, id="c2"), reason="length") == [("a", {"x": 1}), ("b", None)]
    assert called(whole, piece("b", '{"y', index=1, id="c2"), reason="length") == [
        ("a", {"x": 1}),
        ("b", None),
    ]


@pytest.mark.parametrize(
    ("contents", "out"),
    [
        (["<think>", "a", "b</think>", "\n\n", "c"], [ReasoningDelta("ab"), TextDelta("c")]),
        (["  <think>\na</think>c"], [ReasoningDelta("a"), TextDelta("c")]),
        (["<think>\n\n</think>\n\nc"], [TextDelta("c")]),
        (["<think>a</", "b"], [ReasoningDelta("a</b")]),
        (["<think>a</thi"], [ReasoningDelta("a</thi")]),
        (["<thi"], [TextDelta("<thi")]),
        (["<thing>x"], [TextDelta("<thing>x")]),
        ([" ", "a <think>b</think>"], [TextDelta(" a <think>b</think>")]),
    ],
)
def test_think_tags(contents: list[str], out: list[Event]) -> None:
    assert answered(events(*(choice({"content": text}) for text in contents), choice({}, "stop")))[:-1] == out


@pytest.mark.parametrize(
    ("reason", "finished"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("max_tokens", "length"),
        ("SAFETY", "content_filter"),
        ("tool_calls", "stop"),
    ],
)
def test_reasons_to_finish(reason: str, finished: str) -> None:
    assert answered(events(choice({"content": "x"}, reason)))[-1] == Finished(finished)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("error", "server"),
        ("function_call_filter: MALFORMED_FUNCTION_CALL", "tool_use_failed"),
        ("insufficient_system_resource", "overloaded"),
    ],
)
def test_reasons_that_are_faults(reason: str, kind: str) -> None:
    with pytest.raises(ProviderError) as caught:
        answered(events(choice({"content": "x"}, reason)))
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("chunk", "usage"),
    [
        (
            {"usage": {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 2}}},
            {"cached_tokens": 2},
        ),
        ({"usage": {"prompt_tokens": 5, "prompt_cache_hit_tokens": 3}}, {"cached_tokens": 3}),
        (
            {"usage": {"prompt_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 4}}},
            {"reasoning_tokens": 4},
        ),
        ({"usage": {"prompt_tokens": 5, "completion_tokens": True, "cost": "x"}}, {}),
        ({"x_groq": {"usage": {"prompt_tokens": 5}}}, {}),
        ({"choices": [{"index": 0, "delta": {}, "usage": {"prompt_tokens": 5}}]}, {}),
    ],
)
def test_usage_wherever_it_is(chunk: dict[str, Any], usage: dict[str, int]) -> None:
    first = {"choices": [], "usage": {"prompt_tokens": 1}}
    out = answered(events(first, choice({"content": "x"}, "stop"), chunk, {"usage": None}))
    assert Usage(input_tokens=5, **usage) in out


def refused(status: int | None, body: Any, **headers: str) -> ProviderError:
    return HOST.refusal(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "the request exceeds the available context size. try increasing it", "context_overflow"),
        (400, "input length exceeds the context length", "context_overflow"),
        (400, "prompt is too long: 210000 tokens > 200000 maximum", "context_overflow"),
        (
            400,
            "The input token count (12345) exceeds the maximum number of tokens allowed (9).",
            "context_overflow",
        ),
        (400, "Please reduce the length of the messages or completion.", "context_overflow"),
        (
            400,
            "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
            "context_overflow",
        ),
        (413, "This endpoint's maximum context length is 8 tokens.", "context_overflow"),
        (400, "The decoder prompt (length 9) is longer than the maximum model length of 8.", "context_overflow"),
        (422, "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000", "context_overflow"),
        (500, "Requested tokens (5000) exceed context window of 2048", "context_overflow"),
        (413, "", "request_too_large"),
        (
            429,
            "Request too large for gpt-4 on tokens per min (TPM): Limit 3, Requested 4.",
            "request_too_large",
        ),
        (
            429,
            "Rate limit reached for m on tokens per minute (TPM): Limit 3, Used 2, Requested 2.",
            "rate_limit",
        ),
        (429, "Your credit balance is too low", "billing"),
        (403, "Insufficient account balance", "billing"),
        (404, "model 'llama3.2:1b' not found, try pulling it first", "model_not_found"),
        (404, "The model `gpt-4.1-mini` does not exist or you do not have access to it.", "model_not_found"),
        (400, "x/y.z is not a valid model ID", "model_not_found"),
        (404, "models/gemini-1.5-pro is not found for API version v1beta", "model_not_found"),
        (404, "404 page not found", "unsupported"),
        (400, "registry.ollama.ai/library/phi:latest does not support tools", "unsupported"),
        (404, "No endpoints found that support tool use.", "unsupported"),
        (401, "", "auth"),
        (403, "Country, region, or territory not supported", "unsupported"),
        (400, "API key expired. Please renew the API key.", "auth"),
        (429, "Engine is overloaded", "overloaded"),
        (503, "The model is overloaded. Please try again later.", "overloaded"),
        (529, "", "overloaded"),
        (500, "boom", "server"),
        (504, "<html><title>504 Gateway Time-out</title></html>", "server"),
        (408, "", "timeout"),
        (400, "'messages' is required", "bad_request"),
        (422, "", "bad_request"),
        (302, "", "protocol"),
        (None, "Overloaded", "overloaded"),
        (None, "something", "server"),
    ],
)
def test_kinds_of_errors(status: int | None, message: str, kind: str) -> None:
    error = refused(status, {"error": {"message": message}})
    assert (error.kind, error.status) == (kind, status)
    assert str(error).startswith("lab:1 ")


@pytest.mark.parametrize(
    ("body", "quoted"),
    [
        ({"error": {"message": "bo\x1b[31mom\nbang"}}, '"boom bang"'),
        ({"error": "boom"}, '"boom"'),
        ([{"error": {"message": "boom"}}], '"boom"'),
        ({"object": "error", "message": "boom", "code": 500}, '"boom"'),
        ({"detail": "boom"}, '"boom"'),
        ({"detail": [{"msg": "boom", "loc": ["body"]}]}, "boom"),
        ({"error": {"message": "Provider returned error", "metadata": {"raw": "boom"}}}, "error: boom"),
        ({"error": {"message": {"detail": "boom"}}}, "boom"),
        ("<html><style>p{}</style><h1>boom</h1></html>", '"boom"'),
        ("boom " * 1000, "boom boom"),
        ("your key sk-secret is wrong", "your key [key] is wrong"),
        ("sk-se\u200bcret " * 20, "[key] [key]"),
        ("x" * 290 + "sk-secret" * 50, "[key]"),
    ],
)
def test_what_is_quoted(body: Any, quoted: str) -> None:
    message = refused(500, body).message
    assert quoted in message
    assert len(message) < 350
    assert "sk-" not in message
    assert message.isprintable()


def test_a_placeholder_is_no_key() -> None:
    assert _Host("lab", "x").scrub("exact") == "exact"


def test_opaque_data_of_any_shape_is_taken() -> None:
    for value in ({"a": 1}, [1], "x", 5):
        answered(events(*[choice({"reasoning_details": value})] * 2, choice({}, "stop")))


def test_waits() -> None:
    info = {"error": {"message": "You exceeded your current quota", "details": [{"retryDelay": "34.5s"}]}}
    assert (refused(429, info).kind, refused(429, info).retry_after_s) == ("rate_limit", 34.5)
    assert "1.0 h" in refused(429, "", retry_after="3600").hint.replace("60 min", "1.0 h")
    assert not refused(503, "", x_should_retry="False").retryable
    assert refused(400, "", x_should_retry="true").retryable
    assert refused(302, "", location="http://elsewhere/login?sk-secret").message.endswith("to http://elsewhere/login (302)")


def test_no_key_is_another_matter_than_a_wrong_one() -> None:
    assert "wants a key" in _Host("lab", "").refusal("", 401, {}).message
    assert "refuses the key" in refused(401, "").message


@pytest.mark.parametrize(
    ("given", "root"),
    [
        ("http://h", "http://h/v1"),
        ("http://h/", "http://h/v1"),
        (" http://h/v1/ \n", "http://h/v1"),
        ("https://h/v1beta/openai/", "https://h/v1beta/openai"),
        (
            "https://h/openai/deployments/d/chat/completions?api-version=2",
            "https://h/openai/deployments/d?api-version=2",
        ),
        ("https://h/api/paas/v4", "https://h/api/paas/v4"),
    ],
)
def test_base_urls(given: str, root: str) -> None:
    assert _base(given).geturl() == root


@pytest.mark.parametrize("key", [" sk ", '"sk"', "'sk'\n", "\tsk"])
def test_keys_are_unwrapped(key: str) -> None:
    assert _unwrapped(key) == "sk"


def test_raw_texts_are_bounded_and_without_the_key() -> None:
    tail = _Tail(HOST)
    body = _Body(HOST, tail)
    list(body.feed(events({"x": "sk-secret"}, *[{"y": "z" * 100}] * 100)))
    assert len(tail.text) == RAW_CHARS
    list(body.feed(b'data: {"x": "sk-secret"}\n\n'))
    assert '{"x": "[key]"}' in tail.text


def test_a_list_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.models.sse.LONGEST", 100)
    with pytest.raises(ProviderError, match="endless"):
        answered(b"{", b" " * 100)


def test_quirks_are_rows() -> None:
    mistral = OpenAI(base_url="https://api.mistral.ai/v1")
    assert mistral._dropped == {"stream_options"}
    assert json.dumps(sorted(OpenAI(base_url="http://h")._dropped)) == "[]"
