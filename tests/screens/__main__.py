"""Make ``screenshots/``: ``python -m tests.screens``. SVG by Textual, PNG by the system's Chromium."""

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

from textual.pilot import Pilot

from tests.screens.session import fill, scripted_server, write_config, write_files
from zotui.computer import Computer
from zotui.home import Home
from zotui.models import discovery
from zotui.models.discovery import Found
from zotui.tui.app import Zotui
from zotui.tui.audit_view import AuditView
from zotui.tui.compare_view import CompareView
from zotui.tui.panes.conversation import ConversationPane
from zotui.tui.panes.files import FilesPane
from zotui.tui.panes.terminal import TerminalPane
from zotui.tui.places import go
from zotui.tui.rules_dialog import RulesDialog
from zotui.tui.timeline import Timeline
from zotui.tui.viewer import Viewer
from zotui.tui.widgets.column_view import ColumnView
from zotui.tui.widgets.completions import Completions
from zotui.tui.widgets.rows import Rows
from zotui.tui.widgets.terminal_screen import TerminalScreen
from zotui.tui.widgets.transcript import Transcript

FOLDER = Path(__file__).parents[2] / "screenshots"
Press = Callable[[Pilot[None]], Awaitable[None]]


async def wait_for(pilot: Pilot[None], ready: Callable[[], bool]) -> None:
    """Let the app work until it is ready. Raises TimeoutError."""
    async with asyncio.timeout(20):
        while not ready():
            await pilot.pause(0.02)
    await pilot.pause(0.3)


def keys(*names: str) -> Press:
    """Press these keys."""

    async def press(pilot: Pilot[None]) -> None:
        for name in names:
            await pilot.press(name)
            await pilot.pause(0.15)

    return press


async def ask(pilot: Pilot[None]) -> None:
    """A question of the agent that waits."""
    await pilot.press("ctrl+n")
    await pilot.pause(0.3)
    await pilot.press(*"deploy the site", "enter")
    pane = pilot.app.screen.query_one(ConversationPane)
    await wait_for(pilot, lambda: pane.question is not None)


async def light(pilot: Pilot[None]) -> None:
    """The light theme."""
    pilot.app.theme = "zotui-day"
    await pilot.pause(0.3)


async def unfold(pilot: Pilot[None]) -> None:
    """The first tool call unfolded."""
    pilot.app.screen.query_one(Transcript).focus()
    for name in (*["up"] * 5, "enter"):
        await pilot.press(name)
        await pilot.pause(0.1)


def chat(words: str, *names: str) -> Press:
    """Open the conversation of this title, then press these keys."""

    async def press(pilot: Pilot[None]) -> None:
        app = cast(Zotui, pilot.app)
        assert app.computer is not None
        found = next(one for one in await app.computer.chats.list() if words in one.title)
        await app.desk.open_chat(found.id)
        await pilot.pause(0.3)
        await keys(*names)(pilot)

    return press


async def diff(pilot: Pilot[None]) -> None:
    """A tool call that changed a file, unfolded."""
    await chat("by the way", "shift+tab", "up", "up", "enter", "home")(pilot)


async def plan(pilot: Pilot[None]) -> None:
    """The plan, whole, above the composer."""
    await chat("renew")(pilot)
    cast(Zotui, pilot.app).desk.act("plan")
    await pilot.pause(0.3)


async def branches(pilot: Pilot[None]) -> None:
    """Two branches side by side."""
    await chat("Plan the trip", "f6")(pilot)
    await wait_for(pilot, lambda: pilot.app.screen.query_one(Rows).count == 2)
    await keys("down")(pilot)
    await pilot.pause(0.5)


async def compare(pilot: Pilot[None]) -> None:
    """Three models, one prompt."""
    app = cast(Zotui, pilot.app)
    assert app.computer is not None
    asked = await app.computer.compare("How would you name the new box?", [f"lab/{name}" for name in MODELS])
    app.push_screen(CompareView(app.computer, asked))
    await wait_for(
        pilot, lambda: "✓ done" in " ".join(str(one.border_subtitle) for one in app.screen.query(ColumnView))
    )
    await pilot.pause(1)


async def run(pilot: Pilot[None]) -> None:
    """A command in the sandbox, after its end."""
    command = "!printf 'bench: heron\\n' > notes.txt; ls -l; id; cat ~/.ssh/id_ed25519; curl -sS example.com"
    app = cast(Zotui, pilot.app)
    app.desk.conversation.composer.focus()
    await pilot.press(*command, "enter")
    pane = app.desk.query_one(TerminalPane)
    await wait_for(pilot, lambda: "exit code" in str(pane.border_subtitle))


async def terminal(pilot: Pilot[None]) -> None:
    """A shell at the side of the desk."""
    app = cast(Zotui, pilot.app)
    await pilot.press("ctrl+l")
    pane = app.desk.query_one(TerminalPane)
    for line, seen in (("", "/work $"), ("ls --color", "hosts.md"), ("id -un; tput cols", "\nzo\n")):
        pane.view.post_message(TerminalScreen.Typed(f"{line}\r".encode()))
        await wait_for(pilot, lambda seen=seen: pane.session is not None and seen in pane.session.screen.text)  # type: ignore[misc]


async def worked(pilot: Pilot[None]) -> None:
    """Two turns that touch files."""
    app = cast(Zotui, pilot.app)
    assert app.computer is not None
    if not (app.computer.home.workspace / "certificates.md").exists():
        first = await app.computer.ask("Note when the certificates end", attended=True)
        await app.computer.ask("Correct the note", first.conversation_id, attended=True)


async def timeline(pilot: Pilot[None]) -> None:
    """A file's timeline."""
    await worked(pilot)
    cast(Zotui, pilot.app).desk.act("timeline", "certificates.md")
    await wait_for(
        pilot, lambda: isinstance(pilot.app.screen, Timeline) and pilot.app.screen.query_one(Rows).count == 2
    )
    await pilot.pause(0.3)


async def audit(pilot: Pilot[None]) -> None:
    """The audit log."""
    await worked(pilot)
    cast(Zotui, pilot.app).desk.act("audit")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, AuditView) and pilot.app.screen.query_one(Rows).count)
    await pilot.pause(0.3)


async def rules(pilot: Pilot[None]) -> None:
    """The rules."""
    app = cast(Zotui, pilot.app)
    assert app.computer is not None
    if not await app.computer.rules.list():
        await app.computer.rules.add("Answer in British English.")
        await app.computer.rules.add("Use type hints.", "glob", "*.py")
        await app.computer.rules.add("Never renew on a Friday.", "regex", "(?i)certificate|renew")
        await app.computer.rules.add("Suggest a doctor.", "model", "the person asks about their health")
    app.desk.act("rules")
    await wait_for(pilot, lambda: isinstance(app.screen, RulesDialog) and app.screen.query_one(Rows).count == 4)
    await pilot.pause(0.3)


async def files(pilot: Pilot[None]) -> None:
    """The tree, and a table beside it."""
    app = cast(Zotui, pilot.app)
    root = app.desk.query_one(FilesPane).computer.home.workspace  # type: ignore[union-attr]
    await asyncio.to_thread(write_files, root)
    await go(app.desk, "file:measures/power.csv")
    await wait_for(pilot, lambda: any("240 rows" in viewer.title for viewer in app.desk.query(Viewer)))


async def completion(pilot: Pilot[None]) -> None:
    """Files and more, as one types."""
    await pilot.press(*"look into ", "at", *"ho")
    await wait_for(pilot, lambda: pilot.app.screen.query_one(Completions).chosen is not None)


MODELS = ("llama-3.3", "qwen-3", "mistral-small")
SHOTS: tuple[tuple[str, tuple[int, int], Press], ...] = (
    ("desk", (140, 40), keys()),
    ("tool-call", (140, 40), unfold),
    ("memory", (140, 40), keys("ctrl+o", "m", "f2")),
    ("skills", (140, 40), keys("ctrl+o", "s", "f2")),
    ("schedule", (140, 40), keys("ctrl+o", "a", "f2")),
    ("chats-search", (140, 40), keys("ctrl+o", "h", "slash", "o", "s", "l", "o")),
    ("models", (140, 40), keys("f5")),
    ("keys", (140, 40), keys("f8")),
    ("run", (110, 24), run),
    ("terminal", (140, 40), terminal),
    ("cost", (140, 40), keys("f12")),
    ("palette", (140, 40), keys("ctrl+p", "m", "e", "m")),
    ("help", (140, 40), keys("f1")),
    ("context", (140, 40), keys("f3")),
    ("answer", (140, 44), chat("renew")),
    ("diff", (140, 40), diff),
    ("plan", (140, 40), plan),
    ("branches", (140, 40), branches),
    ("compare", (140, 40), compare),
    ("search", (140, 40), keys("ctrl+t", *"lab-3")),
    ("narrow", (80, 24), keys()),
    ("light", (140, 40), light),
    ("question", (140, 40), ask),  # last: it leaves a conversation
    ("timeline", (120, 30), timeline),  # and these, and what they wrote
    ("audit", (120, 30), audit),
    ("rules", (120, 30), rules),
    ("files", (140, 40), files),
    ("completion", (140, 40), completion),  # and this a draft
)


async def nobody() -> list[Found]:
    """No model server, whatever runs on the machine that makes the pictures."""
    return []


async def make(names: list[str]) -> None:
    """Make all pictures, or those named."""
    discovery.discover = nobody  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home").prepare()
        async with scripted_server() as base_url:
            write_config(home.path, base_url)
            async with Computer.open(home, workers="own") as computer:
                await fill(computer)
                kept = {key: await computer.desk.get(key) for key in ("conversation", "layout")}
            for name, size, press in SHOTS:
                if names and name not in names:
                    continue
                async with Computer.open(home, workers="none") as computer:
                    for key, value in kept.items():
                        await computer.desk.set(key, value)
                await shoot(home, name, size, press)


async def shoot(home: Home, name: str, size: tuple[int, int], press: Press) -> None:
    """One picture of the app on this home."""
    app = Zotui(home, own_workers=True)
    async with app.run_test(size=size) as pilot:
        await wait_for(pilot, lambda: app.computer is not None and bool(app.desk.query_one(Transcript).entries))
        await press(pilot)
        svg = app.export_screenshot(title="zotui")
    svg = svg.replace(str(home.path), "~/.zotui").replace(str(FOLDER.parent), "~/zotui")
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.svg").write_text(svg)
    picture(FOLDER / f"{name}.svg", FOLDER / f"{name}.png")
    print(name)


def picture(svg: Path, png: Path) -> None:
    """The SVG as PNG by the system's Chromium, which alone sets the letters as wide as Textual means them."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("the PNGs need a Chromium: apt install chromium")
    box = re.search(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', svg.read_text())
    assert box is not None
    size = f"{round(float(box[1]))},{round(float(box[2]))}"
    # No web font can be fetched while a picture is made: a common font stands in, at its true width.
    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder) / "picture.svg"
        local.write_text(re.sub(r"font-family: ?[^;]*;", "font-family: DejaVu Sans Mono;", svg.read_text()))
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--hide-scrollbars",
        ]
        subprocess.run(
            [
                chromium,
                *options,
                f"--user-data-dir={folder}/profile",
                f"--window-size={size}",
                f"--screenshot={png}",
                local,
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )


if __name__ == "__main__":
    asyncio.run(make(sys.argv[1:]))
