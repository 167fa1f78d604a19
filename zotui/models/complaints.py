"""When a command line fails: the kind of the fault, and the one line a person reads."""

import re
from typing import NamedTuple

from zotui.models.command import CommandRow
from zotui.models.faults import Host
from zotui.models.provider import ErrorKind, ProviderError
from zotui.text import clean


class SessionLost(ProviderError):
    """The session that was to go on is not there any more."""


class Rule(NamedTuple):
    """Words that tell the kind, where they are found in what was complained of."""

    kind: ErrorKind
    words: str


RULES = (
    Rule(
        "auth",
        r"not logged in|/login\b|\blog ?in (again|first)|\bsign(ed)? in again|missing bearer|401 unauthorized"
        r"|(oauth|access|refresh) token [^.]{0,40}(expired|revoked|invalid|used)|authentication[_ ](error|failed)"
        r"|invalid (api key|bearer)",
    ),
    Rule(
        "rate_limit",
        r"usage limit|hit your .{0,20}limit|limit (has been )?reached|rate.?limit|too many requests|\b429\b",
    ),
)
"""What the agents say; all else is told as servers tell it (``zotui.models.faults``)."""

LOST = re.compile(r"no conversation found|no rollout found|(session|thread|conversation)\b[^.]{0,60} not found", re.I)

SAYINGS: dict[ErrorKind, tuple[str, str]] = {
    "auth": ("wants you to log in", "run `{login}` in a terminal once, then ask again"),
    "rate_limit": ("has used up its limit", "wait until it resets, or choose another model"),
    "server": ("failed", "ask again, or run `{program}` in a terminal to see why"),
    "timeout": ("took too long", "ask again, or choose another model"),
    "truncated": ("stopped before the answer was whole", "ask again"),
    "protocol": ("printed something that is no answer", "update it, or choose another model"),
    "connection": ("cannot be started", "run `{program}` in a terminal to see why"),
    "model_not_found": ("does not have the model", "name one that `{program}` takes, or leave it to itself: default"),
    "unsupported": ("does not offer this", "choose another model"),
}
"""What a person reads where it is not what a server's faults say: what it did, and what to do next."""

_NOISE = re.compile(r"\s*at |reading (additional input|prompt) from stdin|node\.js v\d", re.I)
_TELLING = re.compile(r"error|fatal|fail|panick|denied|not found", re.I)


class Complaints:
    """Puts what one agent complained of into errors."""

    def __init__(self, row: CommandRow, host: Host) -> None:
        self._row = row
        self._host = host

    def error(self, kind: ErrorKind, saying: str = "", *, quoting: str = "", hint: str = "") -> ProviderError:
        """The error of a kind. It is never for asking again: the agent has tried, and may have acted."""
        said, do = SAYINGS.get(kind, ("", ""))
        do = (hint or do).format(program=self._row.program, login=self._row.login)
        return self._host.error(kind, saying or said, quoting=quoting, hint=do, retryable=False)

    def refusal(
        self, words: str, *, status: int | None = None, kind: ErrorKind | None = None, saying: str = ""
    ) -> ProviderError:
        """The error behind ``words``: its kind as given, else by what they say, else by the HTTP status behind it."""
        words = words[-4000:]
        found = kind or self.kind(words, status)
        error = self.error(found, saying if found == "server" else "", quoting=words)
        error.status = status
        if LOST.search(words):
            return SessionLost(error.kind, error.message, status=status, hint=error.hint)
        return error

    def kind(self, words: str, status: int | None = None) -> ErrorKind:
        """The kind of an error by its words and status; "server" where they say nothing."""
        if status in (401, 403):
            return "auth"
        by_words = next((rule.kind for rule in RULES if re.search(rule.words, words, re.I)), None)
        return by_words or self._host.refusal(words, status, {}).kind


def telling(told: bytes) -> str:
    """The last line of what was written to standard error that says what is wrong."""
    lines = [line for line in clean(told.decode("utf-8", "replace")).splitlines() if line.strip()]
    lines = [line for line in lines if not _NOISE.match(line)]
    return next((line for line in reversed(lines) if _TELLING.search(line)), lines[-1] if lines else "")
