"""What a program reads for what a person does: keys, pastes and the mouse, as xterm sends them."""

from collections.abc import Container

from zotui.text import clean

_MODIFIERS = {"shift": 1, "alt": 2, "ctrl": 4}
_NAMED = {"enter": "\r", "tab": "\t", "escape": "\x1b", "backspace": "\x7f", "space": " "}
_LETTERED = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
_NUMBERED = {
    "insert": 2, "delete": 3, "pageup": 5, "pagedown": 6,
    "f5": 15, "f6": 17, "f7": 18, "f8": 19, "f9": 20, "f10": 21, "f11": 23, "f12": 24,
}  # fmt: skip
_FIRST_F = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
_WITH_CTRL = {
    "space": "\0", "@": "\0", "left_square_bracket": "\x1b", "backslash": "\x1c", "right_square_bracket": "\x1d",
    "circumflex_accent": "\x1e", "underscore": "\x1f", "slash": "\x1f", "minus": "\x1f", "backspace": "\b",
}  # fmt: skip
APPLICATION, BRACKETED, NEWER_MOUSE, MOUSE = 1, 2004, 1006, (1000, 1002, 1003)
"""Modes that change what is sent."""


def key(name: str, character: str | None, modes: Container[int]) -> bytes:
    """The bytes of a key by Textual's name of it; none for one that a terminal has not."""
    *parts, last = name.split("+") if name != "+" else [name]
    held = sum(_MODIFIERS.get(part, 0) for part in parts)
    escape = "\x1b" if held & 2 else ""
    if name == "shift+tab":
        return b"\x1b[Z"
    if last in _LETTERED:
        if held:
            return f"\x1b[1;{held + 1}{_LETTERED[last]}".encode()
        return f"\x1b{'O' if APPLICATION in modes else '['}{_LETTERED[last]}".encode()
    if last in _FIRST_F:
        return (f"\x1b[1;{held + 1}{_FIRST_F[last]}" if held else f"\x1bO{_FIRST_F[last]}").encode()
    if last in _NUMBERED:
        return (f"\x1b[{_NUMBERED[last]};{held + 1}~" if held else f"\x1b[{_NUMBERED[last]}~").encode()
    if held & 4:
        if len(last) == 1 and last.isascii() and last.isalpha():
            return f"{escape}{chr(ord(last.upper()) & 31)}".encode()
        return (escape + _WITH_CTRL[last]).encode() if last in _WITH_CTRL else b""
    if last in _NAMED:
        return (escape + _NAMED[last]).encode()
    if character is not None and character.isprintable():
        return (escape + character).encode("utf-8", "replace")
    if escape and len(last) == 1:
        return (escape + (last.upper() if held & 1 else last)).encode("utf-8", "replace")
    return b""


def paste(text: str, modes: Container[int]) -> bytes:
    """The bytes of a paste: text only, nothing in it is a key but the line ends."""
    typed = clean(text).replace("\n", "\r").encode("utf-8", "replace")
    return b"\x1b[200~" + typed + b"\x1b[201~" if BRACKETED in modes else typed


def wants_mouse(modes: Container[int]) -> bool:
    """Whether the program is told of the mouse, in the form that is spoken here."""
    return NEWER_MOUSE in modes and any(mode in modes for mode in MOUSE)


def mouse(button: int, x: int, y: int, pressed: bool) -> bytes:
    """The bytes of a button at a cell, counted from 0: 0 to 2 for left, middle and right, 64 and 65 for the wheel."""
    return f"\x1b[<{button};{x + 1};{y + 1}{'M' if pressed else 'm'}".encode()
