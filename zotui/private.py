"""Files and folders for their owner only, whatever the umask."""

import os
import resource
import stat
from pathlib import Path


def make_folder(path: Path) -> None:
    """A folder with mode 0700 whatever the umask. Raises OSError."""
    try:
        path.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        if not path.is_dir():
            raise
        if stat.S_IMODE(path.stat().st_mode) & 0o077 == 0:
            return
    path.chmod(0o700)


def make_file(path: Path, text: str = "") -> None:
    """A file with mode 0600 whatever the umask, unless there is one. Raises OSError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)


def keep_no_core() -> None:
    """Have no core dump of this process written: its memory may hold keys."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
