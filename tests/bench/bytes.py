"""Bytes to a real terminal while an answer streams, beside Textual's Markdown widget: ``python -m tests.bench.bytes``.

Both apps run in a process of their own on a pty of 140 x 40 and get the same text, 25 tokens a frame, at the same
frames; ours has a history of 10,000 messages above. Figures are bytes and CPU milliseconds of a frame, and the ratios.
"""

import asyncio
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

from tests.bench import streaming
from tests.bench.streaming import CASES, FRAME_S, FRAMES, Ours, Theirs
from tests.screens.session import GUIDE, STAGING
from zotui.tui.driver import GuardedApp

SIZE = struct.pack("HHHH", 40, 140, 0, 0)
PIECE = 110  # characters of 25 tokens
ANSWER = f"{STAGING}\n\n{GUIDE}\n\n" * 8


def pieces(case: str) -> tuple[str, list[str]]:
    """What is there before, and what is added in each frame."""
    if case == "a real answer":
        return "", [ANSWER[at : at + PIECE] for at in range(0, PIECE * FRAMES, PIECE)]
    return streaming.pieces(case)


class OnTerminal(Ours, GuardedApp[None]):
    """Our transcript, as the app has it: behind the driver."""


async def stream(app: OnTerminal | Theirs, case: str, told: int) -> None:
    """Stream into the app, and tell the other end of a pipe when it begins and ends."""
    before, more = pieces(case)
    add = await app.prepare(before)
    await asyncio.sleep(1)
    os.write(told, b"begun\n")
    began = time.process_time()
    for piece in more:
        await add(piece)
        await asyncio.sleep(FRAME_S)
    await asyncio.sleep(0.3)
    os.write(told, f"{(time.process_time() - began) * 1000 / FRAMES}\n".encode())
    app.exit()


def child(which: str, case: str, told: int) -> None:
    """Run one of the apps on the terminal that this process has."""
    app = OnTerminal() if which == "ours" else Theirs()
    app.call_later(lambda: asyncio.create_task(stream(app, case, told)))
    app.run()


def measured(which: str, case: str) -> tuple[float, float]:
    """Bytes and CPU milliseconds of a frame."""
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    pid, terminal = pty.fork()
    if pid == 0:
        time.sleep(0.1)  # until the terminal has its size
        words = [sys.executable, "-m", "tests.bench.bytes", which, case, str(writing)]
        os.execve(words[0], words, os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, SIZE)
    os.close(writing)
    count, told = 0, ""
    while told.count("\n") < 2:
        ready = select.select([terminal, reading], [], [], 60)[0]
        if terminal in ready:
            count += len(os.read(terminal, 1 << 16))
        elif reading in ready:  # only once the terminal has nothing more
            told += os.read(reading, 100).decode()
            count = 0 if told.count("\n") == 1 else count
        elif not ready:
            raise TimeoutError(which)
    while select.select([terminal], [], [], 0.2)[0]:
        try:
            os.read(terminal, 1 << 16)
        except OSError:
            break
    os.waitpid(pid, 0)
    os.close(terminal)
    os.close(reading)
    return count / FRAMES, float(told.split("\n")[1])


def main() -> None:
    """Measure and print."""
    for case in (*CASES, "a real answer"):
        (ours, our_cpu), (theirs, their_cpu) = measured("ours", case), measured("theirs", case)
        print(
            f"{case:<26} ours {ours:>7.0f} B {our_cpu:>6.1f} ms · Markdown {theirs:>7.0f} B {their_cpu:>6.1f} ms"
            f" · bytes x{ours / max(1.0, theirs):.2f}, CPU x{our_cpu / their_cpu:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main() if len(sys.argv) == 1 else child(sys.argv[1], sys.argv[2], int(sys.argv[3]))
