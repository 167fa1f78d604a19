"""What is known of one skill: a folder whose ``SKILL.md`` begins with YAML front matter (the Agent Skills format)."""

from pathlib import Path
from typing import Any, Literal

import msgspec

State = Literal["ready", "disabled", "untrusted", "changed", "invalid"]


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of a script's function, as its source has it: ``default`` is an expression, None where it must be given;
    ``kind`` is ``named``, ``args`` for ``*args`` or ``kwargs`` for ``**kwargs``."""

    name: str
    annotation: str = ""
    default: str | None = None
    kind: Literal["named", "args", "kwargs"] = "named"

    @property
    def written(self) -> str:
        """As its source has it."""
        stars = {"named": "", "args": "*", "kwargs": "**"}[self.kind]
        kind = f": {self.annotation}" if self.annotation else ""
        usual = f" = {self.default}" if self.default is not None else ""
        return f"{stars}{self.name}{kind}{usual}"


class Script(msgspec.Struct, frozen=True):
    """A program of a skill that can be called: ``path`` from the skill's folder, ``function`` is ``run`` or ``execute``."""

    name: str
    path: str
    function: str
    parameters: tuple[Parameter, ...] = ()

    @property
    def signature(self) -> str:
        """Its function as one would write its call."""
        return f"{self.function}({', '.join(one.written for one in self.parameters)})"


class Skill(msgspec.Struct, frozen=True):
    """A skill as found on disk. ``source`` says where: bundled, user, home, project, or a folder's path.

    ``state`` says whether it may be used, ``trusted`` whether the person has looked at what is in it; ``files`` names
    all that is in it, ``code`` what could run, ``scripts`` those of them that can be called. ``allowed_tools``, ``hosts``, ``keys`` and
    ``dependencies`` are what it declares; ``hidden`` tells where characters stand that nobody sees; ``hash`` is the SHA-256
    over all its files.
    """

    name: str
    description: str
    triggers: list[str]
    path: str
    source: str
    enabled: bool
    valid: bool
    problems: list[str]
    body: str = ""
    state: State = "ready"
    trusted: bool = False
    scripts: tuple[Script, ...] = ()
    code: tuple[str, ...] = ()
    allowed_tools: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    license: str = ""
    compatibility: str = ""
    version: str = ""
    metadata: dict[str, Any] = {}
    files: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    hash: str = ""

    @property
    def place(self) -> Path:
        """Its folder."""
        return Path(self.path)

    @property
    def is_ready(self) -> bool:
        """Whether its text may be given to a model."""
        return self.state == "ready"

    @property
    def tokens(self) -> tuple[int, int]:
        """About how many tokens its line among the others takes, and its instructions."""
        line, body = f"- {self.name}: {self.description}", self.body
        return len(line.encode()) // 4 + 1, len(body.encode()) // 4 + 1
