"""What changed in the workspace of late: files by folder, and commits of the repositories in it."""

import os
import subprocess
import time
from collections import defaultdict
from pathlib import Path

LEFT_OUT = {
    ".git",
    ".hg",
    ".venv",
    "venv",
    "node_modules",
    "__pycache__",
    "target",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".cache",
}
MOST = 200_000  # files looked at
SHOWN = 60
GIT = ["git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false"]


def run(hours: int = 24, folder: str = ".") -> str:
    """Files changed in the last ``hours`` below a folder, newest first, and commits of its repositories.

    Raises ValueError for no hours or a folder that is not there.
    """
    if not 1 <= hours <= 24 * 366:
        raise ValueError("hours is 1 to 8784 (a year)")
    if not Path(folder).is_dir():
        raise ValueError(f"{folder} is no folder; name one of the workspace")
    since, count = time.time() - hours * 3600, 0
    changed: dict[str, list[tuple[float, str]]] = defaultdict(list)
    repositories: list[str] = []
    for here, folders, files in os.walk(folder):
        if ".git" in folders or ".git" in files:
            repositories.append(here)
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        for name in files:
            count += 1
            try:
                at = os.lstat(os.path.join(here, name)).st_mtime
            except OSError:
                continue
            if at >= since and name != ".git":
                changed[os.path.relpath(here, folder)].append((at, name))
        if count > MOST:
            break
    total = sum(map(len, changed.values()))
    lines = [f"{total} files changed in {hours} hours" + (f" (the first {MOST} looked at)" if count > MOST else "")]
    for here, found in sorted(changed.items(), key=lambda item: max(item[1]), reverse=True)[:SHOWN]:
        newest = [name for _, name in sorted(found, reverse=True)]
        when = time.strftime("%a %H:%M", time.localtime(max(found)[0]))
        lines.append(
            f"{when} {here}: {', '.join(newest[:6])}" + (f" and {len(newest) - 6} more" if len(newest) > 6 else "")
        )
    for here in repositories[:20]:
        lines += _commits(here, hours)
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in "\n".join(lines))


def _commits(folder: str, hours: int) -> list[str]:
    words = [
        "-C",
        folder,
        "log",
        "--all",
        f"--since={hours} hours ago",
        "--format=%ad %h %an: %s",
        "--date=format:%a %H:%M",
        "-n40",
    ]
    try:
        done = subprocess.run([*GIT, *words], capture_output=True, timeout=20, stdin=subprocess.DEVNULL, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return [f"commits in {folder}: git does not answer"]
    if done.returncode:
        return [f"commits in {folder}: not readable"]
    found = done.stdout.decode(errors="replace").splitlines()
    return [f"commits in {folder}: {len(found) or 'none'}", *found]
