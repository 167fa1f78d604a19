"""What may be allowed for more than once, and that it allows no more than its like."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.policy.test_decisions import tool
from zotui.errors import UsageError
from zotui.policy import Case, Decision, decide, offered
from zotui.policy.offers import check
from zotui.policy.patterns import from_root
from zotui.toolbox import Effect

ONLINE = msgspec.structs.replace(tool("net"), name="run_online")


@pytest.mark.parametrize(
    ("effect", "arguments", "patterns"),
    [
        ("run", {"command": "git push origin main"}, ["Bash(git push origin main)"]),
        ("run", {"command": "a 'b c' && d"}, ["Bash(a 'b c')", "Bash(d)"]),
        ("run", {"command": "rm 'x*'"}, ["Bash(rm 'x[*]')"]),
        ("run", {"command": "a $(b)"}, []),
        ("run", {"command": "a > b"}, []),
        ("run", {"command": ""}, []),
        ("write", {"path": "a/b.md"}, ["Write(a/b.md)"]),
        ("write", {"path": "a", "to": "b"}, ["Write(/a)", "Write(/b)"]),
        ("write", {"path": "a*"}, []),
        ("net", {"url": "https://Example.org/x?y"}, ["Net(example.org)"]),
        ("net", {"hosts": ["a.org", "b.org:99"]}, ["Net(a.org)", "Net(b.org:99)"]),
        ("outside", {"path": "a"}, []),
        ("settings", {}, []),
        ("read", {"path": "a"}, []),
    ],
    ids=str,
)
def test_what_is_offered_allows_the_call_and_nothing_else(
    effect: Effect, arguments: dict[str, Any], patterns: list[str]
) -> None:
    one = tool(effect)
    found = offered(one, arguments)
    assert list(found) == patterns
    if found:
        policy: dict[str, Decision] = {effect: "ask"}
        assert decide(policy, one, arguments) == "ask"
        assert decide(policy, one, arguments, Case(remembered=found)) == "allow"
        for name in ("command", "path", "url"):
            if name in arguments:
                other = arguments | {name: f"{arguments[name]}x" if name != "url" else "https://other.org/"}
                assert decide(policy, one, other, Case(remembered=found)) == "ask"


@pytest.mark.parametrize(
    ("policy", "hosts", "answer"),
    [
        ({}, ["a.org"], "ask"),
        ({"Net(a.org)": "allow"}, ["a.org"], "allow"),
        ({"Net(a.org)": "allow"}, ["a.org", "b.org"], "ask"),
        ({"Net(*.a.org)": "allow"}, ["x.a.org", "*.a.org"], "allow"),
        ({"Net(a.org)": "allow"}, ["a.org:8443"], "ask"),
        ({"Net(a.org)": "allow"}, ["*"], "ask"),
        ({"Net(*)": "allow"}, ["a.org"], "allow"),
        ({"Net(*)": "allow"}, ["a.org:22"], "ask"),
        ({"Net(*)": "allow"}, ["127.0.0.1"], "ask"),
        ({"Net(*)": "allow"}, ["LOCALHOST"], "ask"),
        ({"Net(*)": "allow"}, ["[::1]"], "ask"),
        ({"Net(127.0.0.1:80)": "allow"}, ["127.0.0.1:80"], "allow"),
        ({"Net([::1]:80)": "allow"}, ["[::1]:80"], "allow"),
        ({"net": "allow"}, ["127.0.0.1:22"], "ask"),
        ({"run_online": "allow"}, ["a.org", "localhost"], "ask"),
        ({"net": "allow", "Net(127.0.0.1:22)": "allow"}, ["127.0.0.1:22"], "allow"),
        ({"Net(*)": "allow", "Net(a.org)": "ask"}, [" a.org"], "ask"),
        ({"Net(*)": "allow", "!Net([::1])": "deny"}, ["[::1]:80"], "deny"),
        ({"Net(*)": "allow"}, ["//["], "allow"),  # which is no host, as the call will say
        ({"Net(*)": "allow", "!Net(a.org)": "deny"}, ["a.org:8443"], "deny"),
        ({"Net(*)": "allow", "!Net(a.org)": "deny"}, ["*"], "ask"),
        ({"Net(*)": "allow", "!Net(x.a.org)": "deny"}, ["*.a.org"], "ask"),
        ({"Net(*)": "allow", "!Bash(pip install *)": "deny"}, ["a.org"], "deny"),
        ({"Net(*)": "allow", "Bash(pip *)": "ask"}, ["a.org"], "ask"),
        ({"Net(*)": "allow", "run": "ask"}, ["a.org"], "ask"),
        ({"Net(*)": "allow", "run": "ask", "Bash(pip *)": "allow"}, ["a.org"], "allow"),
        ({"run_online": "allow"}, ["a.org"], "allow"),
        ({"run_online": "allow", "net": "deny"}, ["a.org"], "deny"),
    ],
    ids=str,
)
def test_a_command_with_a_way_out_needs_leave_for_both(
    policy: dict[str, Decision], hosts: list[str], answer: Decision
) -> None:
    arguments = {"command": "pip install x", "hosts": hosts}
    assert decide(policy, ONLINE, arguments) == answer


def test_what_was_remembered_does_not_hold_where_others_words_are_but_what_was_granted_does() -> None:
    arguments = {"command": "pip install x", "hosts": ["a.org"]}
    known = ["Net(a.org)"]
    assert decide({}, ONLINE, arguments, Case(remembered=known)) == "allow"
    assert decide({}, ONLINE, arguments, Case(tainted=True, remembered=known)) == "ask"
    assert decide({}, ONLINE, arguments, Case(tainted=True, granted=known)) == "allow"
    assert decide({"net": "deny"}, ONLINE, arguments, Case(tainted=True, granted=known)) == "deny"
    assert decide({}, tool("outside"), {}, Case(tainted=True, granted=["a_tool"])) == "allow"
    assert decide({}, tool("outside"), {}, Case(tainted=True, granted=["another"])) == "ask"


@pytest.mark.parametrize("text", ["Net(a.org)", " run_online ", "Bash(git push *)"])
def test_what_may_be_allowed(text: str) -> None:
    assert check(text) == text.strip()


@pytest.mark.parametrize("text", ["", "!Net(a.org)", "Nat(a.org)", "Bash('x)", "Net( )", "no way"])
def test_what_may_not(text: str) -> None:
    with pytest.raises(UsageError):
        check(text)


def test_a_file_of_the_root_is_not_that_of_another_folder() -> None:
    writes = tool("write")
    for path, other in (("a.py", "sub/a.py"), ("sub/a.py", "a.py")):
        remembered = offered(writes, {"path": path})
        assert decide({"write": "ask"}, writes, {"path": path}, Case(remembered=remembered)) == "allow"
        assert decide({"write": "ask"}, writes, {"path": other}, Case(remembered=remembered)) == "ask"


def test_a_folder_is_not_moved_with_what_must_not_be_written() -> None:
    writes = tool("write")
    policy: dict[str, Decision] = {"!Write(secret/**)": "deny", "!Write(a/b.md)": "deny"}
    for path, answer in (("secret", "ask"), ("a", "ask"), ("secret/x", "deny"), ("b", "allow")):
        assert decide(policy, writes, {"path": path, "to": "x"}) == answer, path


def test_a_whole_path_is_one_from_the_root(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there")
    for root in ("there", "link"):
        given = from_root({"path": f"{tmp_path}/there/../there/a/b", "to": "/c", "content": "/x"}, str(tmp_path / root))
        assert given == {"path": "/a/b", "to": "/c", "content": "/x"}
