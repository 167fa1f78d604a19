"""Ids: ULIDs, 26 characters that sort by time and never collide (https://github.com/ulid/spec)."""

import secrets
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, in lower case
_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """A new id: 48 bits of milliseconds since 1970, then 80 random bits; rising within this process."""
    global _last
    fresh = (now_ms() << 80) | secrets.randbits(80)
    with _lock:
        # Within one millisecond, or after the clock was set back, go up from the last one by a random step.
        _last = fresh if fresh >> 80 > _last >> 80 else _last + 1 + secrets.randbits(40)
        number = _last
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def now_ms() -> int:
    """Milliseconds since 1970 UTC, the unit of every time in the file."""
    return time.time_ns() // 1_000_000


def midnight_ms() -> int:
    """When today began here, in ms since 1970."""
    now = time.localtime()
    return int(time.mktime((now.tm_year, now.tm_mon, now.tm_mday, 0, 0, 0, 0, 0, -1))) * 1000
