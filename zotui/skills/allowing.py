"""The tools that a skill allows while it is followed: ``allowed-tools``, in the names that other agents use, or in ours.

https://agentskills.io/specification: words with blanks between them, some with a pattern, as ``Bash(git:*)``.
"""

import re
from collections.abc import Callable, Sequence

OURS = {
    "bash": ("run_command", "background"),
    "read": ("read_file", "list_files"),
    "write": ("write_file",),
    "edit": ("edit_file", "edit_lines"),
    "multiedit": ("edit_file", "edit_lines"),
    "grep": ("search_files",),
    "glob": ("list_files", "search_files"),
    "ls": ("list_files",),
    "webfetch": ("run_online",),
    "websearch": ("run_online",),
    "todowrite": ("plan",),
}
"""Our tools by what others call such."""
ALWAYS = frozenset({"find_skill", "find_tool", "read_result", "ask_person", "now", "plan", "run_skill"})
"""What does nothing, or only what the person has looked at."""
_ITEM = re.compile(r"([\w-]+)(?:\((.*)\))?", re.DOTALL)


def permits(allowed: Sequence[str], tool: str, covered: Callable[[str], bool]) -> bool:
    """Whether these allow a call of a tool. ``covered``: whether a command is all within a pattern of ours, as ``Bash(git *)``."""
    if not allowed or tool in ALWAYS:
        return True
    return any(_permits(item, tool, covered) for item in allowed)


def _permits(item: str, tool: str, covered: Callable[[str], bool]) -> bool:
    found = _ITEM.fullmatch(item.strip())
    if found is None:
        return False
    name, pattern = found[1].lower(), (found[2] or "").strip()
    if tool != name and tool not in OURS.get(name, ()):
        return False
    if not pattern or pattern == "*":
        return True
    if name in ("bash", "run_command"):
        return covered(f"Bash({pattern.removesuffix(':*')} *)" if pattern.endswith(":*") else f"Bash({pattern})")
    return name not in OURS or covered(f"{found[1]}({pattern})")
