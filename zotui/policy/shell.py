"""What a line of bash would run, as far as that can be known without running it.

This reads the grammar that people and models write: simple commands, joined and nested in every way; quoting;
substitutions; redirections. Where the outcome depends on what happens at run time (a variable, a glob, ``eval``), the
word is :data:`UNKNOWN` and the line is not ``plain``. Grammar: https://www.gnu.org/software/bash/manual/bash.html#Shell-Syntax
"""

import posixpath
import re
from functools import lru_cache
from typing import Final, NamedTuple

UNKNOWN: Final = "\0?"
"""A word that is known only when the line runs."""
DEEPEST = 20  # substitutions within each other
LONGEST = 100_000  # characters of a line that is read

WRAPPERS = frozenset(
    {
        "bash", "builtin", "busybox", "choom", "chroot", "chrt", "command", "compgen", "coproc", "dash", "doas", "env",
        "eval", "exec", "fakeroot", "find", "flock", "ionice", "ksh", "linux32", "linux64", "ltrace", "mapfile", "nice",
        "nohup", "nsenter", "parallel", "pkexec", "prlimit", "proot", "readarray", "rlwrap", "runuser", "script", "setarch",
        "setpriv", "setsid", "sg", "sh", "source", "stdbuf", "strace", "su", "sudo", "systemd-run", "taskset", "tee",
        "time", "timeout", "toybox", "trap", "unshare", "watch", "xargs", "zsh", ".", "alias",
    }
)  # fmt: skip
"""Programs that run what their arguments say, and words of the shell that do."""
_LEADING = frozenset({"!", "{", "}", "if", "then", "elif", "else", "while", "until", "do", "time", "coproc"})
_LONE = frozenset({"fi", "done", "esac", "}"})
_COMPOUND = frozenset({"for", "case", "select", "function", "[[", "in"})
_HIDING = frozenset({".", "source", "alias", "trap", "function", "enable", "hash"})
"""Words of the shell after which others mean, or run, what the line does not say."""
_EVALUATING = frozenset(
    {"[", "[[", "declare", "export", "let", "local", "printf", "read", "readonly", "test", "typeset", "unset", "wait"}
)
"""Words of the shell that run what stands in an index: ``let 'a[$(x)]'``."""
_OBEYED = frozenset({"BASH_ALIASES", "BASH_CMDS", "BASH_ENV", "ENV", "PROMPT_COMMAND", "PS0", "PS1", "PS2", "PS4"})
"""Variables that the shell itself runs, or by which names mean something else."""
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\[[^\]]*\])?\+?=")
_ESCAPES = {
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip
_CODE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3})")
_STREAMS = frozenset({"0", "1", "2", "-"})


class Line(NamedTuple):
    """The simple commands that a line runs, nested ones too. ``plain``: whether that is all it does, for certain, so that
    it can be allowed by them. ``hidden``: whether it may run some that are not among them."""

    commands: list[list[str]]
    plain: bool
    hidden: bool = False


@lru_cache(maxsize=128)
def read(line: str) -> Line:
    """What a line would run. Never raises: what cannot be read is not plain."""
    reader = _Reader(line[:LONGEST])
    reader.hidden = len(line) > LONGEST
    try:
        reader.script("", 0)
    except (IndexError, RecursionError, ValueError):  # it ends within a quote, or is nested too deeply
        reader.hidden = True
        reader.end_command()
    return Line(reader.commands, reader.plain and not reader.hidden, reader.hidden)


def candidates(command: list[str], depth: int = 0) -> list[list[str]]:
    """All that one simple command may run: itself, and what a wrapper's words say."""
    found = [command]
    if depth > 4 or not command or (command[0] != UNKNOWN and posixpath.basename(command[0]) not in WRAPPERS):
        return found
    for at in range(1, len(command)):
        found.append(command[at:])
        if re.search(r"[\s;|&$`<>()'\"\\]", command[at]):
            found += [one for inner in read(command[at]).commands for one in candidates(inner, depth + 1)]
    return found


class _Reader:
    """Reads a line from its beginning; commands inside come before the one they are in."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.plain = True
        self.hidden = False
        self.commands: list[list[str]] = []
        self._words: list[str] = []

    def script(self, end: str, depth: int) -> None:
        """Commands up to a character, or the end of the text."""
        if depth > DEEPEST:
            raise ValueError("too deep")
        outer, self._words = self._words, []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == end and end:
                self.at += 1
                self.end_command()
                self._words = outer
                return
            if char in " \t":
                self.at += 1
            elif self.text.startswith("\\\n", self.at):
                self.at += 2
            elif char in ";&|\n()" and not self.text.startswith("&>", self.at):
                self.hidden = self.hidden or char == ")"  # a pattern of case, or a mistake
                if char == "(" and (self._words or self.text.startswith("((", self.at)):  # a function, arithmetic
                    self.plain = False
                self.at += 1
                self.end_command()
                if char == "(":
                    self.script(")", depth + 1)
            elif char == "#":
                self.at = self.text.find("\n", self.at) if "\n" in self.text[self.at :] else len(self.text)
            elif (found := re.compile(r"(\d*|&|\{\w+\})([<>]{1,3}[&|]?)").match(self.text, self.at)) and found[2]:
                self._redirection(found[2], found.end(), depth)
            else:
                self._words.append(self._word(depth))
        if end:
            raise ValueError("unclosed")
        self.end_command()
        self._words = outer

    def end_command(self) -> None:
        """A simple command is whole: what is before its name goes, and it is kept."""
        words, self._words = self._words, []
        while words and (words[0] in _LEADING or words[0].startswith("\1")):
            self.plain = self.plain and not words[0].startswith("\1")  # an assignment may change what a name means
            timed, words = words[0] == "time", words[1:]
            while timed and words and words[0].startswith("-"):
                words = words[1:]
        if not words or (words[0] in _LONE and len(words) == 1):
            return
        words = [word.removeprefix("\1") for word in words]
        if words[0] in _COMPOUND or words[0] == UNKNOWN or posixpath.basename(words[0]) in WRAPPERS:
            self.plain = False
        if UNKNOWN in words:
            self.plain = False
        if words[0] in _HIDING or (words[0] in _EVALUATING and any("[" in word and _runs(word) for word in words)):
            self.hidden = True
        self.commands.append(words)

    def _redirection(self, sign: str, after: int, depth: int) -> None:
        if after < len(self.text) and self.text[after] == "(" and sign in ("<", ">"):  # a process, not a file
            self.at = after + 1
            self.script(")", depth + 1)
            self._words.append(UNKNOWN)
            return
        self.at = after
        # the body of a here-document is read as if it were commands: rather too many than too few
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1
        target = self._word(depth) if self.at < len(self.text) and self.text[self.at] not in ";&|\n()" else ""
        if target != "/dev/null" and not (sign.endswith("&") and target in _STREAMS):
            self.plain = False

    def _word(self, depth: int) -> str:
        """One word, its quotes taken away; an assignment is marked with a ``\\1`` before it."""
        parts: list[str] = []
        known, begin = True, self.at
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in " \t\n;&|()<>":
                break
            if char == "\\":
                if self.text[self.at + 1] != "\n":
                    parts.append(self.text[self.at + 1])
                self.at += 2
            elif char == "'":
                end = self.text.index("'", self.at + 1)
                parts.append(self.text[self.at + 1 : end])
                self.at = end + 1
            elif char == '"':
                self.at += 1
                known = self._double_quoted(parts, depth) and known
            elif self.text.startswith("$'", self.at):
                self.at += 2
                parts.append(self._ansi())
            elif char in "$`":
                known = self._expansion(parts, depth) and known
            else:
                known = known and char not in "*?[{"
                if char == "~" and not parts:
                    known = False
                parts.append(char)
                self.at += 1
        word = "".join(parts)
        if _ASSIGNMENT.match(self.text, begin) and (assigned := _ASSIGNMENT.match(word)):
            self.hidden = self.hidden or assigned[1] in _OBEYED or _runs(word)  # ${x@P}, $((x)) would
            return "\1" + (word if known and "~" not in word else UNKNOWN)
        if word.startswith("\1"):  # which is no mark of ours
            return UNKNOWN
        return word if known or word in ("{", "[", "[[") else UNKNOWN

    def _double_quoted(self, parts: list[str], depth: int) -> bool:
        known = True
        while (char := self.text[self.at]) != '"':
            if char == "\\" and self.text[self.at + 1] in '"\\$`\n':
                parts.append(self.text[self.at + 1].replace("\n", ""))
                self.at += 2
            elif char in "$`":
                known = self._expansion(parts, depth) and known
            else:
                parts.append(char)
                self.at += 1
        self.at += 1
        return known

    def _expansion(self, parts: list[str], depth: int) -> bool:
        """What begins with ``$`` or a backtick; commands within are read. Whether its outcome is known."""
        text = self.text
        if text[self.at] == "`":
            inner, self.at = [], self.at + 1
            while text[self.at] != "`":
                if text[self.at] == "\\" and text[self.at + 1] in "`\\$":
                    self.at += 1
                inner.append(text[self.at])
                self.at += 1
            self.at += 1
            nested = read("".join(inner))
            self.commands += nested.commands
            self.hidden = self.hidden or nested.hidden
            return False
        if text.startswith("$(", self.at):
            self.at += 2
            self.script(")", depth + 1)
            return False
        if text.startswith("${", self.at):
            self.at += 2
            while text[self.at] != "}":
                self.hidden = self.hidden or text.startswith("@P}", self.at)
                if text[self.at] in "$`":
                    self._expansion([], depth + 1)
                elif text[self.at] == "\\":
                    self.at += 2
                else:
                    self.at += 1
            self.at += 1
            return False
        if found := re.compile(r"\$(\w+|[@*#?$!-])").match(text, self.at):
            self.at = found.end()
            return False
        if text.startswith(('$"', "$\\\n"), self.at):
            self.at += 1
            return False
        parts.append("$")
        self.at += 1
        return True

    def _ansi(self) -> str:
        """The rest of ``$'…'``."""
        parts: list[str] = []
        while (char := self.text[self.at]) != "'":
            if char != "\\":
                parts.append(char)
                self.at += 1
                continue
            if found := _CODE.match(self.text, self.at):
                code = found[1]
                parts.append(chr(int(code[1:], 16) if code[0] in "xuU" else int(code, 8) & 255))
                self.at = found.end()
                continue
            follows = self.text[self.at + 1]
            if follows in "cx":  # a control character; what other versions of bash read otherwise
                raise ValueError("an escape that is not read")
            parts.append(_ESCAPES.get(follows, f"\\{follows}"))
            self.at += 2
        self.at += 1
        return "".join(parts).partition("\0")[0]  # where bash ends it, too


def _runs(word: str) -> bool:
    """Whether a text would run something if it were expanded."""
    return "$(" in word or "`" in word
