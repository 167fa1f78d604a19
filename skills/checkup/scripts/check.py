"""Disk, memory, load, processes and old logs, as far as they can be read from within the sandbox."""

import os
import shutil
import time
from collections import Counter
from pathlib import Path

MOST = 500_000  # files looked at


def run(folder: str = ".", days: int = 30, top: int = 10) -> str:
    """A check-up of the machine's numbers and a folder's sizes, with what cannot be seen from here.

    ``days`` is the age from which a log is old, ``top`` how many folders and files are named. Raises ValueError for a
    folder that cannot be read.
    """
    root = Path(folder)
    try:
        disk = shutil.disk_usage(root)
        os.listdir(root)
    except OSError as error:
        raise ValueError(f"{folder} cannot be read: {error.strerror}; name a folder of the workspace") from None
    lines = [
        f"disk of {folder}: {_size(disk.used)} of {_size(disk.total)} used ({100 * disk.used // (disk.total or 1)} %)"
    ]
    lines += [*_memory(), *_load(), *_zombies(), *_sizes(root, days, max(1, min(top, 50)))]
    return "\n".join(
        [
            *lines,
            "not seen from here:",
            "- other disks: df -h",
            "- processes outside the sandbox: ps axo stat,pid,ppid,comm | awk '$1 ~ /^Z/' (zombies), top",
            "- logs of the system: du -sh /var/log, journalctl --disk-usage",
        ]
    )


def _memory() -> list[str]:
    try:
        pairs = (line.split()[:2] for line in Path("/proc/meminfo").read_text().splitlines())
        numbers = {pair[0].rstrip(":"): int(pair[1]) * 1024 for pair in pairs if len(pair) == 2}
        total, free = numbers["MemTotal"], numbers["MemAvailable"]
    except (OSError, KeyError, ValueError):
        return ["memory: not readable here (vm_stat or free -h tells)"]
    swap = numbers.get("SwapTotal", 0) - numbers.get("SwapFree", 0)
    return [
        f"memory: {_size(free)} of {_size(total)} available ({100 * free // (total or 1)} %), {_size(swap)} swapped"
    ]


def _load() -> list[str]:
    try:
        one, five, fifteen = os.getloadavg()
    except OSError:
        return ["load: not readable here (uptime tells)"]
    return [f"load: {one:.2f}, {five:.2f}, {fifteen:.2f} (1, 5, 15 minutes) on {os.cpu_count() or 1} processors"]


def _zombies() -> list[str]:
    seen, dead = 0, []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, _, rest = status.read_text(errors="replace").partition(" (")
        except OSError:
            continue
        name, _, fields = rest.rpartition(") ")
        seen += 1
        if fields.startswith("Z"):
            dead.append(f"{_plain(name)} (pid {pid}, parent {fields.split()[1]})")
    return [f"processes seen: {seen}, zombies: {', '.join(dead[:20]) or 'none among them'}"] if seen else []


def _sizes(root: Path, days: int, top: int) -> list[str]:
    """Largest folders (by all that is below them), largest files, old logs. No link is followed, no other disk entered."""
    folders: Counter[str] = Counter()
    files: list[tuple[int, str]] = []
    old: list[tuple[int, str]] = []
    before, count, hidden = time.time() - days * 86400, 0, 0
    device, linked = root.stat().st_dev, set()
    stack = [str(root)]
    while stack and count < MOST:
        here = stack.pop()
        try:
            entries = list(os.scandir(here))
        except OSError:
            hidden += 1
            continue
        for entry in entries:
            try:
                state = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if entry.is_dir(follow_symlinks=False):
                if state.st_dev == device:
                    stack.append(entry.path)
                continue
            count += 1
            if state.st_nlink > 1:
                if state.st_ino in linked:
                    continue
                linked.add(state.st_ino)
            size = state.st_blocks * 512
            above = Path(entry.path).relative_to(root).parents
            for parent in list(above)[:-1]:
                folders[str(parent)] += size
            files = sorted([*files, (size, entry.path)], reverse=True)[:top]
            if state.st_mtime < before and (".log" in entry.name.lower() or entry.name.endswith((".out", ".trace"))):
                old.append((size, entry.path))
    lines = [
        f"{count} files looked at"
        + (" (the limit)" if stack else "")
        + (f", {hidden} folders not readable" if hidden else "")
    ]
    lines += ["largest folders:", *(f"- {_size(size)} {_plain(name)}" for name, size in folders.most_common(top))]
    lines += ["largest files:", *(f"- {_size(size)} {_plain(name)}" for size, name in files)]
    lines += [f"logs older than {days} days: {len(old)}, {_size(sum(size for size, _ in old))}"]
    return lines + [f"- {_size(size)} {_plain(name)}" for size, name in sorted(old, reverse=True)[:top]]


def _size(count: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
