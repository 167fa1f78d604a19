"""Who owns a running row, and whether that process is still alive."""

import os
import subprocess
import time
from functools import cache
from pathlib import Path

from zotui.store.ids import new_id


def this_owner() -> str:
    """A new owner name in this process: ``boot/pid namespace/pid/start/nonce``."""
    pid = os.getpid()
    return f"{_boot_id()}/{_pid_namespace()}/{pid}/{_started(pid)}/{new_id()[-8:]}"


def is_alive(owner: str) -> bool:
    """Whether the process that took this name still runs.

    An owner of another boot is dead. One of another pid namespace (a container on the same home) cannot be
    looked at from here, nor can a name of another form: they count as alive, and their lease decides.
    """
    boot, namespace, pid, started = [*owner.split("/"), "", "", ""][:4]
    if boot != _boot_id():
        return False
    if namespace != _pid_namespace() or not pid.isdigit():
        return True
    return _started(int(pid)) == started


def pid_here(owner: str) -> int:
    """The process id of an owner that is alive and may be signalled from here; 0 of any other."""
    boot, namespace, pid, started = [*owner.split("/"), "", "", ""][:4]
    here = (boot, namespace) == (_boot_id(), _pid_namespace()) and pid.isdigit()
    return int(pid) if here and started and _started(int(pid)) == started else 0


def lease_clock_ms() -> int:
    """Milliseconds since boot, the same in every process, standing still while the machine sleeps.

    A lease must not run out because the lid was closed: then its owner slept too.
    """
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000_000


@cache
def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return _ask("sysctl", "-n", "kern.boottime").replace("/", "-").replace(" ", "") or "boot"


@cache
def _pid_namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid").removeprefix("pid:").strip("[]")
    except OSError:
        return "0"


def _started(pid: int) -> str:
    """When a process started, in the system's own unit; empty for one that is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        if Path("/proc/self/stat").exists():
            return ""
        return _ask("ps", "-o", "lstart=", "-p", str(pid)).replace("/", "-").replace(" ", "")
    return "" if fields[0] in "ZX" else fields[19]


def _ask(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""
