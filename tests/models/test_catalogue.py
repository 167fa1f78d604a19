"""Lists of models, in the shapes they have."""

import json
from typing import Any

import pytest
from conftest import answering, opened, serving

from zotui.models import ModelInfo, ProviderError

pytestmark = pytest.mark.timeout(20)


@pytest.mark.parametrize(
    ("item", "info"),
    [
        ({"id": "a", "context_window": 8}, ModelInfo(id="a", context_window=8)),
        ({"id": "a", "max_model_len": 9}, ModelInfo(id="a", context_window=9)),
        ({"id": "a", "meta": {"n_ctx_train": 7}}, ModelInfo(id="a", context_window=7)),
        (
            {"id": "a", "pricing": {"input": 0.2, "output": 0.3}},
            ModelInfo(id="a", input_price=0.2, output_price=0.3),
        ),
        ({"id": "a", "pricing": {"prompt": "-1", "completion": "x"}}, ModelInfo(id="a")),
        ("a", ModelInfo(id="a")),
    ],
)
async def test_models_have_windows_and_prices(item: Any, info: ModelInfo) -> None:
    handler, _ = answering(json.dumps([item, {}, None, item]).encode())
    async with serving(handler) as port:
        assert await opened(port).models() == [info]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("200 OK", b"<html>Sign in</html>", "protocol"),
        ("200 OK", b'{"hello": 1}', "protocol"),
        ("401 No", b"", "auth"),
        ("405 No", b"", "unsupported"),
        ("503 No", b"", "server"),
    ],
)
async def test_lists_that_are_none(status: str, body: bytes, kind: str) -> None:
    handler, _ = answering(body, status=status)
    async with serving(handler) as port:
        with pytest.raises(ProviderError) as caught:
            await opened(port).models()
    assert caught.value.kind == kind
