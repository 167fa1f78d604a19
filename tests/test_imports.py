"""What an import costs: nothing is opened or started, and heavy things come only where they are used."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Children, output

WATCH = """
import json, os, sys, threading
made = []
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)) and not arguments[1] in ("r", "rb"):
        if arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            made.append(f"open {arguments[0]!r}")
    elif event in (
        "socket.__new__", "socket.connect", "os.mkdir", "subprocess.Popen", "os.fork",
        "_thread.start_new_thread", "sqlite3.connect",
    ):
        made.append(event)
sys.dont_write_bytecode = True
sys.addaudithook(hook)
before = set(sys.modules)
CODE
print(json.dumps({"made": made, "threads": threading.active_count(), "modules": sorted(set(sys.modules) - before)}))
"""


def watched(children: Children, tmp_path: Path, code: str) -> dict[str, Any]:
    """What running ``code`` made and imported."""
    environment = {"ZOTUI_HOME": str(tmp_path / "home"), "HOME": str(tmp_path), "PATH": ""}
    child = children.start([sys.executable, "-c", WATCH.replace("CODE", code)], env=environment)
    found: dict[str, Any] = json.loads(output(child).splitlines()[-1])
    assert list(tmp_path.iterdir()) == []
    return found


@pytest.mark.parametrize("code", ["import zotui", "import zotui.home", "from zotui import whoami, load_all_skills"])
def test_importing_opens_and_starts_nothing(code: str, children: Children, tmp_path: Path) -> None:
    found = watched(children, tmp_path, code)
    assert found["made"] == []
    assert found["threads"] == 1


@pytest.mark.parametrize(
    "code", ["from zotui import zo", "from zotui import Computer", "from zotui import Reply", "import zotui.memory"]
)
def test_importing_the_rooms_opens_and_starts_nothing_either(code: str, children: Children, tmp_path: Path) -> None:
    found = watched(children, tmp_path, code)
    assert found["made"] == []
    assert found["threads"] == 1
    assert roots(found) & {"textual", "rich", "httpx"} == set()


def test_importing_the_package_brings_nothing_of_anybody_else(children: Children, tmp_path: Path) -> None:
    found = watched(children, tmp_path, "import zotui")
    assert (
        roots(found) & {"textual", "httpx", "apsw", "click", "msgspec", "yaml", "rapidfuzz", "asyncio", "sqlite3"}
        == set()
    )
    assert [name for name in found["modules"] if name.startswith("zotui")] == ["zotui"]


def test_asking_without_a_key_imports_neither_textual_nor_a_second_sqlite(children: Children, tmp_path: Path) -> None:
    code = """
import asyncio
from zotui import Computer
async def main():
    async with Computer.open(workers="own") as zo:
        await zo.ask("help")
asyncio.run(main())
import shutil; shutil.rmtree(os.environ["ZOTUI_HOME"])
"""
    found = watched(children, tmp_path, code)
    assert roots(found) & {"textual", "rich", "httpx", "click", "sqlite3", "_sqlite3"} == set()


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["frobnicate"], ["-h"]])
def test_help_is_light(words: list[str], children: Children, tmp_path: Path) -> None:
    code = f"""
from zotui.cli import main
try:
    main({words!r})
except SystemExit:
    pass
"""
    found = watched(children, tmp_path, code)
    heavy = {
        "textual",
        "rich",
        "httpx",
        "apsw",
        "msgspec",
        "yaml",
        "rapidfuzz",
        "asyncio",
        "sqlite3",
        "ssl",
        "concurrent",
    }
    assert roots(found) & heavy == set()
    assert found["made"] == []


def test_an_unknown_name_is_an_attribute_error() -> None:
    import zotui

    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        zotui.nonsense  # noqa: B018


def test_everything_that_is_promised_is_there() -> None:
    import zotui

    assert all(getattr(zotui, name) is not None for name in zotui.__all__)


def roots(found: dict[str, Any]) -> set[str]:
    """The packages among the imported modules."""
    return {name.partition(".")[0] for name in found["modules"]}
