"""Markdown notes in ``notes/``: the files are all there is, links and tags are read from them."""

import os
import re
from collections import Counter
from datetime import date
from pathlib import Path

FOLDER = Path("notes")
LINK = re.compile(r"\[\[([^\[\]|#\n]+)(?:[|#][^\[\]\n]*)?\]\]")
TAG = re.compile(r"(?<![\w#/&])#([A-Za-z][\w/-]*)")
LARGEST = 1024 * 1024


def run(action: str, title: str = "", text: str = "") -> str:
    """Do one of write, daily, show, search, list, tags, orphans to the notes; returns what there is to read.

    Raises ValueError for another action, a title that cannot be a file's name, and a note that is not there.
    """
    if action in ("write", "daily"):
        return _write(date.today().isoformat() if action == "daily" else title, text)
    notes = _all()
    if action == "show":
        return _show(notes, title)
    if action == "search":
        return _search(notes, text or title)
    if action == "list":
        return "\n".join(notes) or "no notes yet"
    if action == "tags":
        counts = Counter(tag.lower() for content in notes.values() for tag in set(TAG.findall(content)))
        return "\n".join(f"#{tag} {count}" for tag, count in counts.most_common()) or "no tags yet"
    if action == "orphans":
        return _orphans(notes)
    raise ValueError("action is write, daily, show, search, list, tags or orphans")


def _write(title: str, text: str) -> str:
    title = title.strip()
    if not text.strip():
        raise ValueError("text is empty; say what to note")
    if (
        not title
        or title.startswith(".")
        or len(title.encode()) > 120
        or not title.isprintable()
        or re.search(r"[/\\\[\]|#:]", title)
    ):
        raise ValueError("title is 1 to 120 letters, without / \\ [ ] | # : and no dot in front")
    title = next((known for known in _all() if known.lower() == title.lower()), title)
    path = FOLDER / f"{title}.md"
    if path.is_symlink() or FOLDER.is_symlink():
        raise ValueError(f"{path} is a link to elsewhere; nothing was written")
    try:
        FOLDER.mkdir(exist_ok=True)
        there = path.read_text(encoding="utf-8") if path.exists() else ""
        draft = FOLDER / ".draft"
        draft.write_text((there.rstrip() or f"# {title}") + f"\n\n{text.strip()}\n", encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8; nothing was written") from None
    return f"{'added to' if there else 'wrote'} {path}"


def _all() -> dict[str, str]:
    """Contents by title, newest first; what is a link to elsewhere, too large or cannot be read is no note."""
    found: list[tuple[float, str, str]] = []
    for path in FOLDER.glob("*.md"):
        try:
            if not path.is_symlink() and path.stat().st_size <= LARGEST:
                found.append((path.stat().st_mtime, path.stem, path.read_text(encoding="utf-8", errors="replace")))
        except OSError:
            continue
    return {title: content for _, title, content in sorted(found, reverse=True)}


def _links(content: str) -> list[str]:
    return list(dict.fromkeys(link.strip() for link in LINK.findall(content)))


def _show(notes: dict[str, str], title: str) -> str:
    name = next((known for known in notes if known.lower() == title.strip().lower()), None)
    if name is None:
        near = [known for known in notes if set(title.lower().split()) & set(known.lower().split())][:5]
        raise ValueError(f"no note {title.strip()!r}; " + (f"near: {', '.join(near)}" if near else "list shows all"))
    back = [
        other for other, content in notes.items() if other != name and name.lower() in map(str.lower, _links(content))
    ]
    out = [_plain(notes[name].rstrip()), "", f"links to: {', '.join(_links(notes[name])) or 'none'}"]
    return "\n".join([*out, f"linked from: {', '.join(back) or 'none'}"])


def _search(notes: dict[str, str], text: str) -> str:
    words = text.lower().split()
    if not words:
        raise ValueError("say what to search for, in text")
    found = []
    for title, content in notes.items():
        whole = f"{title}\n{content}".lower()
        if all(_has(whole, word) for word in words):
            lines = content.splitlines()
            at = next((at for at, line in enumerate(lines, 1) if words[0] in line.lower()), 1)
            found.append(f"{title}, line {at}: {_plain(lines[at - 1] if lines else '')[:160]}")
    return "\n".join(found[:30]) or "nothing found"


def _has(whole: str, word: str) -> bool:
    return word[1:] in TAG.findall(whole) if word.startswith("#") and len(word) > 1 else word in whole


def _orphans(notes: dict[str, str]) -> str:
    known = {title.lower() for title in notes}
    links = {title: _links(content) for title, content in notes.items()}
    reached = {link.lower() for targets in links.values() for link in targets}
    alone = [
        title
        for title in notes
        if title.lower() not in reached and not any(link.lower() in known for link in links[title])
    ]
    lost = [
        f"{title} -> [[{link}]]" for title, targets in links.items() for link in targets if link.lower() not in known
    ]
    return "\n".join([f"{len(alone)} unconnected", *alone, f"{len(lost)} links to no note", *lost])


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
