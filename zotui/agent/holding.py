"""What the person said must hold: sentences that no summary may put in other words.

Found by the words that such sentences have, in the languages that people write here most. It errs towards keeping:
a sentence too many costs a few tokens, one too few may cost the person's files.
"""

import re
from collections.abc import Iterator

LONGEST = 400  # characters of a sentence that is kept
MOST = 40  # sentences of one summary; the last ones, for what is said later holds

_WORDS = (
    # English
    r"never|always|must(?:n't| not)?|do(?:n't| not) ever|under no circumstances|from now on|no matter what"
    r"|make sure|only ever|at all times|until i say|unless i (?:say|ask|tell)|without (?:asking|my (?:ok|okay|permission))"
    r"|ask (?:me )?(?:first|before)|remember (?:that|to|this)|don['’]t (?:ever )?(?:delete|touch|change|send|push|deploy|use|"
    r"overwrite|remove|write|run|tell|share|publish|commit)|do not (?:delete|touch|change|send|push|deploy|use|overwrite|"
    r"remove|write|run|tell|share|publish|commit)"
    # German
    r"|niemals|nie(?: wieder)?|immer|auf keinen fall|unter keinen umständen|ab (?:jetzt|sofort)|von nun an|merk dir"
    r"|darfst nicht|musst|nicht (?:löschen|anfassen|ändern|überschreiben|verschicken)|frag (?:mich )?(?:erst|vorher|zuerst)"
    # French
    r"|jamais|toujours|en aucun cas|désormais|à partir de maintenant|ne (?:supprime|touche|change|modifie|efface)\w* pas"
    r"|demande[- ]moi (?:d'abord|avant)|tu dois|n'oublie pas"
    # Spanish
    r"|nunca|jamás|siempre|bajo ninguna circunstancia|de ahora en adelante|a partir de ahora|no (?:borres|toques|cambies"
    r"|elimines|envíes)|pregúntame (?:antes|primero)|debes|recuerda que"
)
_HOLDS = re.compile(rf"(?<![\w-])(?:{_WORDS})(?![\w-])", re.IGNORECASE)
_SENTENCE = re.compile(r"[^\n.!?]+(?:[.!?](?!\s|$)[^\n.!?]*)*[.!?]*")
_QUOTED = re.compile(r"^\s*(?:>|```)")


def held(text: str) -> list[str]:
    """The sentences of a person's message that must hold, each exactly as it stands there. Quotes and code, which are
    somebody else's words, are passed over."""
    return [
        sentence for sentence in _sentences(text) if _HOLDS.search(sentence) and not sentence.rstrip().endswith("?")
    ]


def _sentences(text: str) -> Iterator[str]:
    fenced = False
    for line in text.split("\n"):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not _QUOTED.match(line):
            for match in _SENTENCE.finditer(line):
                if sentence := match[0].strip()[:LONGEST]:
                    yield sentence
