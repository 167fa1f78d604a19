"""The links of an entry."""

from zotui.tui.markdown import Link, links_in
from zotui.tui.widgets.entry import Entry


def links_of(entry: Entry) -> list[Link]:
    """The links that an entry holds, each once, in order."""
    return links_in(entry.whole)
