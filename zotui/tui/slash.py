"""Slash commands: actions by name, with words behind them."""

import re
from typing import NamedTuple

from zotui.tui.widgets.completions import Candidate


class Slash(NamedTuple):
    """A command. ``hint`` shows what may stand behind it, ``action`` is what it does; ``missing`` says why it cannot
    yet."""

    name: str
    words: str
    action: str = ""
    hint: str = ""
    missing: str = ""


COMMANDS = (
    Slash("new", "a new conversation", "new_chat"),
    Slash("conversations", "the list of conversations", "conversations"),
    Slash("search", "search everything", "search", "[WORDS]"),
    Slash("find", "find in this conversation", "find", "[WORDS]"),
    Slash("status", "what goes on", "status"),
    Slash("info", "what goes on", "status"),
    Slash("model", "who answers here", "models", "[PROVIDER/MODEL]"),
    Slash("persona", "who the computer is here", "personas", "[NAME]"),
    Slash("rules", "what shall hold, and when", "rules"),
    Slash("compare", "one prompt to several models", "compare", "[TEXT]"),
    Slash("cost", "what models have cost", "cost"),
    Slash("keys", "keys of providers", "keys"),
    Slash("context", "what the model is sent", "context"),
    Slash("plan", "the agent's plan, whole or as one line", "plan"),
    Slash("fork", "a branch that begins here", "fork"),
    Slash("branches", "branches side by side", "branches"),
    Slash("edit", "edit the last message and run it again", "edit_last"),
    Slash("undo", "undo what the last turn did to files", "undo_files"),
    Slash("redo", "do again what was undone", "redo_files"),
    Slash("files", "the files of the workspace, or one of them", "files", "[PATH]"),
    Slash("timeline", "what happened to a file", "timeline", "[PATH]"),
    Slash("allowed", "what you allowed for more than once", "allowed"),
    Slash("audit", "what was allowed, refused, done and undone", "audit"),
    Slash("back", "take the last turn back, in a branch", "undo_turn"),
    Slash("again", "run the last request again", "again"),
    Slash("stop", "stop the answer", "stop_answer"),
    Slash("halt", "stop everything that runs, everywhere", "stop_everything"),
    Slash("rename", "another title", "rename_chat", "[TITLE]"),
    Slash("pin", "pin this conversation, or unpin it", "pin_chat"),
    Slash("archive", "put this conversation away, or take it back", "archive_chat"),
    Slash("compact", "summaries of older turns", "compact"),
    Slash("continue", "go on in a new chat from a summary", "continue_chat"),
    Slash("export", "write this conversation into a file", "export_chat", "[md|jsonl] [FILE]"),
    Slash("import", "read a conversation from a file", "import_chat", "[FILE]"),
    Slash("skill", "use a skill, list them, or make one of this conversation", "skill", "[NAME [WORDS] | new NAME]"),
    Slash("schedule", "have something happen by itself, or list what does", "schedule", "[WHEN]"),
    Slash("auto", "have something happen by itself, or list what does", "schedule", "[WHEN]"),
    Slash("mem", "remember something, or list what is remembered", "memory", "[WORDS]"),
    Slash("profile", "what every conversation knows of you", "profile", "[TEXT]"),
    Slash("facts", "facts that wait for your word", "facts"),
    Slash("memory", "whether this conversation remembers", "chat_memory", "[on|off]"),
    Slash("inbox", "questions and notices", "inbox"),
    Slash("run", "run a command in the sandbox, as !COMMAND does", "run", "[COMMAND]"),
    Slash("commands", "what goes on in the background", "commands"),
    Slash("terminal", "a shell in the workspace, behind the sandbox", "terminal"),
    Slash("sh", "a shell in the workspace, behind the sandbox", "terminal"),
    Slash("kill", "end what runs in the terminal", "end_terminal"),
    Slash("shell", "your own shell, outside of the sandbox", "own_shell"),
    Slash("nosandbox", "where no sandbox can stand: run commands without one", "no_sandbox"),
    Slash("copy", "copy the last answer", "copy_answer"),
    Slash("theme", "another theme", "theme", "[NAME]"),
    Slash("help", "all keys and commands", "help"),
    Slash("quit", "leave; what runs goes on", "quit"),
    Slash("pool", "the compute pool", missing="this version has no compute pool"),
    Slash("web", "open a page", missing="this version has no browser"),
)
_COMMAND = re.compile(r"/([A-Za-z][\w-]{0,39})(?:[ \t]+(.*))?")
NEAR = 60  # of 100, from which a name is offered for a mistyped one


def parse(text: str) -> tuple[str, str] | None:
    """The name of a command and the words behind it; None for a message. One line that begins with a slash and a word is
    a command; a path, as /etc/hosts, is not; two slashes say that none is meant. ``!`` and a line is ``run`` with it."""
    if text.startswith("!") and "\n" not in text.strip() and text[1:].strip():
        return "run", text[1:].strip()
    found = _COMMAND.fullmatch(text.rstrip())
    return (found[1].lower(), (found[2] or "").strip()) if found else None


def find(name: str) -> Slash | None:
    """The command of this name."""
    return next((command for command in COMMANDS if command.name == name), None)


def nearest(name: str, limit: int = 3) -> list[str]:
    """The commands that a mistyped name may mean, the likeliest first."""
    from rapidfuzz import fuzz, process

    names = [command.name for command in COMMANDS if not command.missing]
    return [near for near, _, _ in process.extract(name, names, scorer=fuzz.ratio, limit=limit, score_cutoff=NEAR)]


def candidates(words: str) -> list[Candidate]:
    """The commands that begin so, then those that are merely like it."""
    ready = [command for command in COMMANDS if not command.missing]
    found = [command for command in ready if command.name.startswith(words.lower())]
    if words and not found:
        found = [command for name in nearest(words) if (command := find(name)) is not None]
    return [Candidate(f"/{one.name}", f"/{one.name} {one.hint}".strip(), one.words) for one in found]
