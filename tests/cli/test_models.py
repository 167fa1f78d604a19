"""``zotui models``: what is on offer and for how much, and who answers from now on."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.inside import Inside, in_a_thread
from tests.offline.test_discovery import GENERIC, OLLAMA, fake
from tests.openai_server import OpenAIServer, answers, openai_server, says
from tests.processes import Children, output, rows
from zotui.config import TEMPLATE, read_config
from zotui.home import Home
from zotui.models.discovery import Found

LISTED = {
    "data": [
        {"id": "tiny", "context_length": 8192, "pricing": {"prompt": "0.000001", "completion": "0.0000025"}},
        {"id": "large", "pricing": {"prompt": "0.000003"}},
        {"id": "gift", "pricing": {"prompt": "0", "completion": "0"}},
        {"id": "auto", "pricing": {"prompt": "-1", "completion": "-1"}},
        {"id": "small", "context_length": 512},
        {"id": "of/a/lab:free"},
    ]
}


def list_of(server: OpenAIServer, document: Any = LISTED) -> None:
    """Have the server list these models."""
    server.answer(lambda exchange: answers(200, json.dumps(document)))


class TestList:
    """``models list``."""

    def test_a_server_is_asked(self, inside: Inside, lab: OpenAIServer) -> None:
        list_of(lab)
        done = inside("models", "list", "lab")
        assert (done.code, done.err) == (0, "")
        assert [line.split("  ")[0].strip() for line in done.out.splitlines()] == [
            f"lab/{model['id']}" for model in LISTED["data"]
        ]
        shown = {line.split()[0]: line.split("  ", 1)[1].strip() for line in done.out.splitlines()}
        assert shown["lab/tiny"].split("  ")[0] == "8k"
        assert "$1 / $2.5" in shown["lab/tiny"]
        assert "$0 / $0" in shown["lab/gift"]
        for unknown in ("large", "auto", "of/a/lab:free"):
            assert shown[f"lab/{unknown}"].split() == ["?", "?", "here"]
        assert shown["lab/small"].split() == ["512", "?", "here"]
        assert lab.exchanges[0].path == "/v1/models"

    def test_its_json(self, inside: Inside, lab: OpenAIServer) -> None:
        list_of(lab)
        found = {model["id"]: model for model in inside("models", "list", "lab", "--json").json}
        assert set(found["tiny"]) == {
            "model", "provider", "id", "context_window", "max_output", "input_price", "output_price", "vision", "tools",
            "reasoning", "local", "free", "listed_at",
        }  # fmt: skip
        assert (found["tiny"]["model"], found["tiny"]["provider"], found["tiny"]["local"]) == ("lab/tiny", "lab", True)
        assert (found["tiny"]["input_price"], found["tiny"]["output_price"]) == (1.0, 2.5)
        assert (found["gift"]["input_price"], found["gift"]["output_price"]) == (0.0, 0.0)
        for unknown in ("auto", "small", "of/a/lab:free"):
            assert (found[unknown]["input_price"], found[unknown]["output_price"]) == (None, None)
        assert (found["large"]["input_price"], found["large"]["output_price"]) == (3.0, None)
        assert found["tiny"]["listed_at"].endswith("Z")

    def test_the_last_list_serves_where_nobody_answers(self, inside: Inside, home: Home) -> None:
        with in_a_thread(openai_server) as server:
            home.config_file.write_text(f'[providers.lab]\nbase_url = "{server.url}"\n')
            list_of(server)
            fresh = inside("models", "list", "lab", "--json").json
        done = inside("models", "list", "lab", "--json")
        assert (done.code, done.json) == (0, fresh)
        assert "nobody answers at this address" in done.complaint
        assert "this is what is known" in done.complaint
        assert [offer for offer in inside("models", "list", "--json").json if offer["provider"] == "lab"] == fresh

    def test_a_list_takes_the_place_of_the_last_one(self, inside: Inside, lab: OpenAIServer, home: Home) -> None:
        list_of(lab)
        inside("models", "list", "lab")
        list_of(lab, {"data": [{"id": "new"}, {"id": "new"}]})
        assert [model["id"] for model in inside("models", "list", "lab", "--json").json] == ["new"]
        assert rows(home, "SELECT id FROM models") == [("new",)]

    def test_an_empty_list(self, inside: Inside, lab: OpenAIServer) -> None:
        list_of(lab, {"data": []})
        assert inside("models", "list", "lab").out == "no models\n"
        assert inside("models", "list", "lab", "--json").json == []

    def test_nothing_known_and_nobody_there_is_a_failure(self, inside: Inside, home: Home) -> None:
        home.config_file.write_text('[providers.lab]\nbase_url = "http://127.0.0.1:9/v1"\n')
        done = inside("models", "list", "lab")
        assert (done.code, done.out) == (1, "")
        assert "nobody answers at this address" in done.complaint

    def test_without_a_provider_nobody_is_asked(self, inside: Inside, lab: OpenAIServer) -> None:
        done = inside("models", "list")
        assert (done.code, done.err) == (0, "")
        assert any(line.startswith("groq/") and "$" in line for line in done.out.splitlines())
        assert lab.exchanges == []

    def test_our_table_serves_where_a_key_is_missing(self, inside: Inside) -> None:
        done = inside("models", "list", "groq", "--json")
        assert done.code == 0
        assert "GROQ_API_KEY is not set" in done.complaint
        assert {model["provider"] for model in done.json} == {"groq"}
        assert all(model["listed_at"] is None for model in done.json)

    def test_a_price_of_the_configuration_counts(self, inside: Inside, lab: OpenAIServer, home: Home) -> None:
        list_of(lab)
        home.config_file.write_text(
            home.config_file.read_text() + '[prices]\n"lab/small" = { input = 0.5, output = 1 }\n'
        )
        found = {model["id"]: model for model in inside("models", "list", "lab", "--json").json}
        assert (found["small"]["input_price"], found["small"]["output_price"]) == (0.5, 1.0)

    def test_what_costs_nothing_is_said(self, inside: Inside, home: Home) -> None:
        with in_a_thread(lambda: fake({**OLLAMA, "/api/show": {}})) as server:
            home.config_file.write_text(f'[providers.ollama]\nbase_url = "http://127.0.0.1:{server.port}"\n')
            done = inside("models", "list", "ollama")
        assert (done.code, done.err) == (0, "")
        assert [line.split()[0] for line in done.out.splitlines()] == ["ollama/llama3.2:latest", "ollama/tiny"]
        assert all("free" in line for line in done.out.splitlines())

    def test_a_name_that_acts_on_terminals_is_a_name(self, inside: Inside, lab: OpenAIServer) -> None:
        list_of(lab, {"data": [{"id": "\x1b[31mred\x1b]52;c;AAAA\x07"}]})
        done = inside("models", "list", "lab")
        assert done.out.startswith("lab/red")
        assert "\x1b" not in done.out

    def test_offline_and_programs(self, inside: Inside, tmp_path: Path) -> None:
        (found,) = inside("models", "list", "offline", "--json").json
        assert (found["provider"], found["local"], found["free"]) == ("offline", True, True)
        done = inside("models", "list", "claude-code", env={"PATH": str(tmp_path)})
        assert (done.code, done.out) == (1, "")
        assert "claude-code is not on this machine" in done.complaint

    def test_unknown_ones(self, inside: Inside) -> None:
        for name in ("nope", "nope/x", ""):
            done = inside("models", "list", name)
            assert done.code == 2
            assert "no provider" in done.complaint

    def test_offline_nobody_elsewhere_is_asked(self, inside: Inside, lab: OpenAIServer, home: Home) -> None:
        list_of(lab)
        home.config_file.write_text(home.config_file.read_text() + '[providers.far]\nbase_url = "http://far.test/v1"\n')
        done = inside("--offline", "models", "list", "far")
        assert done.code == 2
        assert "far is not on this machine" in done.complaint
        assert inside("--offline", "models", "list", "lab").code == 0


class TestDefault:
    """``models default``."""

    def test_one_line_of_the_configuration_changes(self, inside: Inside, home: Home) -> None:
        done = inside("models", "default", "groq/llama")
        assert (done.code, done.out) == (0, "")
        assert done.err.startswith("groq/llama answers from now on, once this is mended: groq needs a key")
        done = inside("models", "default", "groq/llama", env={"GROQ_API_KEY": "x"})
        assert done.err == "groq/llama answers from now on\n"
        assert home.config_file.read_text() == TEMPLATE.replace('\nmodel = "offline"', '\nmodel = "groq/llama"')
        assert inside("models", "default", "offline").code == 0
        assert home.config_file.read_text() == TEMPLATE

    def test_it_answers_then(self, inside: Inside, lab: OpenAIServer) -> None:
        lab.answer(lambda exchange: says("ok"))
        inside("models", "default", "lab/large")
        assert inside("ask", "--json", "hello").json["model"] == "lab/large"

    @pytest.mark.parametrize("model", ["nope", "nope/x", "", "/x", " "])
    def test_unknown_ones_change_nothing(self, model: str, inside: Inside, home: Home) -> None:
        done = inside("models", "default", model)
        assert done.code == 2
        assert "no provider" in done.complaint
        assert home.config_file.read_text() == TEMPLATE

    def test_where_the_line_is_missing(self, inside: Inside, home: Home) -> None:
        home.config_file.write_text("# mine\n[agent]\nmax_steps = 3\n")
        assert inside("models", "default", "groq").code == 0
        assert home.config_file.read_text() == 'model = "groq"\n# mine\n[agent]\nmax_steps = 3\n'

    def test_a_name_that_is_no_text_is_one_line(self, inside: Inside, home: Home) -> None:
        done = inside("models", "default", "groq/\udcff")
        assert done.code == 1
        assert "it was left as it was" in done.complaint
        assert home.config_file.read_text() == TEMPLATE

    def test_a_server_of_ones_own(self, inside: Inside, home: Home) -> None:
        url = "http://127.0.0.1:9/v1"
        done = inside("models", "default", "local/m0", "--at", url)
        assert (done.code, done.err) == (0, "local/m0 answers from now on\n")
        config = home.config()
        assert (config.model, config.providers["local"].base_url) == ("local/m0", url)
        done = inside("models", "default", "local/m1", "--at", "http://127.0.0.1:10/v1")
        assert done.err == "local2/m1 answers from now on\n"
        assert home.config().model == "local2/m1"
        before = home.config_file.read_text()
        for model, at in (("local/x", "nonsense"), ("/x", url), ("offline", url)):
            refused = inside("models", "default", model, "--at", at)
            assert refused.code in (1, 2), model
            assert refused.err.count("\n") == 1
            assert home.config_file.read_text() == before
        assert inside("models", "default", 'a]\n[policy]\nrun = "allow"/x', "--at", url).code == 0
        assert home.config().policy == {}

    def test_two_at_once(self, home: Home, children: Children) -> None:
        started = [children.zotui(home, "models", "default", name) for name in ("groq", "openai")]
        for child in started:
            output(child)
        assert home.config().model in ("groq", "openai")
        assert len(home.config_file.read_text().splitlines()) == len(TEMPLATE.splitlines())


class TestFind:
    """``models find``."""

    def find(self, monkeypatch: pytest.MonkeyPatch, *found: Found) -> None:
        async def discover(**_: object) -> list[Found]:
            return list(found)

        monkeypatch.setattr("zotui.models.discovery.discover", discover)

    def test_nothing(self, inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
        self.find(monkeypatch)
        assert inside("models", "find").out == "no key in the environment, no model server on this machine\n"
        assert inside("models", "find", "--json").json == []

    def test_what_it_says_can_be_run(self, inside: Inside, monkeypatch: pytest.MonkeyPatch, home: Home) -> None:
        found = [
            Found("GROQ_API_KEY is set", "groq"),
            Found("vLLM at http://127.0.0.1:9/v1 with a b", "local/a b", "http://127.0.0.1:9/v1"),
        ]
        self.find(monkeypatch, *found)
        assert inside("models", "find", "--json").json == [
            {"what": one.what, "model": one.model, "base_url": one.base_url or None} for one in found
        ]
        import shlex

        told = [line.strip() for line in inside("models", "find").out.splitlines()]
        assert told[0::2] == [one.what for one in found]
        for one, command in zip(found, told[1::2], strict=True):
            words = shlex.split(command)
            assert words[:3] == ["zotui", "models", "default"]
            assert inside(*words[1:]).code == 0
            assert home.config().model == one.model
        assert home.config().providers["local"].base_url == "http://127.0.0.1:9/v1"

    def test_it_finds(self, inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
        from zotui.models import discovery

        with in_a_thread(lambda: fake(GENERIC)) as server:
            places = discovery.Places(hosts=("127.0.0.1",), ollama=server.port, lm_studio=server.port, others=())
            looked = discovery.discover
            monkeypatch.setattr(discovery, "discover", lambda **_: looked(places, {}))
            (found,) = inside("models", "find", "--json").json
        assert found["model"] == "local/m0"
        assert read_config(f"[providers.local]\nbase_url = '{found['base_url']}'")
