"""The one table of what a person can do. The footer, the palette, the help, the key map and slash commands all read it."""

from typing import Literal, NamedTuple

Place = Literal["desk", "transcript", "chats", "memory", "skills", "schedule", "files"]
Room = Literal[
    "general", "conversation", "branches", "text", "model", "view", "finding", "files", "shell", "memory", "automations"
]
OUT_OF_TERMINAL = "ctrl+right_square_bracket"  # leads out of a program that has all other keys
UNBOUND = "unbound+"  # the key of an action that has none, until a person gives it one


class Action(NamedTuple):
    """One thing that can be done.

    Of the desk and the transcript, ``id`` is the name of a function of the module ``zotui.tui.acts.ROOM``; of another
    place, of the method ``action_ID`` of its pane. ``footer``: a short word for the bottom line, empty where it is not
    shown there. ``verb``: what does the same on the command line; empty for what only a screen has.
    """

    id: str
    words: str
    key: str
    group: str
    room: Room = "general"
    place: Place = "desk"
    footer: str = ""
    verb: str = ""

    @property
    def first_key(self) -> str:
        """The key, or a name that no terminal sends."""
        return self.key or f"{UNBOUND}{self.id}"


ACTIONS = (
    Action("palette", "Command palette: every action by name", "ctrl+p", "General", footer="palette"),
    Action("jump", "Jump to a pane by its letter", "ctrl+o", "General", footer="jump"),
    Action("search", "Search everything: chats, memory, skills, files", "ctrl+t", "General", "finding", footer="search", verb="search"),
    Action("run", "Run a command in the sandbox", "", "General", "shell", verb="run"),
    Action("commands", "Commands in the background: watch, feed, stop", "", "General", verb="commands"),
    Action("terminal", "A shell in the workspace, behind the sandbox", "ctrl+l", "General", "shell", verb="run"),
    Action("end_terminal", "End what runs in the terminal", "", "General", "shell", verb="stop --work"),
    Action("own_shell", "Your own shell, outside of the sandbox; exit comes back", "", "General", "shell"),
    Action("no_sandbox", "Where no sandbox can stand: run commands without one", "", "General", verb="run --no-sandbox"),
    Action("inbox", "Inbox: questions that wait for you, and notices", "f10", "General", "finding", verb="approvals list"),
    Action("profile", "Your profile: what every conversation knows of you", "", "General", "memory", verb="memory profile"),
    Action("facts", "Facts that conversations say: remember them or not", "", "General", "memory", verb="memory facts"),
    Action("timeline", "What happened to a file: its differences and states", "", "General", "files", verb="timeline"),
    Action("allowed", "What you allowed for more than once, and taking it back", "", "General", "files", verb="approvals allowed"),
    Action("audit", "Audit log: what was allowed, refused, done, undone", "", "General", "files", verb="audit"),
    Action("help", "This help", "f1", "General", footer="help", verb="--help"),
    Action("quit", "Quit; what runs goes on", "ctrl+q", "General", footer="quit"),
    Action("new_chat", "New conversation", "ctrl+n", "Conversation", "conversation", footer="new", verb="ask"),
    Action("stop", "Stop the answer; elsewhere, step back", "escape", "Conversation", "conversation", footer="stop"),
    Action("stop_everything", "Stop everything that runs, everywhere", "ctrl+backslash", "General", "conversation", verb="stop --work"),
    Action("send_now", "Send at once: what is being answered stops", "ctrl+s", "Conversation", "conversation"),
    Action("edit_draft", "Write the message in $EDITOR", "ctrl+g", "Conversation", "text"),
    Action("edit_last", "Edit the last message and run it again", "", "Conversation", "branches", verb="chats edit"),
    Action("undo_turn", "Take the last turn back: a branch without it", "", "Conversation", "branches", verb="chats fork --before"),
    Action("undo_files", "Undo what the last turn did to files", "", "Conversation", "files", verb="undo"),
    Action("redo_files", "Do again what was undone", "", "Conversation", "files", verb="redo"),
    Action("again", "Run the last request again", "ctrl+r", "Conversation", "conversation", verb="ask"),
    Action("chat_memory", "Memory on or off in this conversation", "", "Conversation", "memory", verb="chats memory"),
    Action("rename_chat", "Rename this conversation", "f4", "Conversation", "conversation", verb="chats rename"),
    Action("pin_chat", "Pin this conversation, or unpin it", "", "Conversation", "conversation", verb="chats pin"),
    Action("archive_chat", "Archive this conversation, or take it back", "", "Conversation", "conversation", verb="chats archive"),
    Action("plan", "The agent's plan: show it whole, or as one line", "", "Conversation", "conversation", verb="chats plan"),
    Action("context", "What the model is sent: the parts and their tokens", "f3", "Conversation", "conversation", verb="chats context"),
    Action("compact", "Summarise older turns; nothing is lost", "", "Conversation", "conversation", verb="chats compact"),
    Action("continue_chat", "Go on in a new chat from a summary", "", "Conversation", "conversation", verb="chats continue"),
    Action("export_chat", "Export this conversation to a file", "", "Conversation", "conversation", verb="chats export"),
    Action("import_chat", "Import a conversation from a file", "", "Conversation", "conversation", verb="chats import"),
    Action("branches", "Branches of this conversation, side by side", "f6", "Conversation", "branches", verb="chats branches"),
    Action("compare", "Put one prompt to several models, side by side", "f7", "Model", "branches", verb="chats compare"),
    Action("models", "Choose the model that answers", "f5", "Model", "model", footer="model", verb="models"),
    Action("personas", "Choose the persona of this conversation", "", "Model", "model", verb="personas use"),
    Action("rules", "Rules: what shall hold, and what held last", "", "Model", "model", verb="rules"),
    Action("keys", "Keys of providers: set, try, forget", "f8", "Model", "model", verb="keys"),
    Action("cost", "What models have cost", "f12", "Model", "model", verb="chats cost"),
    Action("find", "Find in this conversation", "ctrl+f", "Text", "finding", verb="chats search"),
    Action("previous_turn", "To the request before", "ctrl+up", "Text", "text"),
    Action("next_turn", "To the request after", "ctrl+down", "Text", "text"),
    Action("copy_block", "Copy the block under the cursor", "y", "Text", "text", "transcript", verb="chats show"),
    Action("copy_code", "Copy the code block", "c", "Text", "text", "transcript", verb="chats show"),
    Action("copy_message", "Copy the message", "Y", "Text", "text", "transcript", verb="chats show"),
    Action("open_editor", "Open the block in $EDITOR", "e", "Text", "text", "transcript", verb="chats show"),
    Action("open_pager", "Open the message in $PAGER", "o", "Text", "text", "transcript", verb="chats show"),
    Action("find_next", "The next match", "n", "Text", "finding", "transcript"),
    Action("find_previous", "The match before", "N", "Text", "finding", "transcript"),
    Action("fork", "Fork here: a branch that ends with this message", "f", "Text", "branches", "transcript", verb="chats fork"),
    Action("edit_here", "Edit this request and run it again, in a branch", "r", "Text", "branches", "transcript", verb="chats edit"),
    Action("zoom", "Zoom the pane to the whole screen, and back", "f2", "View", "view", footer="zoom"),
    Action("next_pane", "Next pane", "tab", "View", "view"),
    Action("previous_pane", "Previous pane", "shift+tab", "View", "view"),
    Action("side_wider", "The panes at the side wider", "alt+left", "View", "view"),
    Action("side_narrower", "The panes at the side narrower", "alt+right", "View", "view"),
    Action("pane_taller", "This pane taller", "alt+up", "View", "view"),
    Action("pane_shorter", "This pane shorter", "alt+down", "View", "view"),
    Action("pane_up", "Move this pane up", "alt+shift+up", "View", "view"),
    Action("pane_down", "Move this pane down", "alt+shift+down", "View", "view"),
    Action("hide_pane", "Hide this pane", "", "View", "view"),
    Action("show_panes", "Show all panes again, as at first", "", "View", "view"),
    Action("spacing", "Compact or roomy", "", "View", "view"),
    Action("theme", "Choose a theme", "f9", "View", "view"),
    Action("debug", "Show how quick the app is, or hide it", "", "View", "view"),
    Action("open_row", "Open the chat", "enter", "Chats", place="chats", verb="chats show"),
    Action("search_rows", "Search chats", "slash", "Chats", place="chats", verb="chats list"),
    Action("rename_row", "Rename the chat", "r", "Chats", place="chats", verb="chats rename"),
    Action("pin_row", "Pin the chat, or unpin it", "p", "Chats", place="chats", verb="chats pin"),
    Action("archive_row", "Archive the chat, or take it back", "a", "Chats", place="chats", verb="chats archive"),
    Action("delete_row", "Delete the chat", "d", "Chats", place="chats", verb="chats rm"),
    Action("undo_row", "Undo the last deletion", "u", "Chats", place="chats", verb="chats restore"),
    Action("shelf", "Chats, the archive, the trash: the next of them", "s", "Chats", place="chats", verb="chats list --archived"),
    Action("open_row", "Read the memory whole", "enter", "Memory", place="memory", verb="memory show"),
    Action("search_rows", "Search memories; ? first recalls", "slash", "Memory", place="memory", verb="memory list"),
    Action("recall_rows", "What the agent would recall, with its scores", "r", "Memory", place="memory", verb="memory recall"),
    Action("narrow_rows", "Narrow: by kind, time, source, tag", "f", "Memory", place="memory", verb="memory counts"),
    Action("add_row", "Add a memory", "a", "Memory", place="memory", verb="memory add"),
    Action("edit_row", "Edit the memory", "e", "Memory", place="memory", verb="memory edit"),
    Action("mark_row", "Mark the memory, for what is done to several", "space", "Memory", place="memory"),
    Action("mark_rows", "Mark all that are found, or none", "asterisk", "Memory", place="memory"),
    Action("pin_row", "Pin, or unpin: every chat knows what is pinned", "p", "Memory", place="memory", verb="memory pin"),
    Action("tag_row", "Tag", "t", "Memory", place="memory", verb="memory tag"),
    Action("end_row", "When it shall end", "x", "Memory", place="memory", verb="memory expire"),
    Action("merge_rows", "Make one of the marked memories", "m", "Memory", place="memory", verb="memory merge"),
    Action("save_rows", "Save to a file", "s", "Memory", place="memory", verb="memory export"),
    Action("row_history", "Every value that the key has had", "h", "Memory", place="memory", verb="memory history"),
    Action("row_source", "Go to the conversation it is from", "g", "Memory", place="memory", verb="chats show"),
    Action("delete_row", "Delete", "d", "Memory", place="memory", verb="memory rm"),
    Action("undo_row", "Undo what was done last to memories", "u", "Memory", place="memory", verb="memory undo"),
    Action("forget_row", "Forget for good, and what it has left", "F", "Memory", place="memory", verb="memory forget"),
    Action("open_row", "Read the skill", "enter", "Skills", place="skills", verb="skills show"),
    Action("search_rows", "Search skills", "slash", "Skills", place="skills", verb="skills list"),
    Action("run_row", "Run the skill's script, with a form", "r", "Skills", place="skills", verb="skills run"),
    Action("trust_row", "What is in it and has changed; let it be used", "t", "Skills", place="skills", verb="skills trust"),
    Action("toggle_row", "Disable the skill, or enable it", "space", "Skills", place="skills", verb="skills enable"),
    Action("row_history", "What came of its runs", "h", "Skills", place="skills", verb="skills history"),
    Action("edit_row", "Edit its SKILL.md in $EDITOR", "e", "Skills", place="skills", verb="skills show"),
    Action("open_row", "Read all of the automation", "enter", "Schedule", place="schedule", verb="schedule show"),
    Action("search_rows", "Search automations", "slash", "Schedule", place="schedule", verb="schedule list"),
    Action("add_row", "Have something happen by itself", "a", "Schedule", place="schedule", verb="schedule add"),
    Action("edit_row", "Edit: what, when, how", "e", "Schedule", place="schedule", verb="schedule edit"),
    Action("toggle_row", "Pause, or resume", "space", "Schedule", place="schedule", verb="schedule pause"),
    Action("run_row", "Run now, beside its schedule", "r", "Schedule", place="schedule", verb="schedule run"),
    Action("skip_row", "Leave the next time out", "n", "Schedule", place="schedule", verb="schedule skip"),
    Action("stop_row", "Stop what runs of it", "s", "Schedule", place="schedule", verb="schedule stop"),
    Action("row_history", "What became of its times; to their conversations", "h", "Schedule", place="schedule", verb="schedule history"),
    Action("preview_row", "Its next times, as far as you like", "p", "Schedule", place="schedule", verb="schedule preview"),
    Action("week", "The week ahead: what happens when", "w", "Schedule", place="schedule", verb="schedule list"),
    Action("late_rows", "What happened of late, of all", "H", "Schedule", place="schedule", verb="schedule history"),
    Action("missed_rows", "What was missed, of all", "m", "Schedule", place="schedule", verb="schedule history"),
    Action("backfill_row", "Make up for times that did not happen", "b", "Schedule", place="schedule", verb="schedule backfill"),
    Action("delete_row", "Delete it and its history", "d", "Schedule", place="schedule", verb="schedule rm"),
    Action("open_row", "Show the file; open the folder or the database", "enter", "Files", place="files", verb="files show"),
    Action("search_rows", "Find files by their names", "slash", "Files", place="files", verb="search"),
    Action("edit_file", "Edit the file in $EDITOR", "e", "Files", place="files"),
    Action("file_timeline", "What happened to the file", "t", "Files", place="files", verb="timeline"),
    Action("file_chats", "Conversations that touched the file", "c", "Files", place="files", verb="files chats"),
    Action("mention_file", "Mention the file in the message", "at", "Files", place="files", verb="ask --file"),
    Action("copy_path", "Copy the path", "y", "Files", place="files"),
    Action("move_file", "Rename or move", "r", "Files", place="files", verb="files move"),
    Action("delete_file", "Put into the bin", "d", "Files", place="files", verb="files bin"),
)  # fmt: skip

# What the composer and the lists do by themselves: for the help, not to be bound again.
KEYS = (
    ("enter", "send the message, or answer the question", "Composer"),
    ("^j  ⇧enter", "new line", "Composer"),
    ("up  down", "earlier and later messages, at top and bottom", "Composer"),
    ("@  /", "complete a file, skill, memory or chat; a command", "Composer"),
    ("esc esc", "edit the last message", "Composer"),
    ("!", "run a command of yours in the terminal", "Composer"),
    ("up  down  j  k", "move by entries or rows", "Lists and transcript"),
    ("left  right", "move by the blocks of an entry", "Lists and transcript"),
    ("left  right", "close and open a folder; dim is hidden or ignored", "Files"),
    ("pgup  pgdn  home  end", "scroll", "Lists and transcript"),
    ("enter  space", "fold and unfold a tool call or reasoning", "Lists and transcript"),
    ("^]", "back to the conversation; what runs goes on", "Terminal"),
    ("^o ^o", "^o for the program; all keys but ^o ^q ^\\ and F1 to F12 are its", "Terminal"),
    ("⇧pgup  ⇧pgdn", "what was printed earlier", "Terminal"),
)
ROOMS: dict[str, Room] = {
    **{action.id: action.room for action in ACTIONS if action.place in ("desk", "transcript")},
    **dict.fromkeys(("status", "conversations", "skill"), "general"),
    "memory": "memory",
    **dict.fromkeys(("stop_answer",), "conversation"),
    **dict.fromkeys(("copy_answer",), "text"),
    **dict.fromkeys(("files",), "files"),
    **dict.fromkeys(("schedule",), "automations"),
}
"""Where the function of an action is: of those above, and of what only a slash command does."""


def binding_id(action: Action) -> str:
    """The name of an action in ``[keys]`` of the configuration."""
    return action.id if action.place in ("desk", "transcript") else f"{action.place}.{action.id}"


def key_of(action: Action, bound: dict[str, str]) -> str:
    """The key of an action where the configuration binds some; empty where it has none."""
    return bound.get(binding_id(action), action.key)


def clashes(bound: dict[str, str]) -> list[str]:
    """What is wrong with the keys that a configuration binds, a sentence each: unknown actions, keys used twice."""
    names = {binding_id(action) for action in ACTIONS}
    said = [f"no action {name!r} to bind a key to" for name in bound if name not in names]
    for place in ("chats", "memory", "skills", "schedule", "files", "transcript"):
        taken: dict[str, str] = {}
        for action in (action for action in ACTIONS if action.place in ("desk", place)):
            for key in filter(None, key_of(action, bound).split(",")):
                first = taken.setdefault(key, binding_id(action))
                if first != binding_id(action):
                    said.append(f"{shown_key(key)} is bound to {first} and to {binding_id(action)}")
    return list(dict.fromkeys(said))


def shown_key(key: str) -> str:
    """A key as people write it: ``^p``, ``F1``, ``/``, ``⌥↑``; empty for none."""
    first = key.split(",")[0]
    *modifiers, last = first.split("+")
    names = {
        "slash": "/", "at": "@", "backslash": "\\", "right_square_bracket": "]", "escape": "esc", "left": "←", "right": "→",
        "up": "↑", "down": "↓", "asterisk": "*",
        "pageup": "pgup", "pagedown": "pgdn",
    }  # fmt: skip
    last = names.get(last, last.upper() if last[:1] == "f" and last[1:].isdigit() else last)
    marks = {"ctrl": "^", "shift": "⇧", "alt": "⌥"}
    return "".join(marks.get(modifier, f"{modifier}+") for modifier in modifiers) + last
