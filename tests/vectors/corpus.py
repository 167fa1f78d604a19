"""Texts to learn from: WordNet's definitions and examples, short descriptions of software, talk, and sentences made here.

Nothing of it is kept in the table: it learns what the teacher says of these texts.
"""

import ast
import random
import re
import subprocess
import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

LEXICON = (  # WordNet's lexicographer files, by number
    "all pertainym adverb top act animal thing attribute body cognition communication event feeling food group location "
    "motive object person phenomenon plant possession process quantity relation shape state substance time"
)
SLOTS = {
    "who": "mother father sister brother wife husband daughter son friend boss neighbour colleague Anna Tom Maria Ahmed "
    "Sofia Chen Priya Lucas grandmother uncle cousin roommate girlfriend boyfriend teacher coach",
    "when": "today yesterday tomorrow tonight last~week next~week last~summer in~March in~October on~Monday on~Friday "
    "two~years~ago a~month~ago this~morning at~noon next~year in~2021 last~weekend on~Christmas in~spring soon",
    "place": "beach park museum library hospital school office gym church market restaurant cafe airport station hotel "
    "cinema theatre stadium zoo bakery pharmacy bank university mountains lake forest Paris London Berlin Tokyo India "
    "Brazil Canada Spain California New~York Australia Sweden Italy",
    "tech": "server database cluster backend frontend website API laptop phone router network firewall container image "
    "pipeline repository branch cache queue log disk memory processor graphics~card printer backup script cron~job "
    "virtual~machine cloud~storage load~balancer login~page search~index message~broker payment~service mobile~app "
    "spreadsheet email~account calendar web~browser operating~system kernel driver certificate domain~name "
    "environment~variable config~file unit~test release schema table query dashboard monitor keyboard wifi",
    "techstate": "down slow broken offline unreachable overloaded out~of~memory full crashing timing~out up~to~date "
    "outdated insecure encrypted fast stable unavailable corrupted leaking duplicated frozen deprecated fixed running "
    "healthy locked expired compromised hacked infected deleted lost restored migrated",
    "language": "Python Rust JavaScript TypeScript Go Java C++ SQL Bash Ruby PHP Swift Kotlin Haskell",
    "port": "port~8080 localhost 10.0.0.7 port~443 example.com an~IP~address",
    "techtool": "vim emacs git docker kubernetes postgres mysql sqlite redis nginx apache linux ubuntu debian windows "
    "macos android chrome firefox slack zoom gmail github gitlab jenkins ansible terraform kafka mongodb "
    "elasticsearch grafana prometheus pytest numpy pandas tensorflow react django flask bash zsh tmux ssh vscode "
    "jupyter notion trello jira excel powerpoint photoshop spotify netflix whatsapp instagram facebook twitter "
    "youtube amazon uber airbnb paypal bitcoin chatgpt openai",
}
OPENERS = (
    "Hi! ",
    "Hey, ",
    "Wow! ",
    "Oh no, ",
    "Yeah, ",
    "Well, ",
    "By the way, ",
    "Remember: ",
    "Note: ",
    "Great! ",
    "Honestly, ",
    "You know, ",
    "Sounds good. ",
    "That's nice. ",
    "I think ",
    "Actually, ",
    "Thanks! ",
    "To be fair, ",
    "",
)


class WordNet:
    """The database of WordNet 3.0 in ``folder`` (its files ``data.noun`` and so on)."""

    def __init__(self, folder: Path) -> None:
        self.synsets: list[tuple[str, list[str], str, list[str]]] = []
        """Each as lexicographer file, words, definition, examples."""
        for part in ("noun", "verb", "adj", "adv"):
            for line in (folder / f"data.{part}").read_text("utf-8").splitlines():
                if not line.startswith(" "):
                    self.synsets.append(self._synset(part, line))
        self.uses: Counter[str] = Counter()
        for line in (folder / "cntlist.rev").read_text("utf-8").splitlines():
            key, _, count = line.split(" ")
            self.uses[key.partition("%")[0].replace("_", " ")] += int(count)

    def _synset(self, part: str, line: str) -> tuple[str, list[str], str, list[str]]:
        left, _, gloss = line.partition(" | ")
        fields = left.split()
        words = [re.sub(r"\(.*\)", "", word).replace("_", " ") for word in fields[4 : 4 + 2 * int(fields[3], 16) : 2]]
        definition, *quoted = gloss.strip().split('"')
        number, names = int(fields[1]), LEXICON.split()
        file = part if part != "noun" or number >= len(names) else names[number]
        return file, words, definition.strip(" ;:"), [text for text in quoted[::2] if len(text) > 3]

    def slot(self, file: str, least: int = 1) -> list[str]:
        """The words of a lexicographer file that are in use."""
        words = {word for name, group, _, _ in self.synsets if name == file for word in group[:2]}
        return sorted(word for word in words if self.uses[word.lower()] >= least and word.replace(" ", "").isalpha())


def glosses(wordnet: WordNet, known: set[str]) -> Iterator[str]:
    """Words with what they mean, for synsets that have a word of ``known``."""
    for _, words, definition, _ in wordnet.synsets:
        if definition and any(word in known or wordnet.uses[word] for word in words):
            yield f"{', '.join(words[:3])}: {definition}"


def examples(wordnet: WordNet) -> Iterator[str]:
    """Sentences that show a word in use."""
    for _, _, _, sentences in wordnet.synsets:
        yield from sentences


def packages() -> Iterator[str]:
    """What Debian's packages are, one line each: of those that are no library of a language."""
    listing = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, check=True).stdout
    dull = re.compile(
        r"(lib|ruby-|golang-|node-|python3?-|fonts-|r-|php-|elpa-|haskell|gcc|g\+\+|task-|linux-|ghc)|.*-(dev|dbg|doc|data|l10n|common)$"
    )
    for record in listing.split("\n\n"):
        fields = dict(re.findall(r"^(Package|Description): (.+)$", record, re.MULTILINE))
        name = fields.get("Package", "lib")
        if not dull.match(name) and "Description" in fields:
            yield f"{name}: {fields['Description']}"


def docstrings() -> Iterator[str]:
    """First sentences of the standard library's docstrings."""
    for path in sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py")):
        if "site-packages" in path.parts or "test" in path.parts or "lib2to3" in path.parts:
            continue
        try:
            tree = ast.parse(path.read_text("utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = re.split(r"\n\n|\.\s", ast.get_docstring(node) or "")[0]
                if 20 < len(text) < 160:
                    yield " ".join(text.split())


def talk(folder: Path) -> Iterator[str]:
    """The lines of the conversations in ``folder`` (YAML, one said thing a line)."""
    for path in sorted(folder.glob("*.yml")):
        for line in path.read_text("utf-8").splitlines():
            said = re.match(r"\s*(?:- )+(.{12,200})$", line)
            if said:
                yield said[1].strip("'\" ")


def sayings(wordnet: WordNet, count: int, chance: random.Random) -> Iterator[str]:
    """``count`` sentences as people write to themselves and others, some of them two or three together."""
    slots = {name: [word.replace("~", " ") for word in words.split()] for name, words in SLOTS.items()}
    for file in (*LEXICON.split(), "verb", "adj"):
        slots.setdefault(file, wordnet.slot(file, 3 if file in ("verb", "adj") else 1))
    slots["artifact"] = slots["thing"]
    patterns = (Path(__file__).parent / "sayings.txt").read_text("utf-8").splitlines()

    def one() -> str:
        return re.sub(r"\{(\w+)\}", lambda slot: chance.choice(slots[slot[1]]), chance.choice(patterns))

    for _ in range(count):
        said = one()
        if chance.random() < 0.3:
            said = f"{said}. {one()}"
        yield chance.choice(OPENERS) + said if chance.random() < 0.3 else said


def texts(wordnet: WordNet, talk_folder: Path, known: set[str], n_sayings: int, seed: int = 1) -> list[str]:
    """All of it, each text once, in a random order."""
    chance = random.Random(seed)
    found = [
        *glosses(wordnet, known),
        *examples(wordnet),
        *packages(),
        *docstrings(),
        *talk(talk_folder),
        *sayings(wordnet, n_sayings, chance),
    ]
    found = sorted({text[:300] for text in found})
    chance.shuffle(found)
    return found
