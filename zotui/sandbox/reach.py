"""What root needs so that a user who is nobody gets at the workspace: a keeper of a mount namespace."""

import asyncio
import os
import sys
from pathlib import Path

PLACES = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PATIENCE_S = 5.0
KEEPER = str(Path(__file__).with_name("keeper.py"))
NOBODY = "61111"  # a number that no distribution gives to anybody: its processes are counted by themselves


class Reach:
    """Folders that nobody gets at, while a keeper runs."""

    def __init__(self) -> None:
        self._keeper: asyncio.subprocess.Process | None = None
        self._paths: tuple[Path, ...] = ()

    async def extend(self, paths: tuple[Path, ...]) -> str:
        """Have a keeper for these folders; why there can be none, in words, or nothing."""
        self._keeper = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", KEEPER, NOBODY, *map(str, paths),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": PLACES}, cwd="/", start_new_session=True,
        )  # fmt: skip
        assert self._keeper.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                said = (await self._keeper.stdout.readline()).decode("utf-8", "replace").strip()
        except TimeoutError:
            said = "it did not answer"
        if said == "ready":
            self._paths = paths
            return ""
        await self.tear_down()
        return said or "it ended"

    def place(self, path: Path) -> str:
        """Where nobody finds a folder, or what lies in it."""
        for number, folder in enumerate(self._paths if self._keeper is not None else ()):
            if path.is_relative_to(folder):
                return os.path.normpath(f"/mnt/{number}/{path.relative_to(folder)}")
        return str(path)

    def words(self) -> list[str]:
        """What a command begins with that runs as nobody; nothing without a keeper."""
        if self._keeper is None:
            return []
        enter = f"--mount=/proc/{self._keeper.pid}/ns/mnt"
        return ["nsenter", enter, f"--setgid={NOBODY}", f"--setuid={NOBODY}", "--"]

    async def tear_down(self) -> None:
        """End the keeper; its namespace goes with it."""
        kept, self._keeper = self._keeper, None
        if kept is not None:
            if kept.returncode is None:
                kept.kill()
            await kept.communicate()
