"""Changing ``config.toml`` for the person: one line at a time; their comments, order and line ends are kept."""

import contextlib
import fcntl
import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zotui.config.reading import read_config
from zotui.errors import ConfigError
from zotui.text import one_line

_MARK = "\ufeff"
_MODEL = re.compile(
    r"""^\ufeff?[ \t]*(?:model|"model"|'model')[ \t]*=[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*')""", re.MULTILINE
)
_DIALECTS = {"ollama": "ollama"}
"""Those of the servers that are found on a machine, where it is not OpenAI's."""


def set_model(file: Path, model: str) -> None:
    """Make a model the default. Blocks. Raises ConfigError, also where the file is faulty already."""
    with _alone(file):
        text = _read(file)
        changed = _with_model(text, model)
        if changed is None:
            hint = f"change it yourself: model = {one_line(_quoted(model))}"
            raise ConfigError(f"{file}: its model line is of a kind that zotui does not change", hint)
        _write(file, changed)


def add_provider(file: Path, name: str, base_url: str, dialect: str = "") -> str:
    """Have a provider at this address; its name, which is another where ``name`` is somewhere else already. Blocks.

    ``dialect``: what it speaks, where that is not OpenAI's or that of the built-in provider of its name.

    Raises ConfigError.
    """
    with _alone(file):
        text = _read(file)
        known = read_config(text, str(file)).providers
        chosen, number = name, 1
        while chosen in known and known[chosen].base_url != base_url:
            number += 1
            chosen = f"{name}{number}"
        if chosen not in known:
            lines = ["", f"[providers.{_key(chosen)}]", f"base_url = {_quoted(base_url)}"]
            spoken = dialect or (_DIALECTS.get(name, "") if chosen != name else "")
            if spoken:
                lines.append(f"dialect = {_quoted(spoken)}")
            end = _line_end(text)
            start = end if text and not text.endswith("\n") else ""
            _write(file, text + start + "".join(line + end for line in lines))
        return chosen


def _with_model(text: str, model: str) -> str | None:
    """The text with another model, and all else as it was; None where no line of it can be changed so."""
    before = _told(text)
    if "model" not in before:
        mark = _MARK if text.startswith(_MARK) else ""
        return f"{mark}model = {_quoted(model)}{_line_end(text)}{text.removeprefix(mark)}"
    for found in _MODEL.finditer(text):  # the words may stand in a table or in a text too
        changed = text[: found.start(1)] + _quoted(model) + text[found.end(1) :]
        with contextlib.suppress(tomllib.TOMLDecodeError):
            if repr(_told(changed)) == repr(before | {"model": _written(model)}):
                return changed
    return None


def _told(text: str) -> dict[str, Any]:
    return tomllib.loads(text.removeprefix(_MARK))


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Nobody else of this home changes the file meanwhile. Raises ConfigError."""
    try:
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigError(f"{file.parent}: {error.strerror or error}", "make it readable") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _read(file: Path) -> str:
    """What the file says, a good configuration. Raises ConfigError."""
    try:
        text = file.read_bytes().decode()  # its line ends as they are
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {getattr(error, 'strerror', None) or error}", "make it readable") from None
    read_config(text, str(file))
    return text


def _write(file: Path, text: str) -> None:
    """Put the text in the file's place, whole or not at all, once it is sure to be a good configuration."""
    read_config(text, str(file))
    target = Path(os.path.realpath(file))  # a link stays a link
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as new:
            os.fchmod(handle, 0o600)
            new.write(text.encode())
            new.flush()
            os.fsync(handle)
        unfinished.replace(target)
    except (OSError, UnicodeEncodeError) as error:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        said = one_line(str(getattr(error, "strerror", None) or error))
        raise ConfigError(f"{file}: {said}", "it was left as it was") from None


def _quoted(text: str) -> str:
    return json.dumps(_written(text), ensure_ascii=False)


def _key(name: str) -> str:
    """A name as a key of TOML."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def _written(text: str) -> str:
    """A name without the one control character that JSON would leave in it."""
    return text.replace("\x7f", "")
