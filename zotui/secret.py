"""A text that is not to be seen: an API key, a passphrase."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Never, final

_SHOWN = "Secret(…)"
_LONG_ENOUGH = 12
_NAMES = re.compile(
    r"(?:^|_)(?:KEY|KEYS|APIKEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|CREDENTIALS)(?:_|$)", re.IGNORECASE
)


def without_secrets(environment: Mapping[str, str], *named: str) -> dict[str, str]:
    """An environment for a child, without the variables that are called as secrets are, and those ``named``."""
    return {name: value for name, value in environment.items() if name not in named and not _NAMES.search(name)}


@final
class Secret:
    """Holds a text that only :meth:`reveal` gives away: not a print, a log, a traceback, a pickle or a copy.

    It guards against showing a secret by accident, not against code in the same process that is after it.
    """

    __slots__ = ("_told",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            kind = type(value).__name__
            del value  # a traceback may show this frame
            raise TypeError(f"a secret is a str, not {kind}")
        # In a closure: what lists the attributes of an object, as rich.inspect does, finds a function.
        self._told: Callable[[], str] = lambda: value

    def reveal(self) -> str:
        """The text itself."""
        return self._told()

    @property
    def hint(self) -> str:
        """Enough to tell one key from another: "…" and the last four characters, of a long one only."""
        return f"…{self._told()[-4:]}" if len(self._told()) >= _LONG_ENOUGH else "…"

    def __bool__(self) -> bool:
        return bool(self._told())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        from hmac import compare_digest  # it brings OpenSSL

        return compare_digest(
            self._told().encode("utf-8", "surrogatepass"), other._told().encode("utf-8", "surrogatepass")
        )

    __hash__ = None  # type: ignore[assignment]  # a hash of a short text tells it

    def __repr__(self) -> str:
        return _SHOWN

    def __str__(self) -> str:
        return _SHOWN

    def __format__(self, spec: str) -> str:
        return _SHOWN

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Secret":
        return self

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("a secret is not pickled")

    def __getstate__(self) -> Never:
        raise TypeError("a secret is not pickled")
