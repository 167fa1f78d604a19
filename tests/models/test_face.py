"""The face of ``zotui.models``."""

import subprocess
import sys

import pytest

from zotui.models import Provider, ProviderError, open_provider


def test_importing_it_loads_no_http() -> None:
    code = "import sys, zotui.models; print([m for m in ('httpx', 'zotui.models.openai') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_openai_opens_without_a_home() -> None:
    options = {
        "retries": 1,
        "backoff_s": 0.1,
        "max_retry_after_s": 5,
        "first_event_timeout_s": 9,
        "idle_timeout_s": 9,
    }
    provider: Provider = open_provider(dialect="openai", base_url="http://127.0.0.1:9/v1", key="sk-secret", **options)
    assert repr(provider) == "<OpenAI at 127.0.0.1:9>"


def test_other_dialects_are_refused() -> None:
    with pytest.raises(ProviderError, match="openai") as caught:
        open_provider(dialect="smoke-signals", base_url="http://127.0.0.1:9")
    assert caught.value.kind == "unsupported"
