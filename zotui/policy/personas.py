"""Personas: who the computer is in a conversation, with which model and which tools. Kept in the file."""

import msgspec

from zotui.errors import NotFound, UsageError
from zotui.policy.scopes import PRESETS, check
from zotui.store import Reader, Store, Transaction, new_id, now_ms
from zotui.text import clean, one_line

LONGEST_NAME = 40  # characters
LONGEST_PROMPT = 20_000
LONGEST_SCOPE = 2_000
NOBODY = "none"  # what stands for no persona, and so is no name of one


class Persona(msgspec.Struct, frozen=True):
    """One persona. ``model`` empty: it has none of its own; ``tools``: a preset, or names with commas between them;
    ``hue`` in degrees; times in milliseconds since 1970."""

    id: str
    name: str
    prompt: str
    model: str
    tools: str
    hue: int | None
    created_at: int
    updated_at: int


class Wanted(msgspec.Struct, frozen=True):
    """What a persona shall be; of one that there is, what is None stays."""

    name: str | None = None
    prompt: str | None = None
    model: str | None = None
    tools: str | None = None
    hue: int | None = None


Found = list[Persona]
_COLUMNS = ", ".join(f"p.{name}" for name in Persona.__struct_fields__)


class Personas:
    """The personas of a home, and which conversation has which."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self) -> Found:
        """All, by name."""
        return await self._store.read(lambda db: _found(db, "1"))

    async def find(self, name: str) -> Persona:
        """The persona of a name, in whatever case, or of an id. Raises NotFound."""
        return await self._store.read(lambda db: named(db, name))

    async def of(self, conversation: str) -> Persona | None:
        """The persona of a conversation, if it has one."""
        return await self._store.read(lambda db: persona_of(db, conversation))

    async def add(self, wanted: Wanted) -> Persona:
        """Keep a new persona. Raises UsageError for a name that is none or taken, and for what is too long."""
        fields = _checked(wanted)
        if "name" not in fields:
            raise UsageError("a persona needs a name", "zotui personas add NAME")

        def put(db: Transaction) -> Persona:
            _refuse_taken(db, str(fields["name"]), "")
            now = now_ms()
            row = {"id": new_id(), **fields, "created_at": now, "updated_at": now}
            marks = ", ".join("?" for _ in row)
            db.execute(f"INSERT INTO personas({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
            return named(db, str(row["id"]))

        return await self._store.write(put)

    async def edit(self, name: str, wanted: Wanted) -> Persona:
        """Change a persona; it holds from the next request on, and so does its new model where its conversations had
        its old one. Raises NotFound, UsageError."""
        fields = _checked(wanted)

        def change(db: Transaction) -> Persona:
            old = named(db, name)
            if "name" in fields:
                _refuse_taken(db, str(fields["name"]), old.id)
            row = {**fields, "updated_at": now_ms()}
            places = ", ".join(f"{column} = ?" for column in row)
            db.execute(f"UPDATE personas SET {places} WHERE id = ?", (*row.values(), old.id))
            new = named(db, old.id)
            _answer_with(db, old, new.model, "persona_id = ?", old.id)
            return new

        return await self._store.write(change)

    async def remove(self, name: str) -> Persona:
        """Delete a persona; its conversations go on without one. What it was. Raises NotFound."""

        def drop(db: Transaction) -> Persona:
            gone = named(db, name)
            _answer_with(db, gone, "", "persona_id = ?", gone.id)
            db.execute("DELETE FROM personas WHERE id = ?", (gone.id,))
            return gone

        return await self._store.write(drop)

    async def use(self, conversation: str, name: str | None) -> Persona | None:
        """Give a conversation a persona, or none; with its model, where it has one. Raises NotFound."""

        return await self._store.write(lambda db: wear(db, conversation, name))


def wear(db: Transaction, conversation: str, name: str | None) -> Persona | None:
    """Give a conversation a persona, or none; with its model, where it has one. Raises NotFound."""
    new = None if name is None else named(db, name)
    old = persona_of(db, conversation)
    if old is not None:
        _answer_with(db, old, "", "id = ?", conversation)
    db.execute(
        "UPDATE conversations SET persona_id = ?1, model = coalesce(nullif(?2, ''), model) WHERE id = ?3",
        (new.id if new else None, new.model if new else "", conversation),
    )
    if not db.changes():
        raise NotFound(f"no conversation {one_line(conversation, 40)!r}", "zotui chats list shows them")
    return new


def persona_of(db: Reader, conversation: str) -> Persona | None:
    """The persona of a conversation, if it has one."""
    found = _found(db, "p.id = (SELECT persona_id FROM conversations WHERE id = ?)", conversation)
    return found[0] if found else None


def _answer_with(db: Transaction, persona: Persona, model: str, where: str, value: str) -> None:
    """Have conversations that answer with a persona's model answer with another, or with the default."""
    db.execute(f"UPDATE conversations SET model = ? WHERE {where} AND model = ?", (model, value, persona.model))


def _found(db: Reader, where: str, *values: str) -> Found:
    rows = db.execute(f"SELECT {_COLUMNS} FROM personas p WHERE {where} ORDER BY p.name, p.id", values).fetchall()
    return [msgspec.structs.replace(one, tools=_as_words(one.tools)) for one in (Persona(*row) for row in rows)]


def named(db: Reader, name: str) -> Persona:
    """The persona of an id or a name. Raises NotFound."""
    found = _found(db, "p.id = ?", name) or _found(db, "p.name = ?", one_line(name, 200))
    if not found:
        raise NotFound(f"no persona {one_line(name, 40)!r}", "zotui personas list shows them")
    return found[0]


def _refuse_taken(db: Reader, name: str, by: str) -> None:
    if any(one.id != by for one in _found(db, "p.name = ?", name)):
        raise UsageError(f"there is a persona {name!r} already", "zotui personas edit changes it")


def _checked(wanted: Wanted) -> dict[str, str | int]:
    """What was said of a persona, as it is kept. Raises UsageError."""
    fields: dict[str, str | int] = {}
    if wanted.name is not None:
        name = one_line(wanted.name, LONGEST_NAME + 1)
        if not name or len(name) > LONGEST_NAME or name.lower() == NOBODY:
            raise UsageError(f"{one_line(wanted.name, 50)!r} is no name of a persona", "1 to 40 characters, not: none")
        fields["name"] = name
    if wanted.prompt is not None:
        prompt = clean(wanted.prompt).strip()
        if len(prompt) > LONGEST_PROMPT:
            raise UsageError(f"the prompt has {len(prompt):,} characters, at most {LONGEST_PROMPT:,} are kept")
        fields["prompt"] = prompt
    if wanted.model is not None:
        fields["model"] = one_line(wanted.model, 200)
    if wanted.tools is not None:
        fields["tools"] = _as_kept(wanted.tools)
    if wanted.hue is not None:
        if not 0 <= wanted.hue < 360:
            raise UsageError(f"{wanted.hue} is no hue", "0 to 359 degrees: 0 is red, 120 green, 240 blue")
        fields["hue"] = wanted.hue
    return fields


def _as_kept(tools: str) -> str:
    """A scope of tools as the file has it: a preset, or a JSON array of names. Raises UsageError."""
    scope = check(tools[:LONGEST_SCOPE])
    return scope if scope in PRESETS else msgspec.json.encode(scope.split(", ")).decode()


def _as_words(kept: str) -> str:
    return ",".join(msgspec.json.decode(kept, type=list[str])) if kept.startswith("[") else kept
