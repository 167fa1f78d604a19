"""What a key must look like to be sent at all."""

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
