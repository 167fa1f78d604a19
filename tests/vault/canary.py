"""A secret in every form in which it might be found, and a traceback as the app's crash handler paints it."""

import base64
import io
from types import TracebackType
from urllib.parse import quote

from rich.console import Console
from rich.traceback import Traceback

CANARY = "sk-can/ary+0123456789=äbcdef"


def forms(secret: str | bytes) -> set[bytes]:
    """The secret as it is, and as something that encodes text may have left it."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    plain = {raw, raw[::-1], raw.hex().encode(), raw.hex().upper().encode(), repr(raw)[2:-1].encode()}
    plain |= {quote(raw, safe="").encode(), quote(raw).encode()}
    for shift in range(3):  # within a longer text
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(bytes(shift) + raw)
            plain.add(text[4 if shift else 0 : -4])
    return plain


def leaked(where: str | bytes, *secrets: str | bytes) -> set[bytes]:
    """The forms of the secrets that are in ``where``; half of one counts."""
    text = where.encode("utf-8", "surrogatepass") if isinstance(where, str) else where
    found = set()
    for secret in secrets:
        for form in forms(secret):
            half = len(form) // 2
            found |= {part for part in (form[:half], form[half:]) if len(part) >= 8 and part in text}
    return found


def painted(error: BaseException, traceback: TracebackType | None) -> str:
    """Rich's traceback with the variables of every frame, uncut."""
    console = Console(file=io.StringIO(), width=500, color_system=None)
    console.print(
        Traceback.from_exception(
            type(error),
            error,
            traceback,
            show_locals=True,
            locals_max_string=None,
            locals_max_length=None,
            locals_hide_dunder=False,
            locals_hide_sunder=False,
        )
    )
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
