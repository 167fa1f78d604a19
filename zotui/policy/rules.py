"""Rules: what the person wants to hold for a request, always or on a condition. Kept in the file."""

import re
import warnings
from typing import Literal, get_args

import msgspec

from zotui.errors import NotFound, UsageError
from zotui.store import Reader, Store, Transaction, new_id, now_ms
from zotui.text import clean, one_line

LONGEST = 4_000  # characters of an instruction
LONGEST_CONDITION = 500
MOST = 200  # rules
SHORTEST_END = 4  # characters of an id that can stand for it
Kind = Literal["always", "glob", "regex", "model"]


class Rule(msgspec.Struct, frozen=True):
    """One rule. ``condition`` is a pattern of paths, a regular expression on the request's text, or words that a model
    judges; times in milliseconds since 1970."""

    id: str
    instruction: str
    kind: Kind
    condition: str
    enabled: bool
    created_at: int
    updated_at: int

    @property
    def when(self) -> str:
        """When it holds, in a few words."""
        match self.kind:
            case "always":
                return "always"
            case "glob":
                return f"for {self.condition}"
            case "regex":
                return f"on /{self.condition}/"
        return f"when {self.condition}"


Found = list[Rule]
_COLUMNS = ", ".join(Rule.__struct_fields__)


class Rules:
    """The person's rules, oldest first, which is also the order in which a model is told them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, *, enabled: bool = False) -> Found:
        """All rules; ``enabled``: only those that are."""
        return await self._store.read(lambda db: _listed(db, "enabled" if enabled else "1"))

    async def find(self, name: str) -> Rule:
        """The rule of an id, or of an end of it that fits only one. Raises NotFound, UsageError."""
        return await self._store.read(lambda db: _named(db, name))

    async def add(self, instruction: str, kind: Kind = "always", condition: str = "") -> Rule:
        """Keep a rule. Raises UsageError for an empty or too long one, for a condition that is none, for too many."""
        instruction, condition = _checked(instruction), check_condition(kind, condition)

        def put(db: Transaction) -> Rule:
            if db.execute("SELECT count(*) FROM rules").get >= MOST:
                raise UsageError(f"there are {MOST} rules, no more are kept", "zotui rules rm ID makes room")
            now = now_ms()
            rule = Rule(new_id(), instruction, kind, condition, True, now, now)
            marks = ", ".join("?" for _ in Rule.__struct_fields__)
            db.execute(f"INSERT INTO rules({_COLUMNS}) VALUES ({marks})", msgspec.structs.astuple(rule))
            return rule

        return await self._store.write(put)

    async def edit(
        self, name: str, instruction: str | None = None, kind: Kind | None = None, condition: str | None = None
    ) -> Rule:
        """Change a rule; what is None stays. Raises as ``add`` and ``find`` do."""

        def change(db: Transaction) -> Rule:
            old = _named(db, name)
            how = kind or old.kind
            told = old.instruction if instruction is None else _checked(instruction)
            when = check_condition(how, ("" if how != old.kind else old.condition) if condition is None else condition)
            db.execute(
                "UPDATE rules SET instruction = ?, kind = ?, condition = ?, updated_at = ? WHERE id = ?",
                (told, how, when, now_ms(), old.id),
            )
            return _named(db, old.id)

        return await self._store.write(change)

    async def enable(self, name: str, on: bool = True) -> Rule:
        """Have a rule hold again, or no longer. Raises NotFound, UsageError."""

        def change(db: Transaction) -> Rule:
            found = _named(db, name)
            db.execute("UPDATE rules SET enabled = ?, updated_at = ? WHERE id = ?", (on, now_ms(), found.id))
            return _named(db, found.id)

        return await self._store.write(change)

    async def disable(self, name: str) -> Rule:
        """Have a rule hold no longer; it is kept. Raises NotFound, UsageError."""
        return await self.enable(name, on=False)

    async def remove(self, name: str) -> Rule:
        """Delete a rule; what it was. Raises NotFound, UsageError."""

        def drop(db: Transaction) -> Rule:
            found = _named(db, name)
            db.execute("DELETE FROM rules WHERE id = ?", (found.id,))
            return found

        return await self._store.write(drop)


def check_condition(kind: Kind, condition: str) -> str:
    """A condition as it is kept. Raises UsageError for one that is none of its kind."""
    if kind not in get_args(Kind):
        raise UsageError(f"no kind of rule {one_line(str(kind), 40)!r}", f"there are: {', '.join(get_args(Kind))}")
    condition = clean(condition).strip("\n")
    if kind == "always":
        if condition:
            raise UsageError("a rule that always holds has no condition")
        return ""
    if kind != "regex":
        condition = one_line(condition, LONGEST_CONDITION + 1)
    if not condition.strip():
        raise UsageError(f"a rule of the kind {kind} needs a condition", "zotui rules add --help shows how")
    if len(condition) > LONGEST_CONDITION:
        raise UsageError(f"the condition has more than {LONGEST_CONDITION} characters", "make it shorter")
    if kind == "regex":
        _compile(condition)
    return condition


def _compile(pattern: str) -> None:
    """Raise UsageError for what is no regular expression."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"{one_line(pattern, 60)!r} is no regular expression: {error}", "mend it") from None


def _checked(instruction: str) -> str:
    instruction = clean(instruction).strip()
    if not instruction:
        raise UsageError("the rule is empty", "say what shall hold")
    if len(instruction) > LONGEST:
        raise UsageError(f"the rule has {len(instruction):,} characters, at most {LONGEST:,} are kept", "shorten it")
    return instruction


def _listed(db: Reader, where: str, *values: str) -> Found:
    rows = db.execute(f"SELECT {_COLUMNS} FROM rules WHERE {where} ORDER BY created_at, id", values).fetchall()
    return [msgspec.convert(dict(zip(Rule.__struct_fields__, row, strict=True)), Rule, strict=False) for row in rows]


def _named(db: Reader, name: str) -> Rule:
    found = _listed(db, "id = ?", name)
    if not found and len(name) >= SHORTEST_END:
        found = _listed(db, "substr(id, -length(?1)) = ?1", name)
    if len(found) > 1:
        raise UsageError(f"{len(found)} rules end in {one_line(name, 40)!r}", "give more of the id")
    if not found:
        raise NotFound(f"no rule {one_line(name, 40)!r}", "zotui rules list shows them")
    return found[0]
