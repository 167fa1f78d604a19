"""How an error is understood, and what a person reads of it."""

from typing import Any

import pytest
from conftest import HOST

from zotui.models import ProviderError
from zotui.models.faults import Host
from zotui.secret import Secret


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
        (503, "server busy, please try again.  maximum pending requests exceeded", "overloaded"),
        (400, '"phi" does not support thinking', "unsupported"),
        (400, "You have reached your specified API usage limits.", "billing"),
        (413, "request_too_large", "request_too_large"),
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
        ({"detail": [{"msg": "boom", "loc": ["body", "x", 0]}, {"msg": "bang"}]}, '"body.x.0: boom; bang"'),
        ({"detail": [{"msg": 5, "loc": "body"}]}, '[{"msg": 5, "loc": "body"}]'),
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


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("invalid_request_error", "bad_request"),
        ("authentication_error", "auth"),
        ("permission_error", "auth"),
        ("billing_error", "billing"),
        ("not_found_error", "model_not_found"),
        ("request_too_large", "request_too_large"),
        ("rate_limit_error", "rate_limit"),
        ("timeout_error", "timeout"),
        ("overloaded_error", "overloaded"),
        ("api_error", "server"),
        ("server_error", "server"),
        (["?"], "server"),
        (None, "server"),
    ],
)
def test_types_of_errors_in_mid_stream(type_: Any, kind: str) -> None:
    assert refused(None, {"error": {"type": type_, "message": "It is so."}}).kind == kind


def test_a_placeholder_is_no_key() -> None:
    assert Host("lab", Secret("x")).scrub("exact") == "exact"


def test_waits() -> None:
    info = {"error": {"message": "You exceeded your current quota", "details": [{"retryDelay": "34.5s"}]}}
    assert (refused(429, info).kind, refused(429, info).retry_after_s) == ("rate_limit", 34.5)
    assert "1.0 h" in refused(429, "", retry_after="3600").hint.replace("60 min", "1.0 h")
    assert not refused(503, "", x_should_retry="False").retryable
    assert refused(400, "", x_should_retry="true").retryable
    assert refused(302, "", location="http://elsewhere/login?sk-secret").message.endswith(
        "to http://elsewhere/login (302)"
    )


def test_no_key_is_another_matter_than_a_wrong_one() -> None:
    assert "wants a key" in Host("lab", Secret("")).refusal("", 401, {}).message
    assert "refuses the key" in refused(401, "").message
