"""A message that is not sent yet."""

import re
from dataclasses import dataclass, field

MENTION = re.compile(r'(?<![^\s(\[{])@(?:"[^"\n]*"?|[^\s"]*)')


@dataclass
class Draft:
    """An unsent message: its text, the pastes behind its chips, and the message that it shall replace.

    ``quoted``: names behind an ``@`` that came with a text of somebody else's. They mention nothing: a page that is
    pasted must not choose which files go to a model.
    """

    text: str = ""
    pastes: dict[str, str] = field(default_factory=dict)
    edits: str = ""
    quoted: list[str] = field(default_factory=list)

    @property
    def whole(self) -> str:
        """The text with the pastes put in for their chips."""
        text = self.text
        for chip, paste in self.pastes.items():
            text = text.replace(chip, paste)
        return text

    @property
    def foreign(self) -> set[str]:
        """The names in the whole text that the person did not write: those of the pastes, but for what stands beside
        them, too."""
        pasted = {name for paste in self.pastes.values() for name in names_in(paste)}
        return (pasted - names_in(self.text)) | set(self.quoted)


def names_in(text: str) -> set[str]:
    """All names that could be mentioned in a text, those in blocks of code, too."""
    found = (found[0][1:].strip('"').rstrip(".,;:!?)]}'") for found in MENTION.finditer(text))
    return {name for name in found if name}


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


def said(draft: Draft, longest: int) -> str:
    """What is worth saying of a text under it: its lines, files, and that it is too long."""
    text = draft.text
    lines = text.count("\n") + 1
    names = names_in(text)
    files = len(names - set(draft.quoted))
    words = [f"{lines} lines"] if lines > 1 else []
    words += [f"{files} mentioned"] if files else []
    words += [f"{len(names) - files} @ pasted: no mention"] if len(names) > files else []
    words += [f"! too long: {len(text):,} characters of {longest:,}"] if len(text) > longest else []
    return " · ".join(words)
