"""Patterns over what a call would do: no quoting, joining or nesting gets around them."""

import shlex
from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zotui.policy import Decision, decide
from zotui.policy.shell import read
from zotui.toolbox import Effect, Result, Tool, ToolContext

POLICY: Mapping[str, Decision] = {
    "run": "ask",
    "Bash(docker *)": "allow",
    "Bash(git status)": "allow",
    "Bash(ls *)": "allow",
    "Bash(grep *)": "allow",
    "!Bash(docker rm *)": "deny",
    "Bash(git push *)": "ask",
}


class Anything(msgspec.Struct):
    """Arguments that nobody reads."""


async def nothing(arguments: Anything, context: ToolContext) -> Result:
    return Result("")


def tool(effect: Effect, name: str = "one") -> Tool:
    return Tool(name, "A tool.", Anything, effect, nothing)


RUN = tool("run", "run_command")

CASES: list[tuple[str, Decision]] = [
    ("docker ps", "allow"),
    ("docker", "allow"),
    ("docker run -it image sh", "allow"),
    ("docker ps | grep web", "allow"),
    ("docker ps && ls -l", "allow"),
    ("docker ps; ls", "allow"),
    ("docker ps\nls", "allow"),
    ("docker ps > /dev/null 2>&1", "allow"),
    ("docker ps # and ; rm -rf ~", "allow"),
    ("'docker' \"ps\"", "allow"),
    ("docker ps \\\n  --all", "allow"),
    ("( docker ps )", "allow"),
    ("! docker ps", "allow"),
    ("if docker ps; then ls; fi", "allow"),
    ("git status", "allow"),
    ("docker rm x", "deny"),
    ("docker rm", "deny"),
    ("docker 'rm' x", "deny"),
    ('docker "rm" x', "deny"),
    ("docker r\\m x", "deny"),
    ("doc\\ker rm x", "deny"),
    ("d'o'c\"k\"er rm x", "deny"),
    ("docker $'rm' x", "deny"),
    ("docker $'\\x72m' x", "deny"),
    ("docker $'\\162\\155' x", "deny"),
    ("docker \\\nrm x", "deny"),
    ("do\\\ncker rm x", "deny"),
    ("/usr/bin/docker rm x", "deny"),
    ("docker --log-level debug rm x", "deny"),
    ("docker ps; docker rm x", "deny"),
    ("docker ps && docker rm x", "deny"),
    ("docker ps || docker rm x", "deny"),
    ("docker ps | docker rm x", "deny"),
    ("docker ps & docker rm x", "deny"),
    ("docker ps\ndocker rm x", "deny"),
    ("docker ps;docker rm x", "deny"),
    ("(docker rm x)", "deny"),
    ("{ docker rm x; }", "deny"),
    ("ls $(docker rm x)", "deny"),
    ("ls `docker rm x`", "deny"),
    ('ls "$(docker rm x)"', "deny"),
    ('ls "`docker rm x`"', "deny"),
    ("ls ${a:-$(docker rm x)}", "deny"),
    ("ls $(ls $(docker rm x))", "deny"),
    ("ls <(docker rm x)", "deny"),
    ("ls > >(docker rm x)", "deny"),
    ("A=1 docker rm x", "deny"),
    ("A=$(docker rm x) ls", "deny"),
    ("A=1 B=2 docker rm x", "deny"),
    ("env A=1 docker rm x", "deny"),
    ("sudo docker rm x", "deny"),
    ("sudo -u me docker rm x", "deny"),
    ("timeout 5 docker rm x", "deny"),
    ("nice -n 5 env docker rm x", "deny"),
    ("bash -c 'docker rm x'", "deny"),
    ("bash -c \"bash -c 'docker rm x'\"", "deny"),
    ("sh -c 'ls; docker rm x'", "deny"),
    ("eval docker rm x", "deny"),
    ("eval 'docker rm x'", "deny"),
    ("ls | xargs docker rm", "deny"),
    ("find . -exec docker rm {} +", "deny"),
    ("exec docker rm x", "deny"),
    ("command docker rm x", "deny"),
    ("if true; then docker rm x; fi", "deny"),
    ("while docker rm x; do ls; done", "deny"),
    ("for i in 1 2; do docker rm $i; done", "deny"),
    ("time docker rm x", "deny"),
    ("docker rm x > out", "deny"),
    ("> out docker rm x", "deny"),
    ("2>&1 docker rm x", "deny"),
    ("docker $WHAT x", "ask"),  # it may be rm
    ("$TOOL rm x", "ask"),
    ("docker {rm,x}", "ask"),
    ("cat <<E\n$(docker rm x)\nE", "deny"),
    ("docker ps; rm -rf ~", "ask"),
    ("docker ps && rm -rf ~", "ask"),
    ("docker ps\nrm -rf ~", "ask"),
    ("docker ps `rm -rf x`", "ask"),  # what the backticks give may be rm
    ("ls $(rm -rf x)", "ask"),
    ("ls > ~/.bashrc", "ask"),
    ("ls >> notes", "ask"),
    ("docker $A rm", "deny"),
    ("docker rm $A", "deny"),
    ("$(ls) rm x", "ask"),
    ("PATH=. docker ps", "ask"),
    ("LD_PRELOAD=x ls", "ask"),
    ("docker-compose up", "ask"),
    ("mydocker ps", "ask"),
    ("echo docker ps", "ask"),
    ("ls 'unclosed", "ask"),
    ("ls $(unclosed", "ask"),
    ('ls "unclosed', "ask"),
    ("", "ask"),
    (";;", "ask"),
    ("git push origin", "ask"),
    ("git status --short", "ask"),
    ("ls; git -C there push", "ask"),
    ("source x", "ask"),
    ("alias ls='rm -rf'; ls", "ask"),
    ("f() { rm x; }; f", "ask"),
]


@pytest.mark.parametrize(("line", "wanted"), CASES, ids=[f"{n:02}" for n in range(len(CASES))])
def test_what_becomes_of_a_line(line: str, wanted: Decision) -> None:
    assert decide(POLICY, RUN, {"command": line}) == wanted, (line, read(line))


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("echo half > half.txt; sleep 300", "allow"),
        ("A=1 make -j4 2>&1 | tail -5", "allow"),
        ("for f in *.py; do python $f; done", "allow"),
        ("cat <<E > notes\ndocker is nice\nE", "allow"),
        ('git commit -m "$MESSAGE"', "allow"),
        ("docker logs $ID", "ask"),  # it may be rm
        ("$TOOL x", "ask"),
        (". ./environment; make", "ask"),  # which may say anything
        ("echo 'unclosed", "ask"),
        ("make; docker rm x", "deny"),
    ],
    ids=[f"{n}" for n in range(10)],
)
def test_a_pattern_that_denies_leaves_the_rest_as_it_is(line: str, wanted: Decision) -> None:
    assert decide({"!Bash(docker rm *)": "deny"}, RUN, {"command": line}) == wanted, read(line)


@pytest.mark.parametrize(
    "line",
    [
        "docker ps <<< x", "docker ps < x", "docker ps <& 3", "docker ps > 2", "docker ps >- ", "docker a=$X", "docker a={b,c}",
        "docker a=~", "docker \1a", "docker $\\\n2", "f() docker ps", "((docker))", "docker $'\\cx'", "docker $'\\x{6d}'",
    ],
)  # fmt: skip
def test_what_bash_would_read_otherwise_is_allowed_by_no_pattern(line: str) -> None:
    assert not read(line).plain, read(line)
    assert decide({"run": "ask", "Bash(*)": "allow"}, RUN, {"command": line}) == "ask"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("$'rm\\0x' -rf x", "deny"),  # bash ends such a word at the NUL
        ("$'r\\0x'm x", "deny"),
        ("time -p rm x", "deny"),
        ("mapfile -C 'rm x' -c 1", "deny"),
        ("setarch x86_64 rm x", "deny"),
        ("runuser -u me rm x", "deny"),
        ("let 'a[$(rm x)]'", "ask"),
        ("printf -v 'a[`rm x`]' y", "ask"),
        ("[[ -v 'a[$(rm x)]' ]]", "ask"),
        ("x='$(rm x)'; echo ${x@P}", "ask"),
        ("x='a[$(rm x)]'; echo $((x))", "ask"),
        ("PS4='$(rm x)'; set -x; ls", "ask"),
        ("BASH_ALIASES[g]='rm x'\ng", "ask"),
        ("$'\\cx' x", "ask"),
        ("$'r\\m' x", "allow"),  # a program that is called r\m
        ("test -e a[1]; printf '%s' '$(rm)'", "allow"),
    ],
)
def test_what_the_shell_itself_would_run_is_denied_or_asked_about(line: str, wanted: Decision) -> None:
    assert decide({"!Bash(rm *)": "deny"}, RUN, {"command": line}) == wanted, read(line)


@given(st.text(alphabet="docker rm$(){}[]'\"`\\;&|<>\n=#*!~0x", max_size=60))
def test_any_line_can_be_read(line: str) -> None:
    read(line)
    assert decide(POLICY, RUN, {"command": line}) in ("allow", "ask", "deny")


WRAPPED = st.sampled_from(
    ["{}", "ls; {}", "ls && {}", "ls | {}", "ls\n{}", "({})", "ls $({})", "A=1 {}", "env B=2 {}", "timeout 3 {}",
     "if true; then {}; fi", "! {}", "{} # no", "sudo {}"]
)  # fmt: skip


@given(st.lists(WRAPPED, min_size=1, max_size=4), st.sampled_from(["docker rm x", "docker 'rm' x", "do\\cker rm -f x"]))
def test_nothing_around_it_lets_a_denied_command_through(wrappers: list[str], line: str) -> None:
    for wrapper in wrappers:
        line = wrapper.format(line)
    assert decide(POLICY, RUN, {"command": line}) != "allow"
    assert decide(POLICY, RUN, {"command": f"bash -c {shlex.quote(line)}"}) != "allow"


@pytest.mark.parametrize(
    ("effect", "pattern", "arguments", "covered"),
    [
        ("write", "Write(*.md)", {"path": "a.md"}, True),
        ("write", "Write(*.md)", {"path": "deep/a.md"}, True),
        ("write", "Write(src/*.py)", {"path": "src/a.py"}, True),
        ("write", "Write(src/*.py)", {"path": "src/deep/a.py"}, False),
        ("write", "Write(src/**)", {"path": "src/deep/a.py"}, True),
        ("write", "Write(src/**)", {"path": "src/../a.py"}, False),
        ("write", "Read(src/**)", {"path": "src/a"}, False),
        ("read", "Read(**)", {"path": "src/a"}, True),
        ("net", "Net(example.org)", {"url": "https://example.org/a"}, True),
        ("net", "Net(example.org)", {"url": "https://example.org.evil.test/"}, False),
        ("net", "Net(example.org)", {"url": "https://example.org@evil.test/"}, False),
        ("net", "Net(*.example.org)", {"url": "https://a.EXAMPLE.org/"}, True),
        ("net", "Net(*.example.org)", {"url": "https://evilexample.org/"}, False),
    ],
    ids=[f"{n:02}" for n in range(13)],
)
def test_files_and_hosts(effect: Effect, pattern: str, arguments: dict[str, str], covered: bool) -> None:
    usual: Decision = "ask"
    assert decide({effect: usual, pattern: "allow"}, tool(effect), arguments) == ("allow" if covered else "ask")
    assert decide({pattern: "deny"}, tool(effect), arguments) == ("deny" if covered else decide({}, tool(effect)))


def test_a_call_with_two_paths_is_allowed_by_both_and_denied_by_one() -> None:
    arguments = {"path": "src/a", "to": "b"}
    assert decide({"write": "ask", "Write(src/**)": "allow"}, tool("write"), arguments) == "ask"
    assert decide({"Write(src/**)": "deny"}, tool("write"), arguments) == "deny"


def test_what_denies_wins_over_all_else() -> None:
    ls = {"command": "ls"}
    assert decide({"Bash(ls)": "allow", "run": "deny"}, RUN, ls) == "deny"
    assert decide({"Bash(ls)": "allow", "run_command": "deny"}, RUN, ls) == "deny"
    assert decide({"Bash(ls)": "allow", "Bash(*)": "ask"}, RUN, ls) == "ask"
    assert decide({"Bash(ls)": "allow", "Bash(l*)": "deny"}, RUN, ls) == "deny"
