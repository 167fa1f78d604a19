"""What a tool call changed."""

import json
import re
from functools import lru_cache

from zotui.tui.markdown import diff_of

_SIDES = (("old_string", "old_text", "old"), ("new_string", "new_text", "new"))  # as tools that edit name them
_PATHS = ("path", "file_path", "file")
_FENCED = re.compile(r"^(`{3,})(?:diff|patch)\n(.*?)\n\1\s*$", re.DOTALL | re.MULTILINE)


@lru_cache(32)
def change_in(arguments: str, output: str) -> str:
    """The unified difference that a call returned, or that of its arguments; empty for most."""
    if output.startswith("--- ") and "\n+++ " in output:
        return output
    if fenced := _FENCED.search(output):
        return fenced[2]
    if '"old' not in arguments:
        return ""
    try:
        given = json.loads(arguments)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(given, dict):
        return ""
    old, new = (next((given[name] for name in names if isinstance(given.get(name), str)), None) for names in _SIDES)
    path = next((given[name] for name in _PATHS if isinstance(given.get(name), str)), "")
    return diff_of(old, new, path) if old is not None and new is not None else ""
