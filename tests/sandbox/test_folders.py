"""Folders that a command is given to read, whichever wall stands."""

import shutil

import pytest

from tests.sandbox.world import World
from zotui.sandbox import Command, Sandbox

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap")
LOOK = """
cat "$GIVEN/inside.txt"
echo no > "$GIVEN/inside.txt"
echo no > "$GIVEN/new.txt"
ls "$GIVEN/.."/other "$KEPT"
"""


@pytest.fixture(params=["bubblewrap", "landlock"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_it_is_read_and_nothing_else_beside_it(world: World, sandbox: Sandbox) -> None:
    folder = world.home / "cache" / "a=b"
    folder.mkdir(parents=True)
    (folder.parent / "other").mkdir()
    (folder.parent / "other" / "kept.txt").write_text("beside")
    (folder / "inside.txt").write_text("inside\n")
    world.readable = (world.home / "cache",)
    out, err = sandbox.output(), sandbox.output()
    environment = {"KEPT": str(folder.parent / "other")}
    command = Command(("/bin/sh", "-c", LOOK), environment=environment, folders={"GIVEN": folder})
    await sandbox.run(command, out, err)
    assert out.text == "inside\n"
    assert len(err.text.splitlines()) == 4, err.text
    assert (folder / "inside.txt").read_text() == "inside\n"
    out = sandbox.output()
    await sandbox.run(Command(("/bin/sh", "-c", 'ls "$KEPT"; ls /mnt'), environment=environment), out, sandbox.output())
    assert out.text == ""
