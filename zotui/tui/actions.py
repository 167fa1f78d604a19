"""The one table of what a person can do. The footer, the palette, the help and the key map all read it."""

from typing import Literal, NamedTuple

Place = Literal["desk", "conversation", "chats", "memory", "skills"]


class Action(NamedTuple):
    """``id`` is also the name of the method ``action_ID`` on the desk, or on the pane named by ``place``.

    ``footer``: a short word for the bottom line, empty where it is not shown there.
    """

    id: str
    words: str
    key: str
    group: str
    place: Place = "desk"
    footer: str = ""


ACTIONS = (
    Action("palette", "Command palette: every action by name", "ctrl+p", "General", footer="palette"),
    Action("jump", "Jump to a pane by its letter", "ctrl+o", "General", footer="jump"),
    Action("new_chat", "New conversation", "ctrl+n", "Conversation", footer="new"),
    Action("stop", "Stop the answer; elsewhere, step back", "escape", "Conversation", footer="stop"),
    Action("again", "Run the last request again", "ctrl+r", "Conversation"),
    Action("rename_chat", "Rename this conversation", "f4", "Conversation"),
    Action("context", "What the model is sent: the parts and their tokens", "f3", "Conversation"),
    Action("models", "Choose the model that answers", "f5", "Model", footer="model"),
    Action("keys", "Keys of providers: set, try, forget", "f8", "Model"),
    Action("cost", "What models have cost", "f12", "Model"),
    Action("zoom", "Zoom the pane to the whole screen, and back", "f2", "View", footer="zoom"),
    Action("next_pane", "Next pane", "tab", "View"),
    Action("previous_pane", "Previous pane", "shift+tab", "View"),
    Action("theme", "Choose a theme", "f9", "View"),
    Action("help", "This help", "f1", "General", footer="help"),
    Action("quit", "Quit; what runs goes on", "ctrl+q", "General", footer="quit"),
    Action("open_row", "Open the chat", "enter", "Chats", "chats"),
    Action("search_rows", "Search chats", "slash", "Chats", "chats"),
    Action("rename_row", "Rename the chat", "r", "Chats", "chats"),
    Action("delete_row", "Delete the chat", "d", "Chats", "chats"),
    Action("open_row", "Read the memory whole", "enter", "Memory", "memory"),
    Action("search_rows", "Search memories", "slash", "Memory", "memory"),
    Action("add_row", "Add a memory", "a", "Memory", "memory"),
    Action("edit_row", "Edit the memory", "e", "Memory", "memory"),
    Action("delete_row", "Delete the memory", "d", "Memory", "memory"),
    Action("open_row", "Read the skill", "enter", "Skills", "skills"),
)

# What the composer and the lists do by themselves: for the help, not to be bound again.
KEYS = (
    ("enter", "send the message, or answer the question", "Composer"),
    ("ctrl+j  shift+enter", "new line", "Composer"),
    ("up  down", "earlier and later messages, at top and bottom", "Composer"),
    ("up  down  j  k", "move by entries or rows", "Lists and transcript"),
    ("page up  page down  home  end", "scroll", "Lists and transcript"),
    ("enter  space", "fold and unfold a tool call or reasoning", "Lists and transcript"),
)


def binding_id(action: Action) -> str:
    """The name of an action in ``[keys]`` of the configuration."""
    return action.id if action.place == "desk" else f"{action.place}.{action.id}"


def shown_key(key: str) -> str:
    """A key as people write it: ``^p``, ``F1``, ``/``."""
    names = {"slash": "/", "escape": "esc", "shift+tab": "⇧tab"}
    first = key.split(",")[0]
    if first.startswith("ctrl+"):
        return f"^{first[5:]}"
    return names.get(first, first.upper() if first[:1] == "f" and first[1:].isdigit() else first)
