"""When to ask again: a bounded number of times, as long as the server wishes, and only what may pass later."""

import random

import msgspec

from zotui.models.provider import ProviderError


class Retries(msgspec.Struct, frozen=True):
    """How often to ask again, and how long to wait before: ``backoff_s`` doubles with each try."""

    most: int = 2
    backoff_s: float = 0.5
    max_retry_after_s: float = 60

    def wait(self, error: ProviderError, attempt: int) -> float | None:
        """How long to wait after attempt number ``attempt`` (from 0) failed; None where there is to be no other.

        What the server asks for goes before our own backoff; longer than ``max_retry_after_s`` is not waited.
        """
        if attempt >= self.most or not error.retryable:
            return None
        if error.kind == "tool_use_failed" and attempt:
            return None
        if error.retry_after_s is not None:
            return error.retry_after_s if error.retry_after_s <= self.max_retry_after_s else None
        return min(self.backoff_s * 2.0**attempt, self.max_retry_after_s) * random.uniform(0.75, 1.0)
