"""``zotui chats cost`` and ``context``: what was used, what it cost, what is not known, and what was sent."""

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.cli.inside import Inside, in_a_thread
from tests.openai_server import OpenAIServer, answers, openai_server, says
from tests.processes import end_background, looking, rows
from zotui.home import Home
from zotui.models.spending import Entry

EARLIER = int(datetime(2024, 2, 29, 23, 30).timestamp() * 1000)
CONFIG = """\
model = "lab/tiny"
[providers.lab]
base_url = "{url}"
[prices]
"lab/tiny" = {{ input = 100, output = 200 }}
"""


class Ledger:
    """A home in which requests were made: two priced ones, an unpriced one, a failed one, one without a model."""

    def __init__(self, home: Home, server: OpenAIServer) -> None:
        self.inside = Inside(home)
        home.config_file.write_text(CONFIG.format(url=server.url))
        server.script(says("one", usage=(1000, 500)), says("two", usage=(3000, 500)))
        self.priced = self.ask("first")
        self.ask("second", "-c", self.priced)
        server.script(says("x"), answers(400, '{"error": "no"}'))
        self.unpriced = self.ask("third", "-m", "lab/large")
        assert self.inside("ask", "-c", self.unpriced, "-m", "lab/large", "fourth").code == 1
        self.free = self.ask("help", "-m", "offline")
        with looking(home.database) as db:
            db.execute(
                "INSERT INTO usage(id, conv_id, model, provider, origin, status, input_tokens, output_tokens, cost,"
                " created_at) VALUES ('0', NULL, 'lab/tiny', 'lab', 'automation:a', 'done', 7, 8, 0.25, ?)",
                (EARLIER,),
            )

    def ask(self, *words: str) -> str:
        """One turn; its conversation."""
        done = self.inside("ask", "--json", *words)
        assert done.code == 0, done.out
        return str(done.json["conversation_id"])

    def cost(self, *words: str) -> Any:
        """The JSON of ``chats cost``."""
        done = self.inside("chats", "cost", "--json", *words)
        assert (done.code, done.err) == (0, "")
        return done.json


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """Read by all tests here, changed by none."""
    home = Home(tmp_path_factory.mktemp("cost") / "home").prepare()
    with in_a_thread(openai_server) as server:
        yield Ledger(home, server)
    end_background(home)


def test_the_total_has_all_and_guesses_nothing(ledger: Ledger) -> None:
    total = ledger.cost()["total"]
    assert total["requests"] == 6
    assert total["failed"] == 1
    assert total["unpriced"] == 1
    assert total["cost"] == pytest.approx(0.4 + 0.2 + 0.25)
    assert total["input_tokens"] == 1000 + 3000 + 10 + 7
    assert total["output_tokens"] == 500 + 500 + 5 + 8


def test_by_model(ledger: Ledger) -> None:
    found = {row["key"]: row for row in ledger.cost("--by", "model")["rows"]}
    assert set(found) == {"lab/tiny", "lab/large", "offline"}
    assert found["lab/tiny"]["cost"] == pytest.approx(0.85)
    assert (found["lab/large"]["cost"], found["lab/large"]["unpriced"], found["lab/large"]["failed"]) == (None, 1, 1)
    assert found["offline"]["cost"] == 0
    assert ledger.cost("--by", "model")["rows"][0]["key"] == "lab/tiny"


def test_by_provider_origin_and_conversation(ledger: Ledger) -> None:
    assert {row["key"]: row["requests"] for row in ledger.cost("--by", "provider")["rows"]} == {"lab": 5, "offline": 1}
    origins = {row["key"]: row["cost"] for row in ledger.cost("--by", "origin")["rows"]}
    assert origins == {"automation:a": 0.25, "chat": pytest.approx(0.6)}
    chats = {row["key"]: row["cost"] for row in ledger.cost("--by", "conversation")["rows"]}
    assert chats == {ledger.priced: pytest.approx(0.6), ledger.unpriced: None, ledger.free: 0, "": 0.25}


def test_by_day_the_latest_first(ledger: Ledger) -> None:
    for found in (ledger.cost(), ledger.cost("--by", "day")):
        assert found["by"] == "day"
        assert found["rows"][-1]["key"] == "2024-02-29"
        assert found["rows"][0]["key"] > "2024-02-29"


@pytest.mark.parametrize("by", ["day", "model", "provider", "origin", "conversation"])
def test_the_rows_sum_to_the_total(by: str, ledger: Ledger) -> None:
    found = ledger.cost("--by", by)
    for field in ("requests", "failed", "unpriced", "input_tokens", "output_tokens", "cost"):
        assert sum(row[field] or 0 for row in found["rows"]) == pytest.approx(found["total"][field]), field


def test_of_one_conversation(ledger: Ledger) -> None:
    found = ledger.cost(ledger.priced[-8:])
    assert (found["by"], [row["key"] for row in found["rows"]]) == ("model", ["lab/tiny"])
    assert (found["total"]["requests"], found["total"]["cost"]) == (2, pytest.approx(0.6))
    assert ledger.cost(ledger.unpriced)["total"]["cost"] is None
    assert ledger.inside("chats", "cost", "nowhere").code == 1


def test_since_a_day(ledger: Ledger) -> None:
    assert ledger.cost("--since", "2024-02-29")["total"]["requests"] == 6
    assert ledger.cost("--since", "2024-03-01")["total"]["requests"] == 5
    assert ledger.cost("--since", "today")["total"]["requests"] == 5
    assert ledger.cost("--since", "2999-01-01")["total"] == {
        "key": "all", "requests": 0, "failed": 0, "input_tokens": None, "output_tokens": None, "cached_tokens": None,
        "cost": None, "unpriced": 0,
    }  # fmt: skip


@pytest.mark.parametrize("day", ["", "yesterday", "2024-02-30", "29.2.2024", "2024-02", "2024-02-29T00:00", "-1"])
def test_what_is_no_day(day: str, ledger: Ledger) -> None:
    done = ledger.inside("chats", "cost", f"--since={day}")
    assert (done.code, done.out) == (2, "")
    assert "YYYY-MM-DD" in done.complaint


def test_the_table(ledger: Ledger) -> None:
    lines = ledger.inside("chats", "cost", "--by", "model").out.splitlines()
    assert [line.split()[0] for line in lines] == ["lab/tiny", "offline", "lab/large", "in", "1"]
    assert re.split(r" {2,}", lines[0])[1] == "$0.85"
    assert re.split(r" {2,}", lines[1])[1] == "$0.00"
    assert re.split(r" {2,}", lines[2])[1:] == ["?", "10 in", "5 out", "2 requests, 1 failed"]
    assert re.split(r" {2,}", lines[3])[:2] == ["in all", "$0.85 + ?"]
    assert lines[4] == "1 request has no known price: give it under [prices] in config.toml"
    names = [line.split()[0] for line in ledger.inside("chats", "cost", "--by", "conversation").out.splitlines()]
    assert {"(none)", ledger.priced[-8:]} <= set(names)


def test_csv_is_the_ledger(ledger: Ledger) -> None:
    done = ledger.inside("chats", "cost", "--csv")
    assert (done.code, done.err) == (0, "")
    found = list(csv.DictReader(io.StringIO(done.out)))
    assert list(found[0]) == list(Entry.__struct_fields__)
    total = ledger.cost()["total"]
    assert len(found) == total["requests"]
    assert sum(float(row["cost"]) for row in found if row["cost"]) == pytest.approx(total["cost"])
    assert sum(int(row["input_tokens"] or 0) for row in found) == total["input_tokens"]
    assert [row["status"] for row in found].count("failed") == total["failed"]
    large = [row for row in found if row["model"] == "lab/large"]
    assert [(row["status"], row["cost"]) for row in large] == [("done", ""), ("failed", "")]
    assert large[1]["reason"] == "bad_request"
    assert {row["priced_by"] for row in found if row["model"] == "lab/tiny"} == {"config", ""}
    assert all(datetime.fromisoformat(row["created_at"]) for row in found)
    assert found == sorted(found, key=lambda row: row["id"])
    assert len(ledger.inside("chats", "cost", "--csv", ledger.priced).out.splitlines()) == 3
    assert len(ledger.inside("chats", "cost", "--csv", "--since", "today").out.splitlines()) == 6


def test_a_ledger_of_many_pages(inside: Inside, home: Home) -> None:
    inside("chats", "list")
    with looking(home.database) as db, db:
        db.executemany(
            "INSERT INTO usage(id, conv_id, model, status, cost, created_at) VALUES (?, ?, 'a,\"b', 'done', 0.001, 5)",
            [(f"{number:05}", f"c{number}") for number in range(2500)],
        )
    found = list(csv.DictReader(io.StringIO(inside("chats", "cost", "--csv").out)))
    assert len({row["id"] for row in found}) == len(found) == 2500
    assert {row["model"] for row in found} == {'a,"b'}
    chats = inside("chats", "cost", "--by", "conversation", "--json").json
    assert len(chats["rows"]) == 2500
    assert chats["total"]["cost"] == pytest.approx(2.5)


def test_nothing(inside: Inside) -> None:
    assert inside("chats", "cost").out == "nothing was asked\n"
    assert inside("chats", "cost", "--json").json["rows"] == []
    assert inside("chats", "cost", "--csv").out.count("\n") == 1
    assert inside("chats", "cost", "last").code == 1
    assert inside("chats", "cost", "--by", "colour").code == 2


def test_what_runs_counts_neither_as_zero_nor_as_unknown(inside: Inside, home: Home) -> None:
    inside("chats", "list")
    with looking(home.database) as db:
        db.execute("INSERT INTO usage(id, model, status, created_at) VALUES ('1', 'lab/x', 'running', 5)")
    total = inside("chats", "cost", "--json").json["total"]
    assert (total["requests"], total["cost"], total["unpriced"]) == (1, None, 0)


class TestContext:
    """``chats context``."""

    def test_exactly_what_was_sent(self, inside: Inside, lab: OpenAIServer) -> None:
        lab.answer(lambda exchange: says("ok"))
        inside("memory", "add", "the canary is yellow")
        assert inside("ask", "which colour has the canary?").code == 0
        done = inside("chats", "context", "last")
        assert (done.code, done.err) == (0, "")
        head = done.out.splitlines()[0]
        body = lab.exchanges[0].body
        digest = hashlib.sha256(body).hexdigest()
        assert head.startswith(f"lab/tiny, {len(body):,} bytes, SHA-256 {digest[:16]}…, about ")
        assert "the canary is yellow" in done.out
        assert "which colour has the canary?" in done.out

    def test_of_what_was_not_sent(self, inside: Inside) -> None:
        inside("ask", "help")
        done = inside("chats", "context", "last")
        assert done.code == 0
        assert "in all" in done.out
        assert "(estimated)" in done.out

    def test_of_nobody(self, inside: Inside, home: Home) -> None:
        assert inside("chats", "context", "last").code == 1
        assert "no conversation 'x'" in inside("chats", "context", "x").complaint
        with looking(home.database) as db:
            db.execute("INSERT INTO conversations(id, created_at, updated_at) VALUES ('empty', 1, 1)")
        assert inside("chats", "context", "empty").out == "nothing was asked\n"
        assert rows(home, "SELECT count(*) FROM turns") == [(0,)]
