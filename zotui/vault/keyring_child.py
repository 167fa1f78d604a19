"""The child process that talks to the keyring of the operating system: one question on stdin, one answer on stdout.

``keyring`` itself takes whatever it finds, a plain file too once ``keyrings.alt`` is installed, and loads the code
of every package that offers a backend. Here a backend is one of a list of classes or it is none.
"""

import configparser
import contextlib
import importlib
import json
import os
import signal
import sys
from typing import Any

from zotui.private import keep_no_core

SERVICE = "zotui"
BACKENDS = {
    "macOS Keychain": "keyring.backends.macOS.Keyring",
    "Secret Service": "keyring.backends.SecretService.Keyring",
    "KWallet": "keyring.backends.kwallet.DBusKeyring",
    "libsecret": "keyring.backends.libsecret.Keyring",
    "Windows vault": "keyring.backends.Windows.WinVaultKeyring",
}
"""Keyrings that seal what they keep for the user who is logged in."""

_ELSEWHERE = {"darwin": {"Windows vault"}, "linux": {"macOS Keychain", "Windows vault"}}


class Refused(Exception):
    """There is no keyring that may be used; says why."""


def act(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a question. Raises whatever a backend raises."""
    if request["do"] == "look":
        return {"backend": best()}
    backend = request.get("backend") or best()
    keyring, user = opened(backend), request["id"]
    if request["do"] == "read":
        return {"key": keyring.get_password(SERVICE, user)}
    if request["do"] == "forget":
        keyring.delete_password(SERVICE, user)
        return {}
    keyring.set_password(SERVICE, user, request["key"])
    if keyring.get_password(SERVICE, user) != request["key"]:
        raise Refused(f"{backend} did not keep the key")
    return {"backend": backend}


def best() -> str:
    """The backend to use: the one that the person has named, else the best of those that work. Raises Refused."""
    named = chosen()
    if named and named not in BACKENDS.values():
        raise Refused(f"keyring is set to {named}, which zotui does not trust with keys")
    working: dict[str, float] = {}
    reasons = []
    for backend, path in BACKENDS.items():
        if named == path or (not named and backend not in _ELSEWHERE.get(sys.platform, ())):
            try:
                working[backend] = float(found(path).priority)
            except Exception as error:
                reasons.append(f"{backend}: {error or type(error).__name__}")
    if not working:
        raise Refused(f"no keyring of the operating system works here ({'; '.join(reasons)})")
    return max(working, key=working.__getitem__)


def chosen() -> str:
    """The class that the person has told ``keyring`` to use, by its variable or its file; nothing of it is loaded."""
    from keyring.util import platform_

    named = os.environ.get("PYTHON_KEYRING_BACKEND", "")
    if not named:
        config = configparser.RawConfigParser()
        with contextlib.suppress(configparser.Error, OSError, UnicodeDecodeError):
            config.read(platform_.config_root() / "keyringrc.cfg", encoding="utf-8")
        named = config.get("backend", "default-keyring", fallback="")
    return named.strip()


def found(path: str) -> Any:
    """The class of a backend."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def opened(backend: str) -> Any:
    """A backend that is on the list. Raises Refused."""
    if backend not in BACKENDS:
        raise Refused(f"there is no keyring {backend!r}")
    kind = found(BACKENDS[backend])
    try:
        kind.priority  # noqa: B018 (it raises where the backend does not work)
    except Exception as error:
        raise Refused(f"{backend} does not work here: {error or type(error).__name__}") from None
    return kind()


def main() -> None:
    """Answer one question."""
    keep_no_core()
    reply_to = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a backend prints is no answer
    request = json.loads(sys.stdin.read())
    signal.alarm(int(request["patience"]) + 2)  # should the parent be gone
    try:
        reply = act(request)
    except Exception as error:
        told = str(error).rstrip(".") or type(error).__name__
        said = told if isinstance(error, Refused) else f"the keyring refused: {told}"
        key = request.get("key")
        reply = {"error": said.replace(key, "…") if key else said}
    with reply_to:
        json.dump(reply, reply_to)


if __name__ == "__main__":
    main()
