"""Keeps the workspace within reach of a user who is nobody, for a zotui that runs as root.

A program of its own, started with that user's number and the paths of folders: ``python -I -S keeper.py 61111 PATH…``.
In a mount namespace of its own it puts each where anybody gets at it (``/mnt/0``, ``/mnt/1`` …), as folders in which
that user stands for root (an idmapped mount, mount_setattr(2)): what a command writes belongs to root outside. It says "ready", or what was
wrong, and stays until its input ends. Nothing of it is seen outside of its namespace.
"""

import ctypes
import os
import struct
import sys

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_REC, MS_PRIVATE, MS_NOSUID, MS_NODEV = 0x4000, 0x40000, 2, 4
AT_FDCWD, AT_EMPTY_PATH = -100, 0x1000
OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR = 428, 429, 442  # the same on every machine
OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC = 1, 0o2000000
MOVE_MOUNT_F_EMPTY_PATH = 4
MOUNT_ATTR_IDMAP = 0x00100000

libc = ctypes.CDLL(None, use_errno=True)


def check(value: int, what: str) -> int:
    """The value, if it is none of a failure. Raises OSError."""
    if value < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return value


def user_namespace(nobody: int) -> int:
    """A descriptor of a user namespace in which root is nobody and everybody else is as they are."""
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        libc.unshare(CLONE_NEWUSER)
        os.write(ready[1], b".")
        os.read(go[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    lines = f"0 {nobody} 1\n1 1 {nobody - 1}\n{nobody + 1} {nobody + 1} {2**31 - nobody}\n"
    try:
        for kind in ("uid_map", "gid_map"):
            with open(f"/proc/{child}/{kind}", "w") as file:
                file.write(lines)
        return os.open(f"/proc/{child}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.write(go[1], b".")
        os.waitpid(child, 0)


def put(path: str, target: str, users: int) -> None:
    """Show a folder at another place, its owners mapped."""
    tree = check(libc.syscall(OPEN_TREE, AT_FDCWD, path.encode(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC), "open_tree")
    attributes = struct.pack("=QQQQ", MOUNT_ATTR_IDMAP, 0, 0, users)
    check(libc.syscall(MOUNT_SETATTR, tree, b"", AT_EMPTY_PATH, attributes, len(attributes)), "mount_setattr")
    check(libc.syscall(MOVE_MOUNT, tree, b"", AT_FDCWD, target.encode(), MOVE_MOUNT_F_EMPTY_PATH), "move_mount")
    os.close(tree)


def main(nobody: int, paths: list[str]) -> None:
    """Put the paths, and stay."""
    check(libc.unshare(CLONE_NEWNS), "unshare")
    check(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount /")
    check(libc.mount(b"tmpfs", b"/mnt", b"tmpfs", MS_NOSUID | MS_NODEV, b"mode=0755,size=64k"), "mount /mnt")
    users = user_namespace(nobody)
    for number, path in enumerate(paths):
        target = f"/mnt/{number}"
        os.mkdir(target, 0o755)
        put(path, target, users)
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), sys.argv[2:])
    except OSError as error:
        print(error.strerror or error, flush=True)
        sys.exit(1)
