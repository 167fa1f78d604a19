"""What the configuration says of the wall."""

import re
from collections.abc import Callable
from pathlib import Path

from zotui.config import Config
from zotui.home import Home
from zotui.sandbox.sandbox import Sandbox
from zotui.sandbox.wall import Profile


def sandbox_of(home: Home, config: Callable[[], Config]) -> Sandbox:
    """The sandbox of a home, as the configuration has it whenever a command begins."""
    return Sandbox(lambda: profile_of(home, config()), home.outputs)


def profile_of(home: Home, config: Config) -> Profile:
    """What commands of this home may do. Folders that are not there are left out; a host that ``[policy]`` denies is
    reached by none, whoever names it."""
    sandbox = config.sandbox
    denied = tuple(
        found[2].strip()
        for rule, answer in config.policy.items()
        if (found := re.fullmatch(r"(!?)Net\((.+)\)", rule.strip())) and (found[1] or answer == "deny")
    )
    writable = tuple(
        path for name in sandbox.writable if (path := Path(name).expanduser()).is_absolute() and path.is_dir()
    )
    readable = (home.cache,) if home.cache.is_dir() else ()
    return Profile(
        home.workspace, writable, sandbox.network == "allow", sandbox.limits, sandbox.hosts, denied, readable
    )
