"""Reading what others made complicated, in a child process: it may hang, swell or fall over by itself there."""

import contextlib
import os
import resource
import subprocess
import sys
from importlib.util import find_spec

from zotui.errors import UsageError
from zotui.text import clean, one_line

PATIENCE_S = 30
MEMORY = 1_500_000_000  # bytes of address space
READERS = {  # module, package; what the standard library reads has none
    "pdf": ("pypdf", "pypdf"),
    "docx": ("docx", "python-docx"),
    "xlsx": ("openpyxl", "openpyxl"),
    "picture": ("PIL", "pillow"),
}
AGAIN = "save it anew, or as text"


def in_child(kind: str, name: str, content: bytes) -> str:
    """The text of a document. Raises UsageError: its reader is not installed, it is damaged, it takes too long."""
    return clean(run_child(kind, name, content).decode("utf-8", "replace"))


def run_child(kind: str, name: str, content: bytes, *words: str) -> bytes:
    """What a reader makes of a file, given these words. Raises like :func:`in_child`."""
    module, package = READERS.get(kind, ("zipfile", ""))
    if find_spec(module) is None:
        raise UsageError(f"{name} needs {package} to be read", "pip install 'zotui[documents]'")
    try:
        done = subprocess.run(
            # -P: nothing is imported from the folder that one happens to be in
            [sys.executable, "-P", "-X", "utf8", "-c", f"from zotui.documents.{kind} import main; main()", *words],
            input=content,
            capture_output=True,
            timeout=PATIENCE_S,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"{name} takes longer than {PATIENCE_S} s to be read", AGAIN) from None
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or error}") from None
    if done.returncode:
        said = one_line(done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2], 120)
        raise UsageError(f"{name} cannot be read: {said or 'its reader fell over'}", AGAIN)
    return done.stdout


def _environment() -> dict[str, str]:
    """What a child is given: where modules are, and no key."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    # openpyxl imports numpy where there is one, whose threads would have more memory than there is
    return kept | {"PYTHONPATH": os.pathsep.join(filter(os.path.isabs, sys.path)), "OPENBLAS_NUM_THREADS": "1"}


def bound() -> None:
    """In the child, before it begins: so much memory, and no core dump of the person's document."""
    with contextlib.suppress(ValueError, OSError):  # less is allowed already, or the system knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
