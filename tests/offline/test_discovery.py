"""Discovery against real servers on loopback: told by what they say, and never given a key."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from zotui.config import read_config
from zotui.http import probe
from zotui.models.discovery import Found, Places, discover, ollama_address
from zotui.models.registry import BUILT_IN

KEYS = {variable: "sk-secret-0123456789" for row in BUILT_IN.values() for variable in row.env}


class Fake:
    """A server of fixed pages that notes the requests it gets."""

    def __init__(self, pages: Mapping[str, Any], **options: Any) -> None:
        self.pages = pages
        self.heads: list[str] = []
        self.port = 0
        self.options = options

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            page = self.pages.get(head.split(" ")[1], self.pages.get("*"))
            if callable(page):
                await page(reader, writer)
                return
            status = "404 Not Found" if page is None else self.options.get("status", "200 OK")
            body = page if isinstance(page, bytes) else json.dumps(page).encode()
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def fake(pages: Mapping[str, Any], host: str = "127.0.0.1", **options: Any) -> AsyncIterator[Fake]:
    """A server on a free port."""
    server = Fake(pages, **options)
    listening = await asyncio.start_server(server.serve, host, 0)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that runs many tests has its own time; what hangs is still given up."""
    monkeypatch.setattr(probe, "__defaults__", (1.0, 2.0, 256 << 10))


@pytest.fixture
async def nobody() -> AsyncIterator[int]:
    """A port on which nobody answers, for as long as the test runs."""
    import socket

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture
def places(nobody: int) -> Callable[..., Places]:
    """Nobody anywhere but where the test says."""

    def make(**ports: Any) -> Places:
        return Places(**{"hosts": ("127.0.0.1",), "ollama": nobody, "lm_studio": nobody, "others": (), **ports})

    return make


OLLAMA = {
    "/api/version": {"version": "0.12.0"},
    "/api/tags": {"models": [{"name": "llama3.2:latest"}, {"name": "tiny"}]},
}
LM_STUDIO = {
    "/api/v0/models": {
        "data": [
            {"id": "embed", "type": "embeddings", "state": "loaded"},
            {"id": "big", "type": "llm", "state": "not-loaded"},
            {"id": "small", "type": "llm", "state": "loaded"},
        ]
    },
    "/v1/models": {"data": [{"id": "big"}, {"id": "small"}]},
}
GENERIC = {"/v1/models": {"object": "list", "data": [{"id": f"m{number}"} for number in range(5)]}}


class TestFinding:
    """Who is there."""

    async def test_ollama(self, places: Any) -> None:
        async with fake(OLLAMA) as server:
            (found,) = await discover(places(ollama=server.port), {})
        assert found.what == f"Ollama at http://127.0.0.1:{server.port} with llama3.2:latest, tiny"
        config = read_config(found.line)
        assert config.model == "ollama/llama3.2:latest"
        assert config.providers["ollama"].base_url == f"http://127.0.0.1:{server.port}"

    async def test_ollama_without_models(self, places: Any) -> None:
        async with fake({**OLLAMA, "/api/tags": {"models": []}}) as server:
            (found,) = await discover(places(ollama=server.port), {})
        assert found.what.endswith("with no model")
        assert read_config(found.line).model == "ollama"

    async def test_ollama_where_its_own_variable_says(self, places: Any) -> None:
        async with fake(OLLAMA) as server:
            (found,) = await discover(places(), {"OLLAMA_HOST": f"0.0.0.0:{server.port}"})
        assert f"http://127.0.0.1:{server.port}" in found.what
        assert read_config(found.line).providers["ollama"].base_url == f"http://127.0.0.1:{server.port}"

    async def test_lm_studio_with_the_loaded_model_first(self, places: Any) -> None:
        async with fake(LM_STUDIO) as server:
            (found,) = await discover(places(lm_studio=server.port), {})
        assert found.what == f"LM Studio at http://127.0.0.1:{server.port}/v1 with small, big"
        assert read_config(found.line).model == "lmstudio/small"

    async def test_somebody_else_on_its_port_is_not_called_lm_studio(self, places: Any) -> None:
        async with fake(GENERIC) as server:
            (found,) = await discover(places(lm_studio=server.port), {})
        assert found.what.startswith("an OpenAI-compatible server")
        assert read_config(found.line).model == "local/m0"

    async def test_a_server_like_openais_on_a_port_of_many(self, places: Any) -> None:
        async with fake(GENERIC) as server:
            (found,) = await discover(places(others=(server.port,)), {})
        assert (
            found.what == f"an OpenAI-compatible server at http://127.0.0.1:{server.port}/v1 with m0, m1, m2 and 2 more"
        )
        config = read_config(found.line)
        assert (config.model, config.providers["local"].base_url) == ("local/m0", f"http://127.0.0.1:{server.port}/v1")

    async def test_the_other_loopback_too(self, places: Any) -> None:
        try:
            async with fake(OLLAMA, host="::1") as server:
                (found,) = await discover(places(hosts=("127.0.0.1", "[::1]"), ollama=server.port), {})
        except OSError:
            pytest.skip("no IPv6 here")
        assert f"http://[::1]:{server.port}" in found.what

    async def test_all_at_once_keys_first(self, places: Any) -> None:
        async with fake(OLLAMA) as ollama, fake(LM_STUDIO) as studio, fake(GENERIC) as other:
            found = await discover(
                places(ollama=ollama.port, lm_studio=studio.port, others=(other.port,)),
                {"GROQ_API_KEY": "x", "OPENAI_API_KEY": " "},
            )
        assert [one.what.split(" ")[0] for one in found] == ["GROQ_API_KEY", "Ollama", "LM", "an"]
        assert found[0] == Found("GROQ_API_KEY is set", "groq")

    async def test_the_servers_that_everybody_has_need_one_line(self) -> None:
        from zotui.models.discovery import _found

        assert _found("it", "ollama", ["tiny"], "http://127.0.0.1:11434").line == 'model = "ollama/tiny"'
        assert _found("it", "lmstudio", [], "http://127.0.0.1:1234/v1").line == 'model = "lmstudio"'


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say nothing until the other side hangs up."""
    await reader.read()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A head, and then a byte now and then."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{")
    while not reader.at_eof():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """More than anybody reads."""
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        writer.write(b'{"data": [' + b" " * 100_000)
        await writer.drain()


async def garble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """No HTTP."""
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    await writer.drain()
    await reader.read()


async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A redirect."""
    writer.write(b"HTTP/1.1 302 Found\r\nLocation: /v1/models2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await writer.drain()


STRANGERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a web site": ({"*": b"<!doctype html><title>Jenkins</title><p>data models version"}, {}),
    "a web site that says JSON": ({"*": {"status": "ok"}}, {}),
    "a list": ({"*": [{"id": "x"}]}, {}),
    "data that is no list": ({"*": {"data": "x", "version": 5, "models": "x"}}, {}),
    "nothing": ({"*": b""}, {}),
    "half a document": ({"*": b'{"data": [{"id": "x"'}, {}),
    "no text": ({"*": bytes(range(128, 256))}, {}),
    "nested without end": ({"*": b'{"data":' + b"[" * 100_000}, {}),
    "refused": ({"*": {"data": [{"id": "x"}], "version": "1", "models": []}}, {"status": "401 Unauthorized"}),
    "loading": ({"*": {"data": [{"id": "x"}], "version": "1", "models": []}}, {"status": "503 Service Unavailable"}),
    "hanging": ({"*": hang}, {}),
    "dripping": ({"*": drip}, {}),
    "flooding": ({"*": flood}, {}),
    "no HTTP": ({"*": garble}, {}),
    "a redirect": ({"*": elsewhere, "/v1/models2": {"data": [{"id": "x"}]}}, {}),
}


@pytest.mark.parametrize("kind", STRANGERS)
async def test_whoever_else_answers_is_not_taken_for_a_model_server(kind: str, places: Any) -> None:
    pages, options = STRANGERS[kind]
    async with fake(pages, **options) as server:
        port = server.port
        assert await discover(places(ollama=port, lm_studio=port, others=(port, port)), {}) == []
        assert server.heads


async def test_a_hanging_server_does_not_hide_the_others(places: Any) -> None:
    async with fake({"*": hang}) as hanging, fake(OLLAMA) as ollama:
        found = await discover(places(ollama=ollama.port, lm_studio=hanging.port, others=(hanging.port,)), {})
    assert [one.what.split(" ")[0] for one in found] == ["Ollama"]


async def test_no_key_no_cookie_and_no_proxy_ever(places: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    async with fake({"*": b"not asked"}) as proxy, fake({**OLLAMA, **LM_STUDIO}) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        (tmp_path / ".netrc").write_text("default login me password hunter2\n")
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        monkeypatch.setenv("HOME", str(tmp_path))
        found = await discover(places(ollama=server.port, lm_studio=server.port, others=(server.port,)))
        assert len(found) == len([row for row in BUILT_IN.values() if row.env]) + 3
        assert proxy.heads == []
    assert len(server.heads) == 5
    for head in server.heads:
        assert head.startswith("GET ")
        assert "authorization" not in head.lower()
        assert "cookie" not in head.lower()
        assert "sk-secret" not in head
        assert "hunter2" not in head
    assert all("sk-secret" not in one.what + one.line for one in found)


@pytest.mark.parametrize(
    "name", ['x"\nmodel = "evil', "a'b", "back\\slash", "\x1b[31mred", "ünï", '"""', "x" * 500, "a]b[c"]
)
async def test_a_hostile_name_stays_a_name(name: str, places: Any) -> None:
    async with fake({"/v1/models": {"data": [{"id": name}, {"id": 5}, {"id": ""}, 7]}}) as server:
        (found,) = await discover(places(others=(server.port,)), {})
    config = read_config(found.line)
    assert config.model.startswith("local/")
    assert set(config.providers) == {"local"}
    assert "\x1b" not in found.what + found.line
    assert "\n" not in found.what


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1:11434", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8000", "http://127.0.0.1:8000"),
        (":8000", "http://127.0.0.1:8000"),
        ("box", "http://box:11434"),
        ("box:80", "http://box:80"),
        ("http://box", "http://box:80"),
        ("https://box", "https://box:443"),
        ("https://box:8443/path", "https://box:8443"),
        ("http://me:secret@box:9", "http://box:9"),
        ("[::1]:9", "http://[::1]:9"),
        ("::1", "http://[::1]:11434"),
        ("::", "http://[::1]:11434"),
        ("box:port", "http://127.0.0.1:11434"),
        ("box:99999999", "http://127.0.0.1:11434"),
    ],
)
def test_ollamas_variable_is_read_as_ollama_reads_it(host: str, address: str) -> None:
    assert ollama_address(host) == address
