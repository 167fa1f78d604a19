"""Limits of the kernel, set inside of the wall, where they count what is inside only."""

from zotui.limits import MB, Limits


def prlimit(limits: Limits) -> list[str]:
    """The words of util-linux's ``prlimit`` that a command begins with; they can be lowered, never raised.

    ``--data`` counts private writable memory only: programs reserve much more than they use (V8, Go, Java).
    """
    return [
        "/usr/bin/prlimit",
        f"--nproc={limits.processes}",
        f"--data={limits.memory_mb * MB}",
        f"--fsize={limits.file_mb * MB}",
        f"--nofile={limits.open_files}",
        "--core=0",
        "--msgqueue=0",
        "--",
    ]
