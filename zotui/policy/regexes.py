"""Regular expressions of a person on a text, with a time limit that holds.

A pattern such as ``(a+)+$`` takes for ever on the wrong text, and ``re`` keeps the whole process busy meanwhile,
whatever thread it runs in. So it runs in a child of its own, where an alarm ends it, and which is killed otherwise.
"""

import asyncio
import sys
from collections.abc import Sequence

import msgspec

LIMIT_S = 0.5  # for one pattern
GRACE_S = 5.0  # for the child itself
LONGEST = 20_000  # characters of a text that are looked at
REMEMBERED = 100  # texts whose answers are kept: a turn asks at each of its steps
_CHILD = """
import json, re, signal, sys, warnings
class Late(Exception): pass
def late(*_): raise Late
warnings.simplefilter("ignore")
signal.signal(signal.SIGALRM, late)
patterns, text, limit = json.load(sys.stdin)
for pattern in patterns:
    found = None
    try:
        signal.setitimer(signal.ITIMER_REAL, limit)
        found = re.search(pattern, text) is not None
        signal.setitimer(signal.ITIMER_REAL, 0)
    except (Late, re.error, RecursionError, MemoryError, OverflowError):
        pass
    print(json.dumps(found), flush=True)
"""

Answers = tuple[bool | None, ...]


class Regexes:
    """Matches patterns, and remembers what came of it."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, ...], str], Answers] = {}

    async def found_in(self, text: str, patterns: Sequence[str]) -> Answers:
        """Whether each pattern is found in the beginning of a text; None for one that took too long."""
        asked = (tuple(patterns), text[:LONGEST])
        if not patterns:
            return ()
        if asked not in self._known:
            while len(self._known) >= REMEMBERED:
                self._known.pop(next(iter(self._known)), None)
            self._known[asked] = await _searched(*asked)
        return self._known[asked]


async def _searched(patterns: tuple[str, ...], text: str) -> Answers:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", "-c", _CHILD, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, env={}
    )
    assert child.stdin is not None
    assert child.stdout is not None
    answers: list[bool | None] = []
    try:
        async with asyncio.timeout(GRACE_S + LIMIT_S * len(patterns)):
            child.stdin.write(msgspec.json.encode((patterns, text, LIMIT_S)))
            child.stdin.close()
            async for line in child.stdout:
                answers.append(msgspec.json.decode(line, type=bool | None))
    except (TimeoutError, ConnectionError, msgspec.DecodeError):
        pass  # those without an answer took too long
    finally:
        if child.returncode is None:
            try:
                child.kill()
            except ProcessLookupError:
                pass
        await child.wait()
    return (*answers, *[None] * (len(patterns) - len(answers)))[: len(patterns)]
