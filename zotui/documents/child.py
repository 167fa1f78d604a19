"""Reading what others made complicated, in a child process: it may hang, swell or fall over by itself there."""

import os
import resource
import subprocess
import sys

from zotui.errors import UsageError
from zotui.text import clean, one_line

PATIENCE_S = 30
MEMORY = 1_500_000_000  # bytes of address space
PACKAGES = {"pdf": "pypdf", "docx": "docx"}
NAMES = {"pdf": "pypdf", "docx": "python-docx"}


def in_child(kind: str, name: str, content: bytes) -> str:
    """The text of a document. Raises UsageError: its reader is not installed, it is damaged, it takes too long."""
    from importlib.util import find_spec

    if find_spec(PACKAGES[kind]) is None:
        raise UsageError(f"{name} needs {NAMES[kind]} to be read", "pip install 'zotui[documents]'")
    environment = {name_: os.environ[name_] for name_ in ("PATH", "LANG", "LC_ALL") if name_ in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-X", "utf8", "-c", f"from zotui.documents.{kind} import main; main()"],
            input=content,
            capture_output=True,
            timeout=PATIENCE_S,
            env=environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
            preexec_fn=_bounded,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"{name} takes longer than {PATIENCE_S} s to be read", "save it anew, or as text") from None
    if done.returncode:
        said = one_line(clean(done.stderr.decode("utf-8", "replace")).strip().rpartition("\n")[2], 120)
        raise UsageError(f"{name} cannot be read: {said or 'its reader fell over'}", "save it anew, or as text")
    return clean(done.stdout.decode("utf-8", "replace"))


def _bounded() -> None:
    """In the child, before it begins: so much memory, and no core dump of the person's document."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
