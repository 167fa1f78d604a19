"""What is outside of a sandbox and within, and walls as somebody else has them."""

import os
from pathlib import Path

from zotui.errors import SandboxError
from zotui.limits import Limits
from zotui.sandbox import Command, Profile, Sandbox, Wall
from zotui.sandbox.landlock import Landlock
from zotui.sandbox.namespaces import Namespaces
from zotui.sandbox.wall import Start

ORDINARY = 54_321  # the number of a user who is nobody here
CANARY = "ZOTUI_TEST_CANARY"
USERS = ("root", "ordinary") if os.geteuid() == 0 else ("ordinary",)


class AsOrdinary(Namespaces):
    """The wall as it is raised by somebody who is not root, where root runs the tests."""

    async def raise_(self, profile: Profile) -> Wall:
        wall = await super().raise_(profile)
        await self.tear_down()
        return wall

    def _through_keeper(self) -> list[str]:
        return ["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups", "--"]


class LandlockAsOrdinary(Landlock):
    """The other wall, in the same way."""

    async def raise_(self, profile: Profile) -> Wall:
        wall = await super().raise_(profile)
        await self._reach.tear_down()
        assert self._own is not None
        self._own.chmod(0o711)
        return wall

    def start(self, command: Command, profile: Profile, alone: bool) -> Start:
        start = super().start(command, profile, alone)
        assert self._own is not None
        for path in self._own.rglob("*"):
            os.chown(path, ORDINARY, ORDINARY)
        return start

    def _through_keeper(self) -> list[str]:
        return AsOrdinary._through_keeper(self)  # type: ignore[arg-type]


class Missing(Namespaces):
    """There is no bubblewrap."""

    async def raise_(self, profile: Profile) -> Wall:
        raise SandboxError("bwrap is not installed", "apt install bubblewrap")


class World:
    """What is outside, and a sandbox within."""

    def __init__(self, folder: Path, user: str) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.workspace = self.home / "workspace"
        self.secret = self.home / "secret.txt"
        self.workspace.mkdir(parents=True)
        self.secret.write_text("the secret")
        for path, text in {
            ".git/config": "[core]\n", ".git/hooks/keep": "", ".git/HEAD": "ref: refs/heads/main\n", ".git/objects/x": "",
            ".git/refs/x": "", "inner/.git/config": "", "inner/.git/hooks/keep": "", ".bashrc": "fine\n", ".envrc": "fine\n",
            ".vscode/tasks.json": "{}", "skills/good/SKILL.md": "good",
        }.items():  # fmt: skip
            (self.workspace / path).parent.mkdir(parents=True, exist_ok=True)
            (self.workspace / path).write_text(text)
        if user == "ordinary" and os.geteuid() == 0:
            for path in [self.home, *self.home.rglob("*")]:
                os.chown(path, ORDINARY, ORDINARY)
        else:
            self.home.chmod(0o700)
        self.limits, self.network = Limits(), False
        self.readable: tuple[Path, ...] = ()
        self.sandbox = Sandbox(
            lambda: Profile(self.workspace, (), self.network, self.limits, readable=self.readable), folder
        )

    def protected(self) -> dict[str, bytes]:
        """All that must stay as it is."""
        names = (".git/config", ".git/hooks", "inner/.git", ".bashrc", ".envrc", ".vscode", "skills")
        found = {}
        for name in names:
            path = self.workspace / name
            files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
            found |= {str(file): file.read_bytes() for file in files}
        return found


class NoLandlock(Landlock):
    """The kernel has none."""

    def _version(self) -> int:
        return 0


def running(word: str) -> list[int]:
    """The processes of this machine with a word on their command line, but for shells."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"sleep") and word.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found
