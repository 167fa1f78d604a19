"""Start-up against an empty Textual app, interleaved in one run: ``python -m tests.bench.start [ROUNDS]``.

First paint is the first byte of text on a pty, ready to type the echo of a key; CPU is user and system time of the
process until then (Linux). Also: ``--help`` against ``python -c pass``, and idle memory, CPU and bytes.
"""

import os
import pty
import resource
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EMPTY = """
from textual.app import App
from textual.widgets import Static

class Empty(App):
    def compose(self):
        yield Static("hello")

Empty().run()
"""
TICK = os.sysconf("SC_CLK_TCK")


class Start:
    """A program on a pty of 140x40."""

    def __init__(self, command: list[str], home: Path) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "ZOTUI_HOME": str(home / "zotui"),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
        }
        self.began = time.perf_counter()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            import fcntl
            import struct
            import termios

            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
            os.execvpe(command[0], command, environment)
        self.seen = b""

    def until(self, text: bytes, patience_s: float = 20) -> float:
        """Milliseconds from the start until this text was written. Raises TimeoutError."""
        end = time.perf_counter() + patience_s
        while text not in self.seen:
            if time.perf_counter() > end:
                raise TimeoutError(f"{text!r} was not painted: {self.seen[-300:]!r}")
            self.read(0.05)
        return (time.perf_counter() - self.began) * 1000

    def read(self, patience_s: float) -> int:
        """Read what is there; how many bytes."""
        if not select.select([self.terminal], [], [], patience_s)[0]:
            return 0
        try:
            got = os.read(self.terminal, 1 << 16)
        except OSError:
            return 0
        self.seen += got
        return len(got)

    def cpu_ms(self) -> float:
        """User and system time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / TICK

    def resident_mb(self) -> float:
        """Resident memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * resource.getpagesize() / 1e6

    def end(self) -> None:
        """Kill it, and wait."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def main(rounds: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        zotui = [sys.executable, "-m", "zotui"]
        environment = {**os.environ, "ZOTUI_HOME": str(home / "zotui")}
        subprocess.run([*zotui, "ask", "help"], env=environment, capture_output=True, check=True)
        empty, painted, ready, cpu, empty_cpu = [], [], [], [], []
        for _ in range(rounds):
            floor = Start([sys.executable, "-c", EMPTY], home)
            empty.append(floor.until(b"hello"))
            empty_cpu.append(floor.cpu_ms())
            floor.end()
            app = Start(zotui, home)
            painted.append(app.until(b"Conversation"))
            cpu.append(app.cpu_ms())
            os.write(app.terminal, b"\xc3\xbe")  # a letter that nothing else paints
            ready.append(app.until("þ".encode()))
            app.end()
        show("first paint, ms", painted, empty)
        show("ready to type, ms", ready, empty)
        show("CPU to first paint, ms", cpu, empty_cpu)
        help_, nothing = [], []
        for _ in range(rounds):
            nothing.append(timed([sys.executable, "-c", "pass"]))
            help_.append(timed([*zotui, "--help"]))
        show("zotui --help, ms", help_, nothing)
        app = Start(zotui, home)
        app.until(b"Conversation")
        settle(app)
        before, written = app.cpu_ms(), 0
        serve = background(home)
        serve_before = serve_cpu(serve)
        end = time.perf_counter() + 10
        while time.perf_counter() < end:
            written += app.read(0.5)
        print(
            f"idle app: {app.resident_mb():.0f} MB, {(app.cpu_ms() - before) / 100:.2f}% CPU, {written} bytes in 10 s"
        )
        pages = int(Path(f"/proc/{serve}/statm").read_text().split()[1]) * resource.getpagesize() / 1e6
        print(f"idle serve: {pages:.0f} MB, {(serve_cpu(serve) - serve_before) / 100:.2f}% CPU")
        app.end()
        subprocess.run([*zotui, "stop"], env=environment, capture_output=True, check=True)


def settle(app: Start) -> None:
    """Let the start-up come to an end: three seconds without a byte."""
    quiet = time.perf_counter()
    while time.perf_counter() - quiet < 3 and time.perf_counter() - app.began < 30:
        if app.read(0.2):
            quiet = time.perf_counter()


def background(home: Path) -> int:
    """The background process's id."""
    return int((home / "zotui" / "run" / "serve.lock").read_text().split("/")[2])


def serve_cpu(pid: int) -> float:
    """Its user and system time so far, ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / TICK


def timed(command: list[str]) -> float:
    """Wall milliseconds of a command."""
    began = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return (time.perf_counter() - began) * 1000


def show(what: str, ours: list[float], floor: list[float]) -> None:
    """A line: medians and their ratio."""
    a, b = statistics.median(ours), statistics.median(floor)
    print(f"{what:<24} {a:7.0f}   floor {b:7.0f}   ratio {a / b:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
