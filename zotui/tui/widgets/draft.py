"""A message that is not sent yet."""

import re
from dataclasses import dataclass, field

MENTION = re.compile(r'(?<![^\s(\[{])@(?:"[^"\n]*"?|[^\s"]*)')


@dataclass
class Draft:
    """An unsent message: its text, the pastes behind its chips, and the message that it shall replace."""

    text: str = ""
    pastes: dict[str, str] = field(default_factory=dict)
    edits: str = ""

    @property
    def whole(self) -> str:
        """The text with the pastes put in for their chips."""
        text = self.text
        for chip, paste in self.pastes.items():
            text = text.replace(chip, paste)
        return text


def trigger_before(text: str) -> tuple[str, str, int] | None:
    """What is being completed at the end of a text: the trigger, the words behind it, and where it begins.

    ``@`` begins a mention at the start of a word, ``/`` a command at the start of the message.
    """
    if re.fullmatch(r"/[\w-]*", text):
        return "/", text[1:], 0
    for found in MENTION.finditer(text):
        if found.end() == len(text) and not (
            found[0].startswith('@"') and found[0].endswith('"') and len(found[0]) > 2
        ):
            return "@", found[0][1:].removeprefix('"'), found.start()
    return None


def said(text: str, longest: int) -> str:
    """What is worth saying of a text under it: its lines, files, and that it is too long."""
    lines = text.count("\n") + 1
    files = len([found for found in MENTION.finditer(text) if len(found[0]) > 1])
    words = [f"{lines} lines"] if lines > 1 else []
    words += [f"{files} mentioned"] if files else []
    words += [f"! too long: {len(text):,} characters of {longest:,}"] if len(text) > longest else []
    return " · ".join(words)
