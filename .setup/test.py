"""Install what the tests need into ``.venv`` and run every check; arguments are passed on to pytest.

As root, missing system programs are installed too (Debian's packages), and a skipped test is a failure; as a
user, each skip is listed with its reason.
"""

import os
import shutil
import subprocess
import sys

from environment import ROOT, environment

PROGRAMS = {
    "openssl": "openssl",
    "script": "bsdutils",
    "mount": "mount",
    "sqlite3": "sqlite3",
    "gnome-keyring-daemon": "gnome-keyring",
    "dbus-daemon": "dbus-daemon",
    "npm": "npm",
    "tmux": "tmux",
    "bwrap": "bubblewrap",
    "nsenter": "util-linux",
    "cc": "gcc",
    "make": "make",
    "git": "git",
    "rg": "ripgrep",
}
CHECKS = (
    ["-m", "ruff", "check", "."],
    ["-m", "ruff", "format", "--check", "."],
    ["-m", "mypy"],
    ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
)


def install_programs() -> None:
    """The system programs that tests talk to."""
    missing = sorted({package for program, package in PROGRAMS.items() if shutil.which(program) is None})
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=quiet, check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], env=quiet, check=True)


def main() -> int:
    """Run the checks; the exit code of the first that fails, else of pytest."""
    install_programs()
    python = environment("test")
    for check in CHECKS:
        print("$", "python", *check, flush=True)
        code = subprocess.run([python, *check], cwd=ROOT).returncode
        if code:
            return code
    strict = {"ZOTUI_NO_SKIPS": "1"} if os.geteuid() == 0 else {}
    spread = ["-n", str((os.cpu_count() or 1) + 1), "--dist", "loadgroup"]
    words = sys.argv[1:] or spread  # whoever wants to see one test wants it alone
    return subprocess.run([python, "-m", "pytest", *words], cwd=ROOT, env={**os.environ, **strict}).returncode


sys.exit(main())
