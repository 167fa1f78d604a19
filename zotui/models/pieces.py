"""Text that comes in pieces, wherever a server cuts it: what can be shown of it, and what is reasoning."""

from zotui.models.provider import Event, ReasoningDelta, TextDelta


def joined(text: str) -> str:
    """``text`` with halves of surrogate pairs joined, and those left alone replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class Text:
    """Text in pieces: holds back half a surrogate pair until its other half comes."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, text: str) -> str:
        """The next piece, as far as it can be shown."""
        if text.isascii() and not self._half:
            return text
        text = self._half + text
        cut = len(text) - ("\ud800" <= text[-1:] <= "\udbff")
        self._half = text[cut:]
        return joined(text[:cut])

    def finish(self) -> str:
        """What was held back, if nothing came to join it."""
        half, self._half = self._half, ""
        return joined(half)


class Think:
    """Takes reasoning in ``<think>`` tags out of the start of an answer, where a server left it there."""

    OPEN, SHUT = "<think>", "</think>"

    def __init__(self) -> None:
        self._state = "start"  # then "think", "after" (spaces before the text) and "text"; or "text" at once
        self._held = ""

    @property
    def passed(self) -> bool:
        """Whether the start is over: all that comes now is text."""
        return self._state == "text"

    def feed(self, text: str) -> list[Event]:
        """The next piece of content."""
        if self._state == "text":
            return [TextDelta(text)] if text else []
        self._held += text
        events: list[Event] = []
        if self._state == "start":
            head = self._held.lstrip()
            if len(head) < len(self.OPEN) and self.OPEN.startswith(head):
                return []
            if head.startswith(self.OPEN):
                self._state, self._held = "first thought", head.removeprefix(self.OPEN)
            else:
                self._state = "text"
        if self._state == "first thought":
            self._held = self._held.lstrip()
            self._state = "think" if self._held else self._state
        if self._state == "think":
            thought, shut, rest = self._held.partition(self.SHUT)
            if shut:
                self._state, self._held = "after", rest
            else:
                cut = len(thought) - _overlap(thought, self.SHUT)
                thought, self._held = thought[:cut], thought[cut:]
            events += [ReasoningDelta(thought)] if thought else []
        if self._state == "after":
            self._held = self._held.lstrip()
            self._state = "text" if self._held else self._state
        if self._state == "text" and self._held:
            events.append(TextDelta(self._held))
            self._held = ""
        return events

    def finish(self) -> list[Event]:
        """What was held back."""
        held, self._held = self._held, ""
        if not held:
            return []
        return [ReasoningDelta(held) if self._state == "think" else TextDelta(held)]


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of ``text`` may be the start of ``tag``."""
    return next((size for size in range(min(len(tag) - 1, len(text)), 0, -1) if tag.startswith(text[-size:])), 0)
