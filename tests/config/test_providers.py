"""What ``config.toml`` says of models: each fault is one line with the key's name and what is allowed."""

import pytest

from zotui.config import PriceConfig, read_config
from zotui.errors import ConfigError
from zotui.models.registry import rows_of

LAB = '[providers.lab]\nbase_url = "http://127.0.0.1:9/v1"\n'
PRICE = "US dollars per million tokens, 0 or more"
TABLE = '"lab/tiny" = { input = 0.1, output = 0.4 }'
HIDDEN = "sk-live-0123456789abcdefghij"

# What is written, what must be named, what must be said of what is allowed.
BAD = {
    "fallback that is no list": ('fallback = "groq"', '"fallback"', '["groq", "ollama"]'),
    "fallback that is a table": ("fallback = {}", '"fallback"', '["groq", "ollama"]'),
    "fallback that is no name": ("fallback = [1]", '"fallback"', '["groq", "ollama"]'),
    "fallback to nobody": (
        'fallback = ["groq", "nope/x"]',
        "\"fallback\": no provider 'nope'",
        "offline, groq, openai",
    ),
    "fallback to nothing": ('fallback = [""]', "\"fallback\": no provider ''", "offline, groq, openai"),
    "private that is a word": ('private = "yes"', '"private"', "true, false"),
    "private that is a number": ("private = 1", '"private"', "true, false"),
    "prices that are no table": ("prices = 3", '"prices"', TABLE),
    "a price that is a number": ("[prices]\n'lab/x' = 3", "\"prices.'lab/x'\"", TABLE),
    "half a price": ("[prices]\n'lab/x' = { input = 1 }", "\"prices.'lab/x'.output\" is missing", PRICE),
    "a price below nothing": ("[prices]\n'lab/x' = { input = -1, output = 1 }", "\"prices.'lab/x'.input\"", PRICE),
    "a price that is a word": ("[prices]\n'lab/x' = { input = 'free', output = 1 }", "\"prices.'lab/x'.input\"", PRICE),
    "a price that is no number": (
        "[prices]\n'lab/x' = { input = 1, output = nan }",
        "\"prices.'lab/x'.output\"",
        PRICE,
    ),
    "a cached price": (
        "[prices]\n'lab/x' = { input = 1, output = 1, cached = -1 }",
        "\"prices.'lab/x'.cached\"",
        PRICE,
    ),
    "the second price": (
        "[prices]\n'lab/x' = { input = 1, output = 1 }\n'lab/y' = { input = 1, output = true }",
        "\"prices.'lab/y'.output\"",
        PRICE,
    ),
    "a price of something": (
        "[prices]\n'lab/x' = { input = 1, output = 1, image = 1 }",
        "unknown key \"prices.'lab/x'.image\"",
        "input, output, cached, cache_write",
    ),
    "a cap below nothing": ("[spending]\nper_day = -1", '"spending.per_day"', "US dollars, 0 or more"),
    "a cap that is a word": (
        '[spending]\nper_conversation = "2$"',
        '"spending.per_conversation"',
        "US dollars, 0 or more",
    ),
    "a cap that is no number": ("[spending]\nper_day = nan", '"spending.per_day"', "US dollars, 0 or more"),
    "a cap by the hour": (
        "[spending]\nper_hour = 1",
        '"spending.per_hour"',
        "per_conversation, per_day, unknown_price",
    ),
    "what is unknown": ('[spending]\nunknown_price = "ask"', '"spending.unknown_price"', "allow, refuse"),
    "no requests": (f"{LAB}requests_per_minute = 0", '"providers.lab.requests_per_minute"', "more than 0"),
    "endless requests": (f"{LAB}requests_per_minute = inf", '"providers.lab.requests_per_minute"', "at most 1000000"),
    "requests in words": (f"{LAB}requests_per_minute = '60'", '"providers.lab.requests_per_minute"', "more than 0"),
    "none at once": (f"{LAB}concurrency = 0", '"providers.lab.concurrency"', "1 to 1000"),
    "too many at once": (f"{LAB}concurrency = 1001", '"providers.lab.concurrency"', "1 to 1000"),
    "half of one at once": (f"{LAB}concurrency = 1.5", '"providers.lab.concurrency"', "1 to 1000"),
    "extra that is a number": (f"{LAB}extra = 5", '"providers.lab.extra"', "{ temperature = 0.2 }"),
    "extra that is a list": (f"{LAB}extra = [1]", '"providers.lab.extra"', "{ temperature = 0.2 }"),
    "headers that are a text": (f"{LAB}headers = '{HIDDEN}'", '"providers.lab.headers"', "a table of texts"),
    "a header that is a number": (f"{LAB}headers = {{ x-a = 1 }}", '"providers.lab.headers.x-a"', "a table of texts"),
    "a header that is a list": (
        f"{LAB}headers = {{ authorization = ['{HIDDEN}'] }}",
        '"providers.lab.headers.authorization"',
        "a table of texts",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_fault_is_one_line_that_names_key_and_what_is_allowed(kind: str) -> None:
    text, named, allowed = BAD[kind]
    with pytest.raises(ConfigError) as caught:
        read_config(text, "/home/me/config.toml")
    said = str(caught.value)
    assert said.startswith("/home/me/config.toml: ")
    assert named in said
    assert allowed in said.partition("allowed")[2]
    assert "\n" not in said
    assert HIDDEN not in said


def test_what_is_good_arrives() -> None:
    config = read_config(
        'model = "lab/tiny"\nfallback = ["offline", "lab"]\nprivate = true\n'
        f"{LAB}requests_per_minute = 0.5\nconcurrency = 1000\n"
        "extra = { temperature = 0, options = { deep = [1] } }\nheaders = { x-team = 'lab' }\n"
        '[prices]\n"lab/tiny" = { input = 0, output = 4 }\n'
        '[spending]\nper_day = 0\nper_conversation = 2\nunknown_price = "allow"\n'
    )
    assert (config.fallback, config.private) == (["offline", "lab"], True)
    row = rows_of(config)["lab"]
    assert (row.requests_per_minute, row.concurrency, row.headers) == (0.5, 1000, {"x-team": "lab"})
    assert row.extra == {"temperature": 0, "options": {"deep": [1]}}
    assert config.prices == {"lab/tiny": PriceConfig(0, 4)}
    assert (config.spending.per_day, config.spending.per_conversation) == (0, 2)
    assert config.spending.unknown_price == "allow"


def test_nothing_said_is_no_limit() -> None:
    config = read_config("")
    assert (config.fallback, config.private, config.prices) == ([], False, {})
    assert (config.spending.per_day, config.spending.per_conversation) == (None, None)
