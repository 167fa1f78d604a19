"""The terminal that the app runs in: what it can show, how dear its bytes are, and what follows from that."""

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Literal

Colours = Literal["none", "16", "256", "truecolor"]
SILENT = ("linux", "vt100", "vt102", "vt220", "dumb", "ansi", "cons25")
"""Terminals that are asked nothing: they would show the question, or never answer."""
RICH = ("xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm", "contour", "iterm2", "ms-terminal")
"""Terminals of 16 million colours, by names that may not say so; over ssh COLORTERM is lost, TERM is not."""
FRAME_S = 0.07  # between two looks at the file
REMOTE_FRAME_S = 0.2  # the same over ssh, where bytes are dear


@dataclass(frozen=True)
class Profile:
    """What is known of a terminal before anything is painted."""

    term: str
    remote: bool
    multiplexed: Literal["tmux", "screen", ""]
    colours: Colours
    background: Literal["dark", "light", ""] = ""

    @property
    def frame_s(self) -> float:
        """How long between two frames of what changes by itself."""
        return REMOTE_FRAME_S if self.remote else FRAME_S

    @property
    def answers(self) -> bool:
        """Whether it may be asked anything. GNU screen would show the question."""
        return self.multiplexed != "screen" and not self.term.startswith(SILENT)


def profile(environ: Mapping[str, str] = os.environ) -> Profile:
    """The terminal's profile, by its environment."""
    term = environ.get("TERM", "dumb")
    remote = any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "MOSH_IP"))
    return Profile(term, remote, _multiplexer(environ, term), _colours(environ, term), _background(environ))


def _multiplexer(environ: Mapping[str, str], term: str) -> Literal["tmux", "screen", ""]:
    if environ.get("TMUX"):
        return "tmux"
    return "screen" if environ.get("STY") or term.startswith("screen") else ""


def _colours(environ: Mapping[str, str], term: str) -> Colours:
    if environ.get("NO_COLOR"):
        return "none"
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "truecolor"
    if term.startswith(RICH) or term.endswith("-direct"):
        return "truecolor"
    return "256" if "256color" in term else "16"


def _background(environ: Mapping[str, str]) -> Literal["dark", "light", ""]:
    """What COLORFGBG says (rxvt, Konsole): ``15;0`` is light on black."""
    last = environ.get("COLORFGBG", "").rpartition(";")[2]
    if not last.isdigit():
        return ""
    return "light" if int(last) in (7, *range(9, 16)) else "dark"


def prepare(environ: MutableMapping[str, str] = os.environ) -> Profile:
    """Set what Textual reads as it is imported, unless the person has set it; the profile. Over ssh all calms down."""
    found = profile(environ)
    if found.colours != "none":  # there, a filter takes them out
        environ.setdefault("TEXTUAL_COLOR_SYSTEM", "standard" if found.colours == "16" else found.colours)
    if found.remote:
        for name, value in (("FPS", "15"), ("ANIMATIONS", "none"), ("SMOOTH_SCROLL", "0")):
            environ.setdefault(f"TEXTUAL_{name}", value)
    return found


def is_dark(reply: str) -> bool | None:
    """Whether a background is dark, of which the terminal says ``rgb:RRRR/GGGG/BBBB``; None where it says nothing."""
    try:
        red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in reply.partition(":")[2].split("/")[:3])
    except (ValueError, ZeroDivisionError):
        return None
    return bool(0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.5)
