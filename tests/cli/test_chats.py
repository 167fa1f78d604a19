"""``zotui chats``: branches, comparisons, files out and in, the trash."""

import json

import pytest

from tests.cli.inside import Inside
from tests.openai_server import OpenAIServer, calls, says
from tests.processes import rows
from zotui.home import Home

KEYS = {
    "id", "title", "model", "created_at", "updated_at", "kind", "tainted_by", "parent_id", "parent_message_id", "comparison_id",
    "pinned_at", "archived_at", "deleted_at", "messages",
}  # fmt: skip


@pytest.fixture
def talk(inside: Inside, lab: OpenAIServer) -> str:
    """A conversation of three turns with a model that says who it is and what was said; its id."""
    lab.answer(lambda exchange: says(f"{exchange.request['model']} on {exchange.said}"))
    chat: str = inside("ask", "--json", "one").json["conversation_id"]
    for text in ("two", "three"):
        inside("ask", "-c", chat, text)
    return chat


def said(inside: Inside, chat: str) -> list[str]:
    """The texts of a conversation."""
    return [message["content"] for message in inside("chats", "show", chat, "--json").json["messages"]]


class TestBranches:
    """Going another way."""

    @pytest.mark.parametrize(("words", "count"), [(["2"], 3), (["2", "--before"], 2), (["1", "--before"], 0)])
    def test_at_the_number_of_a_request(self, inside: Inside, talk: str, words: list[str], count: int) -> None:
        made = inside("chats", "fork", talk, *words).out.strip()
        assert len(said(inside, made)) == count
        assert len(said(inside, talk)) == 6

    def test_at_a_message_by_its_id_or_an_end_of_it(self, inside: Inside, talk: str) -> None:
        messages = inside("chats", "show", talk, "--json").json["messages"]
        for name in (messages[3]["id"], messages[3]["id"][-8:]):
            made = inside("chats", "fork", talk[-8:], name, "--json").json["conversation_id"]
            assert said(inside, made) == ["one", "tiny on one", "two", "tiny on two"]
            found = inside("chats", "show", made, "--json").json
            assert set(found) == KEYS
            assert (found["kind"], found["parent_id"], found["parent_message_id"]) == (
                "branch",
                talk,
                messages[3]["id"],
            )
        for name in ("0", "4", "nothing", ""):
            assert "no message" in inside("chats", "fork", talk, name).complaint

    def test_the_tree_shows_who_left_where(self, inside: Inside, talk: str) -> None:
        one = inside("chats", "fork", talk, "2").out.strip()
        two = inside("chats", "edit", one, "1", "other", "--json").json["conversation_id"]
        tree = inside("chats", "branches", one, "--json").json
        assert [set(branch) for branch in tree] == [KEYS | {"depth", "leaves_at", "own", "request"}] * 3
        assert [(branch["id"], branch["depth"], branch["leaves_at"], branch["own"]) for branch in tree] == [
            (talk, 0, 0, 6), (one, 1, 3, 0), (two, 2, 0, 2),
        ]  # fmt: skip
        lines = inside("chats", "branches", two).out.splitlines()
        assert [line.split("messages")[1].strip() for line in lines] == ["one", "└ one", "│ └ other"]

    def test_an_edit_prints_the_answer_and_where_it_is(self, inside: Inside, talk: str) -> None:
        done = inside("chats", "edit", talk, "2", "another", "question")
        assert done.out == "tiny on another question\n"
        assert "in the branch " in done.complaint
        branch = done.complaint.split()[-1]
        assert said(inside, branch) == ["one", "tiny on one", "another question", "tiny on another question"]
        assert said(inside, talk)[2] == "two"
        answer = inside("chats", "show", talk, "--json").json["messages"][1]["id"]
        assert "only a request" in inside("chats", "edit", talk, answer, "x").complaint
        assert "empty" in inside("chats", "edit", talk, "1", " ").complaint


class TestComparisons:
    """Several models, one prompt."""

    def test_each_answer_with_its_time_and_cost(self, inside: Inside, talk: str) -> None:
        done = inside("chats", "compare", "which?", "-m", "lab/tiny", "-m", "lab/big", "-c", talk)
        assert done.code == 0
        heads = [line.split(" · ") for line in done.out.splitlines() if line.startswith("== ")]
        assert [(head[1], head[2], head[3][-2:]) for head in heads] == [
            ("lab/tiny", "done", " s"),
            ("lab/big", "done", " s"),
        ]
        assert "tiny on which?" in done.out
        assert "big on which?" in done.out
        assert "zotui chats keep ID" in done.complaint
        assert len(said(inside, talk)) == 6, "none is kept yet"
        trial = heads[1][0].removeprefix("== ")
        assert inside("chats", "keep", trial).out == f"{talk}\n"
        assert said(inside, talk)[-2:] == ["which?", "big on which?"]
        assert "kept already" in inside("chats", "keep", trial).complaint
        assert "kept already" in inside("chats", "keep", "--none", trial).complaint
        assert "no answer of a comparison" in inside("chats", "keep", talk).complaint
        assert "lab/big" in inside("chats", "branches", talk).out

    def test_one_is_kept_at_once(self, inside: Inside, lab: OpenAIServer) -> None:
        lab.answer(lambda exchange: says(exchange.request["model"]))
        words = ["chats", "compare", "which", "one?", "-m", "lab/a", "-m", "lab/b", "--json"]
        found = inside(*words, "--keep", "lab/b").json
        assert set(found) == {"comparison_id", "conversation_id", "kept", "answers"}
        assert [set(answer) for answer in found["answers"]] == [
            {"conversation_id", "model", "status", "output", "error", "seconds", "usage"}
        ] * 2
        assert found["kept"] == found["answers"][1]["conversation_id"]
        assert said(inside, found["conversation_id"]) == ["which one?", "b"]
        assert [chat["id"] for chat in inside("chats", "list", "--json").json] == [found["conversation_id"]]
        assert "none of the models" in inside(*words, "--keep", "lab/c").complaint
        assert "cannot be compared" in inside("chats", "compare", "x", "-m", "lab/a").complaint
        assert "nowhere" in inside(*words, "-c", "nowhere").complaint

    def test_none_is_kept(self, inside: Inside, talk: str) -> None:
        found = inside("chats", "compare", "x", "-m", "lab/a", "-m", "lab/b", "-c", talk, "--json").json
        trials = [answer["conversation_id"] for answer in found["answers"]]
        assert inside("chats", "keep", "--none", trials[0]).out == f"{talk}\n"
        assert {chat["id"] for chat in inside("chats", "list", "--deleted", "--json").json} == set(trials)
        assert [branch["id"] for branch in inside("chats", "branches", talk, "--json").json] == [talk]

    def test_one_that_fails_does_not_stop_the_others(self, inside: Inside, home: Home, lab: OpenAIServer) -> None:
        with home.config_file.open("a") as file:
            file.write('[providers.gone]\nbase_url = "http://127.0.0.1:9/v1"\nmodels = ["x"]\n')
        lab.answer(lambda exchange: says("here"))
        found = inside("chats", "compare", "x", "-m", "gone/x", "-m", "lab/a", "--json").json["answers"]
        assert [(answer["status"], answer["output"]) for answer in found] == [("failed", ""), ("done", "here")]
        assert "127.0.0.1" in found[0]["error"]


class TestFiles:
    """Out of the file and in again."""

    @pytest.mark.parametrize("form", ["md", "jsonl"])
    def test_what_was_exported_comes_back_with_calls_and_files(
        self, inside: Inside, home: Home, lab: OpenAIServer, form: str
    ) -> None:
        (home.workspace / "log.md").write_text("```\ncalm\n```")
        lab.script(calls(("read_file", {"path": "log.md"}), text="Let me see."), says("It is calm."))
        chat = inside("ask", "--json", "--file", str(home.workspace / "log.md"), "is it calm?").json["conversation_id"]
        text = inside("chats", "export", chat, "--format", form).raw
        made = inside("chats", "import", "-", given=text).out.strip()
        assert inside("chats", "export", made, "--format", form).raw == text
        first, second, last = inside("chats", "show", made, "--json").json["messages"]
        assert [file["name"] for file in first["attachments"]] == ["log.md"]
        assert [call["name"] for call in second["tool_calls"]] == ["read_file"]
        assert last["content"] == "It is calm."
        assert "[file: log.md, " in inside("chats", "show", made).out
        found = inside("chats", "touching", "log.md", "--json").json
        assert {one["conversation"]["id"] for one in found} == {chat, made}
        assert {one["how"] for one in found} == {"read_file", "attached"}
        assert set(found[0]) == {"conversation", "turn_id", "message_id", "how", "at", "access"}
        assert inside("files", "chats", "./log.md", "--json").json == found
        assert {one["access"] for one in found} == {"read", "attached"}

    def test_what_is_no_export_is_one_line(self, inside: Inside, home: Home, talk: str) -> None:
        lines = inside("chats", "export", talk, "--format", "jsonl").out.splitlines()
        broken = json.loads(lines[3]) | {"role": "robot"}
        damaged = "\n".join([*lines[:3], json.dumps(broken), *lines[4:]])
        assert (
            "stdin: line 4 is not what zotui exports"
            in inside("chats", "import", "-", given=damaged.encode()).complaint
        )
        cut = "\n".join(inside("chats", "export", talk).out.splitlines()[:-9])
        assert "stdin: line " in inside("chats", "import", "-", given=cut.encode()).complaint
        assert "cannot be read" in inside("chats", "import", str(home.workspace / "no.md")).complaint
        assert len(inside("chats", "list", "--json").json) == 1
        assert rows(home, "SELECT count(*) FROM messages") == [(6,)]


class TestTrash:
    """Deleted, and back."""

    def test_one_in_the_trash_is_named_when_it_is_asked(self, inside: Inside, talk: str) -> None:
        inside("chats", "rm", talk)
        for words in (["show"], ["pin"], ["rename", talk, "x"], ["fork", talk, "1"], ["export"], ["branches"]):
            done = inside("chats", words[0], *(words[1:] or [talk]))
            assert done.code == 1
            assert f"in the trash → zotui chats restore {talk}" in done.complaint
        assert "in the trash" in inside("ask", "-c", talk, "hello").complaint
        assert inside("chats", "search", "one").out == "nothing found\n"
        assert inside("chats", "restore", talk).code == 0
        assert said(inside, talk)[0] == "one"

    def test_a_branch_outlives_what_it_was_taken_from(self, inside: Inside, talk: str) -> None:
        branch = inside("chats", "fork", talk, "3").out.strip()
        assert inside("chats", "rm", "--forever", "--yes", talk).code == 0
        assert said(inside, branch) == ["one", "tiny on one", "two", "tiny on two", "three"]
        assert [hit["conversation_id"] for hit in inside("chats", "search", "two", "--json").json] == [branch, branch]
        done = inside("ask", "-c", branch, "four")
        assert done.out == "tiny on four\n"
