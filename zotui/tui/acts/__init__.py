"""What the actions of the table do: a function each, named as its action, given the desk and the words behind a slash
command. A plain function is done before the next key; one that waits for the file or the person is a coroutine.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import TYPE_CHECKING, Any

from zotui.tui.actions import ROOMS

if TYPE_CHECKING:
    from zotui.tui.desk import Desk

Act = Callable[["Desk", str], Coroutine[Any, Any, None] | None]


def act_of(action: str) -> Act:
    """The function of an action of the desk or the transcript; its module is imported when it is first used."""
    found: Act = getattr(import_module(f"zotui.tui.acts.{ROOMS[action]}"), action)
    return found
