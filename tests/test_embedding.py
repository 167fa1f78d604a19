"""``[memory] embedder = "PROVIDER/MODEL"``: asked over the wire, in OpenAI's form and in Ollama's, and counted."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.waiting import wait_for
from zotui.computer import Computer
from zotui.errors import ConfigError
from zotui.home import Home
from zotui.models.document import vectors

CONFIG = '[providers.lab]\nbase_url = "{url}"\ndialect = "{dialect}"\n[memory]\nembedder = "lab/letters"\n'


class Wire:
    """A server of embeddings on loopback."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.status = 200
        self.url = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next(
                    int(line.split(":")[1]) for line in head.lower().split("\r\n") if line.startswith("content-length")
                )
                asked = json.loads(await reader.readexactly(length))
                path = head.split()[1]
                self.requests.append((path, asked))
                made = [
                    [float(text.count(letter)) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in asked["input"]
                ]
                if path == "/api/embed":
                    answer: dict[str, Any] = {"embeddings": made, "prompt_eval_count": 7}
                else:
                    rows = [{"index": place, "embedding": one} for place, one in enumerate(made)]
                    answer = {"data": rows[::-1], "usage": {"prompt_tokens": 7}}
                body = json.dumps(answer).encode()
                writer.write(f"HTTP/1.1 {self.status} OK\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire()
    server = await asyncio.start_server(wire, "127.0.0.1", 0)
    wire.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield wire
        server.close()


@pytest.mark.parametrize(("dialect", "path"), [("openai", "/v1/embeddings"), ("ollama", "/api/embed")])
async def test_memories_are_embedded_in_the_background_and_found(
    home: Home, wire: Wire, dialect: str, path: str
) -> None:
    home.config_file.write_text(CONFIG.format(url=wire.url, dialect=dialect))
    async with Computer.open(home, workers="own") as computer:
        await computer.memory.memorize_many([("zzz qqq", None), ("something else", None)])

        async def filled() -> bool:
            count = "SELECT count(*) FROM memory_vectors WHERE model = 'lab/letters'"
            return bool(await computer.store.read(lambda db: db.execute(count).get) == 2)

        await wait_for(filled)
        assert [one.content for one in await computer.memory.recall("zqzq")] == ["zzz qqq"]
        assert {asked for asked, _ in wire.requests} == {path}
        assert all(asked["model"] == "letters" for _, asked in wire.requests)
        spent = "SELECT origin, model, status, input_tokens FROM usage"
        rows = await computer.store.read(lambda db: db.execute(spent).fetchall())
        assert set(rows) == {("memory", "lab/letters", "done", 7)}
        wire.status = 500
        await computer.memory.recall("qzqz")  # it is found by other means, or not: nothing is raised
        assert computer.memory._mean is not None
        assert "500" in computer.memory._mean.problem


async def test_a_provider_that_is_not_known_is_said(home: Home) -> None:
    for name, said in (("nobody/x", "memory.embedder: no provider 'nobody'"), ("ollama", "names no model")):
        home.config_file.write_text(f'[memory]\nembedder = "{name}"\n')
        with pytest.raises(ConfigError, match=said):
            async with Computer.open(home, workers="none"):
                pass


def test_what_is_no_list_of_vectors() -> None:
    for document in (
        None,
        {},
        [],
        {"data": 5},
        {"data": [{"embedding": "x"}]},
        {"embeddings": [[], [1]]},
        {"embeddings": [[1], 2]},
        {"embeddings": [[1.0, float("nan")]]},
        {"embeddings": [[1, 10**400]]},
        {"data": [{"embedding": [1.0, None]}]},
    ):
        assert vectors(document) == []
