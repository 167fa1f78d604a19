"""What the configuration says of the wall."""

from pathlib import Path

from zotui.config import SandboxConfig
from zotui.home import Home
from zotui.sandbox.wall import Profile


def profile_of(home: Home, config: SandboxConfig) -> Profile:
    """What commands of this home may do. Folders that are not there are left out."""
    writable = tuple(
        path for name in config.writable if (path := Path(name).expanduser()).is_absolute() and path.is_dir()
    )
    return Profile(home.workspace, writable, config.network == "allow", config.limits)
