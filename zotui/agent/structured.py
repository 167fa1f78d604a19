"""Structured output: an answer that must be JSON of a schema, found, checked, and sent back where it is not."""

import json
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zotui.errors import UsageError, ZotuiError
from zotui.text import one_line

if TYPE_CHECKING:
    from referencing import Registry, Resource
    from referencing._core import Resolver

_FENCED = re.compile(r"```(?:json|JSON)?\s*\n(.*?)\n?```", re.DOTALL)


class Mismatch(Exception):
    """An answer does not fit; ``path`` (JSONPath) says where, the text what is wrong."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path


class NeverFits(ZotuiError):
    """The model was told often enough what is wrong."""

    reason = "schema"

    def __init__(self, mismatch: Mismatch, tries: int) -> None:
        super().__init__(
            f"the answer does not fit the schema after {tries} tries: at {mismatch}",
            "ask a larger model, or for less",
        )


def check_schema(schema: Any) -> None:
    """Raise UsageError for what is no JSON schema, and for one that refers to what is not in it: nothing is fetched."""
    from jsonschema import SchemaError

    if not isinstance(schema, dict):
        raise UsageError("the schema is no JSON object", 'e.g. {"type": "object", "properties": {…}}')
    if not isinstance(schema.get("$schema", ""), str):
        raise UsageError("the schema is no JSON schema: $.$schema is no text")
    try:
        _kind(schema).check_schema(schema)
        _check_references(schema)
    except SchemaError as error:
        raise UsageError(f"the schema is no JSON schema: {error.json_path}: {one_line(error.message, 200)}") from None
    except RecursionError:
        raise UsageError("the schema is nested too deeply") from None


def parsed(answer: str, schema: Mapping[str, Any]) -> Any:
    """The document in an answer, checked. Fences and words around it are forgiven. Raises Mismatch, and UsageError
    for a schema that :func:`check_schema` would refuse."""
    from jsonschema import ValidationError
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    document = _document(answer)
    try:
        error = best_match(_kind(schema)(schema, registry=_known()).iter_errors(document))
    except RecursionError:
        raise Mismatch("$", "nested too deeply") from None
    except Unresolvable as unresolvable:
        raise _elsewhere(unresolvable.ref) from None
    if isinstance(error, ValidationError):
        raise Mismatch(error.json_path, one_line(error.message, 300))
    return document


def correction(mismatch: Mismatch) -> str:
    """What the model is told."""
    return (
        f"That answer does not fit the schema: at {mismatch}. Answer again with the whole JSON document, corrected,"
        " and nothing else."
    )


def _kind(schema: Mapping[str, Any]) -> Any:
    """The validator for the draft that the schema names; the latest for one that nobody knows."""
    from jsonschema.validators import Draft202012Validator, validator_for

    return validator_for(schema, default=Draft202012Validator)


def _known() -> "Registry[Any]":
    """The standard's own schemas. To a validator that is given none, every reference is an address to fetch."""
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

    found: Registry[Any] = REGISTRY
    return found


def _check_references(schema: Mapping[str, Any]) -> None:
    """Raise UsageError for a reference that leads nowhere."""
    from referencing.jsonschema import DRAFT202012, specification_with

    resource = specification_with(schema.get("$schema", ""), default=DRAFT202012).create_resource(schema)
    _follow(resource, _known().with_resource("", resource).resolver_with_root(resource))


def _follow(resource: "Resource[Any]", resolver: "Resolver[Any]") -> None:
    from referencing.exceptions import Unresolvable

    for name in ("$ref", "$dynamicRef"):
        reference = resource.contents.get(name) if isinstance(resource.contents, Mapping) else None
        if isinstance(reference, str):
            try:
                resolver.lookup(reference)
            except Unresolvable:
                raise _elsewhere(reference) from None
    for inner in resource.subresources():
        _follow(inner, resolver.in_subresource(inner))


def _elsewhere(reference: str) -> UsageError:
    return UsageError(
        f"the schema refers to {one_line(reference, 100)!r}, which is not in it",
        "put it under $defs; nothing is fetched for a schema",
    )


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{one_line(text, 40)} is too large")
    return number


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


_JSON = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant)


def _document(answer: str) -> Any:
    """The JSON in an answer: all of it, in a fence, or from its first bracket on."""
    text = answer.strip()
    fenced = [found.strip() for found in _FENCED.findall(text)]
    start = min((place for sign in "{[" if (place := text.find(sign)) >= 0), default=-1)
    problem = "it is no JSON"
    for candidate in [text, *reversed(fenced)]:
        try:
            return _JSON.decode(candidate)
        except RecursionError:
            problem = "nested too deeply"
        except ValueError as error:
            problem = f"it is no JSON: {error}"
    if start >= 0:
        try:
            return _JSON.raw_decode(text[start:])[0]
        except (ValueError, RecursionError):
            pass
    raise Mismatch("$", problem)
