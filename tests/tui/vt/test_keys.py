"""What a person does, as a program reads it."""

import pytest

from zotui.tui.vt import keys

APPLICATION = {1}


@pytest.mark.parametrize(
    ("name", "character", "data"),
    [
        ("a", "a", b"a"), ("A", "A", b"A"), ("é", "é", "é".encode()), ("space", " ", b" "), ("plus", "+", b"+"),
        ("enter", "\r", b"\r"), ("tab", "\t", b"\t"), ("shift+tab", None, b"\x1b[Z"), ("escape", "\x1b", b"\x1b"),
        ("backspace", "\x7f", b"\x7f"), ("delete", None, b"\x1b[3~"), ("ctrl+c", "\x03", b"\x03"), ("ctrl+d", None, b"\x04"),
        ("ctrl+@", "\0", b"\0"), ("ctrl+backslash", None, b"\x1c"), ("ctrl+underscore", None, b"\x1f"), ("ctrl+j", "\n", b"\n"),
        ("up", None, b"\x1b[A"), ("ctrl+left", None, b"\x1b[1;5D"), ("shift+alt+end", None, b"\x1b[1;4F"), ("home", None, b"\x1b[H"),
        ("pageup", None, b"\x1b[5~"), ("ctrl+pagedown", None, b"\x1b[6;5~"), ("f1", None, b"\x1bOP"), ("f11", None, b"\x1b[23~"),
        ("shift+f3", None, b"\x1b[1;2R"), ("alt+b", None, b"\x1bb"), ("alt+shift+b", None, b"\x1bB"), ("alt+enter", None, b"\x1b\r"),
        ("alt+ctrl+h", None, b"\x1b\x08"), ("ctrl+f20", None, b""), ("unheard_of", None, b""), ("ctrl+shift+1", None, b""),
    ],
)  # fmt: skip
def test_keys(name: str, character: str | None, data: bytes) -> None:
    assert keys.key(name, character, set()) == data


def test_arrows_of_an_application() -> None:
    assert keys.key("up", None, APPLICATION) == b"\x1bOA"
    assert keys.key("home", None, APPLICATION) == b"\x1bOH"
    assert keys.key("shift+up", None, APPLICATION) == b"\x1b[1;2A"


def test_a_paste_is_text_whatever_is_in_it() -> None:
    assert keys.paste("ls\nrm \x1b[201~\x03x\r\n", set()) == b"ls\rrm x\r"
    assert keys.paste("a\x1b[201~b", {2004}) == b"\x1b[200~ab\x1b[201~"


def test_the_mouse_in_the_newer_form_only() -> None:
    assert not keys.wants_mouse({1000})
    assert keys.wants_mouse({1002, 1006})
    assert keys.mouse(64, 0, 9, True) + keys.mouse(0, 3, 4, False) == b"\x1b[<64;1;10M\x1b[<0;4;5m"
