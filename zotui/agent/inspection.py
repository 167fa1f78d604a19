"""What a model was sent, byte for byte: the last request's body in pieces that joined are the body again."""

import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from zotui.agent.context import Context, Part, estimate
from zotui.conversations import taint
from zotui.images import TOKENS
from zotui.policy.conditions import Judged
from zotui.store import Reader
from zotui.text import clean, one_line

RULES, REMEMBERED = "", "?memory"  # names of what was not sent
_JSON = json.JSONEncoder(ensure_ascii=False)
_PICTURE = re.compile(r"[A-Za-z0-9+/]{4096,}={0,2}")
"""What is in a body of a picture: base64, of which nobody reads megabytes."""


class Piece(msgspec.Struct, frozen=True):
    """A stretch of the body: what it is, and its text as it was sent."""

    name: str
    text: str

    @property
    def tokens(self) -> int:
        """About how many tokens it has."""
        words, pictures = _PICTURE.subn("", self.text)
        return estimate(words) + pictures * TOKENS

    @property
    def shown(self) -> str:
        """Its text as a person reads it: of a picture, only how long it is."""
        return clean(_PICTURE.sub(lambda found: f"[{len(found[0]):,} characters of base64]", self.text))


class Inspection(msgspec.Struct, frozen=True):
    """A request that went out. ``tainted_by``: whose words are in its conversation, where they are neither the person's
    nor ours; ``remembered``: why each memory was in it."""

    model: str
    created_at: int
    body: bytes
    pieces: list[Piece]
    rules: Sequence[Judged] = ()
    tainted_by: str = ""
    remembered: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the body."""
        return hashlib.sha256(self.body).hexdigest()


def packed(body: bytes) -> bytes:
    """A body as it is kept."""
    return zlib.compress(body, 1)


def noted(parts: Sequence[Part], rules: Sequence[Judged], remembered: str = "") -> str:
    """What a request was made of, as it is kept: name and text of each part of its system message; and what was not sent:
    what became of the person's rules, and why memories were in it."""
    kept = [(part.name, part.text) for part in parts]
    if rules:
        kept.append((RULES, msgspec.json.encode(rules).decode()))
    if remembered:
        kept.append((REMEMBERED, remembered))
    return msgspec.json.encode(kept).decode()


def last_request(db: Reader, conversation: str) -> Inspection | None:
    """The last request of a conversation; None where none went out."""
    row = db.execute("SELECT model, parts, sent, created_at FROM requests WHERE conv_id = ?", (conversation,)).get
    if row is None:
        return None
    model, kept, sent, created_at = row
    body = zlib.decompress(sent)
    parts = msgspec.json.decode(kept, type=list[tuple[str, str]])
    pieces = pieces_of(body, [part for part in parts if part[0] not in (RULES, REMEMBERED)])
    remembered = dict(parts).get(REMEMBERED, "")
    return Inspection(model, created_at, body, pieces, _rules_in(parts), taint.cause(db, conversation), remembered)


def last_rules(db: Reader, conversation: str) -> Sequence[Judged]:
    """What became of the rules in a conversation's last request."""
    kept = db.execute("SELECT parts FROM requests WHERE conv_id = ?", (conversation,)).get
    return _rules_in(msgspec.json.decode(kept, type=list[tuple[str, str]])) if kept else []


def _rules_in(parts: Sequence[tuple[str, str]]) -> Sequence[Judged]:
    return [rule for name, text in parts if name == RULES for rule in msgspec.json.decode(text, type=list[Judged])]


def pieces_of(body: bytes, parts: Sequence[tuple[str, str]]) -> list[Piece]:
    """A JSON body in pieces: each field, each item of its lists, each of the named ``parts`` of its system text."""
    text = body.decode("utf-8")
    document: dict[str, Any] = json.loads(text)
    pieces = [piece for field in _fields(document) for piece in _split(field, parts)]
    if "".join(piece.text for piece in pieces) != text:  # written otherwise than we write: shown whole
        return [Piece("request", text)]
    return pieces


def _fields(document: dict[str, Any]) -> Iterator[Piece]:
    for place, (name, value) in enumerate(document.items()):
        lead = ("{" if place == 0 else ", ") + _JSON.encode(name) + ": "
        end = "}" if place == len(document) - 1 else ""
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for number, item in enumerate(value):
                before = f"{lead}[" if number == 0 else ", "
                after = f"]{end}" if number == len(value) - 1 else ""
                yield Piece(_called(name, number, item), before + _JSON.encode(item) + after)
        else:
            yield Piece(name, lead + _JSON.encode(value) + end)


def _called(field: str, number: int, item: dict[str, Any]) -> str:
    """What an item of a list is, in a few words."""
    match field:
        case "tools":
            return f"tool {item.get('function', item).get('name', number)}"
        case "messages":
            return f"{item.get('role', 'message')} {number}" if item.get("role") != "system" else "system"
    return f"{field} {number}"


def _split(piece: Piece, parts: Sequence[tuple[str, str]]) -> Iterator[Piece]:
    """A system message in its parts, where it has them."""
    if piece.name != "system" and not piece.name.startswith("system "):
        yield piece
        return
    rest = piece.text
    found: list[tuple[str, int]] = []
    start = 0
    for name, text in parts:
        at = rest.find(_JSON.encode(text)[1:-1], start)
        if at < 0:
            continue
        found.append((name, at))
        start = at + 1
    if not found:
        yield piece
        return
    for place, (name, at) in enumerate(found):
        begin = 0 if place == 0 else at
        finish = found[place + 1][1] if place + 1 < len(found) else len(rest)
        yield Piece(name, rest[begin:finish])


def told(sent: Inspection) -> str:
    """An inspection as a person reads it: each piece with its tokens, then the pieces, pictures left out."""
    rows = [f"{piece.name[:30]:<30} {piece.tokens:>7,} tokens" for piece in sent.pieces]
    total = sum(piece.tokens for piece in sent.pieces)
    head = f"{sent.model}, {len(sent.body):,} bytes, SHA-256 {sent.digest[:16]}…, about {total:,} tokens"
    pieces = [f"── {piece.name} ──\n{piece.shown}\n" for piece in sent.pieces]
    why = [*ruled(sent.rules), *recalled(sent.remembered)]
    return "\n".join([head, *tainted(sent.tainted_by), "", *rows, "", *why, *pieces])


def tainted(by: str) -> list[str]:
    """A line of whose words taint the conversation; none where none do."""
    return [f"tainted: words are in it that neither you nor your computer wrote, from {clean(by)}"] if by else []


def ruled(rules: Sequence[Judged]) -> list[str]:
    """What became of each rule, a line each, and an empty one; nothing where there are none."""
    lines = [f"{'✓' if rule.holds else '✗'} {one_line(rule.instruction, 60)}  ({rule.why})" for rule in rules]
    return ["rules", *lines, ""] if lines else []


def recalled(remembered: str) -> list[str]:
    """Why each memory was there, a line each, and an empty one; nothing where there was none."""
    return ["memories", *remembered.splitlines(), ""] if remembered else []


def foretold(context: Context, most: int, tainted_by: str = "") -> str:
    """A request that did not go out, as it would have been: the tokens of its parts, of ``most``, then the parts."""
    parts = [(part.name, part.tokens) for part in context.parts]
    rows = [*parts, ("conversation", context.tokens - sum(tokens for _, tokens in parts))]
    lines = [f"{name:<14} {tokens:>7,} tokens" for name, tokens in rows]
    lines.append(f"{'in all':<14} {context.tokens:>7,} of {most:,} (estimated)")
    lines += tainted(tainted_by)
    lines += ["", *ruled(context.rules)[:-1]] if context.rules else []
    lines += ["", *recalled(context.remembered)[:-1]] if context.remembered else []
    return "\n\n".join(["\n".join(lines), *(f"── {part.name} ──\n{part.text}" for part in context.parts)])
