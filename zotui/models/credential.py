"""What shows who asks: a key, and what it must look like to be sent at all; a user and password in an address."""

import base64
from urllib.parse import SplitResult, unquote

from zotui.errors import UsageError
from zotui.secret import Secret


def unwrapped(key: str | Secret) -> Secret:
    """A key without the spaces and quotes it was copied with."""
    text = (key.reveal() if isinstance(key, Secret) else key).strip()
    text = text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
    return Secret(text)


def fault_of(key: Secret) -> str:
    """What makes a key one that cannot be sent; empty where nothing does."""
    text = key.reveal()
    if any(char.isspace() for char in text):
        return "a space or a line break in it"
    if not (text.isascii() and text.isprintable()):
        return "characters that no key has (control or non-ASCII)"
    return ""


def checked(text: str | Secret) -> Secret:
    """A key as a person gave it. Raises UsageError for one that cannot be."""
    secret = unwrapped(text)
    if not secret:
        raise UsageError("the key is empty", "nothing was changed")
    if fault := fault_of(secret):
        raise UsageError(f"that is no key: it has {fault}", "copy it again, alone; nothing was changed")
    return secret


def without_login(address: SplitResult) -> tuple[SplitResult, tuple[str, Secret] | tuple[()]]:
    """An address without the user and password in it, which is shown and logged; and these."""
    login, at_sign, host = address.netloc.rpartition("@")
    user, _, password = login.partition(":")
    return address._replace(netloc=host), (unquote(user), Secret(unquote(password))) if at_sign else ()


def basic(user: str, password: Secret) -> Secret:
    """The header that says who asks, as HTTP has it."""
    return Secret(f"Basic {base64.b64encode(f'{user}:{password.reveal()}'.encode()).decode()}")
