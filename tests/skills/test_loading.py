"""One skill folder: whatever is in its SKILL.md, it is listed, with what is wrong; and nothing of it runs."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zotui.skills import Skill, load_skill
from zotui.skills.reading import LARGEST
from zotui.text import clean


def load(tmp_path: Path, content: str | bytes, name: str = "pdf-tools") -> Skill:
    """The skill of a folder with this SKILL.md."""
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    (folder / "SKILL.md").write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_skill(folder, "test")


GOOD = "---\nname: pdf-tools\ndescription: Reads PDFs. Use when a PDF is named.\n---\n\n# How\n\nRead it.\n"


def test_a_good_one(tmp_path: Path) -> None:
    skill = load(tmp_path, GOOD)
    assert len(skill.hash) == 64
    assert skill == Skill(
        name="pdf-tools",
        description="Reads PDFs. Use when a PDF is named.",
        triggers=[],
        path=str(tmp_path / "pdf-tools"),
        source="test",
        enabled=True,
        valid=True,
        problems=[],
        body="# How\n\nRead it.",
        files=("SKILL.md",),
        hash=skill.hash,
    )


# The front matter of skills that are fine, and what is expected of them beyond being valid and without problems.
FINE: dict[str, tuple[bytes, dict[str, Any]]] = {
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD.encode(), {"body": "# How\n\nRead it."}),
    "windows lines": (GOOD.replace("\n", "\r\n").encode(), {"body": "# How\n\nRead it."}),
    "old mac lines": (GOOD.replace("\n", "\r").encode(), {"description": "Reads PDFs. Use when a PDF is named."}),
    "blanks behind the dashes": (b"--- \nname: pdf-tools\ndescription: x\n---  \nbody", {"body": "body"}),
    "no body": (b"---\nname: pdf-tools\ndescription: x\n---", {"body": ""}),
    "a rule in the body": (b"---\nname: pdf-tools\ndescription: x\n---\na\n\n---\n\nb", {"body": "a\n\n---\n\nb"}),
    "no name": (b"---\ndescription: x\n---\n", {"name": "pdf-tools"}),
    "an empty name": (b"---\nname:\ndescription: x\n---\n", {"name": "pdf-tools"}),
    "quotes": (b"---\nname: \"pdf-tools\"\ndescription: 'it''s: quoted'\n---\n", {"description": "it's: quoted"}),
    "a folded text": (b"---\nname: pdf-tools\ndescription: >\n  two\n  lines\n---\n", {"description": "two lines"}),
    "a literal text": (b"---\nname: pdf-tools\ndescription: |-\n  two\n  lines\n---\n", {"description": "two lines"}),
    "dashes within a text": (
        b"---\nname: pdf-tools\ndescription: |\n  a\n  ---\n  b\n---\n",
        {"description": "a --- b"},
    ),
    "yes stays text": (b"---\nname: pdf-tools\ndescription: yes\n---\n", {"description": "yes"}),
    "a number stays text": (b"---\nname: pdf-tools\ndescription: 0123\n---\n", {"description": "0123"}),
    "a date stays text": (b"---\nname: pdf-tools\ndescription: 2024-01-02\n---\n", {"description": "2024-01-02"}),
    "null stays text": (b"---\nname: pdf-tools\ndescription: null\n---\n", {"description": "null"}),
    "a JSON map": (
        b'---\nname: pdf-tools\ndescription: x\nmetadata: {"bot": {"emoji": "\xf0\x9f\x93\x84", "n": [1, 2]}}\n---\n',
        {},
    ),
    "nested metadata": (b"---\nname: pdf-tools\ndescription: x\nmetadata:\n  author: me\n  tags:\n    - a\n---\n", {}),
    "fields of others": (
        b"---\nname: pdf-tools\ndescription: x\nlicense: MIT\nallowed-tools: Read\nhomepage: http://x\n---\n",
        {},
    ),
    "a tag": (b"---\nname: pdf-tools\ndescription: !!str x\n---\n", {"description": "x"}),
    "other scripts": (
        "---\nname: pdf-tools\ndescription: 读取 PDF 文件 é 🎉\n---\n".encode(),
        {"description": "读取 PDF 文件 é 🎉"},
    ),
    "triggers in a line": (
        b"---\nname: pdf-tools\ndescription: x\ntriggers: read pdf, open PDF ,, merge\n---\n",
        {"triggers": ["read pdf", "open PDF", "merge"]},
    ),
    "triggers in a list": (
        b"---\nname: pdf-tools\ndescription: x\ntriggers:\n  - read pdf\n  - 'merge, split'\n  - 7\n---\n",
        {"triggers": ["read pdf", "merge, split", "7"]},
    ),
    "triggers in metadata": (
        b"---\nname: pdf-tools\ndescription: x\nmetadata:\n  triggers: [a, b]\n---\n",
        {"triggers": ["a", "b"]},
    ),
    "triggers that are a map": (b"---\nname: pdf-tools\ndescription: x\ntriggers: {a: b}\n---\n", {"triggers": []}),
    "what it declares": (
        b"---\nname: pdf-tools\ndescription: x\nlicense: MIT\ncompatibility: Needs poppler\nversion: 1.2\n"
        b"allowed-tools: Bash(git diff:*) Read, Write\nkeys: [A_KEY]\nhosts: a.example b.example\n"
        b"dependencies: pypdf<6, rich\nmetadata:\n  author: me\n---\n",
        {
            "license": "MIT",
            "compatibility": "Needs poppler",
            "version": "1.2",
            "allowed_tools": ("Bash(git diff:*)", "Read", "Write"),
            "keys": ("A_KEY",),
            "hosts": ("a.example", "b.example"),
            "dependencies": ("pypdf<6", "rich"),
            "metadata": {"author": "me"},
        },
    ),
    "what it declares under metadata": (
        b"---\nname: pdf-tools\ndescription: x\nmetadata:\n  keys: A_KEY\n  hosts: [a.example]\n  version: '2'\n"
        b'  openclaw: {"requires": {"env": ["B_KEY"], "bins": ["x"]}}\n---\n',
        {"keys": ("A_KEY", "B_KEY"), "hosts": ("a.example",), "version": "2"},
    ),
    "tools in a list": (
        b"---\nname: pdf-tools\ndescription: x\nallowed-tools:\n  - Read\n  - Bash(ls *)\n---\n",
        {"allowed_tools": ("Read", "Bash(ls *)")},
    ),
    "declared as what it is not": (
        b"---\nname: pdf-tools\ndescription: x\nlicense: [a]\nallowed-tools: {a: b}\nkeys: {a: b}\nmetadata: text\n---\n",
        {"license": "", "allowed_tools": (), "keys": (), "metadata": {}},
    ),
    "a field twice": (b"---\nname: pdf-tools\ndescription: x\ndescription: y\n---\n", {"description": "y"}),
    "control sequences": (
        b"---\nname: pdf-tools\ndescription: \x1b[31mred\x1b[0m \xe2\x80\xaetext\n---\n\x1b]0;title\x07body\n",
        {"description": "red text", "body": "body"},
    ),
}


@pytest.mark.parametrize("kind", FINE)
def test_what_is_fine(kind: str, tmp_path: Path) -> None:
    content, expected = FINE[kind]
    skill = load(tmp_path, content)
    assert (skill.valid, skill.problems) == (True, [])
    assert {name: getattr(skill, name) for name in expected} == expected


# Skills that can be used all the same, and what is said of them.
FLAWED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "another name than the folder": ("---\nname: other\ndescription: x\n---\n", "'pdf-tools'", {"name": "other"}),
    "capitals": ("---\nname: PDF-Tools\ndescription: x\n---\n", "a-z, 0-9", {}),
    "two hyphens": ("---\nname: pdf--tools\ndescription: x\n---\n", "a-z, 0-9", {}),
    "a hyphen in front": ("---\nname: -pdf\ndescription: x\n---\n", "a-z, 0-9", {}),
    "too long a name": (f"---\nname: {'x' * 65}\ndescription: x\n---\n", "a-z, 0-9", {}),
    "300 characters": (f"---\nname: {'x' * 300}\ndescription: x\n---\n", "a-z, 0-9", {"name": "x" * 199 + "…"}),
    "slashes": ("---\nname: ../../etc/passwd\ndescription: x\n---\n", "a-z, 0-9", {"name": "../../etc/passwd"}),
    "too long a compatibility": (
        f"---\nname: pdf-tools\ndescription: x\ncompatibility: {'x' * 501}\n---\n",
        "the compatibility is longer than 500",
        {},
    ),
    "a name that is a list": ("---\nname: [a]\ndescription: x\n---\n", "a-z, 0-9", {}),
    "too long a description": (f"---\nname: pdf-tools\ndescription: {'x' * 1025}\n---\n", "longer than 1024", {}),
    "a colon without quotes": (
        "---\nname: pdf-tools\nlicense: MIT\ndescription: Use when: a 'PDF' is named\n---\nbody",
        "line 4: a value with a colon needs quotes",
        {"description": "Use when: a 'PDF' is named", "body": "body"},
    ),
    "two front matters": (
        "---\nname: pdf-tools\n---\n\n---\nname: other\ndescription: the second\n---\nbody",
        "line 5: the front matter is in two parts",
        {"name": "pdf-tools", "description": "the second", "body": "body"},
    ),
}


@pytest.mark.parametrize("kind", FLAWED)
def test_what_is_flawed_is_usable_and_says_so(kind: str, tmp_path: Path) -> None:
    content, said, expected = FLAWED[kind]
    skill = load(tmp_path, content)
    assert skill.valid
    assert any(said in problem for problem in skill.problems), skill.problems
    assert all(re.match(r"SKILL\.md: line \d+: ", problem) for problem in skill.problems), skill.problems
    assert {name: getattr(skill, name) for name in expected} == expected


INVALID: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "SKILL.md: line 1: it does not begin with '---'"),
    "no front matter": ("# PDF tools\n", "SKILL.md: line 1: it does not begin with '---'"),
    "text in front": ("hello\n---\nname: x\n---\n", "line 1"),
    "never closed": ("---\nname: pdf-tools\ndescription: x\n", "no closing '---'"),
    "no description": ("---\nname: pdf-tools\n---\n", "there is no description"),
    "an empty description": ("---\nname: pdf-tools\ndescription:  ''\n---\n", "there is no description"),
    "a description that is a map": ("---\nname: pdf-tools\ndescription: {a: b}\n---\n", "there is no description"),
    "no description, and a rule in the text": (
        "---\nname: pdf-tools\n---\n\n---\nprose: with: colons\n",
        "there is no description",
    ),
    "a list": ("---\n- name\n- description\n---\n", "field: value"),
    "a word": ("---\njust words\n---\n", "field: value"),
    "empty front matter": ("---\n---\nbody", "field: value"),
    "a tab": ("---\nname: pdf-tools\n\tdescription: x\n---\n", "line 3"),
    "an open quote": ("---\nname: pdf-tools\ndescription: 'x\n---\n", "line "),
    "an open list": ("---\nname: pdf-tools\ndescription: x\nmetadata: [a\n---\n", "line "),
    "bad indentation": ("---\nname: pdf-tools\n   description: x\n  license: y\n---\n", "line "),
    "a key that is a list": ("---\n? [a, b]\n: c\n---\n", "line 2"),
    "an alias": ("---\nname: pdf-tools\na: &x [1]\nb: *x\ndescription: x\n---\n", "line 4: aliases"),
    "a merge": ("---\na: &x {description: x}\n<<: *x\n---\n", "line 3: aliases"),
    "nested too deeply": ("---\ndescription: x\nmetadata: " + "{a: " * 200 + "}" * 200 + "\n---\n", "line 3: "),
    "nested without end": ("---\ndescription: " + "[" * 20_000 + "\n---\n", ""),
    "not UTF-8": (b"---\nname: pdf-tools\ndescription: caf\xe9\n---\n", "SKILL.md: line 3: it is not UTF-8"),
    "UTF-16": (GOOD.encode("utf-16"), "not UTF-8"),
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(100), ""),
}


@pytest.mark.parametrize("kind", INVALID)
def test_what_is_invalid_is_listed_with_the_reason(kind: str, tmp_path: Path) -> None:
    content, said = INVALID[kind]
    skill = load(tmp_path, content)
    assert (skill.valid, skill.name) == (False, "pdf-tools")
    assert said in " ".join(skill.problems)
    assert all(re.match(r"SKILL\.md: (line \d+: |the front matter )", problem) for problem in skill.problems), (
        skill.problems
    )
    assert skill.problems
    assert all("\n" not in problem and len(problem) <= 250 for problem in skill.problems)


@pytest.mark.timeout(20)
class TestTraps:
    """What would take for ever, or all memory."""

    def test_an_alias_bomb(self, tmp_path: Path) -> None:
        bomb = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
        bomb += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
        skill = load(tmp_path, "---\ndescription: x\n" + "\n".join(bomb) + "\n---\n")
        assert not skill.valid
        assert "aliases" in skill.problems[0]

    def test_a_huge_file(self, tmp_path: Path) -> None:
        assert load(tmp_path, GOOD + "x" * (LARGEST - len(GOOD.encode()))).valid
        skill = load(tmp_path, GOOD + "x" * LARGEST)
        assert skill.problems == ["SKILL.md is larger than 1,000,000 bytes"]
        with (tmp_path / "pdf-tools" / "SKILL.md").open("r+b") as file:
            file.truncate(40 << 30)
        assert "larger" in load_skill(tmp_path / "pdf-tools", "test").problems[0]

    def test_endless_zeros(self, tmp_path: Path) -> None:
        (tmp_path / "zeros").mkdir()
        (tmp_path / "zeros" / "SKILL.md").symlink_to("/dev/zero")
        assert load_skill(tmp_path / "zeros", "test").problems == ["SKILL.md: it is no regular file"]

    def test_a_pipe_and_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "pipe").mkdir()
        os.mkfifo(tmp_path / "pipe" / "SKILL.md")
        (tmp_path / "folder" / "SKILL.md").mkdir(parents=True)
        assert load_skill(tmp_path / "pipe", "test").problems == ["SKILL.md: it is no regular file"]
        assert load_skill(tmp_path / "folder", "test").problems == ["SKILL.md: it is a folder"]

    def test_a_link_to_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "gone").mkdir()
        (tmp_path / "gone" / "SKILL.md").symlink_to("nowhere")
        assert load_skill(tmp_path / "gone", "test").problems == ["No such file or directory"]


def test_nothing_of_a_skill_runs(tmp_path: Path) -> None:
    sentinel = tmp_path / "ran"
    touch = f"import pathlib; pathlib.Path({str(sentinel)!r}).touch()"
    folder = tmp_path / "pdf-tools"
    (folder / "scripts").mkdir(parents=True)
    for name in ("__init__.py", "scripts/pdf-tools.py", "scripts/pdf_tools.py", "conftest.py", "skill.py"):
        (folder / name).write_text(touch)
    (folder / "run.sh").write_text(f"#!/bin/sh\ntouch {sentinel}\n")
    (folder / "run.sh").chmod(0o755)
    for tag in (
        f"!!python/object/apply:os.system ['touch {sentinel}']",
        f"!!python/object/new:subprocess.Popen [[touch, {sentinel}]]",
        f"!!python/object/apply:builtins.exec ['{touch.replace(chr(39), chr(34))}']",
        "!!python/name:os.system",
        "!!python/module:antigravity",
        f'"$(touch {sentinel})"',
        f'"`touch {sentinel}`"',
        '"{{ config }} ${HOME}"',
    ):
        skill = load(tmp_path, f"---\nname: pdf-tools\ndescription: {tag}\n---\n")
        assert isinstance(skill.description, str)
    assert not sentinel.exists()


def test_a_folder_with_a_hostile_name(tmp_path: Path) -> None:
    skill = load(tmp_path, "no front matter", "a\x1b[31m\nb")
    assert skill.name == "a b"
    skill = load(tmp_path, GOOD, "c\x1b[31m\nd")
    assert all(clean(problem) == problem for problem in skill.problems)
    assert "\n" not in "".join(skill.problems)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=300).map(lambda text: f"---\n{text}\n---\n".encode("utf-8", "replace")),
    )
)
def test_no_file_at_all_is_an_error(tmp_path: Path, content: bytes) -> None:
    skill = load(tmp_path, content)
    assert skill.valid == bool(skill.description)
    assert skill.valid or skill.problems
    assert all(
        clean(text) == text for text in (skill.name, skill.description, skill.body, *skill.triggers, *skill.problems)
    )
