"""The filter of system calls that every command runs under: what reaches around namespaces is refused.

A classic BPF program over ``struct seccomp_data`` (linux/seccomp.h), as ``bwrap --seccomp FD`` reads it. What is
refused, and why namespaces alone do not do it: kernel keyrings, bpf, io_uring (it makes calls that no filter sees),
userfaultfd, perf, ptrace and the memory of others, mounts and new namespaces, sockets of families that no namespace
holds (vsock), typing into a terminal (TIOCSTI) and giving it another driver (TIOCSETD), and setuid bits on files that outlive the command.
"""

import errno
import platform
import struct
from functools import cache

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LD, _JEQ, _JSET, _JGE, _RET = 0x20, 0x15, 0x45, 0x35, 0x06
_NR, _ARCH = 0, 4
_NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_SET_ID = 0o6000
_CREATES = 0o100 | 0o20000000  # O_CREAT, __O_TMPFILE
_FAMILIES = (1, 2, 10, 16)  # unix, inet, inet6, netlink
_OF_TERMINALS = (0x5412, 0x541C, 0x5423)  # TIOCSTI, TIOCLINUX, TIOCSETD

REFUSED = (
    "acct", "add_key", "adjtimex", "bpf", "chroot", "clock_adjtime", "clock_settime", "delete_module", "fanotify_init",
    "finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "init_module", "kcmp", "kexec_file_load", "kexec_load",
    "keyctl", "migrate_pages", "mount", "mount_setattr", "move_mount", "move_pages", "name_to_handle_at",
    "open_by_handle_at", "open_tree", "perf_event_open", "pidfd_getfd", "pivot_root", "process_vm_readv",
    "process_vm_writev", "ptrace", "quotactl", "reboot", "request_key", "setdomainname", "sethostname", "setns",
    "settimeofday", "swapoff", "swapon", "syslog", "umount2", "unshare", "userfaultfd",
)  # fmt: skip
UNKNOWN = ("clone3", "io_uring_enter", "io_uring_register", "io_uring_setup", "openat2", "fchmodat2")
"""As if the kernel were older: what cannot be looked into, and what programs do without."""
SHARED = (
    "mq_open", "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd", "semctl", "semget", "semop", "semtimedop",
    "setpriority", "shmat", "shmctl", "shmget",
)  # fmt: skip
"""What reaches others of the same user, where no namespace keeps a command among its own."""
_DATAGRAMS = tuple(2 | flags for flags in (0, 0x800, 0x80000, 0x80800))  # SOCK_DGRAM, non-blocking, closed on exec

# asm/unistd_64.h and asm-generic/unistd.h; from 424 on the numbers are the same everywhere
_COMMON = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "clone3": 435, "openat2": 437, "pidfd_getfd": 438,
    "mount_setattr": 442, "fchmodat2": 452,
}  # fmt: skip
_X86_64 = _COMMON | {
    "open": 2, "ioctl": 16, "socket": 41, "clone": 56, "creat": 85, "chmod": 90, "fchmod": 91, "ptrace": 101,
    "syslog": 103, "mknod": 133, "pivot_root": 155, "adjtimex": 159, "chroot": 161, "acct": 163, "settimeofday": 164,
    "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168, "reboot": 169, "sethostname": 170,
    "setdomainname": 171, "init_module": 175, "delete_module": 176, "quotactl": 179, "clock_settime": 227,
    "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250, "migrate_pages": 256, "openat": 257,
    "mknodat": 259, "fchmodat": 268, "unshare": 272, "move_pages": 279, "perf_event_open": 298, "fanotify_init": 300,
    "name_to_handle_at": 303, "open_by_handle_at": 304, "clock_adjtime": 305, "setns": 308, "process_vm_readv": 310,
    "process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323,
    "shmget": 29, "shmat": 30, "shmctl": 31, "socketpair": 53, "kill": 62, "semget": 64, "semop": 65, "semctl": 66,
    "msgget": 68, "msgsnd": 69, "msgrcv": 70, "msgctl": 71, "setpriority": 141, "semtimedop": 220, "mq_open": 240,
    "mq_unlink": 241, "prlimit64": 302,
}  # fmt: skip
_AARCH64 = _COMMON | {
    "ioctl": 29, "mknodat": 33, "umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "fchmod": 52, "fchmodat": 53,
    "openat": 56, "quotactl": 60, "acct": 89, "unshare": 97, "kexec_load": 104, "init_module": 105, "delete_module": 106,
    "clock_settime": 112, "syslog": 116, "ptrace": 117, "reboot": 142, "sethostname": 161, "setdomainname": 162,
    "settimeofday": 170, "adjtimex": 171, "socket": 198, "add_key": 217, "request_key": 218, "keyctl": 219, "clone": 220,
    "swapon": 224, "swapoff": 225, "migrate_pages": 238, "move_pages": 239, "perf_event_open": 241, "fanotify_init": 262,
    "name_to_handle_at": 264, "open_by_handle_at": 265, "clock_adjtime": 266, "setns": 268, "process_vm_readv": 270,
    "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "bpf": 280, "userfaultfd": 282, "kexec_file_load": 294,
    "kill": 129, "setpriority": 140, "mq_open": 180, "mq_unlink": 181, "msgget": 186, "msgctl": 187, "msgrcv": 188,
    "msgsnd": 189, "semget": 190, "semctl": 191, "semtimedop": 192, "semop": 193, "shmget": 194, "shmctl": 195,
    "shmat": 196, "socketpair": 199, "prlimit64": 261,
}  # fmt: skip
_MACHINES = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _AARCH64)}

Step = tuple[int, int, int, int]


def is_known() -> bool:
    """Whether there is a filter for this machine."""
    return platform.machine() in _MACHINES


@cache
def program(machine: str = "", shared: bool = False, network: bool = True) -> bytes:
    """The filter as the kernel takes it, for this machine or another. Raises KeyError for one that is not known.

    ``shared``: for a command without namespaces of its own. It gets no sockets with names in the file system, those of
    the ``network`` only where that is its own, and reaches no process but by what Landlock allows.
    """
    arch, numbers = _MACHINES[machine or platform.machine()]
    steps: list[Step] = [(_LD, 0, 0, _ARCH), (_JEQ, 1, 0, arch), (_RET, 0, 0, KILL), (_LD, 0, 0, _NR)]
    if arch == 0xC000003E:
        steps += [(_JGE, 0, 1, 0x40000000), _refuse(errno.ENOSYS)]  # the x32 calls have other numbers
    refused = REFUSED + SHARED if shared else REFUSED
    for names, code in ((refused, errno.EPERM), (UNKNOWN, errno.ENOSYS)):
        for name in names:
            steps += [(_JEQ, 0, 1, numbers[name]), _refuse(code)]
    families = _FAMILIES if not shared else _FAMILIES[1:] if network else ()
    steps += _rule(numbers, "socket", _one_of(0, families, errno.EAFNOSUPPORT))
    if shared:
        steps += _rule(numbers, "socketpair", _none_of(1, _DATAGRAMS))  # one of which can send to any name
        steps += _rule(numbers, "kill", _none_of(0, (0xFFFFFFFF,)))  # everybody
        steps += _rule(numbers, "prlimit64", _one_of(0, (0,), errno.EPERM))  # itself
    steps += _rule(numbers, "clone", _bits(0, _NEW_NAMESPACES))
    steps += _rule(numbers, "ioctl", _none_of(1, _OF_TERMINALS))
    for name, mode in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("creat", 1), ("mknod", 1), ("mknodat", 2)):
        steps += _rule(numbers, name, _bits(mode, _SET_ID))
    for name, flags in (("open", 1), ("openat", 2)):
        steps += _rule(numbers, name, _both(flags, _CREATES, flags + 1, _SET_ID))
    steps.append((_RET, 0, 0, ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _refuse(code: int) -> Step:
    return (_RET, 0, 0, ERRNO | code)


def _argument(number: int) -> Step:
    """The lower half of an argument: all that the kernel looks at of these."""
    return (_LD, 0, 0, 16 + 8 * number)


def _rule(numbers: dict[str, int], name: str, block: list[Step]) -> list[Step]:
    """A block for one call; it ends the program. Nothing on a machine that lacks the call."""
    return [(_JEQ, 0, len(block), numbers[name]), *block] if name in numbers else []


def _one_of(argument: int, allowed: tuple[int, ...], code: int) -> list[Step]:
    last = len(allowed)
    tests = [(_JEQ, last - at, 0, value) for at, value in enumerate(allowed)]
    return [_argument(argument), *tests, _refuse(code), (_RET, 0, 0, ALLOW)]


def _none_of(argument: int, refused: tuple[int, ...]) -> list[Step]:
    last = len(refused)
    tests = [(_JEQ, last - at, 0, value) for at, value in enumerate(refused)]
    return [_argument(argument), *tests, (_RET, 0, 0, ALLOW), _refuse(errno.EPERM)]


def _bits(argument: int, refused: int) -> list[Step]:
    return [_argument(argument), (_JSET, 1, 0, refused), (_RET, 0, 0, ALLOW), _refuse(errno.EPERM)]


def _both(first: int, some: int, second: int, refused: int) -> list[Step]:
    """Refuse what has some of the first bits and of the second: without O_CREAT the mode may be anything."""
    return [
        _argument(first),
        (_JSET, 0, 2, some),
        _argument(second),
        (_JSET, 1, 0, refused),
        (_RET, 0, 0, ALLOW),
        _refuse(errno.EPERM),
    ]
