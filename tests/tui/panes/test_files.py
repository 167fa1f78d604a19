"""The files pane: the tree by keys, the viewer of each kind, what is done with a file, and where it was touched."""

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from textual.pilot import Pilot

from tests.openai_server import calls, openai_server, says
from tests.tui.conftest import opened, said, typed, wait_for
from zotui.home import Home
from zotui.tui.app import Zotui
from zotui.tui.dialogs import Confirm, Prompt
from zotui.tui.panes.files import FilesPane
from zotui.tui.places import go
from zotui.tui.timeline import Timeline
from zotui.tui.touches import Touches
from zotui.tui.viewer import Viewer
from zotui.tui.viewer.picture import HALF
from zotui.tui.widgets.rows import Rows
from zotui.tui.widgets.transcript import Transcript

WIDE, NARROW, SHORT = (140, 40), (80, 24), (60, 12)
MAKE_DATABASE = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT)")
db.executemany("INSERT INTO people(name) VALUES (?)", [(f"person {n}",) for n in range(1, 251)])
db.execute("CREATE TABLE places(name TEXT)")
db.commit()
"""


def pane_of(app: Zotui) -> FilesPane:
    """The pane."""
    return app.desk.query_one(FilesPane)


def listed(app: Zotui) -> list[str]:
    """The rows of the tree, as they are shown."""
    rows = pane_of(app).rows
    found = [rows._pages.row(place) for place in range(rows.count or 0)] if rows._pages else []
    return [f"{' ' * row.indent}{row.text}" for row in found if row is not None]


def viewed(app: Zotui) -> str:
    """What the viewer shows, its title first."""
    viewer = pane_of(app).query_one(Viewer)
    lines = [viewer.view.render_line(y).text.rstrip() for y in range(viewer.view.size.height)]
    return "\n".join([viewer.title, *lines])


async def on(pilot: Pilot[None], app: Zotui, path: str, *words: str) -> None:
    """Go to a file, and wait for what is shown of it."""
    place = await pane_of(app).place(path)
    assert place is not None
    pane_of(app).rows.reload()
    await wait_for(pilot, lambda: (pane_of(app).rows.count or 0) > place)
    pane_of(app).rows.go(place)
    await wait_for(pilot, lambda: all(word in viewed(app) for word in (path.partition("\0")[0], *words)))


@pytest.fixture
def root(home: Home) -> Path:
    """A workspace with one of each kind."""
    root = home.workspace
    (root / "docs").mkdir()
    (root / "docs" / "notes.md").write_text("# Notes\n\nIt is **calm**.\n")
    (root / "app.py").write_text(
        '"""A module\nof two lines."""\n' + "".join(f"line_{n} = {n}\n" for n in range(3, 400))
    )
    with (root / "data.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "words"], *([n, f"of two\nlines, {n}"] for n in range(1, 3001))])
    (root / "odd [b]name[b].txt").write_text("[red]not markup[/]\x1b[31m\n")
    (root / "away").symlink_to("/etc/passwd")
    subprocess.run([sys.executable, "-c", MAKE_DATABASE, root / "people.db"], check=True)
    Image.new("RGB", (40, 30), (200, 30, 40)).save(root / "red.png")
    return root


async def test_every_kind_is_shown_as_what_it_is(home: Home, root: Path) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pilot.press("ctrl+o", "f", "f2")
        await wait_for(pilot, lambda: pane_of(app).query(Viewer) and len(listed(app)) == 7)
        assert listed(app)[0] == "▸ docs/"
        await on(pilot, app, "docs/notes.md", "markdown", "Notes", "It is calm.")
        await on(pilot, app, "app.py", "python", "399 lines", '  1 """A module', "  2 of two lines")
        await pilot.press("enter", "end")
        await wait_for(pilot, lambda: "399 line_399 = 399" in viewed(app))
        await pilot.press("escape")
        assert pane_of(app).rows.has_focus
        await on(pilot, app, "data.csv", "3,000 rows", "id", "words", "of two lines, 1")
        await pilot.press("tab", "end")
        await wait_for(pilot, lambda: "of two lines, 3000" in viewed(app) and "words" in viewed(app))
        await pilot.press("escape")
        await on(pilot, app, "people.db", "2 tables", "id INTEGER, name TEXT")
        await on(pilot, app, "people.db\0people", "people.db · people", "250 rows", "person 7")
        await on(pilot, app, "red.png", "PNG · 40 x 30", HALF * 40)
        place = await pane_of(app).place("away")
        pane_of(app).rows.go(place or 0)
        await wait_for(pilot, lambda: "outside the workspace" in viewed(app))
        assert "away → /etc/passwd" in listed(app)[place or 0]
        (root / "app.py").write_text("changed = 1\n")
        await on(pilot, app, "app.py", "changed = 1")
        (root / "app.py").write_text("again = 2\n")
        await pilot.press("f1", "escape")
        await wait_for(pilot, lambda: "again = 2" in viewed(app) and "it has changed" in viewed(app))
    assert sorted(path.name for path in root.glob("people.db*")) == ["people.db"]


async def test_folders_open_and_close_and_the_cursor_stays_where_it_is(home: Home, root: Path) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, app)
        await pane_of(app).seek("docs/notes.md")
        await pane_of(app).read()  # which finds the rows still on their way
        await wait_for(pilot, lambda: row_of(app) == "docs/notes.md")
        await pilot.press("ctrl+o", "f", "left", "left")
        await wait_for(pilot, lambda: "▸ docs/" in listed(app) and row_of(app) == "docs")
        await pilot.press("right")
        await wait_for(pilot, lambda: listed(app)[:2] == ["▾ docs/", "    notes.md"])
        await pilot.press("right")
        await wait_for(pilot, lambda: row_of(app) == "docs/notes.md")
        (root / "a-new-folder").mkdir()
        await pilot.press("f1", "escape")
        await wait_for(pilot, lambda: listed(app)[0] == "▸ a-new-folder/")
        assert row_of(app) == "docs/notes.md"
        await pilot.press("left")
        await wait_for(pilot, lambda: row_of(app) == "docs")
        await pilot.press("left")
        await wait_for(pilot, lambda: "▸ docs/" in listed(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: "▾ docs/" in listed(app))
        await pilot.press("slash", *typed("notes"))
        await wait_for(pilot, lambda: listed(app) == ["docs/notes.md"])
        await pilot.press("enter", "enter")
        await wait_for(
            pilot, lambda: pane_of(app).whole and pane_of(app).query(Viewer) and "It is calm." in viewed(app)
        )
        await pilot.press("escape", "escape")
        await wait_for(pilot, lambda: len(listed(app)) == 9 and not pane_of(app).whole)
        pane_of(app).rows.select("app.py")
        await pilot.press("enter")
        await wait_for(pilot, lambda: pane_of(app).whole and "of two lines" in viewed(app))


def row_of(app: Zotui) -> str:
    """The id of the row under the cursor."""
    row = pane_of(app).rows.current
    return row.id if row is not None else ""


async def test_what_is_done_with_a_file(home: Home, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, app)
        await go(app.desk, "file:docs/notes.md")
        await wait_for(pilot, lambda: row_of(app) == "docs/notes.md" and "It is calm." in viewed(app))
        await pilot.press("y")
        await wait_for(pilot, lambda: (home.path / "clipboard.txt").exists())
        assert (home.path / "clipboard.txt").read_text() == str(root / "docs" / "notes.md")
        await pilot.press("at")
        await wait_for(pilot, lambda: app.desk.conversation.composer.text == "@docs/notes.md ")
        await pilot.press("ctrl+o", "f", "t")
        await wait_for(pilot, lambda: isinstance(app.screen, Timeline))
        await pilot.press("escape", "r")
        await wait_for(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press("ctrl+u", *typed("docs/words.md"), "enter")
        await wait_for(pilot, lambda: row_of(app) == "docs/words.md" and (root / "docs" / "words.md").exists())
        await pilot.press("d")
        await wait_for(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await wait_for(pilot, lambda: not (root / "docs" / "words.md").exists() and "words.md" not in str(listed(app)))
        assert app.computer is not None
        assert [one.path for one in app.computer.bin.list()] == ["docs/words.md"]
        await go(app.desk, "file:app.py")
        await wait_for(pilot, lambda: row_of(app) == "app.py")
        run: list[list[str]] = []

        async def ran(app: object, words: list[str]) -> int:
            run.append(words)
            Path(words[-1]).write_text("edited = 1\n")
            return 0

        monkeypatch.setenv("EDITOR", "true")
        monkeypatch.setattr("zotui.tui.outside._run", ran)
        await pilot.press("e")
        await wait_for(pilot, lambda: "edited = 1" in viewed(app))
        assert run == [["true", str(root.resolve() / "app.py")]]
        await pilot.resize_terminal(*SHORT)  # where the file comes instead of the tree
        await wait_for(pilot, lambda: not pane_of(app).query_one(Viewer).display)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "edited = 1" in viewed(app) and not pane_of(app).rows.display)
        await pilot.press("escape")
        await wait_for(pilot, lambda: pane_of(app).rows.has_focus and pane_of(app).rows.display)


async def test_the_conversations_that_touched_a_file_and_the_turn(home: Home, root: Path) -> None:
    async with openai_server() as server:
        config = 'model = "lab/tiny"\n[providers.lab]\nbase_url = "{url}"\nmodels = ["tiny"]\n'
        home.config_file.write_text(config.format(url=server.url))
        server.script(
            calls(("write_file", {"path": "made.md", "content": "one\n"})), says("written"),
            calls(("read_file", {"path": "./made.md"})), says("it says one"),
        )  # fmt: skip
        app = Zotui(home, own_workers=True)
        async with app.run_test(size=WIDE) as pilot:
            await opened(pilot, app)
            for words, answer in (("write it", "written"), ("read it", "it says one")):
                await pilot.press(*typed(words), "enter")
                await wait_for(pilot, asked(app, answer))
            await wait_for(pilot, lambda: "  made.md" in listed(app))  # the pane looked again by itself
            await pilot.press("ctrl+n")
            await go(app.desk, "file:made.md")
            await wait_for(pilot, lambda: row_of(app) == "made.md")
            await pilot.press("c")
            await wait_for(pilot, lambda: isinstance(app.screen, Touches) and app.screen.query_one(Rows).count == 2)
            rows = app.screen.query_one(Rows)
            found = [rows._pages.row(place) for place in range(2)] if rows._pages else []
            assert [(row.text.split()[0], row.text.split()[-1]) for row in found if row] == [
                ("read", "read_file"), ("written", "write_file"),
            ]  # fmt: skip
            await pilot.press("down", "enter")
            transcript = app.desk.query_one(Transcript)
            await wait_for(pilot, lambda: transcript.has_focus and transcript.current is not None)
            assert transcript.current is not None
            assert "made.md" in transcript.current.title or "write_file" in transcript.current.title


def asked(app: Zotui, answer: str) -> Callable[[], bool]:
    """Whether an answer has come to its end."""
    return lambda: answer in said(app) and not app.desk.conversation.state()
