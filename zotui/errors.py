"""The errors a person may meet, each with one line: what, where, what to do next."""


class ZotuiError(Exception):
    """Something a person can understand and mend.

    ``message`` says what went wrong and where, ``hint`` (may be empty) what to do next; ``exit_code`` is the
    command line's (1 failed, 2 wrong usage).
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message


class UsageError(ZotuiError):
    """The request itself makes no sense: a wrong option, an empty message, an unknown name."""

    exit_code = 2


class NotFound(ZotuiError):
    """Nothing has that id, key or name."""


class HomeError(ZotuiError):
    """The home folder cannot be used: a file in its place, no permission, no room."""


class ConfigError(ZotuiError):
    """``config.toml`` has an unknown key or a bad value."""


class StoreError(ZotuiError):
    """The SQLite file cannot be opened, read or written."""


class StoreFull(StoreError):
    """No room on the disk. Nothing acknowledged was lost; the same write works once there is room."""


class NewerFile(StoreError):
    """The file was written by a newer zotui."""


class DamagedFile(StoreError):
    """The file is truncated, overwritten or no database at all."""


class Fenced(StoreError):
    """A result came too late: the row has been given to somebody else, or ended."""


class SandboxError(ZotuiError):
    """A command is refused, or cannot be started."""
