"""What a person looks at before a skill may be used: what is in it, what it wants, and what has changed."""

import difflib
import re
import stat
from collections.abc import Mapping

from zotui.skills.opened import MAIN, Seen
from zotui.skills.reading import Read
from zotui.skills.scripts import mistake_in
from zotui.skills.skill import Skill
from zotui.text import clean, one_line, size

Trusted = Mapping[str, tuple[str, str | None]]  # path -> hash, and the text where it is kept

MOST_FILES, MOST_LINES = 200, 600
"""Files and lines of a difference that are shown."""
_HOST = re.compile(rb"https?://([A-Za-z0-9][A-Za-z0-9.-]*\.[A-Za-z]{2,})")


def look(skill: Skill, read: Read, trusted: Trusted, origin: str = "") -> str:
    """All of that, in lines. ``origin``: where it came from, where that is known."""
    wants = {
        "allowed tools": skill.allowed_tools,
        "hosts": skill.hosts,
        "hosts named in its code": tuple(_hosts(read)),
        "keys": skill.keys,
        "packages that its scripts get, as wheels when they first run": skill.dependencies,
        "compatibility": (skill.compatibility,) if skill.compatibility else (),
        "license": (skill.license,) if skill.license else (),
    }
    lines = [f"{skill.name}: {skill.description}", clean(skill.path), ""]
    lines += [f"from {one_line(origin, 200)}", ""] if origin else []
    lines += _files(skill, read)
    lines += [f"{name}: {', '.join(found)}" for name, found in wants.items() if found]
    lines += [f"! {problem}" for problem in [*skill.problems, *mistakes(read), *read.skill.hidden]]
    if trusted:
        lines += ["", changes(read, trusted) or "Nothing has changed since it was looked at."]
    return "\n".join(lines)


def mistakes(read: Read) -> list[str]:
    """What is wrong in its scripts below their heads, which are all that is read of them when it is listed."""
    scripts = {script.path for script in read.skill.scripts}
    found = [(one_line(one.path, 300), content) for one, content in read.contents]
    return [said for path, content in found if path in scripts and (said := mistake_in(path, content))]


def changes(read: Read, trusted: Trusted) -> str:
    """How its files differ from those that are trusted, as a unified diff; empty where they do not."""
    now = {_name(one): (read.files[one.path], content) for one, content in read.contents}
    lines: list[str] = []
    for path in sorted({*now, *trusted}):
        was, text = trusted.get(path, ("", ""))
        digest, content = now.get(path, ("", b""))
        if was == digest:
            continue
        new = _text(content)
        if text is None or new is None:
            word = "is new" if path not in trusted else "is gone" if path not in now else "has changed"
            lines.append(f"{clean(path)} {word} (it is no text, or long)")
            continue
        lines += difflib.unified_diff(
            clean(text).splitlines(),
            clean(new).splitlines(),
            clean(path) if path in trusted else "/dev/null",
            clean(path) if path in now else "/dev/null",
            lineterm="",
        )
        if clean(text) == clean(new):
            lines.append(f"{clean(path)}: only characters that are not shown have changed")
    more = [f"… {len(lines) - MOST_LINES} more lines"] if len(lines) > MOST_LINES else []
    return "\n".join([*lines[:MOST_LINES], *more])


def texts(read: Read) -> dict[str, int]:
    """About how many tokens each of its other texts takes, where a model reads it."""
    found = ((one_line(one.path, 300), content) for one, content in read.contents if stat.S_ISREG(one.mode))
    return {path: len(content) // 4 + 1 for path, content in found if path != MAIN and _text(content) is not None}


def _files(skill: Skill, read: Read) -> list[str]:
    scripts = {script.path: script.signature for script in skill.scripts}
    lines = []
    for one, content in read.contents[:MOST_FILES]:
        name = one_line(one.path, 200)
        what = scripts.get(name) or ("code" if name in skill.code else "")
        if stat.S_ISLNK(one.mode):
            what = f"link to {one_line(content.decode('utf-8', 'replace'), 200)}"
        lines.append(f"  {name}  {size(len(content))}  {what}".rstrip())
    more = len(read.contents) - MOST_FILES
    return [*lines, f"  … {more} more files"] if more > 0 else lines


def _hosts(read: Read) -> list[str]:
    found = {
        match.decode() for one, content in read.contents if one.path != "SKILL.md" for match in _HOST.findall(content)
    }
    return sorted(found)[:40]


def _name(one: Seen) -> str:
    return one.path.encode("utf-8", "replace").decode()


def _text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
