"""Pictures of the desk: what is empty, full and broken, wide, narrow and tiny. Made anew by --snapshot-update."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from tests.tui.conftest import opened, wait_for
from zotui.agent.inspection import noted
from zotui.computer import Computer
from zotui.crew import Crew
from zotui.home import Home
from zotui.policy.conditions import Judged
from zotui.tui.app import Zotui
from zotui.tui.panes.chats import ChatsPane
from zotui.tui.panes.files import FilesPane
from zotui.tui.panes.listing import ListingPane
from zotui.tui.panes.memory import MemoryPane
from zotui.tui.panes.session import Session
from zotui.tui.places import go
from zotui.tui.viewer import Viewer
from zotui.tui.widgets.rows import Rows
from zotui.tui.widgets.terminal_screen import TerminalScreen
from zotui.tui.widgets.transcript import Transcript

pytestmark = pytest.mark.xdist_group("pictures")  # they share the one name of their home

SIZES = {"wide": (140, 40), "narrow": (80, 24), "small": (40, 12), "tiny": (20, 6)}
WHOLE = {name: size for name, size in SIZES.items() if name != "tiny"}
LETTERS = {"conversation": "c", "chats": "h", "memory": "m", "skills": "s", "schedule": "a"}

# A fixed life: written as rows, so that every time in it is the same.
LIFE = """
INSERT INTO conversations(id, title, created_at, updated_at) VALUES ('01a', 'Which box is staging?', 1, 4102444800000);
INSERT INTO conversations(id, title, created_at, updated_at) VALUES ('01b', 'Oslo in three days', 1, 4102444700000);
INSERT INTO messages(id, conv_id, turn_id, position, role, content, created_at, finished_at)
  VALUES ('m1', '01a', 't1', 1, 'user', 'Which box is staging, and is the site up?', 1, 1);
INSERT INTO messages(id, conv_id, turn_id, position, role, content, reasoning, model, created_at, finished_at)
  VALUES ('m2', '01a', 't1', 2, 'assistant', '', 'The memory should hold it.', 'lab/tiny', 1, 1);
INSERT INTO tool_calls(id, message_id, turn_id, position, call_id, name, arguments, effect, status, result, summary,
  created_at, started_at, finished_at)
  VALUES ('c1', 'm2', 't1', 0, 'call_1', 'recall', '{"query":"staging box"}', 'read', 'done', '- lab-3', '2 found', 1, 1, 5);
INSERT INTO messages(id, conv_id, turn_id, position, role, content, model, created_at, finished_at)
  VALUES ('m3', '01a', 't1', 3, 'assistant', 'Staging is **lab-3**:

- the site answers
- [red]its certificate[/] ends in nine days

```sh
openssl x509 -enddate
```', 'lab/tiny', 1, 1);
INSERT INTO turns(id, conv_id, lane, input, status, created_at, finished_at) VALUES ('t1', '01a', '01a', 'x', 'done', 1, 1);
INSERT INTO turns(id, conv_id, lane, input, status, reason, error, created_at, finished_at)
  VALUES ('t2', '01a', '01a', 'And the spare?', 'failed', 'auth', 'the key was refused', 1, 1);
INSERT INTO messages(id, conv_id, turn_id, position, role, content, created_at, finished_at)
  VALUES ('m4', '01a', 't2', 4, 'user', 'And the spare? 日本語 🐢', 1, 1);
INSERT INTO memory(id, key, value, created_at, updated_at) VALUES ('01n', 'units', 'metric', 1, 4102444700000);
INSERT INTO memory(id, key, value, meta, created_at, updated_at)
  VALUES ('01m', NULL, 'the staging box is lab-3', '{"source":"agent"}', 1, 4102444800000);
INSERT INTO automations(id, title, rrule, start, tz, action, policy, enabled, looked_at, created_at, updated_at)
  VALUES ('01q', 'morning brief', 'FREQ=DAILY;BYHOUR=9', '2026-01-01T00:00:00', 'Europe/Oslo',
    '{"kind":"ask","text":"What is new in [b]the news[/b]? Three lines."}', '{"deliver":["file:brief.md"]}', 0, 1, 1, 1);
INSERT INTO automations(id, title, rrule, start, tz, words, action, policy, looked_at, created_at, updated_at)
  VALUES ('01r', 'renew the certificate 日本', 'FREQ=DAILY;COUNT=1', '2026-01-01T09:00:00', 'UTC', 'once, on 1 January 2026 at 9',
    '{"kind":"run","text":"certbot renew","hosts":["acme.example"]}', '{"overlap":"queue","retries":2}', 1, 1, 1);
INSERT INTO runs(id, automation_id, lane, cause, instant, until, status, error, exit_code, created_at, started_at, finished_at)
  VALUES ('01s', '01r', '01r', 'schedule', 1767258000000, 1767258000000, 'failed', 'exit code 1', 1, 1, 1767258000000, 1767258062000);
INSERT INTO desk(key, value) VALUES ('conversation', '01a');
"""


async def live(home: Home) -> None:
    async with Computer.open(home, workers="none") as computer:
        await computer.store.write(lambda db: [db.execute(part) for part in LIFE.split(";\n") if part.strip()])


@pytest.fixture
def home() -> Iterator[Home]:
    """A home under a name that is always the same: pictures show it."""
    folder = Path(tempfile.gettempdir()) / "zotui-desk" / "home"
    shutil.rmtree(folder, ignore_errors=True)
    yield Home(folder).prepare()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def no_word_of_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which wall stands is another thing on each machine."""
    monkeypatch.setattr(Crew, "tell_what_stands", lambda self: None)


@pytest.fixture(autouse=True)
def nothing_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens by itself stands as it was written."""
    monkeypatch.setattr(Crew, "keep_time", lambda self: None)


@pytest.fixture
def app(home: Home) -> Zotui:
    app = Zotui(home, own_workers=True)
    app.animation_level = "none"
    return app


def steady(app: Zotui) -> None:
    app.desk.conversation.composer.cursor_blink = False


@pytest.mark.parametrize("size", SIZES)
def test_empty(snap_compare: Callable[..., bool], app: Zotui, size: str) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await opened(pilot, app)
        steady(app)
        await wait_for(pilot, lambda: app.desk.query_one(ChatsPane).rows.count == 0)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


@pytest.mark.parametrize("size", SIZES)
def test_full(snap_compare: Callable[..., bool], home: Home, app: Zotui, size: str) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await opened(pilot, app)
        steady(app)
        await wait_for(pilot, lambda: len(app.desk.query_one(Transcript).entries) == 6)
        await wait_for(pilot, lambda: app.desk.query_one(MemoryPane).rows.current)

    asyncio.run(live(home))
    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


@pytest.mark.parametrize("size", SIZES)
def test_broken(snap_compare: Callable[..., bool], home: Home, app: Zotui, size: str) -> None:
    home.database.write_bytes(b"this is no database" * 500)

    async def before(pilot: Pilot[None]) -> None:
        await wait_for(pilot, lambda: app.desk.query(MemoryPane))
        await wait_for(pilot, lambda: app.desk.query_one(MemoryPane).rows.problem)
        steady(app)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


# Each pane by itself, on the whole screen


async def alone(pilot: Pilot[None], app: Zotui, pane: str) -> None:
    """Give a pane the screen."""
    steady(app)
    await pilot.press("ctrl+o", LETTERS[pane])
    if not app.desk.current.whole:
        await pilot.press("f2")
    await wait_for(pilot, lambda: app.desk.current.whole and app.desk.current.id == pane)
    await wait_for(pilot, lambda: reads(app.desk.current))
    await pilot.pause(0.2)


def reads(pane: Widget) -> bool:
    """Whether a pane shows in full the row that its cursor is on, where it has a list with one."""
    if not isinstance(pane, ListingPane) or pane.rows.current is None:
        return True
    return bool(pane.query("#text")) and bool(str(pane.query_one("#text", Static).content))


@pytest.mark.parametrize("size", WHOLE)
@pytest.mark.parametrize("pane", LETTERS)
def test_a_pane_that_is_empty(snap_compare: Callable[..., bool], app: Zotui, pane: str, size: str) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await opened(pilot, app)
        await alone(pilot, app, pane)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


@pytest.mark.parametrize("size", WHOLE)
@pytest.mark.parametrize("pane", LETTERS)
def test_a_pane_that_is_full(snap_compare: Callable[..., bool], home: Home, app: Zotui, pane: str, size: str) -> None:
    skill = home.skills / "page-watch"
    skill.mkdir()
    (skill / "SKILL.md").write_text("---\nname: page-watch\ndescription: watch a page\n---\nLook at it.\n")

    async def before(pilot: Pilot[None]) -> None:
        await opened(pilot, app)
        await alone(pilot, app, pane)

    asyncio.run(live(home))
    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


@pytest.mark.parametrize("size", WHOLE)
@pytest.mark.parametrize("pane", LETTERS)
def test_a_pane_that_is_broken(snap_compare: Callable[..., bool], home: Home, app: Zotui, pane: str, size: str) -> None:
    home.database.write_bytes(b"this is no database" * 500)

    async def before(pilot: Pilot[None]) -> None:
        await wait_for(pilot, lambda: app.desk.query(MemoryPane))
        await wait_for(pilot, lambda: app.desk.query_one(MemoryPane).rows.problem)
        await alone(pilot, app, pane)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


@pytest.mark.parametrize("size", WHOLE)
@pytest.mark.parametrize("pane", LETTERS)
def test_a_pane_that_is_loading(
    snap_compare: Callable[..., bool], app: Zotui, pane: str, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(self: Zotui) -> None:
        """The file is not open yet."""

    monkeypatch.setattr(Zotui, "_run_session", never)

    async def before(pilot: Pilot[None]) -> None:
        await wait_for(pilot, lambda: app.desk.query(MemoryPane))
        await alone(pilot, app, pane)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


KEPT = """
INSERT INTO memory(id, key, value, meta, created_at, updated_at, pinned_at, tainted)
  VALUES ('01o', NULL, 'the certificate of the staging box ends in nine days; renew it with certbot, as [b]root[/b]',
    '{"source":"agent","conversation":"01a","message":"m3","speaker":"Anna"}', 1, 4102444900000, 1, 1);
INSERT INTO memory(id, key, value, meta, created_at, updated_at)
  VALUES ('01p', 'city', 'Bergen', '{"source":"me"}', 1, 4102445000000);
INSERT INTO memory_history(memory_id, key, value, created_at) VALUES ('01p', 'city', 'Oslo, near the harbour', 4102444000000);
INSERT INTO memory_history(memory_id, key, value, created_at) VALUES ('01p', 'city', 'Bergen', 4102445000000);
INSERT INTO memory_tags VALUES ('01o', 'lab'), ('01o', 'to do'), ('01p', 'home');
INSERT INTO memory_uses VALUES ('01o', 4, 4102444900000);
"""
STATES = {
    "detail": ["down"],
    "marked": ["space", "space"],
    "facets": ["f"],
    "recalled": ["r", *"staging", "space", *"box", "enter"],
    "history": ["h"],
    "forget": ["F"],
}


@pytest.mark.parametrize("size", WHOLE)
@pytest.mark.parametrize("state", STATES)
def test_memories(snap_compare: Callable[..., bool], home: Home, app: Zotui, state: str, size: str) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await opened(pilot, app)
        await alone(pilot, app, "memory")
        await pilot.press(*STATES[state])
        await wait_for(pilot, lambda: app.desk.query_one(MemoryPane).rows.current)
        await pilot.pause(0.3)

    async def kept() -> None:
        await live(home)
        async with Computer.open(home, workers="none") as computer:
            await computer.store.write(lambda db: [db.execute(part) for part in KEPT.split(";\n") if part.strip()])

    asyncio.run(kept())
    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


COMING = """
INSERT INTO automations(id, title, rrule, start, tz, action, policy, next_run, looked_at, created_at, updated_at)
  VALUES ('01t', 'back up notes', 'FREQ=DAILY;BYHOUR=21;BYMINUTE=30', '2026-01-01T00:00:00', 'Europe/Oslo',
    '{"kind":"run","text":"restic backup ~/notes"}', '{"misfire":"all"}', 1774643400000, 1, 1, 1);
INSERT INTO automations(id, title, rrule, start, tz, words, action, policy, next_run, looked_at, created_at, updated_at)
  VALUES ('01u', 'watch the page', 'FREQ=MINUTELY;INTERVAL=15', '2026-01-01T00:00:00', 'UTC', 'every 15 minutes',
    '{"kind":"skill","text":"page-watch"}', '{"notify_if":"changed","quiet":"22:00-07:00"}', 1774600245000, 1, 1, 1);
INSERT INTO automations(id, title, rrule, start, tz, action, policy, next_run, looked_at, created_at, updated_at)
  VALUES ('01v', 'weekly review', 'FREQ=WEEKLY;BYDAY=MO;BYHOUR=8', '2026-01-01T00:00:00', 'America/New_York',
    '{"kind":"ask","text":"What did I do this week?"}', '{}', 1774872000000, 1, 1, 1);
INSERT INTO automations(id, title, rrule, start, tz, action, policy, enabled, problem, looked_at, created_at, updated_at)
  VALUES ('01w', 'moon', 'FREQ=DAILY', '2026-01-01T00:00:00', 'Moon/Base', '{"kind":"run","text":"true"}', '{}', 0,
    'tz=Moon/Base: is no known time zone', 1, 1, 1);
INSERT INTO runs(id, automation_id, lane, cause, instant, until, times, status, reason, created_at, finished_at)
  VALUES ('01x', '01t', '01t', 'schedule', 1774470600000, 1774557000000, 2, 'skipped', 'missed', 1, 1);
INSERT INTO runs(id, automation_id, lane, cause, instant, until, status, output, created_at, started_at, finished_at)
  VALUES ('01y', '01u', '01u', 'schedule', 1774599300000, 1774599300000, 'done', 'nothing new', 1, 1774599300000, 1774599303000);
INSERT INTO runs(id, automation_id, lane, cause, instant, until, status, created_at, started_at)
  VALUES ('01z', '01v', '01v', 'manual', 1774600020000, 1774600020000, 'running', 1, 1774600020000);
"""
AT = 1_774_600_200_000  # Friday 27 March 2026, 09:30 in Oslo, two days before the clocks change
CLOCKS = ("store", "automations.automations", "tui.panes.schedule_rows", "tui.runs_dialog", "tui.schedule_form")
COMING_STATES = {
    "face": [],
    "whole": ["down", "down"],
    "history": ["down", "down", "h"],
    "week": ["w"],
    "times": ["p"],
    "form": ["e"],
}


@pytest.mark.parametrize("size", ["wide", "narrow"])
@pytest.mark.parametrize("state", COMING_STATES)
def test_schedule(
    snap_compare: Callable[..., bool], home: Home, app: Zotui, state: str, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Oslo")
    for clock in CLOCKS:
        monkeypatch.setattr(f"zotui.{clock}.now_ms", lambda: AT)

    async def before(pilot: Pilot[None]) -> None:
        await opened(pilot, app)
        steady(app)
        if state == "face":
            await pilot.press("ctrl+o", "a")
        else:
            await alone(pilot, app, "schedule")
            week = app.desk.query_one("#week", Static)
            await wait_for(pilot, lambda: size == "narrow" or (week.size.height and "Thu" in str(week.content)))
        for key in COMING_STATES[state]:
            await pilot.press(key)
        if state == "form":
            await wait_for(pilot, lambda: "2026" in str(app.screen.query_one("#means", Static).content))
        await pilot.pause(0.5)

    async def coming() -> None:
        await live(home)
        async with Computer.open(home, workers="none") as computer:
            await computer.store.write(lambda db: [db.execute(part) for part in COMING.split(";\n") if part.strip()])

    asyncio.run(coming())
    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


PRINTED = """\x1b[1m/work\x1b[0m $ ls --color
\x1b[1;34msrc\x1b[0m  \x1b[1;32mrun.sh\x1b[0m  notes.md  \x1b[4m日本.txt\x1b[0m
\x1b[1m/work\x1b[0m $ git diff
\x1b[31m-[red]old[/]\x1b[0m
\x1b[32m+new\x1b[0m \x1b[97;41m here \x1b[0m
\x1b[1m/work\x1b[0m $ """


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_terminal(snap_compare: Callable[..., bool], app: Zotui, size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def printed(self: Session, computer: Computer, changed: Callable[[], None]) -> None:
        self._reader.feed(PRINTED.replace("\n", "\r\n").encode())
        changed()

    monkeypatch.setattr(Session, "run", printed)
    monkeypatch.setattr(Session, "wall", "bubblewrap · network off")

    async def before(pilot: Pilot[None]) -> None:
        await opened(pilot, app)
        steady(app)
        await pilot.press("ctrl+l")
        view = app.desk.query_one(TerminalScreen)
        await wait_for(pilot, lambda: view.screen_shown is not None and "new" in view.screen_shown.text)
        await pilot.pause(0.2)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_files(snap_compare: Callable[..., bool], home: Home, app: Zotui, size: str) -> None:
    (home.workspace / "docs").mkdir()
    (home.workspace / "docs" / "[b]odd[b].md").write_text("x")
    (home.workspace / "app.py").write_text(
        '"""Two\nlines."""\n\n\ndef main() -> None:\n    print(42)  # [red]here[/]\n'
    )
    (home.workspace / ".hidden").write_text("")
    (home.workspace / "away").symlink_to("/etc")

    async def before(pilot: Pilot[None]) -> None:
        await opened(pilot, app)
        steady(app)
        await app.desk.query_one(FilesPane).place("docs/[b]odd[b].md")
        await go(app.desk, "file:app.py")
        await wait_for(pilot, lambda: any("6 lines" in viewer.title for viewer in app.desk.query(Viewer)))
        await pilot.pause(0.2)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


def test_help(snap_compare: Callable[..., bool], app: Zotui) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await opened(pilot, app)
        steady(app)
        await pilot.press("f1")

    assert snap_compare(app, terminal_size=SIZES["wide"], run_before=before)


GUIDED = """
INSERT INTO personas(id, name, prompt, model, tools, hue, created_at, updated_at)
  VALUES ('p1', 'Ada', 'You are Ada, who is exact.', 'lab/tiny', 'read-only', 200, 1, 1);
INSERT INTO personas(id, name, prompt, tools, created_at, updated_at)
  VALUES ('p2', '日本 [b]Bob[/]', 'You are Bob.', '["read_file","list_files"]', 1, 1);
INSERT INTO rules(id, instruction, created_at, updated_at) VALUES ('r1', 'Answer in French, and never [red]apologise[/].', 1, 1);
INSERT INTO rules(id, instruction, kind, condition, created_at, updated_at)
  VALUES ('r2', 'Use type hints in every function that is written or changed, and run the checker after it.', 'glob', 'src/**/*.py', 2, 2);
INSERT INTO rules(id, instruction, kind, condition, enabled, created_at, updated_at)
  VALUES ('r3', 'Say how sure you are.', 'model', 'the person asks about health', 0, 3, 3);
UPDATE conversations SET persona_id = 'p1' WHERE id = '01a';
"""


@pytest.mark.parametrize("size", ["wide", "narrow", "small"])
@pytest.mark.parametrize("action", ["rules", "personas"])
def test_what_guides_a_conversation(
    snap_compare: Callable[..., bool], home: Home, app: Zotui, action: str, size: str
) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await opened(pilot, app)
        steady(app)
        await wait_for(pilot, lambda: app.desk.conversation.answering.persona is not None)
        app.desk.act(action)
        await wait_for(pilot, lambda: app.screen is not app.desk and app.screen.query_one(Rows).current is not None)
        await pilot.press("down")
        await wait_for(pilot, lambda: bool(str(app.screen.query_one("#line", Static).content)))

    async def guided() -> None:
        await live(home)
        async with Computer.open(home, workers="none") as computer:
            await computer.store.write(lambda db: [db.execute(part) for part in GUIDED.split(";\n") if part.strip()])
            became = [
                Judged("r1", "x", True, "always"),
                Judged("r2", "y", False, "nothing at hand matches src/**/*.py"),
            ]
            request = ("01a", "lab/tiny", noted([], became), b"", 1)
            await computer.store.write(
                lambda db: db.execute(
                    "INSERT INTO requests(conv_id, model, parts, sent, created_at) VALUES (?, ?, ?, ?, ?)", request
                )
            )

    asyncio.run(guided())
    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)
