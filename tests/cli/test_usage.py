"""Wrong usage: one line with the next step, exit 2, never a traceback."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli.conftest import Command
from tests.processes import Children
from zotui.cli.verbs import VERBS, run
from zotui.errors import ZotuiError
from zotui.home import Home

WRONG: list[tuple[list[str], str]] = [
    (["frobnicate"], "no verb 'frobnicate': there are: ask, chats"),
    (["chat"], "did you mean chats?"),
    (["Ask"], "did you mean ask?"),
    (["memroy"], "did you mean memory?"),
    (["doc"], "did you mean doctor?"),
    ([""], "no verb ''"),
    (["memory", "lst"], "did you mean list?"),
    (["memory", "frob"], "there are: accept, add"),
    (["chats", "shwo"], "did you mean show?"),
    (["skills", "x"], "zotui skills --help"),
    (["--frob"], "No such option"),
    (["-x", "ask"], "No such option"),
    (["--home"], "requires an argument"),
    (["ask", "--frob", "x"], "zotui ask --help"),
    (["ask", "-m"], "requires an argument"),
    (["ask", "--approve", "maybe", "x"], "'ask', 'all', 'none'"),
    (["ask", "-m", "nope/x", "x"], "there are: offline, groq"),
    (["ask", "-m", "/x", "x"], "there are: offline, groq"),
    (["chats", "show"], "Missing argument"),
    (["chats", "show", "a", "b"], "unexpected extra argument"),
    (["chats", "rename", "x"], "Missing argument"),
    (["chats", "list", "--limit", "0"], "1<=x<=1000000"),
    (["chats", "list", "--limit", "99999999999999999999"], "1<=x<=1000000"),
    (["chats", "search", "--limit", "-1", "x"], "1<=x<=1000000"),
    (["memory", "list", "--limit", "x"], "not a valid int"),
    (["memory", "list", "--offset", "-1"], "0<=x"),
    (["memory", "list", "--offset", "99999999999999999999"], "0<=x"),
    (["memory", "recall", "-k", "0", "x"], "1<=x<=1000"),
    (["memory", "recall"], "Missing argument"),
    (["memory", "set", "k"], "Missing argument"),
    (["status", "x"], "unexpected extra argument"),
    (["doctor", "--debug"], "No such option"),
    ([], "the app needs a terminal"),
    (["--no-daemon"], "the app needs a terminal"),
]

# Verbs that belong to rooms there are none of yet.
LATER = [
    "pool",
    "agents",
    "browser",
    "services",
    "sites",
    "ssh",
    "backup",
    "mcp",
    "token",
]


@pytest.mark.parametrize(("words", "said"), WRONG)
def test_wrong_usage(words: list[str], said: str, run: Command) -> None:
    done = run(*words) if words[:1] != ["--no-daemon"] else run(daemon=True)
    assert (done.code, done.out) == (2, "")
    assert said in done.complaint
    assert " → " in done.complaint or "there are" in done.complaint


@pytest.mark.parametrize("verb", LATER)
def test_verbs_to_come_are_unknown_verbs(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZotuiError, match=f"no verb '{verb}'") as caught:
        run([verb, "list"])
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("verb", ["merge", "share"])
def test_and_so_are_those_below_others(verb: str) -> None:
    with pytest.raises(ZotuiError, match=f"no verb '{verb}'"):
        run(["chats", verb, "x"])


@pytest.mark.parametrize("group", ["chats", "memory", "skills", "approvals"])
def test_a_group_alone_shows_its_help_and_is_wrong_usage(group: str, run: Command) -> None:
    done = run(group)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"Usage: zotui {group}")
    assert done.err.count("\n") > 5


def test_debug_shows_where_a_failure_was_but_not_for_wrong_usage(run: Command, home: Home, children: Children) -> None:
    child = children.start(
        [os.fsdecode(word) for word in run.words("--debug", "memory", "get", "nothing", daemon=True)],
        env=run.environment,
    )
    _, complaint = child.communicate(timeout=60)
    assert child.returncode == 1
    assert "Traceback" in complaint
    assert "no memory has the key 'nothing'" in complaint
    assert run("--debug", "frob", daemon=True).code == 2  # which checks that there is no traceback


def test_broken_homes_and_configurations_are_one_line(run: Command, home: Home, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is a file" in run("--home", str(tmp_path / "file"), "memory", "list").complaint
    assert "cannot use the home" in run("--home", "/proc/nowhere", "status").complaint
    home.config_file.write_text("[providers.lab]\nbase_url = 'http://x'\nkey = 'sk-secret'\n")
    for words in (["ask", "x"], ["memory", "list"], ["status"], ["serve"], ["chats", "list", "--json"]):
        done = run(*words)
        assert (done.code, done.out) == (1, "")
        assert '"providers.lab.key"' in done.complaint
        assert "sk-secret" not in done.err
    home.config_file.write_text("")
    home.database.write_text("a letter to my grandmother, and no database at all " * 100)
    for words in (["ask", "x"], ["memory", "list"], ["status"]):
        done = run(*words)
        assert done.code == 1
        assert "zotui.db" in done.complaint


def test_an_output_that_is_no_terminal_is_not_coloured_and_a_dumb_one_cannot_show_the_app(run: Command) -> None:
    import pty

    controller, terminal = pty.openpty()
    try:
        done = run(env={"TERM": "dumb"}, stdin=terminal, stdout=terminal, daemon=True)
        assert done.code == 2
        assert "TERM=dumb cannot show the app" in done.complaint
        done = run(
            env={"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
            stdin=terminal,
            stdout=terminal,
            daemon=True,
        )
        assert done.code == 2
        assert "not UTF-8" in done.complaint
        for words in (["ask"], ["memory", "add"]):
            done = run(*words, stdin=terminal)
            assert done.code == 2
            assert "there is nothing to" in done.complaint
    finally:
        os.close(terminal)
        os.close(controller)
    assert b"\x1b" not in run("doctor").raw + run("--help").raw


WORDS = st.one_of(
    st.sampled_from(
        [
            *VERBS,
            "list",
            "show",
            "search",
            "add",
            "set",
            "get",
            "recall",
            "rm",
            "--json",
            "--limit",
            "-k",
            "--help",
            "-",
            "--",
            "-c",
            "last",
        ]
    ),
    st.text(st.characters(exclude_characters="\0"), max_size=12),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(WORDS, max_size=5))
def test_no_words_at_all_are_unforeseen(words: list[str], home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    if {"serve", "stop", "doctor", "ask", "web", "run"} & set(words[:1]):
        return  # they start, end or ask somebody; they have tests of their own
    monkeypatch.setattr("sys.stdin", open(os.devnull, encoding="utf-8"))  # noqa: SIM115
    try:
        code, said = run(["--home", str(home.path), "--no-daemon", *words]), "no error"
    except ZotuiError as error:
        code, said = error.exit_code, error.message
    assert code in (0, 1, 2)
    assert said
