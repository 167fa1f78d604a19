"""Changing ``config.toml`` for the person: one line at a time, their comments and order kept."""

import json
import os
import re
import tomllib
from pathlib import Path

from zotui.config import read_config
from zotui.errors import ConfigError
from zotui.text import one_line

_TABLE = re.compile(r"^\s*\[", re.MULTILINE)
_MODEL = re.compile(r"""^model[ \t]*=[ \t]*(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*')""", re.MULTILINE)


def set_model(file: Path, model: str) -> None:
    """Make a model the default. Blocks. Raises ConfigError, also where the file is faulty already."""
    text = _read(file)
    line = f"model = {_quoted(model)}"
    table = _TABLE.search(text)
    head, rest = (text[: table.start()], text[table.start() :]) if table else (text, "")
    head = _MODEL.sub(lambda _: line, head, count=1) if _MODEL.search(head) else f"{line}\n{head}"
    _write(file, head + rest)


def add_provider(file: Path, name: str, base_url: str) -> str:
    """Have a provider at this address; its name, which is another where ``name`` is somewhere else already. Blocks.

    Raises ConfigError.
    """
    text = _read(file)
    known = read_config(text, str(file)).providers
    chosen, number = name, 1
    while chosen in known and known[chosen].base_url != base_url:
        number += 1
        chosen = f"{name}{number}"
    if chosen not in known:
        end = "" if not text or text.endswith("\n") else "\n"
        _write(file, f"{text}{end}\n[providers.{chosen}]\nbase_url = {_quoted(base_url)}\n")
    return chosen


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {getattr(error, 'strerror', None) or error}", "make it readable") from None


def _write(file: Path, text: str) -> None:
    """Put the text in the file's place, once it is sure to be a good configuration."""
    try:
        read_config(text, str(file))
        tomllib.loads(text)
        unfinished = file.with_name(f".{file.name}.{os.getpid()}")
        unfinished.write_text(text, "utf-8")
        unfinished.chmod(0o600)
        unfinished.replace(file)
    except OSError as error:
        raise ConfigError(f"{file}: {one_line(str(error.strerror or error))}", "it was left as it was") from None


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "")
