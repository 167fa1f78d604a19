"""What a skill's function is called with: checked against its signature, as its source has it, before anything starts."""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from zotui.errors import UsageError
from zotui.pythontext import parsed
from zotui.skills.skill import Parameter, Script
from zotui.text import one_line

KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,), "int": (int,), "float": (int, float), "bool": (bool,), "list": (list,), "List": (list,),
    "dict": (dict,), "Dict": (dict,), "None": (type(None),),
}  # fmt: skip
YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
Type = ast.expr | None
_KEYED = re.compile(r"[^\W\d]\w*=")


def from_words(script: Script, words: Sequence[str]) -> dict[str, Any]:
    """Arguments from words of a command line: ``key=value``, or in the order of the signature.

    Raises UsageError as :func:`from_values` does, and for a word that has no place or comes twice.
    """
    named = [one for one in script.parameters if one.kind == "named"]
    known, open_ = {one.name for one in named}, _takes_any(script)
    given: dict[str, str] = {}
    if len(named) == 1 and not open_ and not any(_KEYED.match(word) for word in words) and words:
        words = [" ".join(words)]  # as people write a sentence
    for word in words:
        key, equals, value = word.partition("=")
        if not (equals and (key in known or (key.isidentifier() and (open_ or len(given) >= len(named))))):
            key, value = next((one.name for one in named if one.name not in given), ""), word
        if not key:
            raise UsageError(f"there is no place for {one_line(word, 60)!r}", _hint(script))
        if key in given:
            raise UsageError(f"{one_line(key, 60)} is given twice", _hint(script))
        given[key] = value
    _check_names(script, given)
    return {key: _of_text(_named(script, key), value, script) for key, value in given.items()}


def from_values(script: Script, values: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments from values of JSON, those that fit their types. What has no type, or one that is not known, fits.

    Raises UsageError, in one line, for an unknown argument, a missing one, or one of another type.
    """
    _check_names(script, values)
    for key, value in values.items():
        if not _fits(value, _type(_named(script, key))):
            raise _wrong(script, key, value)
    return dict(values)


def _check_names(script: Script, given: Mapping[str, Any]) -> None:
    named = [one for one in script.parameters if one.kind == "named"]
    unknown = [key for key in given if key not in {one.name for one in named}]
    if unknown and not _takes_any(script):
        raise UsageError(f"{script.name} has no argument {one_line(unknown[0], 60)!r}", _hint(script))
    missing = [one.name for one in named if one.default is None and one.name not in given]
    if missing:
        raise UsageError(f"{script.name} needs {', '.join(missing)}", _hint(script))


def _of_text(parameter: Parameter | None, text: str, script: Script) -> Any:
    """The first reading of a text that fits: text itself last, so that ``int | str`` makes a number of 5."""
    wanted = _type(parameter)
    if wanted is None or not _is_known(wanted):
        return text
    readings: list[Any] = []
    if text.lower() in YES + NO:
        readings.append(text.lower() in YES)
    try:
        readings.append(json.loads(text, parse_constant=_refuse))
    except (ValueError, RecursionError):
        pass
    readings += [text, [one.strip() for one in text.split(",") if one.strip()]]
    for value in readings:
        if _fits(value, wanted):
            return value
    raise _wrong(script, parameter.name if parameter else "", text)


def _refuse(word: str) -> None:
    """NaN and Infinity are no JSON. Raises ValueError."""
    raise ValueError(word)


def _fits(value: Any, wanted: Type) -> bool:
    """Whether a value is of a type, as its annotation is written."""
    if wanted is None or not _is_known(wanted):
        return True
    if isinstance(wanted, ast.BinOp):
        return _fits(value, wanted.left) or _fits(value, wanted.right)
    if isinstance(wanted, ast.Subscript):
        name = _name(wanted.value)
        inner = wanted.slice.elts if isinstance(wanted.slice, ast.Tuple) else [wanted.slice]
        if name == "Literal":
            return any(isinstance(one, ast.Constant) and _same(value, one.value) for one in inner)
        if name in ("Optional", "Union"):
            return (name == "Optional" and value is None) or any(_fits(value, one) for one in inner)
        if not inner:
            return True
        if name == "Annotated":
            return _fits(value, inner[0])
        if name in ("list", "List"):
            return isinstance(value, list) and all(_fits(item, inner[-1]) for item in value)
        return isinstance(value, dict) and all(_fits(item, inner[-1]) for item in value.values())
    name = _name(wanted)
    return isinstance(value, KINDS[name]) and (name == "bool" or not isinstance(value, bool))


def _is_known(wanted: ast.expr) -> bool:
    if isinstance(wanted, ast.BinOp):
        return _is_known(wanted.left) and _is_known(wanted.right)
    if isinstance(wanted, ast.Subscript):
        return _name(wanted.value) in {"Literal", "Optional", "Union", "Annotated", "list", "List", "dict", "Dict"}
    return _name(wanted) in KINDS


def _type(parameter: Parameter | None) -> Type:
    if parameter is None or not parameter.annotation:
        return None
    try:
        wanted = _expression(parameter.annotation)
        if isinstance(wanted, ast.Constant) and isinstance(wanted.value, str):
            wanted = _expression(wanted.value)
    except (SyntaxError, ValueError, RecursionError):
        return None
    return wanted


def _expression(text: str) -> ast.expr:
    """Raises SyntaxError, ValueError, RecursionError."""
    (one,) = parsed(f"({text.strip()})").body
    if not isinstance(one, ast.Expr):
        raise ValueError(text)
    return one.value


def _name(wanted: ast.expr) -> str:
    if isinstance(wanted, ast.Constant) and wanted.value is None:
        return "None"
    return wanted.id if isinstance(wanted, ast.Name) else wanted.attr if isinstance(wanted, ast.Attribute) else ""


def _same(value: Any, other: object) -> bool:
    return type(value) is type(other) and bool(value == other)


def _named(script: Script, key: str) -> Parameter | None:
    return next((one for one in script.parameters if one.kind == "named" and one.name == key), None)


def _takes_any(script: Script) -> bool:
    return any(one.kind == "kwargs" for one in script.parameters)


def _wrong(script: Script, key: str, value: object) -> UsageError:
    parameter = _named(script, key)
    wanted = parameter.annotation if parameter else ""
    return UsageError(f"{key}: {one_line(repr(value), 60)} is no {one_line(wanted, 100)}", _hint(script))


def _hint(script: Script) -> str:
    return one_line(f"it is {script.signature}", 300)
