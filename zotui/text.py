"""Text that others wrote, made fit to keep and to paint; and the few ways a short text is put.

Whatever comes from a model, a page, a file or a program goes through ``clean`` (or, in pieces, through
a ``Cleaner``) at the boundary, once; everything behind it may rely on that. Colours and links are not kept.
"""

import re

LONGEST_STRING = 4096
"""How far a string sequence (OSC, DCS, …) may be from its end and still be taken for one."""

_STRING = rf"(?:\x1b[\]P_^X]|[\x90\x98\x9d-\x9f])[^\x07\x18\x1a\x1b\x80-\x9f]{{0,{LONGEST_STRING}}}+"
_CSI = r"(?:\x1b\[|\x9b)[0-?]{0,64}+[ -/]{0,8}+"
_HIDDEN = (
    r"\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"  # soft hyphen, bidi, zero width
    r"\ufe00-\ufe0d\ufeff\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # selectors, BOM, tags
)
_TOKEN = re.compile(
    rf"(?=[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_HIDDEN}])"  # four times as fast on good text
    r"(?:(?P<line>\r\n?|[\x85\u2028\u2029])"
    r"|(?P<half>[\ud800-\udfff])"
    rf"|{_STRING}(?:[\x07\x18\x1a\x9c]|\x1b\\)"
    rf"|{_CSI}[@-~]?"
    r"|\x1b(?:[ -/]{0,8}+[0-~])?"
    r"|.)",
    re.DOTALL,
)
_UNFINISHED = re.compile(rf"(?=[\r\x1b\x90-\x9f])(?:\r|{_STRING}\x1b?|{_CSI}|\x1b[ -/]{{0,8}})\Z")
_ASCII = dict.fromkeys([*range(9), *range(11, 32), 127])
_PUT = {"line": "\n", "half": "\ufffd", None: ""}


def _put(token: re.Match[str]) -> str:
    """What stands in the place of a token."""
    return _PUT[token.lastgroup]


def clean(text: str) -> str:
    """Return ``text`` without anything that acts on a terminal or hides in it.

    Escape sequences go whole, then control characters other than newline and tab, bidi controls and
    invisible format characters (ZWJ, ZWNJ and the emoji selectors stay); every kind of line end becomes a
    newline, half a surrogate pair U+FFFD. Of a string sequence that is broken off or longer than
    ``LONGEST_STRING`` only the introducer goes: nothing can swallow the text behind it.
    """
    if text.isascii() and text.translate(_ASCII) == text:  # translate: one fast scan
        return text
    return _TOKEN.sub(_put, text)


class Cleaner:
    """``clean`` for a text that arrives in pieces: however it is split, the same comes out.

    It keeps back only what may still become part of a sequence, at most ``LONGEST_STRING`` and a little.
    """

    def __init__(self) -> None:
        self._kept = ""

    def feed(self, chunk: str) -> str:
        """Take the next piece; return what is certain by now."""
        text = self._kept + chunk
        unfinished = _UNFINISHED.search(text)
        end = unfinished.start() if unfinished else len(text)
        self._kept = text[end:]
        return clean(text[:end])

    def finish(self) -> str:
        """Return what was kept back; the cleaner may then be used anew."""
        rest, self._kept = clean(self._kept), ""
        return rest


def one_line(text: str, limit: int = 80) -> str:
    """Return ``text`` cleaned, on one line, at most ``limit`` characters, the last of them "…" if cut."""
    line = " ".join(clean(text).split(maxsplit=limit))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def cut(text: str, budget: int) -> tuple[str, int]:
    """Return head and tail of ``text`` in at most ``budget`` characters, and how many were left out.

    A line with "…" stands between them. Both are cut at a line end unless that would waste half of either.
    """
    gap = "\n…\n"
    if len(text) <= budget:
        return text, 0
    room = budget - len(gap)
    if room < 2:
        return text[: max(budget, 0)], len(text) - max(budget, 0)
    head, tail = text[: room - room // 2], text[len(text) - room // 2 :]
    if (end := head.rfind("\n")) >= len(head) // 2:
        head = head[:end]
    if 0 <= (start := tail.find("\n")) < len(tail) // 2:
        tail = tail[start + 1 :]
    return f"{head}{gap}{tail}", len(text) - len(head) - len(tail)


def thousands(count: int) -> str:
    """Return a number of tokens as a person says it: "900", "128k", "1.05M"."""
    if count >= 1_000_000:
        return f"{count / 1_000_000:.3g}M"
    return f"{count // 1000}k" if count >= 1000 else str(count)


def size(n_bytes: int) -> str:
    """Return a number of bytes as a person says it: "512 B", "4.9 MB"."""
    value, units = float(n_bytes), iter(("kB", "MB", "GB", "TB"))
    unit = "B"
    while value >= 999.5 and (larger := next(units, "")):
        value, unit = value / 1000, larger
    digits = 1 if unit != "B" and value < 9.95 else 0
    return f"{value:.{digits}f} {unit}"


def ago(ms_then: int, ms_now: int) -> str:
    """Return how long ago an instant was, in its largest unit: "now", "5 min", "2 h", "3 d", "2 y"."""
    seconds = (ms_now - ms_then) // 1000
    for unit, length in (("y", 31_557_600), ("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return "now"


def in_time(ms_then: int, ms_now: int) -> str:
    """Return how long it is until an instant, in its largest unit: "in 5 s", "in 5 min", "in 2 h", "in 3 d"."""
    seconds = max(0, (ms_then - ms_now) // 1000)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"in {seconds // length} {unit}"
    return f"in {seconds} s"
