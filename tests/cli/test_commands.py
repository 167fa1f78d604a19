"""``zotui commands``."""

import asyncio
import shutil
from collections.abc import Awaitable

import pytest

from tests.cli.conftest import Done
from tests.cli.inside import Inside
from tests.sandbox.world import running
from tests.workspace.beginning import begin
from zotui.computer import Computer
from zotui.home import Home

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")


async def test_one_is_listed_shown_fed_and_stopped(home: Home, inside: Inside) -> None:
    def zotui(*words: str, given: bytes = b"") -> Awaitable[Done]:
        return asyncio.to_thread(inside, "commands", *words, given=given)

    assert (await zotui("list")).out == "nothing goes on in the background\n"
    assert (await zotui("list", "--json")).json == []
    assert "no command 'zzz' in the background" in (await zotui("show", "zzz")).complaint
    async with Computer.open(home, workers="own") as computer:
        reader = await begin(
            computer, "while read line; do echo \"got $line\"; done; printf '\\033[2Jred\\377'; exit 3"
        )
        sleeper = await begin(computer, "sleep 7654350")
        lines = (await zotui("list")).out.splitlines()
        assert [line.split()[:2] for line in lines] == [["▸", sleeper], ["▸", reader]]
        assert lines[0].endswith("sleep 7654350")
        assert (await zotui("feed", reader, "a", "heron")).code == 0
        given = await zotui("feed", reader, "-", "--end", given=b"two\nthree\n")
        assert (given.code, given.out, given.err) == (0, "", "")
        shown = await zotui("show", reader, "-f")
        assert shown.out == "got a heron\ngot two\ngot three\nred\ufffd"
        assert shown.complaint == "zotui: failed: exit code 3\n"
        assert "has ended" in (await zotui("feed", reader, "x")).complaint
        stopped = await zotui("stop", sleeper)
        assert (stopped.code, stopped.err) == (0, "cancelled: exit code 137, it was stopped\n")
        assert running("7654350") == []
        assert "has ended" in (await zotui("stop", sleeper)).complaint
    told = (await zotui("show", reader, "--json")).json
    assert told["started_at"].endswith("Z")
    assert told["finished_at"] > told["started_at"]
    wanted = ("status", "reason", "exit_code", "size", "output")
    assert [told[name] for name in wanted] == ["failed", "exit_code", 3, 38, shown.out]
    assert [one["status"] for one in (await zotui("list", "--json")).json] == ["cancelled", "failed"]
    assert len((await zotui("list", "--limit", "1", "--json")).json) == 1
