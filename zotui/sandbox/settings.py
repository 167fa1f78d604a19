"""What the configuration says of the wall."""

from collections.abc import Callable
from pathlib import Path

from zotui.config import SandboxConfig
from zotui.home import Home
from zotui.sandbox.sandbox import Sandbox
from zotui.sandbox.wall import Profile


def sandbox_of(home: Home, config: Callable[[], SandboxConfig]) -> Sandbox:
    """The sandbox of a home, as the configuration has it whenever a command begins."""
    return Sandbox(lambda: profile_of(home, config()), home.outputs)


def profile_of(home: Home, config: SandboxConfig) -> Profile:
    """What commands of this home may do. Folders that are not there are left out."""
    writable = tuple(
        path for name in config.writable if (path := Path(name).expanduser()).is_absolute() and path.is_dir()
    )
    return Profile(home.workspace, writable, config.network == "allow", config.limits, config.hosts)
