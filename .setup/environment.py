"""A virtual environment in ``.venv`` with zotui in it, on a machine that may have nothing but Python.

Debian splits ``ensurepip`` off into a package of its own: where it is missing, pip is fetched from the index, its
checksum compared, and run from its wheel.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def environment(*extras: str) -> Path:
    """Make or complete ``.venv`` with zotui and these extras; its Python. Says in one line what went wrong."""
    if sys.version_info < (3, 11):  # noqa: UP036 (this file must run to say so)
        sys.exit(f"zotui needs Python 3.11 or newer, this is {sys.version.split()[0]}")
    wanted = f".[{','.join(extras)}]" if extras else "."
    try:
        if not has_pip():
            make()
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "--editable", wanted], cwd=ROOT, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"the environment could not be made: {error}")
    return PYTHON


def has_pip() -> bool:
    """Whether ``.venv`` is there and usable."""
    return PYTHON.exists() and subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True).returncode == 0


def make() -> None:
    """A new ``.venv`` with pip."""
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], capture_output=True)
    if made.returncode == 0:
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", VENV], check=True)
    with tempfile.TemporaryDirectory() as folder:
        wheel = fetch_pip(Path(folder))
        subprocess.run([PYTHON, f"{wheel}/pip", "install", "--quiet", wheel], check=True)


def fetch_pip(folder: Path) -> Path:
    """The newest pip's wheel from the package index."""
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    with urllib.request.urlopen(index, timeout=60) as page:
        links = re.findall(
            r'href="([^"]+/(pip-(\d+)\.(\d+)(?:\.(\d+))?-py3-none-any\.whl)#sha256=([0-9a-f]{64}))"',
            page.read().decode(),
        )
    if not links:
        raise OSError(f"no pip at {index}")
    newest = max(links, key=lambda link: tuple(int(part or 0) for part in link[2:5]))
    with urllib.request.urlopen(urljoin(index, newest[0]), timeout=60) as file:
        content = file.read()
    if hashlib.sha256(content).hexdigest() != newest[5]:
        raise OSError(f"{newest[1]} from {index} does not have the checksum that the index says")
    wheel = folder / newest[1]
    wheel.write_bytes(content)
    return wheel
