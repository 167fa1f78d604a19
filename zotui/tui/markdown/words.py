"""Inline markup to styled words, and styled words to lines no wider than asked."""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rich.cells import cell_len, split_graphemes
from rich.segment import Segment
from rich.style import Style

from zotui.tui.markdown.palette import Palette

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Run = tuple[str, Style]
Line = list[Segment]

SPACED, GLUED = Segment(""), Segment("")
"""What a line begins with that goes on from the one before: where the text was wrapped at a space, or within a word."""

STRONG, EMPHASIS, STRUCK = Style(bold=True), Style(italic=True), Style(strike=True)

_LONGEST = 60
_MARKUP = re.compile(r"[\\`*_~\[\]!<>&\n]")
_JOINER = "\u200d"
# What ``&#27;`` and its like bring in after the text was cleaned: controls, and marks that turn a line.
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
# A wide character is a word of its own, with what may not stand at the start of a line after it.
_WIDE = "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6"
_WORD = re.compile(rf"[{_WIDE}][、。，．！？：；）」』】\u0300-\u036f\u200d\ufe0f]*\s*|[^\s{_WIDE}]+\s*|\s+")


@cache
def parser() -> "MarkdownIt":
    """What reads the markup within a paragraph."""
    from markdown_it import MarkdownIt  # 18 ms that the first paint need not wait for
    from markdown_it.common.normalize_url import validateLink

    made = MarkdownIt("commonmark").enable(["strikethrough", "table"])
    made.validateLink = lambda url: url.lower().startswith("file:") or validateLink(url)  # type: ignore[method-assign]
    return made


def leads_anywhere(target: str) -> bool:
    """Whether a link leads to a place that can be opened; only such a link looks like one."""
    try:
        return urlsplit(target).scheme in ("http", "https", "mailto", "file")
    except ValueError:
        return False


def runs_of(source: str, palette: Palette, base: Style) -> list[Run]:
    """The words of a paragraph, heading or cell, with ``\\n`` where a line must break."""
    if not _MARKUP.search(source):
        return [(source, base)] if source else []
    tokens = parser().parseInline(source)[0].children or []
    runs: list[Run] = []
    styles = [base]
    targets: list[tuple[str, int]] = []
    for token in tokens:
        style = styles[-1]
        match token.type:
            case "text" | "text_special" | "html_inline":
                runs.append((_HIDDEN.sub("", token.content), style))
            case "softbreak":
                runs.append((" ", style))
            case "hardbreak":
                runs.append(("\n", style))
            case "code_inline":
                runs.append((token.content, style + palette.code))
            case "strong_open":
                styles.append(style + STRONG)
            case "em_open":
                styles.append(style + EMPHASIS)
            case "s_open":
                styles.append(style + STRUCK)
            case "link_open":
                target = str(token.attrGet("href") or "")
                targets.append((target, len(runs)))
                styles.append(style + palette.link if leads_anywhere(target) else style)
            case "link_close":
                styles.pop()
                target, start = targets.pop()
                runs += _whereto("".join(text for text, _ in runs[start:]), target, base + palette.muted)
            case "image":
                runs.append((f"▣ {_alt(token) or 'image'}", style + palette.muted))
                runs += _whereto("", str(token.attrGet("src") or ""), base + palette.muted)
            case _ if token.nesting < 0:
                styles.pop()
    return _merged(runs)


def _merged(runs: list[Run]) -> list[Run]:
    """The same words, neighbours of one style in one run."""
    merged: list[Run] = []
    for text, style in runs:
        if merged and merged[-1][1] is style:
            merged[-1] = (merged[-1][0] + text, style)
        else:
            merged.append((text, style))
    return [(text.rstrip(_JOINER), style) for text, style in merged if text]


def _alt(token: "Token") -> str:
    text = " ".join(child.content or " " for child in token.children or [])
    return " ".join(_HIDDEN.sub("", text).split())


def _whereto(shown: str, target: str, style: Style) -> list[Run]:
    """Where a link leads, in brackets, unless its text already says so."""
    told = shown.strip()
    try:
        parts = urlsplit(target)
        place = parts.hostname or parts.path
        if parts.scheme not in ("", "http", "https", "mailto"):
            place = f"{parts.scheme}:{place}"
        says = urlsplit(told).hostname or told.split("/")[0].lower()
    except ValueError:
        place = says = target
    if not place or told in (place, target) or says == place:
        return []
    return [(f" ({place if len(place) <= _LONGEST else place[:_LONGEST] + '…'})", style)]


def starts(text: str, width: int) -> list[int]:
    """Where the lines of a text begin when it is wrapped; a word that fits no line is broken."""
    size = len if text.isascii() else cell_len
    found, used = [0], 0
    for word in _WORD.finditer(text):
        bare = size(word[0].rstrip())
        if used + bare <= width:
            used += size(word[0])
            continue
        at = word.start()
        if at > found[-1]:
            found.append(at)
        if bare > width:
            found += (at + cut for cut in cuts(word[0].rstrip(), width))
        used = size(text[found[-1] : word.end()])
    return found


def cuts(text: str, width: int) -> list[int]:
    """Where a text without spaces must be cut for each part to fit the width."""
    if text.isascii():
        return list(range(width, len(text), width))
    found, used = [], 0
    for start, _end, size in split_graphemes(text)[0]:
        if used + size > width and used:
            found.append(start)
            used = 0
        used += size
    return found


def wrap(runs: list[Run], width: int) -> list[Line]:
    """Lay runs of words out in lines of at most ``width`` cells."""
    text = "".join(text for text, _ in runs)
    lines: list[Line] = []
    spans: list[tuple[int, int, Line]] = []
    at = 0
    for row in text.split("\n"):
        begins = starts(row, width)
        for begin, end in zip(begins, [*begins[1:], len(row)], strict=True):
            joint = [] if not begin else [SPACED if row[begin - 1].isspace() else GLUED]
            spans.append((at + begin, at + begin + len(row[begin:end].rstrip()), joint))
        at += len(row) + 1
    place, offset = 0, 0
    for begin, end, line in spans:
        while place < len(runs) and begin < end:
            words, style = runs[place]
            if offset + len(words) > begin:
                line.append(Segment(words[begin - offset : end - offset], style))
                begin = min(end, offset + len(words))
            if offset + len(words) <= end:
                offset += len(words)
                place += 1
        lines.append(line)
    return lines


def plain(text: str, width: int, style: Style) -> list[Line]:
    """Text as it is written, wrapped."""
    return [line for row in text.split("\n") for line in wrap([(row.expandtabs(4), style)], width)]


@lru_cache(4096)
def blank(width: int, style: Style) -> Segment:
    """Empty cells."""
    return Segment(" " * width, style)


def joint_of(line: Line) -> str | None:
    """What stood between a line and the one before where the text was wrapped there; None where it was not."""
    return next((" " if segment is SPACED else "" for segment in line if segment is SPACED or segment is GLUED), None)


def cells(line: Line) -> int:
    """How wide a line is."""
    return sum(cell_len(segment.text) for segment in line)


def pad(line: Line, width: int, style: Style) -> Line:
    """The line filled up to a width."""
    missing = width - cells(line)
    return [*line, blank(missing, style)] if missing > 0 else line
