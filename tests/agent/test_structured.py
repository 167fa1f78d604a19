"""Schemas that are no good, and answers that only look like JSON."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.agent.lab import Lab
from zotui.agent.structured import Mismatch, check_schema, parsed
from zotui.errors import UsageError

TREE = {
    "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
    "$ref": "#/$defs/node",
}


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": []},
        {"$schema": 5},
        {"$ref": "#/nope"},
        {"properties": {"a": {"items": {"$ref": "other.json"}}}},
        {"properties": {"a": {"$dynamicRef": "#nowhere"}}},
        {"$id": "http://127.0.0.1/a", "$ref": "b"},
    ],
)
def test_a_schema_that_cannot_be_checked_against_is_refused_before_anybody_is_asked(schema: Any) -> None:
    with pytest.raises(UsageError):
        check_schema(schema)


@pytest.mark.parametrize(
    "schema",
    [
        TREE,
        {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"n": {}}, "$ref": "#/definitions/n"},
        {"$schema": "http://json-schema.org/draft-99", "type": "object"},
        {"$ref": "https://json-schema.org/draft/2020-12/schema"},
        {"properties": {"$ref": {"type": "string"}}, "const": {"$ref": "no reference"}},
    ],
)
def test_one_that_refers_to_itself_or_to_the_standard_is_good(schema: Any) -> None:
    check_schema(schema)


def test_a_schema_too_deep_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(3000):
        schema = {"items": schema}
    with pytest.raises(UsageError):
        check_schema(schema)


def test_no_schema_makes_zotui_fetch_anything(tmp_path: Path) -> None:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

    (tmp_path / "s.json").write_text("{}")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for reference in (f"http://127.0.0.1:{server.server_port}/s.json", (tmp_path / "s.json").as_uri()):
            with pytest.raises(UsageError):
                check_schema({"$ref": reference})
            with pytest.raises(UsageError):
                parsed("{}", {"$ref": reference})
        server.shutdown()
    assert asked == []


@pytest.mark.parametrize("answer", ["NaN", '{"n": Infinity}', "-Infinity", "1e999", '```json\n{"n": NaN}\n```'])
def test_what_json_has_no_word_for_is_no_json(answer: str) -> None:
    with pytest.raises(Mismatch):
        parsed(answer, {})


def test_a_tree_is_checked_all_the_way_down() -> None:
    assert parsed('{"next": {"next": {}}}', TREE) == {"next": {"next": {}}}
    with pytest.raises(Mismatch, match=r"\$\.next\.next"):
        parsed('{"next": {"next": 1}}', TREE)


async def test_without_a_model_nothing_fits_and_it_is_said_at_once(lab: Lab) -> None:
    lab.worker()
    view = await lab.ask("count", model="offline", schema={"type": "object"})
    assert view.turn.status == "failed"
    assert "no model is connected" in str(view.turn.error)
