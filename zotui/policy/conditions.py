"""Which rules hold for a request, and why."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from fnmatch import fnmatchcase

import msgspec

from zotui.policy.regexes import Regexes
from zotui.policy.rules import Rule
from zotui.text import one_line


class Scope(msgspec.Struct, frozen=True):
    """What a request is about: its text, and the paths that are named in it, go with it, or were lately worked on, from
    the workspace's root; those outside of it whole."""

    text: str
    paths: Sequence[str] = ()


class Judged(msgspec.Struct, frozen=True):
    """A rule, whether it held for a request, and why in a few words."""

    rule: str
    instruction: str
    holds: bool
    why: str


Verdict = tuple[bool | None, str]  # None: nobody could say; and why
Judge = Callable[[str], Awaitable[Verdict]]  # a condition in words


async def judged(rules: Iterable[Rule], scope: Scope, regexes: Regexes, judge: Judge) -> Sequence[Judged]:
    """What becomes of each rule, in their order."""
    rules = list(rules)
    patterns = [rule.condition for rule in rules if rule.kind == "regex"]
    found = dict(zip(patterns, await regexes.found_in(scope.text, patterns), strict=True))
    return [await _judged(rule, scope, found, judge) for rule in rules]


async def _judged(rule: Rule, scope: Scope, found: dict[str, bool | None], judge: Judge) -> Judged:
    holds, why = True, "always"
    match rule.kind:
        case "glob":
            path = next((path for path in scope.paths if fits(rule.condition, path)), "")
            holds = bool(path)
            why = f"{path} matches {rule.condition}" if path else f"nothing at hand matches {rule.condition}"
        case "regex":
            match found[rule.condition]:
                case None:
                    holds, why = False, f"/{rule.condition}/ took too long"
                case True:
                    why = f"the request matches /{rule.condition}/"
                case False:
                    holds, why = False, f"the request does not match /{rule.condition}/"
        case "model":
            said, how = await judge(rule.condition)
            holds, why = said is True, f"{how}: {rule.condition}"
    return Judged(rule.id, rule.instruction, holds, one_line(why, 300))


def fits(pattern: str, path: str) -> bool:
    """Whether a path fits a pattern. Without a slash it is one of a name at any depth, as ``*.py`` or ``build``; with one,
    of the path from the workspace's root, where ``**`` is any number of folders and a slash at the end all that is in one.
    """
    names = [name for name in path.split("/") if name]
    if "/" not in pattern:
        return any(fnmatchcase(name, pattern) for name in names)
    parts = [part for part in (f"{pattern}**" if pattern.endswith("/") else pattern).split("/") if part]
    places = _onward(parts, {0})
    for name in names:
        stay = {place for place in places if place < len(parts) and parts[place] == "**"}
        step = {place + 1 for place in places - stay if place < len(parts) and fnmatchcase(name, parts[place])}
        places = _onward(parts, stay | step)
    return len(parts) in places


def _onward(parts: Sequence[str], places: set[int]) -> set[int]:
    """The places in a pattern, and those behind a ``**`` that stands for nothing."""
    reached = set(places)
    for place in range(len(parts)):
        if place in reached and parts[place] == "**":
            reached.add(place + 1)
    return reached
