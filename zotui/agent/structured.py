"""Structured output: an answer that must be JSON of a schema, found, checked, and sent back where it is not."""

import json
import re
from collections.abc import Mapping
from typing import Any

from zotui.errors import UsageError, ZotuiError
from zotui.text import one_line

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
    """Raise UsageError for what is no JSON schema."""
    from jsonschema import SchemaError
    from jsonschema.validators import validator_for

    if not isinstance(schema, dict):
        raise UsageError("the schema is no JSON object", 'e.g. {"type": "object", "properties": {…}}')
    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as error:
        raise UsageError(f"the schema is no JSON schema: {error.json_path}: {one_line(error.message, 200)}") from None


def parsed(answer: str, schema: Mapping[str, Any]) -> Any:
    """The document in an answer, checked. Fences and words around it are forgiven. Raises Mismatch."""
    from jsonschema import ValidationError
    from jsonschema.exceptions import best_match
    from jsonschema.validators import validator_for

    document = _document(answer)
    try:
        error = best_match(validator_for(schema)(schema).iter_errors(document))
    except RecursionError:
        raise Mismatch("$", "nested too deeply") from None
    if isinstance(error, ValidationError):
        raise Mismatch(error.json_path, one_line(error.message, 300))
    return document


def correction(mismatch: Mismatch) -> str:
    """What the model is told."""
    return (
        f"That answer does not fit the schema: at {mismatch}. Answer again with the whole JSON document, corrected,"
        " and nothing else."
    )


def _document(answer: str) -> Any:
    """The JSON in an answer: all of it, in a fence, or from its first bracket on."""
    text = answer.strip()
    fenced = [found.strip() for found in _FENCED.findall(text)]
    start = min((place for sign in "{[" if (place := text.find(sign)) >= 0), default=-1)
    problem = "it is no JSON"
    for candidate in [text, *reversed(fenced)]:
        try:
            return json.loads(candidate)
        except RecursionError:
            problem = "nested too deeply"
        except ValueError as error:
            problem = f"it is no JSON: {error}"
    if start >= 0:
        try:
            return json.JSONDecoder().raw_decode(text[start:])[0]
        except (ValueError, RecursionError):
            pass
    raise Mismatch("$", problem)
