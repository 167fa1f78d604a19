"""No wall at all, where the person wants that: limits and a clean environment are all that is left."""

import os

from zotui.sandbox import bubblewrap
from zotui.sandbox.command import Command
from zotui.sandbox.limits import prlimit
from zotui.sandbox.wall import Profile, Start, Wall


class Plain:
    """Starts commands as they are."""

    name = "nothing"

    async def raise_(self, profile: Profile) -> Wall:
        """It always stands, being nothing."""
        return Wall("none", "NO SANDBOX · commands run as you, with your files and network", "the person turned it off")

    def start(self, command: Command, profile: Profile, alone: bool) -> Start:
        """The words with limits before them. Blocks."""
        folder = os.path.join(profile.workspace, command.folder)
        where = {"HOME": os.path.expanduser("~"), "PWD": folder}
        where |= {name: str(path) for name, path in command.folders.items()}
        limits = [word for word in prlimit(profile.limits) if not word.startswith("--nproc")]  # of all that you run
        words = ["env", "-C", folder, *limits, *command.words]
        return Start(words, bubblewrap.environment([*where.items(), *command.environment.items()]))

    async def tear_down(self) -> None:
        """Nothing was built."""
