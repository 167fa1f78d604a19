"""The wall on macOS: ``sandbox-exec`` with a profile made for each command.

Apple calls it deprecated and has no other for programs that are not apps. It was written from its documentation and
has not run on a Mac.
"""

import os
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from zotui.errors import SandboxError
from zotui.sandbox import bubblewrap, egress, protected
from zotui.sandbox.command import Command
from zotui.sandbox.restoring import discard
from zotui.sandbox.wall import Profile, Start, Wall, told_network

PROGRAM = "/usr/bin/sandbox-exec"
READABLE = (
    "/System", "/usr", "/bin", "/sbin", "/Library/Developer", "/Library/Frameworks", "/Applications/Xcode.app",
    "/opt/homebrew", "/opt/local", "/nix/store", "/private/etc/ssl", "/private/etc/localtime", "/private/var/db/timezone",
    "/private/var/db/dyld", "/private/var/select",
)  # fmt: skip
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/tty")
GAPS = "not tried on a Mac; daemons may outlive a command; memory and processes are not limited"


class Seatbelt:
    """Starts commands with sandbox-exec. ``scratch`` is a folder for what commands have of their own."""

    name = "sandbox-exec"

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch

    async def raise_(self, profile: Profile) -> Wall:
        """Find the program. Raises SandboxError where there is none, and for root, whom it does not hold."""
        if sys.platform != "darwin":
            raise SandboxError("sandbox-exec is of macOS only")
        if os.geteuid() == 0:
            raise SandboxError("sandbox-exec does not hold root", "run zotui as an ordinary user")
        if not os.access(PROGRAM, os.X_OK):
            raise SandboxError(f"there is no {PROGRAM}")
        return Wall("seatbelt", f"sandbox-exec · {told_network(profile)}", GAPS)

    def start(self, command: Command, profile: Profile, alone: bool) -> Start:
        """The words with the profile before them. Blocks. Raises OSError."""
        root = profile.workspace
        own = Path(tempfile.mkdtemp(prefix="own-", dir=self._scratch)).resolve()
        protected.prepare(root)
        listener = socket.create_server(("127.0.0.1", 0)) if command.hosts else None
        port = listener.getsockname()[1] if listener else None
        text = rules(
            [root.resolve(), *(path.resolve() for path in profile.writable), own],
            [path.resolve() for path in (*protected.read_only(root), *protected.held(root))],
            port,
            [path.resolve() for path in command.folders.values()],
        )
        folder = os.path.normpath(os.path.join(root, command.folder))
        proxy = egress.environment(port) if port else {}
        more = {"HOME": str(own), "TMPDIR": str(own), "PWD": folder, **proxy, **command.environment}
        more |= {name: str(path.resolve()) for name, path in command.folders.items()}
        words = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', folder, PROGRAM, "-p", text, *command.words]

        def finish() -> str:
            discard(own)
            return ""

        return Start(words, bubblewrap.environment(more.items()), (), finish, listener=listener)

    async def tear_down(self) -> None:
        """Nothing was built."""


def rules(writable: Sequence[Path], kept: Sequence[Path], port: int | None, shown: Sequence[Path] = ()) -> str:
    """A profile: what is not allowed is refused, and the last rule that fits wins. ``kept`` lies in what is writable
    and stays as it is: read-only, unless it is a folder of a repository, which must only stay where it is. ``port`` is
    that of the proxy, where hosts may be reached by it; ``shown`` may be read."""
    lines = [
        "(version 1)",
        "(deny default)",
        "(allow process-fork process-exec*)",
        "(allow signal (target same-sandbox))",
        "(allow sysctl-read)",
        "(allow file-read-metadata)",
        f'(allow file-read* (literal "/") {" ".join(_subpath(Path(path)) for path in READABLE)})',
        f"(allow file-read* file-write-data file-ioctl {' '.join(_literal(Path(path)) for path in DEVICES)})",
        *(f"(allow file-read* file-write* {_subpath(path)})" for path in writable),
        *(f"(allow file-read* {_subpath(path)})" for path in shown),
    ]
    for path in kept:
        held = path.name == ".git" or path.name not in (*protected.FILES, *protected.FOLDERS, *protected.OF_GIT)
        lines.append(f"(deny file-write* {_literal(path) if held else _subpath(path)})")
    lines.append("(deny network*)")
    if port is not None:
        lines.append(f'(allow network-outbound (remote ip "localhost:{port}"))')
    return "\n".join(lines)


def _subpath(path: Path) -> str:
    return f"(subpath {_text(path)})"


def _literal(path: Path) -> str:
    return f"(literal {_text(path)})"


def _text(path: Path) -> str:
    """A path as a text of that language. Raises SandboxError for one that it cannot hold."""
    if any(ord(sign) < 32 for sign in str(path)):
        raise SandboxError("the wall cannot hold a path with control characters", f"rename {str(path)!r}")
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
