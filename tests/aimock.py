"""aimock (https://aimock.copilotkit.dev): real streams of several APIs, from somebody else's server on loopback.

It is installed from npm once per machine, into a cache of its own, and runs with node: a newer one from npm too, where
the machine's is too old for it (Debian 12 has 18).
"""

import contextlib
import json
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.waiting import wait_until

PACKAGE, VERSION = "@copilotkit/aimock", "1.43.0"
INSTALL_S = 180
OLDEST_NODE = (20, 15)  # node:zlib has crc32 from there on
NODE = "22"


class Unavailable(Exception):
    """It cannot run here, and why."""


def cache() -> Path:
    """Where it is installed: outside the repository, in the cache of whoever runs the tests."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    for folder in (Path(home) / "zotui-tests", Path(tempfile.gettempdir()) / f"zotui-tests-{os.getuid()}"):
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if os.access(folder, os.W_OK):
                return folder
    raise Unavailable("there is no folder to install aimock in")


def node() -> str:
    """A node that is new enough. Raises Unavailable."""
    found = shutil.which("node")
    if found is None:
        raise Unavailable("aimock needs node and npm, and they are not installed")
    told = subprocess.run([found, "--version"], capture_output=True, text=True).stdout
    if tuple(int(part) for part in re.findall(r"\d+", told)[:2]) >= OLDEST_NODE:
        return found
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    name = f"node-{platform.system().lower()}-{machine}"
    return str(installed(name, NODE) / "node_modules" / name / "bin" / "node")


def installed(package: str, version: str) -> Path:
    """The folder of a package of npm; fetched if it is not there. Raises Unavailable."""
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("aimock needs node and npm, and they are not installed")
    folder = cache() / f"{package.rpartition('/')[2]}-{version}"
    if folder.exists():
        return folder
    with tempfile.TemporaryDirectory(dir=folder.parent) as making:  # whole, or not at all: others may run beside us
        command = [npm, "install", "--prefix", making, "--no-audit", "--no-fund", "--ignore-scripts"]
        try:
            done = subprocess.run(
                [*command, f"{package}@{version}"],
                cwd=making,
                capture_output=True,
                text=True,
                timeout=INSTALL_S,
                env={**os.environ, "npm_config_update_notifier": "false"},
            )
        except subprocess.TimeoutExpired:
            raise Unavailable(f"npm did not install {package} within {INSTALL_S} s") from None
        if done.returncode != 0:
            raise Unavailable(f"npm cannot install {package}: {' '.join(done.stderr.split())[:300]}")
        with contextlib.suppress(OSError):  # somebody was faster
            os.rename(making, folder)
            os.mkdir(making)
    return folder


@contextlib.contextmanager
def aimock(fixtures: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A server that answers by these fixtures; its address. Raises Unavailable."""
    program = installed(PACKAGE, VERSION) / "node_modules" / PACKAGE / "dist" / "cli.js"
    with tempfile.TemporaryDirectory() as folder:
        told, log = Path(folder) / "fixtures.json", Path(folder) / "log"
        told.write_text(json.dumps({"fixtures": list(fixtures)}), encoding="utf-8")
        command = [node(), str(program), "--port", "0", "--fixtures", str(told), "--strict"]
        with log.open("wb") as written, subprocess.Popen(command, stdout=written, stderr=written) as process:
            try:
                found = wait_until(
                    lambda: process.poll() is not None or re.search(r"listening on (http://\S+)", log.read_text())
                )
                if not isinstance(found, re.Match):
                    raise Unavailable(f"aimock does not start: {' '.join(log.read_text().split())[:300]}")
                yield found[1]
            finally:
                process.terminate()
