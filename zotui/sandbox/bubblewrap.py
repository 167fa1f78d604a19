"""The words of a bubblewrap command: a small system with the workspace in it, and nothing else of this machine.

Everything is spelled out, as bwrap's defaults are those of its caller. What its ``--clearenv`` leaves readable at
``/proc/1/environ`` is why bwrap itself is started with the environment of the command.
"""

import contextlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from zotui.limits import MB, Limits

WORK, HOME = "/work", "/tmp/home"
USER = 1000  # in the sandbox
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store")
ETC_FOLDERS = ("alternatives", "crypto-policies", "fonts", "pki", "ssl")
"""Folders of /etc that programs cannot do without. Few, as bwrap reads all mounts for each: /etc/java-* and the like
are found when the words are made."""
ETC_FILES = (
    "debian_version", "ld.so.cache", "localtime", "magic", "mime.types", "nsswitch.conf", "os-release", "protocols",
    "services", "shells", "timezone",
)  # fmt: skip
PASSWD = f"root:x:0:0:root:/root:/bin/sh\nzo:x:{USER}:{USER}:zo:{HOME}:/bin/bash\nnobody:x:65534:65534::/:/bin/false\n"
GROUP = f"root:x:0:\nzo:x:{USER}:\nnogroup:x:65534:\n"
HOSTS = "127.0.0.1 localhost zotui\n::1 localhost\n"
MADE_UP = {"/etc/passwd": PASSWD, "/etc/group": GROUP, "/etc/hosts": HOSTS, "/etc/hostname": "zotui\n"}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def environment(more: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """The whole environment of a command, and of bwrap."""
    language = os.environ.get("LANG", "C.UTF-8")
    fixed = {
        "PATH": PATH,
        "HOME": HOME,
        "USER": "zo",
        "LOGNAME": "zo",
        "SHELL": "/bin/bash",
        "LANG": language if language.lower().replace("-", "").endswith("utf8") else "C.UTF-8",
        "TERM": "dumb",
        "TMPDIR": "/tmp",
        "PWD": WORK,
    }
    return {**fixed, **dict(more)}


def mounts(workspace: str, writable: Sequence[str], held: Sequence[str], read_only: Sequence[str]) -> list[str]:
    """The words for what is seen: ``workspace`` is where it is now; ``held`` and ``read_only`` lie in it, as paths
    relative to it; ``writable`` are more folders, each as ``source=target``."""
    words: list[str] = []
    for path in SYSTEM:
        if os.path.islink(path):
            words += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            words += ["--ro-bind", path, path]
    etc = Path("/etc")
    for folder in (*(etc / name for name in ETC_FOLDERS), *etc.glob("java-*"), *etc.glob("python3*")):
        if folder.is_dir():
            words += ["--ro-bind", str(folder), str(folder)]
    words += ["--bind", workspace, WORK]
    for name in held:
        words += ["--bind", os.path.join(workspace, name), os.path.join(WORK, name)]
    for name in read_only:
        words += ["--ro-bind", os.path.join(workspace, name), os.path.join(WORK, name)]
    for pair in writable:
        source, _, target = pair.partition("=")
        words += ["--bind", source, target]
    return words


def wall(limits: Limits, mounts: Sequence[str], data: dict[str, int], filter_fd: int) -> list[str]:
    """The words up to the command. ``data`` are descriptors of the files that are made up, by where they go."""
    size = str(limits.tmp_mb * MB)
    words = [
        "bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
        "--unshare-net", "--disable-userns", "--die-with-parent", "--new-session",
        "--cap-drop", "ALL", "--hostname", "zotui", "--uid", str(USER), "--gid", str(USER),
        "--proc", "/proc", "--dev", "/dev", "--size", size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev",
        "--size", size, "--tmpfs", "/tmp", "--dir", HOME, *mounts,
    ]  # fmt: skip
    for path, descriptor in data.items():
        words += ["--file", str(descriptor), path]
    return [*words, "--remount-ro", "/", "--seccomp", str(filter_fd), "--chdir", WORK]


def files() -> dict[str, bytes]:
    """What small files of /etc hold within: some of the machine's, and those that are made up. Blocks."""
    found: dict[str, bytes] = {}
    for name in ETC_FILES:
        with contextlib.suppress(OSError):
            found[f"/etc/{name}"] = Path("/etc", name).read_bytes()
    return found | {path: text.encode() for path, text in MADE_UP.items()}
