"""zotui: a personal AI computer in the terminal, in one SQLite file.

``Computer`` opens a home and has one attribute per subsystem; ``zo`` is the same for plain scripts.
Nothing is opened, started or imported beyond this file until one of them is used.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.3.0"
__all__ = ["Computer", "Reply", "__version__", "load_all_skills", "load_skill", "whoami", "zo"]

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.replies import Reply
    from zotui.twin import load_all_skills, load_skill, whoami, zo

_ROOMS = {
    "Computer": "zotui.computer",
    "Reply": "zotui.replies",
    "zo": "zotui.twin",
    "SKILLS": "zotui.twin",
    "SKILL_DIR": "zotui.twin",
    "load_all_skills": "zotui.twin",
    "load_skill": "zotui.twin",
    "whoami": "zotui.twin",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'zotui' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_ROOMS[name]), name)
