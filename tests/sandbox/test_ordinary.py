"""What a developer does all day runs behind the wall, unasked: a wall that nobody can live with is turned off."""

# ruff: noqa: E501 (a command is a line)

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.sandbox.world import Missing
from zotui.policy import USUAL
from zotui.sandbox import Profile, Sandbox, shell

COMMANDS = """
git status | git log --oneline | git diff | git add notes.txt | git commit -qm more --allow-empty | git branch topic
git checkout -q -b work | git stash list | git show --stat HEAD | git blame notes.txt | git ls-files | git tag v1
git rev-parse HEAD | git grep heron | git init -q fresh && cd fresh && git config user.name x | git archive HEAD -o a.tar
git clone -q . copy | git worktree list | git shortlog -s HEAD | git describe --always | git format-patch -1 --stdout
git mv notes.txt other.txt && git mv other.txt notes.txt | git reset -q --hard HEAD | git clean -nd | git cat-file -p HEAD
python3 -c 'print(1 + 1)' | python3 -m json.tool data.json | python3 script.py | python3 -m py_compile script.py
python3 -m unittest -q test_script | python3 -c 'import sqlite3; sqlite3.connect("a.db").execute("create table t(a)")'
python3 -m venv --without-pip venv && venv/bin/python -c 'print(2)' | python3 -m zipfile -c a.zip notes.txt
python3 -c 'import multiprocessing as m; print(m.Pool(2).map(abs, [-1, 2]))' | python3 -c 'import ssl; ssl.create_default_context()'
python3 -c 'import tempfile; tempfile.NamedTemporaryFile().write(b"x")' | python3 -c 'import threading; threading.Thread(target=print).start()'
python3 -c 'import subprocess; subprocess.run(["ls"], check=True)' | python3 -c 'import asyncio; asyncio.run(asyncio.sleep(0))'
python3 -c 'import socket; a, b = socket.socketpair(); a.send(b"x"); b.recv(1)' | python3 -c 'import locale, time; time.strftime("%c")'
python3 -c 'import http.server as h, threading, urllib.request as u; s = h.HTTPServer(("127.0.0.1", 0), h.SimpleHTTPRequestHandler); threading.Thread(target=s.handle_request).start(); u.urlopen("http://127.0.0.1:%d" % s.server_port).read()'
make | make clean | make -j4 all | make -n | sh build.sh | bash -c 'set -euo pipefail; echo ok' | sh -c 'exit 0' | env | id -un
ls -la | cat notes.txt | head -1 notes.txt | tail -1 notes.txt | wc -l notes.txt | sort notes.txt | uniq notes.txt | cut -c1-3 notes.txt
grep -rn heron . | grep -c heron notes.txt | find . -name '*.py' | find . -type f -newer notes.txt | xargs -n1 echo < notes.txt
sed -i s/heron/heron/ notes.txt | sed -n 1p notes.txt | awk '{print $1}' notes.txt | tr a-z A-Z < notes.txt | paste notes.txt notes.txt
diff notes.txt notes.txt | cmp notes.txt notes.txt | comm notes.txt notes.txt | tee copy.txt < notes.txt | printf '%s\\n' a b | seq 3
cp notes.txt b.txt | mv b.txt c.txt | rm -f c.txt | mkdir -p a/b/c | rmdir a/b/c | ln -sf notes.txt link | touch new | chmod +x build.sh
tar czf all.tgz notes.txt src | tar tzf all.tgz | tar xzf all.tgz -C /tmp | gzip -k notes.txt | gunzip -c notes.txt.gz | sha256sum notes.txt
md5sum notes.txt | base64 notes.txt | xxd notes.txt || od -c notes.txt | date +%s | uname -a | df . | du -sh . | stat notes.txt | file notes.txt || true
which python3 | type ls | time true | timeout 5 true | nice true | nohup true | sleep 0.01 | mktemp | ps aux | kill -0 $$ | test -f notes.txt
cc -o hello hello.c && ./hello | perl -e 'print 1' | npm run -s hello | npm --version | node -e 'console.log(1)' | readlink -f . | realpath . | basename a/b
"""
ALL = [one.strip() for line in COMMANDS.strip().splitlines() for one in line.replace(" || ", "\0").split(" | ")]
ALL = [command.replace("\0", " || ") for command in ALL]
FILES = {
    "notes.txt": "the heron stands\n",
    "data.json": '{"a": 1}',
    "script.py": "import os\n\ndef double(n):\n    return n * 2\n\nif __name__ == '__main__':\n    print(double(2), os.getcwd())\n",
    "test_script.py": "import unittest, script\n\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(script.double(2), 4)\n",
    "Makefile": "all: out.txt\nout.txt: notes.txt\n\tcp notes.txt out.txt\nclean:\n\trm -f out.txt\n",
    "build.sh": "#!/bin/sh\nset -e\necho built > built.txt\n",
    "hello.c": '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n',
    "package.json": '{"name": "x", "version": "1.0.0", "scripts": {"hello": "node -e \\"console.log(1)\\""}}',
    "src/a.py": "heron = 1\n",
}  # fmt: skip
MOST_REFUSED = 2
NOT_THERE = ("multiprocessing", "http.server", "id -un", "-C /tmp", "ps aux")
"""What Landlock has none of: shared memory, a loopback, made-up users, the machine's /tmp, processes to look at."""
pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")


@pytest_asyncio.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    workspace = tmp_path / "workspace"
    for name, text in FILES.items():
        (workspace / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace / name).write_text(text)
    sandbox = Sandbox(lambda: Profile(workspace), tmp_path)
    yield sandbox
    await sandbox.close()


async def test_what_developers_do_all_day(sandbox: Sandbox) -> None:
    assert len(ALL) >= 100
    assert USUAL["run"] == "allow"  # unasked
    refused = await refused_of(sandbox)
    assert len(refused) <= MOST_REFUSED, refused


async def test_behind_landlock_all_but_what_is_named(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zotui.sandbox.sandbox.Namespaces", Missing)
    assert (await sandbox.wall()).kind == "landlock"
    refused = await refused_of(sandbox)
    unexpected = {command: said for command, said in refused.items() if not any(word in command for word in NOT_THERE)}
    assert len(unexpected) <= MOST_REFUSED, unexpected


async def refused_of(sandbox: Sandbox) -> dict[str, str]:
    """The commands that fail, and the end of what they say."""
    first = sandbox.output()
    who = "git config user.email a@b.c; git config user.name a"
    outcome = await sandbox.run(shell(f"git init -q . && {who} && git add . && git commit -qm first"), first, first)
    assert outcome.exit_code == 0, first.text
    refused = {}
    for command in ALL:
        out = sandbox.output()
        outcome = await sandbox.run(shell(command, timeout_s=60), out, out)
        if outcome.exit_code != 0:
            refused[command] = out.text[-300:]
    assert os.path.exists("/etc/passwd")
    return refused
