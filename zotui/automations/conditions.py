"""Whether the person is told of a run that went well: always, never, by an expression, or as a model judges.

An expression is made of ``and``, ``or``, ``not``, comparisons and ``in``, of texts, numbers and what is known of the run::

    changed                      'error' in output or exit_code != 0
    not empty and lines > 3      number >= 90               matches('4[0-9][0-9]')

``model: WORDS`` has a model judge. What failed is always told.
"""

import ast
import operator
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from zotui.errors import UsageError
from zotui.pythontext import parsed
from zotui.text import one_line

ALWAYS, NEVER, MODEL = "always", "never", "model:"
MATCHES = "matches"
LONGEST = 500  # characters
NAMES = ("output", "status", "exit_code", "changed", "empty", "lines", "number")
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda part, whole: part in whole,
    ast.NotIn: lambda part, whole: part not in whole,
}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
Search = Callable[[str, Sequence[str]], Awaitable[Sequence[bool | None]]]
"""Whether each regular expression is found in a text; None for one that takes too long."""


class Facts(msgspec.Struct, frozen=True):
    """What is known of a run: what came out, and before that the time before."""

    output: str
    status: str
    exit_code: int | None
    before: str | None

    def value(self, name: str) -> Any:
        """What a name of an expression stands for; ``number`` is the first in the output."""
        if name == "number":
            found = _NUMBER.search(self.output)
            return float(found[0]) if found else None
        known = {
            "output": self.output,
            "status": self.status,
            "exit_code": self.exit_code,
            "changed": self.before is None or self.before.strip() != self.output.strip(),
            "empty": not self.output.strip(),
            "lines": len(self.output.splitlines()),
        }
        return known[name]


def check(text: str) -> str:
    """A condition as it is kept. Raises UsageError."""
    text = text.strip()
    if text.lower() in (ALWAYS, NEVER):
        return text.lower()
    if question := question_of(text):
        return f"{MODEL} {one_line(question, LONGEST)}"
    _parsed(text)
    return text


def question_of(text: str) -> str:
    """What a model is to judge by; empty where none does."""
    return text[len(MODEL) :].strip() if text.lower().startswith(MODEL) else ""


async def holds(text: str, facts: Facts, search: Search) -> bool:
    """Whether a condition that no model judges holds. One that cannot be decided does: better told once too often."""
    if text in (ALWAYS, NEVER):
        return text == ALWAYS
    tree = _parsed(text)
    patterns = list(dict.fromkeys(_pattern(node) for node in ast.walk(tree) if isinstance(node, ast.Call)))
    found = dict(zip(patterns, await search(facts.output, patterns), strict=True)) if patterns else {}
    try:
        return bool(_value(tree, facts, found))
    except TypeError:  # a number, where there is none
        return True


def _parsed(text: str) -> ast.expr:
    said = f"the condition {one_line(text, 60)!r}"
    hint = f"always, never, model: WORDS, or an expression of {', '.join(NAMES)} and matches('…')"
    if not text or len(text) > LONGEST:
        raise UsageError(f"{said} is {'empty' if not text else 'too long'}", hint)
    try:
        body = parsed(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UsageError(f"{said} is no expression", hint) from None
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        raise UsageError(f"{said} is no expression", hint)
    tree = body[0].value
    nodes = list(ast.walk(tree))
    for node in nodes:
        if wrong := _amiss(node):
            raise UsageError(f"{said}: {wrong}", hint)
    if sum(isinstance(node, ast.Name) and node.id == MATCHES for node in nodes) > _calls(nodes):
        raise UsageError(f"{said}: {MATCHES} wants a pattern", hint)
    return tree


def _calls(nodes: Sequence[ast.AST]) -> int:
    return sum(isinstance(node, ast.Call) for node in nodes)


def _amiss(node: ast.AST) -> str:
    match node:
        case ast.Call(func=ast.Name(id="matches"), args=[ast.Constant(value=str(pattern))], keywords=[]):
            try:
                re.compile(pattern)
            except (re.error, RecursionError, OverflowError) as error:
                return f"{pattern!r} is no regular expression: {error}"
        case ast.Name(id=name) if name not in (*NAMES, MATCHES):
            return f"there is no {one_line(name, 40)!r}"
        case ast.Constant(value=value) if not isinstance(value, str | int | float):
            return f"{value!r} is no text and no number"
        case ast.UnaryOp(op=ast.Not() | ast.USub()) | ast.BoolOp() | ast.Compare() | ast.Name() | ast.Constant():
            pass
        case ast.boolop() | ast.cmpop() | ast.unaryop() | ast.expr_context():
            if isinstance(node, ast.cmpop) and type(node) not in _COMPARE:
                return "it can compare, but not so"
        case _:
            return f"{type(node).__name__.lower()} is not part of it"
    return ""


def _pattern(call: ast.Call) -> str:
    assert isinstance(call.args[0], ast.Constant)
    return str(call.args[0].value)


def _value(node: ast.expr, facts: Facts, found: Mapping[str, bool | None]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return facts.value(name)
        case ast.Call():
            return found[_pattern(node)] is not False  # one that takes too long: told
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_value(one, facts, found) for one in values)
        case ast.BoolOp(values=values):
            return any(_value(one, facts, found) for one in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, facts, found)
        case ast.UnaryOp(operand=operand):
            return -_value(operand, facts, found)
        case ast.Compare(left=left, ops=ops, comparators=others):
            values = [_value(one, facts, found) for one in (left, *others)]
            return all(_COMPARE[type(op)](*pair) for op, pair in zip(ops, pairwise(values), strict=True))
    raise AssertionError(node)
