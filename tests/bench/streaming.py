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

from zotui.tui.widgets.transcript import Entry, Transcript

FRAME_S = 0.05
FRAMES = 40
WORDS = "the staging box answers and its certificate ends in nine days, so renew it **before** the week is out; then ask `again`. "
CASES = {
    "prose": ("", WORDS),
    "after 5,000 tokens": ((WORDS * 4 + "\n\n") * 50, WORDS),
    "in a fence of 3,000 lines": ("```python\n" + "value = compute(value) + 1\n" * 3000, "value = compute(value) + 1\n" * 5),
    "in a table of 500 rows": ("| a | b | c |\n|---|---|---|\n" + "| one | two | three |\n" * 500, "| one | two | three |\n" * 6),
}  # fmt: skip


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


async def measured(app: Ours | Theirs, text: str, more: str) -> tuple[float, float]:
    """CPU milliseconds and bytes of a frame."""
    app.driver_class = Counting
    async with app.run_test(size=(140, 40), headless=False) as pilot:
        add = await app.prepare(text)
        await pilot.pause(0.5)
        began, Counting.count = time.process_time(), 0
        for _ in range(FRAMES):
            await add(more)
            await asyncio.sleep(FRAME_S)
        await pilot.pause(0.2)
        return (time.process_time() - began) * 1000 / FRAMES, Counting.count / FRAMES


async def main() -> None:
    """Measure and print."""
    for name, (text, more) in CASES.items():
        ours, theirs = await measured(Ours(), text, more), await measured(Theirs(), text, more)
        print(
            f"{name:<26} ours {ours[0]:>6.1f} ms {ours[1]:>7.0f} B · Markdown {theirs[0]:>7.1f} ms {theirs[1]:>7.0f} B"
            f" · CPU x{ours[0] / theirs[0]:.2f}, bytes x{ours[1] / max(1.0, theirs[1]):.2f}",
            flush=True,
        )


if __name__ == "__main__":
    asyncio.run(main())
