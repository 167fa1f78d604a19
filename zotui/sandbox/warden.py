"""Runs a command where there are no namespaces: confined by Landlock and a filter of system calls, swept when it ends.

A program of its own: ``python -I -S warden.py ORDERS FILTER``, two descriptors. Orders are a marshalled dict that
``zotui.sandbox.landlock`` writes, as any Python reads it; the filter is a BPF program. There are two wardens, one above
the other: whatever a command leaves behind becomes a child of the lower one, which ends it; where one warden is killed,
the other is told by the kernel and does it.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]
import ctypes
import marshal
import os
import resource
import struct
import sys
import time

TYPE_CHECKING = False  # what is imported here, and by whom, is most of what a command waits for
if TYPE_CHECKING:
    from typing import Any

    Orders = dict[str, Any]

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every machine
PATH_BENEATH, VERSION = 1, 1
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 22, 36, 38
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE, IOCTL_DEV = 1, 2, 4, 8, 1 << 14, 1 << 15
MAKE_CHAR, MAKE_BLOCK = 1 << 6, 1 << 11
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
READ = EXECUTE | READ_FILE | READ_DIR
TCP = 1 | 2  # bind, connect
SCOPES = 1 | 2  # abstract sockets, signals
ENDED_BY = {signal.SIGTERM, signal.SIGCHLD}
NOT_FOUND, NOT_RUN, MOMENT_S = 127, 126, 0.001

libc = ctypes.CDLL(None, use_errno=True)


def check(value: int, what: str) -> int:
    """The value, if it is none of a failure. Raises OSError."""
    if value < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return value


def version() -> int:
    """What this kernel's Landlock can do, as a number. Raises OSError where there is none."""
    return check(libc.syscall(CREATE_RULESET, None, 0, VERSION), "Landlock")


def rights(abi: int) -> int:
    """All that this version can refuse in a file system."""
    return (1 << (16 if abi >= 5 else 15)) - 1


def allow(rules: int, path: str, access: int) -> None:
    """Let what lies at a path be used so. What is not there is left out."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            access &= OF_FILES
        rule = struct.pack("=Qi", access, descriptor)
        check(libc.syscall(ADD_RULE, rules, PATH_BENEATH, rule, 0), f"Landlock at {path}")
    finally:
        os.close(descriptor)


def confine(orders: Orders) -> None:
    """Put this process, and all that it will start, behind the wall. Raises OSError."""
    abi = min(version(), orders["abi"])
    every = rights(abi)
    wanted = struct.pack("=QQQ", every, 0 if orders["network"] else TCP, SCOPES if abi >= 6 else 0)
    rules = check(libc.syscall(CREATE_RULESET, wanted, 24 if abi >= 6 else 16, 0), "Landlock")
    for path in orders["readable"]:
        allow(rules, path, READ & every)
    for path in orders["devices"]:
        allow(rules, path, (READ_FILE | WRITE_FILE | IOCTL_DEV) & every)
    for path in orders["writable"]:
        allow(rules, path, every & ~(MAKE_CHAR | MAKE_BLOCK))
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    check(libc.syscall(RESTRICT_SELF, rules, 0), "Landlock")


def filter_calls(program: bytes) -> None:
    """Load the filter of system calls. Raises OSError."""
    code = ctypes.create_string_buffer(program, len(program))
    told = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    check(libc.prctl(PR_SET_SECCOMP, 2, told, 0, 0), "the filter of system calls")


def tasks() -> int:
    """How many threads this user runs: the limit counts them all, not those of the command only."""
    found = 0
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == os.geteuid():
                found += len(os.listdir(f"/proc/{name}/task"))
        except OSError:
            continue
    return found


def limit(limits: dict[str, int]) -> None:
    """Set the limits of the kernel; they can be lowered, never raised."""
    for name, most in limits.items():
        number = getattr(resource, f"RLIMIT_{name}")
        most += tasks() if name == "NPROC" else 0
        hard = resource.getrlimit(number)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(number, (most, most))


def become(orders: Orders, program: bytes) -> None:
    """Be the command. Ends this process, with a word on its errors where that cannot be."""
    code = NOT_RUN
    try:
        os.setsid()
        os.closerange(3, 65_536)
        os.umask(0o022)
        os.chdir(orders["folder"])
        limit(orders["limits"])
        confine(orders)
        filter_calls(program)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDED_BY)
        os.execvpe(orders["words"][0], orders["words"], orders["environment"])
    except OSError as error:
        code = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_RUN
        what = error.filename or orders["words"][0]
        os.write(2, f"zotui: {what}: {error.strerror}\n".encode("utf-8", "replace"))
    finally:
        os._exit(code)


def below(pid: int) -> list[int]:
    """All that descend of a process."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                for child in map(int, file.read().split()):
                    found += [child, *below(child)]
    except OSError:
        pass
    return found


def sweep() -> None:
    """End everything that descends of this process, however often it forks."""
    while True:
        for pid in below(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(MOMENT_S)  # never wait for one: it may be new, and go on


def keep(pid: int) -> int:
    """Wait for the end of a child, or until this process shall end; then end all others. The child's exit code."""
    code: int = 128 + signal.SIGTERM
    while signal.sigwait(ENDED_BY) == signal.SIGCHLD:
        ended, status = -1, 0
        try:
            while ended:
                ended, status = os.waitpid(-1, os.WNOHANG)
                if ended == pid:
                    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
                    break
        except ChildProcessError:
            break
        if ended == pid:
            break
    sweep()
    return code


def guard(above: int) -> None:
    """Be one to whom orphans come, and be told when the process above is gone."""
    check(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "subreaper")
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0), "parent")
    if os.getppid() != above:
        sys.exit(128 + signal.SIGTERM)


def main(orders: Orders, program: bytes) -> int:
    """Run the command; its exit code."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDED_BY)
    guard(orders["parent"])
    upper = os.getpid()
    lower = os.fork()
    if lower == 0:
        os.setsid()  # so that what kills the group of the upper one leaves this one its time
        guard(upper)
        command = os.fork()
        if command == 0:
            become(orders, program)
        os._exit(keep(command))
    return keep(lower)


def read(descriptor: str) -> bytes:
    """All that a descriptor holds; it is closed then."""
    with os.fdopen(int(descriptor), "rb") as file:
        return file.read()


if __name__ == "__main__":
    sys.exit(main(marshal.loads(read(sys.argv[1])), read(sys.argv[2])))
