"""The keyring of the operating system, by way of a child process that may hang without harm.

A keyring may wait for a person, for a service that does not answer, or for good. It also loads code of others
into its process, which has no business in one that holds secrets for days.
"""

import base64
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from typing import Any, NamedTuple

from zotui.secret import without_secrets
from zotui.text import one_line
from zotui.vault.box import Key
from zotui.vault.errors import VaultError

PROBE_S = 3.0
PERSON_S = 60.0
"""A person may have to unlock the keyring first."""

_CHILD = "zotui.vault.keyring_child"
_KEPT = re.compile(
    r"(?:PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|TMPDIR|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DESKTOP_SESSION|VIRTUAL_ENV"
    r"|(?:LC|DBUS|XDG|KDE|GNOME|PYTHON)_?\w*)$"
)


class Found(NamedTuple):
    """A keyring that can be used, or ``backend`` "" and the reason why there is none."""

    backend: str
    reason: str


def available() -> str:
    """The name of the keyring that would be used, "" where there is none. Within a few seconds."""
    return look().backend


def look(patience: float = PROBE_S) -> Found:
    """Which keyring there is; it is not opened."""
    try:
        return Found(_text(_ask({"do": "look"}, patience), "backend"), "")
    except VaultError as error:
        return Found("", error.message)


def keep(id_: str, key: Key, patience: float = PERSON_S) -> str:
    """Put a key into the keyring; the name of the backend, to read it from there. Raises VaultError."""
    try:
        return _text(_ask({"do": "keep", "id": id_}, patience, key), "backend")
    except VaultError as error:
        raise VaultError(error.message, error.hint or "choose a passphrase for the vault") from None


def read(backend: str, id_: str, patience: float = PERSON_S) -> Key | None:
    """The key that was kept, None where the keyring has none. Raises VaultError."""
    reply = _ask({"do": "read", "backend": backend, "id": id_}, patience)
    with contextlib.suppress(ValueError):
        return Key(base64.b64decode(_text(reply, "key"), validate=True)) if reply.get("key") else None
    raise VaultError("the keyring answered with something that is no key")


def forget(backend: str, id_: str, patience: float = PERSON_S) -> None:
    """Take a key out of the keyring. Raises VaultError."""
    _ask({"do": "forget", "backend": backend, "id": id_}, patience)


def _ask(request: dict[str, str], patience: float, key: Key | None = None) -> dict[str, Any]:
    """One question to the child, its answer. What is secret goes through pipes only."""
    if not sys.executable:
        raise VaultError("the keyring cannot be asked: this Python does not know its own program")
    try:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,  # what it starts in turn can be killed with it
        )
    except OSError as error:
        raise VaultError(f"the keyring cannot be asked: {error.strerror or error}") from None
    try:
        return _decoded(child.communicate(_encoded(request, patience, key), timeout=patience)[0])
    except subprocess.TimeoutExpired:
        pass  # raised below: the frames of this one hold what was sent
    finally:
        _end(child)
    raise VaultError(f"the keyring did not answer within {patience:g} s", "unlock it and try again")


def _environment() -> dict[str, str]:
    """What a keyring needs to be found: nothing else of ours, as a variable of any name may hold a key."""
    return {name: value for name, value in without_secrets(os.environ).items() if _KEPT.match(name)}


def _encoded(request: dict[str, str], patience: float, key: Key | None) -> bytes:
    secret = {"key": base64.b64encode(key.raw()).decode()} if key else {}
    return json.dumps({**request, **secret, "patience": patience}).encode()


def _decoded(answer: bytes) -> dict[str, Any]:
    try:
        reply = json.loads(answer)
    except ValueError:
        reply = None
    del answer  # a traceback may show this frame
    if not isinstance(reply, dict):
        raise VaultError("the keyring cannot be asked: its helper process failed")
    if "error" in reply:
        raise VaultError(one_line(str(reply["error"]), 300))
    return reply


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Kill it and all that it started, unless it has ended by itself."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe:
            with contextlib.suppress(OSError):
                pipe.close()


def _text(reply: dict[str, Any], name: str) -> str:
    value = reply.get(name)
    return value if isinstance(value, str) else ""
