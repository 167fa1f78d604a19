"""A person's words as tool calls, without a model: slash commands, a small grammar, and phrases that are nearly one.

What writes is run only where the grammar fits exactly. What merely reads may also be guessed, by likeness: run
where it is surely meant, offered where it may be. Names, numbers and texts are never guessed.
"""

import re
from difflib import get_close_matches
from typing import Any

import msgspec

SURE, AHEAD, MAYBE = 88, 8, 65  # of 100, by rapidfuzz's ratio
LONGEST = 10_000  # characters of a line that is looked at
LONGEST_GUESS = 60

Call = tuple[str, dict[str, Any]]


class Command(msgspec.Struct, frozen=True):
    """A tool in a person's words: ``slash`` and ``words`` are patterns whose named groups are the tool's arguments.

    ``phrases`` are what help shows; ``alike`` the wordings to which others are compared, only of tools that read.
    """

    tool: str
    phrases: tuple[str, ...]
    slash: str
    words: str = r"(?!)"
    alike: tuple[str, ...] = ()


_ASKED = (  # what is a question or a memory of the speaker's own, unless a value follows
    r"(?!(?:(?:who|whom|whose|what|when|where|why|which|how|if|the (?:time|day|night) (?:we|i|you|when))\b[^:=]*"
    r"|(?:me|us|him|her|it|them|this|that)[.!]?)$)"
)
_FILE = r"(?!(?:me|us|it|this|that|on|out|up|between|more)\b)(?P<path>\S+|.*/.*|.*\.\w{1,8})"

_WHEN = (  # what begins to say when
    r"(?:(?:today|tomorrow|tonight|every|each|daily|weekly|next|this|on weekdays|at noon|at midnight)\b"
    r"|at \d|on (?:the )?\d|in \d|in (?:an?|half)\b|on (?:mon|tues|wednes|thurs|fri|satur|sun)day)"
)

# The first that fits wins.
COMMANDS = (
    Command(
        "remember",
        ("remember TEXT", "remember TEXT as KEY"),
        r"/remember\s+(?P<content>\S(?s:.*))",
        r"(?:remember|do not forget|don't forget|(?:take a )?note(?=:| that ))(?::| that:?| this:)?\s+"
        rf"{_ASKED}(?P<content>(?=\S)(?s:.*)[^?])",
    ),
    Command(
        "list_memories",
        ("list memories",),
        r"/memories",
        r"memories|(?:list|show)(?: me)?(?: my| all| the| your)* (?:memories|memory)"
        r"|what do you (?:remember|know)(?: about me)?",
        ("list memories", "show memories", "show my memories", "what do you remember"),
    ),
    Command(
        "recall",
        ("recall WORDS",),
        r"/recall\s+(?P<query>\S.*)",
        r"(?:recall|what do (?:you|we|i) (?:know|remember) about|do you remember|search (?:my |your )?memor(?:y|ies) for"
        r"|what did i (?:tell you|say) about)\s+(?P<query>.+)",
    ),
    Command(
        "search_chats",
        ("search chats for WORDS",),
        r"/search\s+(?P<query>\S.*)",
        r"(?:(?:search|look)(?: in| through)?(?: my| our| the| all| earlier)* (?:chats|history|conversations)(?: for)?"
        r"|find in (?:my |our )?chats|(?:where|when) did we (?:talk|speak|chat) about)\s+(?P<query>.+)",
    ),
    Command(
        "find_skill",
        ("find a skill for WORDS",),
        r"/skill\s+(?P<query>\S.*)",
        r"(?:(?:use|read|open|show)(?: me)?(?: the| a| my)? skill(?: named| called| for)?"
        r"|(?:find|is there|what is|which is|show)(?: me)?(?: a| the| any)? skill (?:for|that|to))\s+(?P<query>.+)",
    ),
    Command(
        "run_skill",
        ("run skill NAME key=value",),
        r"/run-skill\s+(?P<name>[\w-]+)(?:\s+(?P<words>\S.*))?",
        r"run (?:the |my )?skill (?P<name>[\w-]+)(?:(?: with)? (?P<words>\S.*))?",
    ),
    Command(
        "draft_skill",
        ("make a skill NAME of this conversation",),
        r"/draft-skill\s+(?P<name>[\w-]+)",
        r"make (?:a |the )?skill (?P<name>[\w-]+) (?:of|from) this (?:conversation|chat)\b(?s:.*)",
    ),
    Command(
        "list_files",
        ("list files in FOLDER",),
        r"/files\s+(?P<path>\S.*)",
        r"(?:ls|(?:list|show)(?: me)?(?: the| all| my)* files in(?! (?:the )?workspace$)(?: the)?(?: folder)?)"
        r"\s+(?P<path>\S.*)",
    ),
    Command(
        "list_files",
        ("list files",),
        r"/files",
        r"ls|files|(?:list|show)(?: me)?(?: my| all| the)* files(?: in the workspace)?"
        r"|(?:what|which) files (?:are there|do i have)",
        ("list files", "show files", "show my files", "what files are there"),
    ),
    Command(
        "read_file",
        ("read FILE",),
        r"/read\s+(?P<path>\S.*)",
        rf"(?:(?:read|cat|show|open)(?: me)?(?: the)? file|read(?: the)?|cat)\s+{_FILE}",
    ),
    Command(
        "now",
        ("time in ZONE",),
        r"/time\s+(?:in\s+)?(?P<zone>\S.*)",
        r"(?:what(?: is|'s) )?(?:the )?(?:current )?(?:what )?(?:time|date|day)(?: is it)?(?: now)?"
        r" in\s+(?P<zone>[^\W\d][\w /+-]*)",
    ),
    Command(
        "now",
        ("what time is it",),
        r"/time",
        r"(?:what(?: is|'s) )?(?:the |today's )?(?:current )?(?:time|date)(?: now| today)?"
        r"|what (?:time|day|date) is (?:it|today)(?: now| today)?",
        ("what time is it", "what is the time", "what day is it", "what is the date"),
    ),
    Command(
        "add_automation",
        ("remind me WHEN to TEXT",),
        r"/remind\s+(?P<when>\S.*?)\s+to\s+(?P<tell>\S.*)",
        r"remind me (?P<when>(?!to\b|of\b|that\b)\S.*?) (?:to|that|of) (?P<tell>\S.*)",
    ),
    Command(
        "add_automation",
        ("remind me to TEXT WHEN",),
        r"(?!)",
        rf"remind me (?:to|that|of) (?P<tell>\S.*?) (?P<when>{_WHEN}.*)",
    ),
    Command(
        "list_automations",
        ("list automations",),
        r"/automations",
        r"automations|reminders|(?:list|show)(?: me)?(?: my| all| the)* (?:automations|reminders|schedule)",
        ("list automations", "show automations", "show my reminders"),
    ),
    Command("ask_person", ("/ask QUESTION",), r"/ask\s+(?P<question>\S.*)"),
)
SLASH_WORDS = frozenset(match[1] for command in COMMANDS if (match := re.match(r"/(\w+)", command.slash)))
"""What may stand behind a slash."""
HELP = re.compile(
    r"/help\b.*|help|\?|commands|what can you do(?: for me)?\??|what can i (?:do|say|ask)(?: here)?\??", re.I
)

_COURTESY = re.compile(
    r"(?:(?:please|hey|hi|hello|ok|okay|so|zo|zotui)[, ]+|(?P<asked>(?:can|could|would|will) you )(?:please )?)*", re.I
)
_THANKS = re.compile(r"[,.!]{0,3} (?:please|thanks|thank you)[.!?]*$", re.I)
_NO_KEYS = {
    "well",
    "usual",
    "always",
    "possible",
    "before",
    "follows",
    "such",
    "is",
    "it",
    "needed",
    "planned",
    "agreed",
}


def tidy(said: str) -> str:
    """What was said, its first line without superfluous blanks."""
    first, *rest = said.strip().split("\n")
    return "\n".join([" ".join(first.split()), *rest])


def understood(line: str) -> Call | None:
    """The tool and arguments that a tidy line asks for, or None."""
    if len(line) > LONGEST:
        return None
    if line.startswith("/"):
        return _first(line, line, slash=True)
    courtesy = _COURTESY.match(line)
    core = _THANKS.sub("", line[courtesy.end() :] if courtesy else line)
    if courtesy and courtesy["asked"]:
        core = core.rstrip("?")
    return _first(core, core.rstrip("?!. "), slash=False)


def near(line: str, offered: set[str]) -> list[str]:
    """One phrase that this surely is, several that it may be, or none. Only what merely reads is guessed."""
    from rapidfuzz import fuzz, process

    if len(line) > LONGEST_GUESS:
        return []
    known = {words: command.phrases[0] for command in COMMANDS if command.tool in offered for words in command.alike}
    likely = process.extract(
        line.lower().rstrip("?!. "), list(known), scorer=fuzz.ratio, limit=None, score_cutoff=MAYBE
    )
    best: dict[str, float] = {}
    for words, score, _ in likely:
        best[known[words]] = max(score, best.get(known[words], 0.0))
    ranked = sorted(best, key=lambda phrase: -best[phrase])
    if ranked and best[ranked[0]] >= SURE and (len(ranked) == 1 or best[ranked[0]] - best[ranked[1]] >= AHEAD):
        return ranked[:1]
    return [*ranked[:3], "help"] if ranked else []


def near_slash(word: str) -> str | None:
    """The slash command that a mistyped one may have been."""
    known = {f"/{name}" for name in SLASH_WORDS} | {"/help"}
    return next(iter(get_close_matches(word.lower(), sorted(known), n=1)), None)


def _first(line: str, plain: str, *, slash: bool) -> Call | None:
    for command in COMMANDS:
        writes = command.tool == "remember"
        match = re.fullmatch(command.slash if slash else command.words, line if writes or slash else plain, re.I)
        if match:
            arguments = {name: value.strip() for name, value in match.groupdict().items() if value and value.strip()}
            return command.tool, _with_key(arguments, spaces=slash) if writes else arguments
    return None


def _with_key(arguments: dict[str, Any], *, spaces: bool) -> dict[str, Any]:
    """``TEXT as KEY`` in two, where its last words are no mere turn of phrase, as in "as soon as possible"."""
    key = r"[\w .-]{1,60}" if spaces else r"[\w.-]{1,40}"
    match = re.fullmatch(rf"(?P<content>(?s:.+))\sas\s(?P<key>{key})", arguments["content"])
    if not match or match["key"].lower() in _NO_KEYS or re.search(r"\b(?:as|so|such|same)\s\S+$", match["content"]):
        return arguments
    return {"content": match["content"].strip(), "key": match["key"].strip()}
