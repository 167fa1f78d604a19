"""Streaming beside Textual's own Markdown widget, in one run: ``python -m tests.bench.streaming``.

Both apps get the same 25 tokens at a time, at the same frames, in a 140 x 40 terminal that swallows and counts what is
written to it: ours with 10,000 messages above, the other (``Markdown.get_stream``) with none. Figures are CPU
milliseconds of this process and bytes to the terminal, a frame each, and the ratios.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.drivers.headless_driver import HeadlessDriver
from textual.widgets import Markdown

from zotui.tui.driver import guarded
from zotui.tui.widgets.transcript import Entry, Transcript

FRAME_S = 0.05
FRAMES = 40
WORDS = "the staging box answers and its certificate ends in nine days, so renew it **before** the week is out; then ask `again`. "
CASES = ("prose", "after 5,000 tokens", "in a fence of 3,000 lines", "in a table of 500 rows")


def code(first: int, count: int) -> str:
    """Lines of Python, no two alike."""
    return "".join(f"value_{at} = compute({at * 7919 % 1000}) + 1\n" for at in range(first, first + count))


def table_rows(first: int, count: int) -> str:
    """Rows of a table, no two alike."""
    return "".join(f"| {at} | {at * 7919 % 1000} | three |\n" for at in range(first, first + count))


def pieces(case: str) -> tuple[str, list[str]]:
    """What is there before, and what is added in each frame: 25 tokens."""
    if "fence" in case:
        return "```python\n" + code(0, 3000), [code(3000 + at * 5, 5) for at in range(FRAMES)]
    if "table" in case:
        return "| a | b | c |\n|---|---|---|\n" + table_rows(0, 500), [
            table_rows(500 + at * 6, 6) for at in range(FRAMES)
        ]
    before = (WORDS * 4 + "\n\n") * 50 if "after" in case else ""
    return before, [WORDS] * FRAMES


class Counting(HeadlessDriver):
    """Swallows and counts."""

    count = 0

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        Counting.count += len(data.encode())


class Ours(App[None]):
    """Our transcript."""

    def compose(self) -> ComposeResult:
        yield Transcript()

    async def prepare(self, text: str) -> Callable[[str], Awaitable[None]]:
        """Show the history and a text; how to add to it."""
        transcript = self.query_one(Transcript)
        said = [Entry(f"e{n}", "user" if n % 2 else "assistant", f"message {n} " + WORDS * 3) for n in range(10_000)]
        entry = Entry("live", "assistant", text, live=True)
        transcript.show([*said, entry])

        async def add(more: str) -> None:
            nonlocal entry
            entry = replace(entry, text=entry.text + more)
            transcript.replace(entry)

        return add


class Theirs(App[None]):
    """The Markdown widget."""

    def compose(self) -> ComposeResult:
        with VerticalScroll() as scroll:
            scroll.anchor()
            yield Markdown()

    async def prepare(self, text: str) -> Callable[[str], Awaitable[None]]:
        """Show a text; how to add to it."""
        markdown = self.query_one(Markdown)
        await markdown.update(text)
        stream = Markdown.get_stream(markdown)
        return stream.write


async def measured(app: Ours | Theirs, text: str, more: list[str]) -> tuple[float, float]:
    """CPU milliseconds and bytes of a frame."""
    app.driver_class = guarded(Counting) if isinstance(app, Ours) else Counting  # as in the app
    async with app.run_test(size=(140, 40), headless=False) as pilot:
        add = await app.prepare(text)
        await pilot.pause(0.5)
        began, Counting.count = time.process_time(), 0
        for piece in more:
            await add(piece)
            await asyncio.sleep(FRAME_S)
        await pilot.pause(0.2)
        return (time.process_time() - began) * 1000 / FRAMES, Counting.count / FRAMES


async def main() -> None:
    """Measure and print."""
    for name in CASES:
        text, more = pieces(name)
        ours, theirs = await measured(Ours(), text, more), await measured(Theirs(), text, more)
        print(
            f"{name:<26} ours {ours[0]:>6.1f} ms {ours[1]:>7.0f} B · Markdown {theirs[0]:>7.1f} ms {theirs[1]:>7.0f} B"
            f" · CPU x{ours[0] / theirs[0]:.2f}, bytes x{ours[1] / max(1.0, theirs[1]):.2f}",
            flush=True,
        )


if __name__ == "__main__":
    asyncio.run(main())
