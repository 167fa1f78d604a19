"""Waiting for what must come true: no test sleeps."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

STEP_S = 0.01


async def wait_for(condition: Callable[[], Any], timeout: float = 30) -> Any:
    """What ``condition()`` gives as soon as it is true; it may be a coroutine. Raises TimeoutError."""
    end = time.monotonic() + timeout
    while True:
        found = condition()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"not within {timeout:g} s: {_words(condition)}")
        await asyncio.sleep(STEP_S)


def wait_until(condition: Callable[[], Any], timeout: float = 30) -> Any:
    """:func:`wait_for` for tests that are no coroutines."""
    end = time.monotonic() + timeout
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {timeout:g} s: {_words(condition)}")
        time.sleep(STEP_S)
    return found


def _words(condition: Callable[[], Any]) -> str:
    try:
        return inspect.getsource(condition).strip()
    except TypeError:  # no function: a partial, say
        return repr(condition)
