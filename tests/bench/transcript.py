"""CPU per streamed frame and per key of the transcript, beside a floor measured in the same run.

Run it by hand: ``python tests/bench/transcript.py [--quick]``. Every figure is a median of CPU milliseconds
(process time, all threads) over frames 40 ms apart, in a 140 x 40 terminal that swallows what is written to it.
The floor is a frame, or a key, that changes one line of text in a ``Static`` of the same app, interleaved.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from textual import events
from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.widgets import Static

from zotui.tui.widgets.transcript import Entry, Transcript

FRAME = 0.04
TOKENS = 25
PROSE = (
    "The site **answers**; its `certificate` ends in nine days, see the "
    "[manual](https://docs.openssl.org/master/) and *renew* it before that happens. "
)
PARAGRAPHS = "".join(f"{PROSE * 3}\n\n- a point about it\n- another `point`\n\n" for _ in range(40))
CODE = "".join(
    f"def step_{at}(state: dict[str, int]) -> int:\n"
    f'    """Add {at} to the state."""\n'
    f"    return state['n'] + {at}  # and that is all\n"
    for at in range(1200)
)
TABLE = "| id | host | state | load |\n|---:|:-----|:------|-----:|\n" + "".join(
    f"| {at} | node-{at}.lab | **busy** with `job {at}` | {at % 97} % |\n" for at in range(700)
)


class Sink(HeadlessDriver):
    """A terminal that everything is rendered for, and nothing is shown on."""

    @property
    def is_headless(self) -> bool:
        return False


class Bench(App[None]):
    """A transcript, and a line to compare with."""

    def compose(self) -> ComposeResult:
        yield Transcript()
        yield Static("0", id="floor", markup=False)

    CSS = "#floor { height: 1; dock: bottom; }"


def history(count: int) -> list[Entry]:
    """Messages of about 150 tokens, in turns."""
    return [
        Entry(f"h{at}", "user", f"Question {at}: what about the certificate of lab-{at}?")
        if at % 2 == 0
        else Entry(f"h{at}", "assistant", f"Answer {at}. {PROSE * 4}\n\n- one\n- two\n\n```sh\nls -l {at}\n```")
        for at in range(count)
    ]


def growth(text: str, start: int) -> Iterator[str]:
    """The text in steps of about 25 tokens, from a character on."""
    for end in range(start, len(text), TOKENS * 4):
        yield text[:end]


async def cost(change: Callable[[], object]) -> float:
    """CPU milliseconds of a change, and of the frame that shows it."""
    before = time.process_time()
    change()
    await asyncio.sleep(FRAME)
    return (time.process_time() - before) * 1000


async def streamed(app: Bench, frames: int, above: int, text: str, start: int) -> tuple[list[float], list[float]]:
    """The frames of a message that grows from ``start`` on under ``above`` others, and the floor."""
    transcript, floor = app.query_one(Transcript), app.query_one("#floor", Static)
    live = Entry("live", "assistant", text[:start], status="running", live=True)
    transcript.show([*history(above), live])
    await asyncio.sleep(1)
    ours, floors = [], []
    for at, grown in zip(range(frames), growth(text, start), strict=False):
        ours.append(await cost(lambda grown=grown: transcript.replace(replace(live, text=grown))))
        floors.append(await cost(lambda at=at: floor.update(f"frame {at}")))
    return ours, floors


async def pressed(app: Bench, frames: int, keys: list[str], above: int) -> tuple[list[float], list[float]]:
    """Keys in a transcript of many entries, and the floor."""
    transcript, floor = app.query_one(Transcript), app.query_one("#floor", Static)
    transcript.show(history(above))
    transcript.focus()
    await asyncio.sleep(1)
    ours, floors = [], []
    for at in range(frames):
        key = events.Key(keys[at % len(keys)], None)
        ours.append(await cost(lambda key=key: app.post_message(key)))
        floors.append(await cost(lambda at=at: floor.update(f"key {at}")))
    return ours, floors


def say(what: str, ours: list[float], floors: list[float]) -> None:
    """One line of the result."""
    high = sorted(ours)[int(len(ours) * 0.95)]
    floor = statistics.median(floors)
    line = f"{what:<46} {statistics.median(ours):6.1f} ms   p95 {high:6.1f}   floor {floor:5.1f}"
    print(line, file=sys.__stdout__, flush=True)  # the app holds sys.stdout


async def main(frames: int) -> None:
    """Measure it all in one run of one app."""
    app = Bench(driver_class=Sink)
    ready = asyncio.Event()
    app.call_later(ready.set)
    task = asyncio.create_task(app.run_async(size=(140, 40)))
    await ready.wait()
    await asyncio.sleep(1)
    for above in (0, 1_000, 10_000):
        say(f"frame under {above} messages", *await streamed(app, frames, above, PARAGRAPHS, 8_000))
    say("frame, 20,000 tokens into a message", *await streamed(app, frames, 0, PARAGRAPHS * 5, 80_000))
    fence = f"Here it is:\n\n```python\n{CODE}"
    row = fence.index("step_1000")
    say("frame, first lines of a code fence", *await streamed(app, frames, 0, fence, 40))
    say("frame, 3,000 lines into a code fence", *await streamed(app, frames, 10_000, fence, row))
    row = TABLE.index("| 500 |")
    say("frame, first rows of a table", *await streamed(app, frames, 0, TABLE, 80))
    say("frame, 500 rows into a table", *await streamed(app, frames, 10_000, TABLE, row))
    for key in ("pageup", "up"):
        say(f"key {key} in 10,000 entries", *await pressed(app, frames, [key], 10_000))
    say("keys home, end in 10,000 entries", *await pressed(app, frames, ["home", "end"], 10_000))
    before = time.process_time()
    app.query_one(Transcript).show(history(10_000))
    spent = (time.process_time() - before) * 1000
    print(f"{'10,000 entries made and shown':<46} {spent:6.1f} ms", file=sys.__stdout__)
    app.exit()
    await task


if __name__ == "__main__":
    asyncio.run(main(20 if "--quick" in sys.argv else 80))
