"""The synchronous twin for plain scripts, with ZoClone's names, argument order and return shapes.

``from zotui import zo`` opens nothing. The first call opens the default home with a thread of its own; it is
closed when Python exits.
"""

import asyncio
import atexit
import contextlib
import getpass
import os
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from zotui import skills
from zotui.computer import Computer
from zotui.errors import UsageError
from zotui.home import Home

T = TypeVar("T")


class Twin:
    """A computer whose calls block. ``home`` None is the default home."""

    def __init__(self, home: str | None = None) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._computer: Computer | None = None
        self._exit = contextlib.AsyncExitStack()
        self.memory = TwinMemory(self)
        self.scheduler = TwinScheduler(self)

    def ask(
        self, conv_id: str | None, message: str, provider: str = "", model: str = "", tools: Any = None
    ) -> dict[str, Any]:
        """One turn; ``{output, conversation_id, model, tool_calls, usage, …}``. Raises TurnFailed.

        A conversation of an unknown id is begun under that id, as ZoClone did. ``tools=[]`` turns tools off.
        """
        name = "/".join(part for part in (provider, model) if part)

        async def run(computer: Computer) -> dict[str, Any]:
            if conv_id:
                await computer.chats.ensure(conv_id)
            reply = await computer.ask(message, conv_id or None, name or None, tools is None or bool(tools))
            fields: dict[str, Any] = msgspec.to_builtins(reply)
            return fields

        reply: dict[str, Any] = self.call(run)
        return reply

    def call(self, do: Callable[[Computer], Coroutine[Any, Any, Any]]) -> Any:
        """Run ``do(computer)`` on the computer's thread and wait for it."""
        with self._lock:
            if self._loop is None:
                self._open()
        assert self._loop is not None
        assert self._computer is not None
        return self._submit(do(self._computer))

    def close(self) -> None:
        """Close the computer and end its thread. The next call opens it again."""
        with self._lock:
            loop, self._loop = self._loop, None
            if loop is None:
                return
            asyncio.run_coroutine_threadsafe(self._exit.aclose(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()
            loop.close()

    def _open(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="zotui", daemon=True)
        self._thread.start()
        self._exit = contextlib.AsyncExitStack()
        try:
            self._computer = self._submit(self._exit.enter_async_context(Computer.open(self._home)))
        except BaseException:
            loop, self._loop = self._loop, None
            loop.call_soon_threadsafe(loop.stop)
            raise
        _at_end(self.close)

    def _submit(self, work: Coroutine[Any, Any, T]) -> T:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class TwinMemory:
    """ZoClone's memory: plain dicts."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin

    def memorize(self, content: str, meta: Mapping[str, Any] | None = None) -> str:
        """Remember a text; its id."""
        return str(self._twin.call(lambda computer: computer.memory.memorize(content, meta)))

    def recall(self, query: str, top_k: int = 5) -> list[dict[str, Any]]:
        """``[{id, content, meta}]``, best first."""
        found = self._twin.call(lambda computer: computer.memory.recall(query, top_k))
        return [{"id": memory.id, "content": memory.content, "meta": memory.meta} for memory in found]

    def get_context(self, conv_id: str) -> list[dict[str, Any]]:
        """What the model would be told for this conversation: ``[{id, content, meta}]``."""
        found = self._twin.call(lambda computer: computer.memory.get_context(conv_id))
        return [{"id": memory.id, "content": memory.content, "meta": memory.meta} for memory in found]

    def set(self, key: str, value: str) -> None:
        """Give a key a value."""
        self._twin.call(lambda computer: computer.memory.set(key, value))

    def get(self, key: str) -> str | None:
        """A key's value, or None."""
        value = self._twin.call(lambda computer: computer.memory.get(key))
        return None if value is None else str(value)


class TwinScheduler:
    """What happens by itself, while a background process is there: plain dicts."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin

    def add(self, **asked: Any) -> str:
        """Have something happen, as :meth:`zotui.automations.automations.Automations.add` has it; its id."""
        return str(self._twin.call(lambda computer: computer.automations.add(**asked)).id)

    def list(self) -> "list[dict[str, Any]]":
        """All, the next first."""
        found = self._twin.call(lambda computer: computer.automations.list())
        return [{**msgspec.to_builtins(one), "state": one.state} for one in found]

    def preview(self, n: int = 5, **asked: Any) -> Sequence[datetime]:
        """The next times of what :meth:`add` would be asked."""
        found: Sequence[datetime] = self._twin.call(lambda computer: computer.automations.preview(asked, n))
        return found

    def remove(self, name: str) -> None:
        """Delete the one of an id or title."""
        self._twin.call(lambda computer: computer.automations.remove(name))


def _at_end(close: Callable[[], None]) -> None:
    """Have ``close`` called when Python ends: before the pools of threads end, without which no file can be closed.

    ``atexit`` runs after them; the hook that runs before has no public name.
    """
    with contextlib.suppress(RuntimeError):  # Python is ending already
        getattr(threading, "_register_atexit", atexit.register)(close)


zo = Twin()


class Skill(msgspec.Struct):
    """A skill as ZoClone's scripts know it. ``handler`` is None for one of instructions alone."""

    name: str
    description: str
    triggers: list[str]
    handler: Callable[..., Any] | None = None


def load_skill(folder: str | os.PathLike[str]) -> Skill:
    """The skill of a folder, or of a name in ``SKILL_DIR``; nothing of it runs. Raises UsageError where it is none."""
    place = Path(folder)
    found = skills.load_skill(place if place.is_dir() else Home().skills / place)
    if not found.valid:
        raise UsageError(f"{place} is no skill", next(iter(found.problems), ""))
    return _as_zoclone(found)


def load_all_skills() -> dict[str, Skill]:
    """The skills of the default home by name; nothing of them runs."""
    found = skills.Shelf(Home().skills).list()
    return {skill.name: _as_zoclone(skill) for skill in found}


def _as_zoclone(skill: skills.Skill) -> Skill:
    """With a handler that runs it behind the wall, where it has a script."""

    def handler(**arguments: Any) -> Any:
        return zo.call(lambda computer: computer.skills.run(skill.name, **arguments))

    return Skill(skill.name, skill.description, skill.triggers, handler if skill.scripts else None)


def __getattr__(name: str) -> Any:
    """``SKILL_DIR``, the home's folder of skills, and ``SKILLS``, what ``load_all_skills`` finds now."""
    if name == "SKILL_DIR":
        return Home().skills
    if name == "SKILLS":
        return load_all_skills()
    raise AttributeError(f"module 'zotui.twin' has no attribute {name!r}")


def whoami() -> str:
    """The local user's name."""
    return getpass.getuser()
