"""Facts by the words that a person uses for them: what is found without a model. The table is all there is to it."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from zotui.memory.facts import LONGEST, Fact, Kind, key_of
from zotui.text import one_line

LONGEST_MESSAGE = 4_000  # characters of a message that are looked at: longer ones are pasted
REMEMBER = "remember"  # the pattern of what is wanted in so many words, where no other says more of it
MOST = 5  # facts of one message

RELATIONS = (
    "wife|husband|partner|girlfriend|boyfriend|son|daughter|mother|father|mum|mom|dad|brother|sister"
    "|boss|manager|doctor|dentist|landlord|dog|cat"
)
THING = r"[^,.;:!?\n]{1,80}?"
NAME = r"[^\W\d_][\w'’.-]{0,30}(?: [^\W\d_][\w'’.-]{0,30}){0,2}?"
PLACE = rf"(?!(?:an?|the|my|our|this|that|here|there)\b)(?P<of>{NAME})"
PROPER = r"(?-i:[A-ZÀ-Þ])[\w'’.-]{0,30}(?: (?-i:[A-ZÀ-Þ])[\w'’.-]{0,30}){0,2}?"
ADDRESS = r"(?=\S*[\d.:-])[\w.:@/-]{2,60}"  # a word alone after "is" is a state: down, slow
WHO = r"(?:i|we|(?:the )?(?:user|person))"  # as the agent writes what it keeps, too
END = r"(?= *(?:[,.;:!?\n]|$| (?:and|but|so|because|since|now|which|where|who|though|as)\b))"
WHEN = r"(?:(?:now|just|recently|finally|currently) )?"


class Pattern(NamedTuple):
    """Words that begin a clause. Its group ``of`` is what is said; ``about`` the thing that it is said of, which becomes the
    key where ``key`` is empty."""

    name: str
    kind: Kind
    key: str
    words: str
    example: str


PATTERNS = (
    Pattern(
        "name",
        "name",
        "name",
        rf"(?:my name is|my name's|(?:please |just )?call me"
        rf"|ich hei(?:ß|ss)e|je m'appelle|me llamo) (?P<of>{NAME}){END}",
        "My name is Ada",
    ),
    Pattern(
        "home",
        "home",
        "home",
        rf"(?:{WHO}(?:'ve| have| has)? (?:{WHEN}lives? in|{WHEN}moved to|am based in|are based in|am moving to)"
        rf"|ich (?:wohne|lebe)(?: jetzt)? in|j'habite à|vivo en) (?:the (?-i:(?=[A-Z])))?{PLACE}{END}",
        "I moved to Berlin",
    ),
    Pattern(
        "based",
        "home",
        "home",
        rf"i'm (?:{WHEN}based|living) in (?:the (?-i:(?=[A-Z])))?{PLACE}{END}",
        "I'm based in Oslo",
    ),
    Pattern(
        "employer",
        "work",
        "employer",
        rf"(?:{WHO} {WHEN}(?:works?|started working|started) (?:at|for)|ich arbeite(?: jetzt)? bei|je travaille chez)"
        rf" (?P<of>{NAME}){END}",
        "I work at Acme",
    ),
    Pattern(
        "role",
        "work",
        "role",
        rf"(?:{WHO} works? as|my (?:job|role|title) is)(?: an?)? (?P<of>{THING}){END}",
        "I work as a nurse",
    ),
    Pattern(
        "birthday",
        "date",
        "birthday",
        rf"(?:my birthday is(?: on)?|i was born on) (?P<of>{THING}){END}",
        "My birthday is May 3",
    ),
    Pattern(
        "time zone",
        "home",
        "time zone",
        rf"my time ?zone is (?P<of>[\w/+:-]{{3,40}}){END}",
        "My time zone is Europe/Oslo",
    ),
    Pattern(
        "relation",
        "person",
        "",
        rf"my (?P<about>{RELATIONS})(?:'s name)?"
        rf" (?:is called|is named|is) (?P<of>{PROPER}){END}",
        "My sister is called Maja",
    ),
    Pattern(
        "machine",
        "machine",
        "",
        rf"(?:the|our|my) (?P<about>(?:[\w-]+ ){{0,2}}(?:box|server|machine|host|laptop|desktop|router|nas|printer|database|cluster|vm))"
        rf" (?:is called|is named|is|has the address|runs on|lives at) (?P<of>{ADDRESS}){END}",
        "The staging box is lab-3",
    ),
    Pattern(
        "favourite",
        "preference",
        "",
        rf"my (?P<about>favou?rite [\w-]{{2,20}}(?: [\w-]{{2,20}})?) is (?P<of>{THING}){END}",
        "My favourite editor is Helix",
    ),
    Pattern(
        "tool",
        "preference",
        "",
        rf"{WHO} uses? (?P<of>{THING}) as (?:my|the|our|their) (?P<about>editor|shell|terminal|browser|os|distro|keyboard layout){END}",
        "I use Helix as my editor",
    ),
    Pattern(
        "preference",
        "preference",
        "",
        rf"(?:{WHO} (?:much |strongly )?(?:prefers?|always uses?|never uses?|always wants?|never wants?|hates?|can't stand)"
        rf"|(?:please )?(?:always|never) use) (?P<of>{THING}){END}",
        "I prefer metric units",
    ),
    Pattern(
        "allergy",
        "other",
        "",
        rf"(?:i'm|i am|{WHO} is) (?:allergic to|vegetarian|vegan|lactose[- ]intolerant|diabetic|colou?r[- ]?blind)(?P<of>{THING})?{END}",
        "I'm allergic to nuts",
    ),
    Pattern(
        "project",
        "project",
        "",
        rf"(?:the|our|my) (?P<about>[\w-]+ (?:project|repo|repository|codebase)) (?:is|lives) (?:at|in|on) (?P<of>[\w.:@/~-]{{2,80}}){END}",
        "The billing repo is at git.acme.test/billing",
    ),
    Pattern(
        REMEMBER,
        "other",
        "",
        r"(?:please )?(?:remember|keep in mind|note|don't forget)(?: that|:) (?P<of>[^\n]{4,240}?)(?=[.!]? *(?:\n|$))",
        "Remember that the backups are on the NAS",
    ),
)
_COMPILED = [(pattern, re.compile(pattern.words, re.IGNORECASE)) for pattern in PATTERNS]
_CLAUSE = re.compile(
    r"(?:^|(?<=[.!?;:\n,(])|(?<=\band)|(?<=\bbut)|(?<=\bbecause)|(?<=\bsince)|(?<=\bhi)|(?<=\bhey)|(?<=\bfyi)|(?<=\bthat))[\s(]*",
    re.I,
)
_NOT_SAID = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*\s[^`\n]*`|^[ \t]*>.*$|^(?: {4}|\t).*$|<file .*|“[^”]*”|\"[^\"\n]*\"",
    re.DOTALL | re.MULTILINE,
)
_NO_FACT = re.compile(
    r"\b(?:(?:says?|said|told|tells?|thinks?|thought|claims?|wrote|writes) (?:me |us )?that|wish|if|suppose|imagine|assume"
    r"|pretend|unless|whether|would|could|might|maybe|perhaps|used to|as if|example|e\.g)\b",
    re.I,
)


def words_for(key: str) -> str:
    """The words by which people say what a key is about."""
    found = [word for one in PATTERNS if one.key == key for word in re.findall(r"[a-z]{4,}", one.words)]
    return " ".join(dict.fromkeys([key, *found]))


def facts(said: str) -> Sequence[tuple[Pattern, Fact]]:
    """What a person's message says by these patterns. Questions, conditions, quotes and code say nothing."""
    if len(said) > LONGEST_MESSAGE:
        return []
    said = said.replace("’", "'")
    text = _NOT_SAID.sub(lambda match: "\n" * match[0].count("\n") + "\n", said).replace("`", "")
    found: dict[str, tuple[Pattern, Fact]] = {}
    for pattern, match in _matches(text):
        fact = _fact(pattern, match)
        if fact is not None:
            found.setdefault(fact.key or fact.gist, (pattern, fact))
    said_more = [fact.content.rstrip(".").lower() for pattern, fact in found.values() if pattern.name != REMEMBER]
    return [
        (pattern, fact)
        for pattern, fact in found.values()
        if pattern.name != REMEMBER or not any(words in fact.content.lower() for words in said_more)
    ][:MOST]


def _matches(text: str) -> Iterator[tuple[Pattern, re.Match[str]]]:
    for sentence in re.finditer(r"[^.!?\n]+(?:[.](?=\w)[^.!?\n]*)*[.!?]*", text):
        words = sentence[0]
        if words.rstrip().endswith("?") or _NO_FACT.search(words):
            continue
        for place in _CLAUSE.finditer(words):
            for pattern, compiled in _COMPILED:
                if match := compiled.match(words, place.end()):
                    yield pattern, match
                    break


def _fact(pattern: Pattern, match: re.Match[str]) -> Fact | None:
    """The fact of a match, as a sentence in the person's own words."""
    groups = match.groupdict()
    of = (groups.get("of") or "").strip().rstrip(".")
    if pattern.name == REMEMBER:
        content, key = of, None
    else:
        content, key = match[0].strip(), pattern.key or (key_of(groups["about"]) if groups.get("about") else None)
    content = one_line(content[:1].upper() + content[1:], LONGEST).rstrip(" ,;:")
    if len(content) < 4:
        return None
    return Fact(content if content.endswith((".", "!")) else f"{content}.", pattern.kind, key, of if key else "")
