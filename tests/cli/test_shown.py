"""``zotui ask``: images go out as they are, what must fit a schema is made to fit, and who answers instead is said."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.inside import Inside
from tests.openai_server import Exchange, OpenAIServer, says
from tests.processes import rows
from zotui.home import Home
from zotui.images import LARGEST, MOST

# The least that is an image of each kind.
IMAGES = {
    "image/png": b"\x89PNG\r\n\x1a\n" + bytes(20),
    "image/jpeg": b"\xff\xd8\xff\xe0" + bytes(20),
    "image/gif": b"GIF89a" + bytes(20),
    "image/webp": b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(20),
}


def shown(exchange: Exchange) -> list[tuple[str, bytes]]:
    """The images of a request: kind and bytes."""
    content = next(message["content"] for message in reversed(exchange.messages) if message["role"] == "user")
    urls = [part["image_url"]["url"] for part in content if part["type"] == "image_url"]
    heads = [url.partition(";base64,") for url in urls]
    return [(head.removeprefix("data:"), base64.b64decode(body)) for head, _, body in heads]


class TestImages:
    """``--image``."""

    def test_each_kind_goes_out_as_it_is(self, inside: Inside, lab: OpenAIServer, tmp_path: Path) -> None:
        lab.answer(lambda exchange: says("a cat"))
        names = []
        for kind, content in IMAGES.items():
            names.append(str(tmp_path / f"{kind.partition('/')[2]}.txt"))  # whatever it is called
            Path(names[-1]).write_bytes(content)
        done = inside("ask", "what", "is", "it", *[word for name in names for word in ("--image", name)])
        assert (done.code, done.out, done.err) == (0, "a cat\n", "")
        assert shown(lab.exchanges[0]) == list(IMAGES.items())

    def test_it_is_kept_once_and_shown_again_with_the_next_request(
        self, inside: Inside, lab: OpenAIServer, home: Home, tmp_path: Path
    ) -> None:
        lab.answer(lambda exchange: says("ok"))
        (tmp_path / "cat.png").write_bytes(IMAGES["image/png"])
        for _ in range(2):
            assert inside("ask", "look", "--image", str(tmp_path / "cat.png")).code == 0
        assert inside("ask", "-c", "last", "and now?").code == 0
        assert rows(home, "SELECT name, media_type FROM attachments") == [("cat.png", "image/png")] * 2
        assert rows(home, "SELECT count(*) FROM blobs") == [(1,)]
        assert [len(exchange.body) > 0 for exchange in lab.exchanges] == [True] * 3
        earlier = [message for message in lab.exchanges[2].messages if isinstance(message["content"], list)]
        assert len(earlier) == 1

    def test_the_largest_that_may_be(self, inside: Inside, lab: OpenAIServer, tmp_path: Path) -> None:
        lab.answer(lambda exchange: says("ok"))
        (tmp_path / "huge.png").write_bytes(IMAGES["image/png"].ljust(LARGEST, b"\0"))
        assert inside("ask", "look", "--image", str(tmp_path / "huge.png")).code == 0
        assert len(shown(lab.exchanges[0])[0][1]) == LARGEST

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (IMAGES["image/png"].ljust(LARGEST + 1, b"\0"), "has 5,000,001 bytes, an image may have 5,000,000"),
            (b"", "is no PNG, JPEG, GIF or WebP image"),
            (b"just text", "is no PNG, JPEG, GIF or WebP image"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is no PNG, JPEG, GIF or WebP image"),
            (b"RIFF\x10\x00\x00\x00WAVEfmt ", "is no PNG, JPEG, GIF or WebP image"),
            (b"12345678WEBP", "is no PNG, JPEG, GIF or WebP image"),
            (b"BM" + bytes(50), "is no PNG, JPEG, GIF or WebP image"),
        ],
        ids=["too large", "empty", "text", "svg", "wave", "words", "bmp"],
    )
    def test_what_is_none(self, content: bytes, said: str, inside: Inside, lab: OpenAIServer, tmp_path: Path) -> None:
        (tmp_path / "cat.png").write_bytes(content)
        done = inside("ask", "look", "--image", str(tmp_path / "cat.png"))
        assert (done.code, done.out) == (2, "")
        assert f"cat.png {said} → " in done.complaint
        assert lab.exchanges == []

    def test_files_that_are_none(self, inside: Inside, lab: OpenAIServer, home: Home, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with (tmp_path / "endless").open("wb") as endless:
            endless.truncate(10 << 30)
        told = {"": "a folder", "gone": "No such file", "pipe": "no regular file", "endless": "10,737,418,240 bytes"}
        for name, said in told.items():
            done = inside("ask", "look", "--image", str(tmp_path / name))
            assert done.code == 2, name
            assert said in done.complaint
        assert "No such file" in inside("ask", "look", "--image", "").complaint
        assert lab.exchanges == []
        assert not home.database.exists()

    def test_too_many(self, inside: Inside, lab: OpenAIServer, tmp_path: Path) -> None:
        (tmp_path / "cat.png").write_bytes(IMAGES["image/png"])
        done = inside("ask", "look", *(["--image", str(tmp_path / "cat.png")] * (MOST + 1)))
        assert done.code == 2
        assert f"a request may show {MOST}" in done.complaint
        assert lab.exchanges == []

    def test_a_name_that_acts_on_terminals_is_a_name(self, inside: Inside, lab: OpenAIServer, tmp_path: Path) -> None:
        (tmp_path / "a\x1b[31m\nb.png").write_bytes(b"no image")
        done = inside("ask", "look", "--image", str(tmp_path / "a\x1b[31m\nb.png"))
        assert "\x1b" not in done.complaint


SCHEMA = {
    "type": "object",
    "properties": {
        "boxes": {"type": "array", "items": {"type": "object", "properties": {"port": {"type": "integer"}}}}
    },
    "required": ["boxes"],
}
GOOD = {"boxes": [{"port": 8080}, {"port": 22}]}
BAD = {"boxes": [{"port": 8080}, {"port": "ssh"}]}


@pytest.fixture
def schema(tmp_path: Path) -> str:
    """The file of a schema."""
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    return str(tmp_path / "schema.json")


class TestSchema:
    """``--schema``."""

    @pytest.mark.parametrize(
        "answer",
        [
            json.dumps(GOOD),
            f"```json\n{json.dumps(GOOD, indent=2)}\n```",
            f"Here it is:\n\n```\n{json.dumps(GOOD)}\n```\nAnything else?",
            f"Sure! {json.dumps(GOOD)} I hope that helps.",
        ],
        ids=["bare", "fenced", "with words around a fence", "with words around it"],
    )
    def test_an_answer_that_fits(self, answer: str, inside: Inside, lab: OpenAIServer, schema: str) -> None:
        lab.answer(lambda exchange: says(answer))
        found = inside("ask", "--json", "--schema", schema, "which boxes?").json
        assert (found["output"], found["status"]) == (GOOD, "done")
        assert "data" not in found
        assert lab.requests[0]["response_format"]["json_schema"]["schema"] == SCHEMA
        done = inside("ask", "--schema", schema, "which boxes?")
        assert (done.code, json.loads(done.out), done.out.count("\n"), done.err) == (0, GOOD, 1, "")
        assert len(lab.exchanges) == 2

    def test_one_that_does_not_is_sent_back_once(self, inside: Inside, lab: OpenAIServer, schema: str) -> None:
        lab.script(says(json.dumps(BAD)), says(json.dumps(GOOD)))
        found = inside("ask", "--json", "--schema", schema, "which boxes?").json
        assert found["output"] == GOOD
        assert found["usage"]["input_tokens"] == 20
        first, second = lab.exchanges
        assert len(second.messages) == len(first.messages) + 2
        answered, told = second.messages[-2:]
        assert json.loads(answered["content"]) == BAD
        assert "does not fit the schema: at $.boxes[1].port: 'ssh' is not of type 'integer'" in told["content"]

    @pytest.mark.parametrize(
        ("answer", "path"),
        [
            (json.dumps(BAD), "$.boxes[1].port: 'ssh' is not of type 'integer'"),
            ("I would rather not.", "$: it is no JSON"),
            ("{}", "$: 'boxes' is a required property"),
            ("", "$: it is no JSON"),
            ('{"boxes": ' + "[" * 5_000, "$: nested too deeply"),
        ],
        ids=["a field", "no JSON", "a missing field", "nothing", "nested without end"],
    )
    def test_one_that_never_does(self, answer: str, path: str, inside: Inside, lab: OpenAIServer, schema: str) -> None:
        lab.answer(lambda exchange: says(answer))
        done = inside("ask", "--schema", schema, "which boxes?")
        assert (done.code, done.out) == (1, "")
        assert "does not fit the schema after 3 tries: at " in done.complaint
        assert path in done.complaint
        assert len(lab.exchanges) == 3

    def test_its_json_keeps_what_was_said(self, inside: Inside, lab: OpenAIServer, schema: str) -> None:
        lab.answer(lambda exchange: says("no"))
        done = inside("ask", "--json", "--schema", schema, "which boxes?")
        assert done.code == 1
        assert (done.json["output"], done.json["status"]) == ("no", "failed")
        assert "after 3 tries" in done.json["error"]

    def test_null_is_a_document_too(self, inside: Inside, lab: OpenAIServer, tmp_path: Path) -> None:
        (tmp_path / "null.json").write_text('{"type": "null"}')
        lab.answer(lambda exchange: says("null"))
        assert inside("ask", "--json", "--schema", str(tmp_path / "null.json"), "x").json["output"] is None
        assert inside("ask", "--schema", str(tmp_path / "null.json"), "x").out == "null\n"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (b"", "it is no JSON"),
            (b"{", "it is no JSON"),
            (b"\xff\xfe\x00", "it is no JSON"),
            (b"[" * 100_000, "it is no JSON"),
            (b"[]", "it is no JSON object"),
            (b'"object"', "it is no JSON object"),
            (b'{"type": 5}', "is no JSON schema: $.type"),
            (b'{"properties": {"a": {"minimum": "x"}}}', "is no JSON schema: $.properties.a.minimum"),
        ],
    )
    def test_what_is_none(self, text: bytes, said: str, inside: Inside, lab: OpenAIServer, tmp_path: Path) -> None:
        (tmp_path / "schema.json").write_bytes(text)
        done = inside("ask", "--schema", str(tmp_path / "schema.json"), "which boxes?")
        assert (done.code, done.out) == (2, "")
        assert said in done.complaint
        assert lab.exchanges == []

    def test_files_that_are_none(self, inside: Inside, lab: OpenAIServer, tmp_path: Path) -> None:
        assert "No such file" in inside("ask", "--schema", str(tmp_path / "gone"), "x").complaint
        assert "a folder" in inside("ask", "--schema", str(tmp_path), "x").complaint
        assert lab.exchanges == []

    def test_tools_may_run_first(self, inside: Inside, lab: OpenAIServer, schema: str) -> None:
        from tests.openai_server import calls

        lab.script(calls(("recall", {"query": "boxes"})), says(json.dumps(GOOD)))
        found: dict[str, Any] = inside("ask", "--json", "--schema", schema, "which boxes?").json
        assert found["output"] == GOOD
        assert [call["name"] for call in found["tool_calls"]] == ["recall"]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_who_answers_instead_is_said(options: list[str], inside: Inside, lab: OpenAIServer, home: Home) -> None:
    home.config_file.write_text(
        'fallback = ["lab/tiny"]\n'
        + home.config_file.read_text().replace('"lab/tiny"', '"gone/x"', 1)
        + '[providers.gone]\nbase_url = "http://127.0.0.1:9/v1"\n'
    )
    lab.answer(lambda exchange: says("hello"))
    done = inside("ask", *options, "hi")
    assert done.code == 0
    assert "lab/tiny answers instead: gone/x: 127.0.0.1:9: nobody answers at this address" in done.complaint
    assert (done.json["model"] if options else done.out) == ("lab/tiny" if options else "hello\n")


def test_where_all_fail_none_is_said_to_answer(inside: Inside, home: Home) -> None:
    home.config_file.write_text(
        'model = "gone/x"\nfallback = ["far/y", "lost/z"]\n'
        + "".join(f'[providers.{name}]\nbase_url = "http://127.0.0.1:9/v1"\n' for name in ("gone", "far", "lost"))
    )
    done = inside("ask", "hi")
    assert done.code == 1
    told = done.err
    assert "answers instead" not in told
    silent = "127.0.0.1:9: nobody answers at this address"
    assert f"lost/z was asked instead: gone/x: {silent}; far/y: {silent}" in told
    assert f"[lost/z was asked instead: gone/x: {silent}; far/y:" in inside("chats", "show", "last").out
