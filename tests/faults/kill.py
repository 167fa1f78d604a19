"""kill -9 of the background process at random points of a mixed load: ``python -m tests.faults.kill --rounds 200``.

One door, in this process, puts turns in several conversations to the offline and to a scripted model, and writes
memories, while its background process is killed again and again; the door starts the next one. At the end:

* all that was acknowledged is there;
* nothing is queued, running or waiting, and each turn has ended exactly once (a trigger counts);
* what a model said is whole, or the beginning of it where the turn was interrupted;
* what a tool should remember is remembered once where the turn is done, and never twice;
* the file is sound.
"""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from tests.openai_server import Exchange, OpenAIServer, Script, calls, openai_server, says
from tests.processes import end_background, looking, opened, rows, serving
from tests.waiting import wait_for
from zotui.agent.ending import MOST_ATTEMPTS
from zotui.computer import Computer
from zotui.home import Home

OVER = "('done','failed','cancelled','interrupted','skipped')"
WITNESS = f"""
CREATE TABLE endings(turn TEXT, status TEXT);
CREATE TRIGGER ended AFTER UPDATE OF status ON turns WHEN old.status NOT IN {OVER} AND new.status IN {OVER} BEGIN
  INSERT INTO endings VALUES (new.id, new.status);
END;
CREATE TRIGGER revived AFTER UPDATE OF status ON turns WHEN old.status IN {OVER} AND new.status <> old.status BEGIN
  INSERT INTO endings VALUES (new.id, 'revived as ' || new.status);
END;
"""
LONGEST_LIFE_S = 0.5
SPEAKERS = 4
PATIENCE_S = 120.0


def story(number: str) -> str:
    """What the scripted model says to ``say NUMBER``."""
    return f"Story {number}: " + " ".join(f"{number}.{word}" for word in range(60)) + " The end."


def play(exchange: Exchange) -> Script:
    """The scripted model: it tells stories, slowly, and calls a tool when asked to note something."""
    verb, _, rest = exchange.said.partition(" ")
    if verb == "note":
        if exchange.results:
            return says(f"Noted {rest}.")
        return calls(("remember", {"content": f"note {rest}"}), ("now", {}), text="Let me note that.")
    return slowly(story(rest))


def slowly(text: str) -> Script:
    """Text that takes a while to come."""

    async def tell(exchange: Exchange) -> None:
        for start in range(0, len(text), 20):
            await exchange.delta({"content": text[start : start + 20]})
            await asyncio.sleep(0.004)
        await exchange.end()

    return tell


class Round:
    """One load, one door, many kills."""

    def __init__(self, home: Home, seed: int) -> None:
        self.home = home
        self.random = random.Random(seed)
        self.turns: dict[str, str] = {}
        self.memories: dict[str, str] = {}
        self.kills = 0
        self.took: list[float] = []
        self.told: list[str] = []
        self._enough = asyncio.Event()
        self._numbers = iter(range(10**9))

    async def run(self, kills: int) -> None:
        """Load and kill, then wait until all is over."""
        async with openai_server() as server:
            self._configure(server)
            async with Computer.open(self.home, workers="background") as computer:
                computer.listener = self.told.append
                async with asyncio.TaskGroup() as group:
                    for _ in range(SPEAKERS):
                        group.create_task(self._speak(computer))
                    group.create_task(self._write(computer))
                    group.create_task(self._kill(kills))
                async with asyncio.timeout(PATIENCE_S):
                    for turn in self.turns:
                        async for _ in computer.turns.follow(turn):
                            pass

    def _configure(self, server: OpenAIServer) -> None:
        server.answer(play)
        config = f'[providers.lab]\nbase_url = "{server.url}"\nmodels = ["tiny"]\n'
        self.home.config_file.write_text(config)
        opened(self.home).close()
        with looking(self.home.database) as db:
            db.execute(WITNESS)

    async def _speak(self, computer: Computer) -> None:
        """Put turns in a conversation, now and then in a new one; wait for some of them."""
        conversation: str | None = None
        while not self._enough.is_set():
            number = str(next(self._numbers))
            verb, model = self.random.choice(
                [
                    ("say", "lab"),
                    ("say", "lab"),
                    ("note", "lab"),
                    ("remember", "offline"),
                    ("what time is it", "offline"),
                ]
            )
            text = verb if verb.startswith("what") else f"{verb} {number}"
            turn = await computer.submit(text, conversation, model)
            self.turns[turn] = text
            conversation = (await computer.turns.view(turn)).turn.conv_id
            if self.random.random() < 0.7:
                async for _ in computer.turns.follow(turn):
                    if self._enough.is_set():
                        break
            if self.random.random() < 0.2:
                conversation = None

    async def _write(self, computer: Computer) -> None:
        """Write memories, as a person does beside the conversation."""
        while not self._enough.is_set():
            text = f"memory {next(self._numbers)}"
            self.memories[await computer.memory.memorize(text)] = text
            await asyncio.sleep(self.random.uniform(0, 0.02))

    async def _kill(self, kills: int) -> None:
        """Kill whoever serves, some way into its life, and wait for the next one."""
        try:
            pid = await wait_for(lambda: serving(self.home))
            for _ in range(kills):
                await asyncio.sleep(self.random.uniform(0, LONGEST_LIFE_S))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.kills += 1
                began = time.monotonic()
                pid = await wait_for(partial(self._next, pid), PATIENCE_S)
                self.took.append(time.monotonic() - began)
        finally:
            self._enough.set()

    def _next(self, last: int) -> int:
        """The process that serves after the last one; 0 while there is none."""
        pid = serving(self.home)
        return 0 if pid == last else pid

    def problems(self) -> list[str]:
        """Everything that is not as it must be."""
        return [
            *self._missing(),
            *(f"{table} {row} is {status}" for table, row, status in self._open_rows()),
            *self._endings(),
            *self._sayings(),
            *self._doings(),
            *(f"integrity: {line}" for (line,) in rows(self.home, "PRAGMA integrity_check") if line != "ok"),
            *(f"foreign key: {row}" for row in rows(self.home, "PRAGMA foreign_key_check")),
        ]

    def _missing(self) -> list[str]:
        turns = dict(rows(self.home, "SELECT id, input FROM turns"))
        memories = dict(rows(self.home, "SELECT id, value FROM memory"))
        lost = [f"turn {id_} {text!r} is lost" for id_, text in self.turns.items() if turns.get(id_) != text]
        return lost + [f"memory {id_} is lost" for id_, text in self.memories.items() if memories.get(id_) != text]

    def _open_rows(self) -> list[Any]:
        return [
            *rows(self.home, f"SELECT 'turn', id, status FROM turns WHERE status NOT IN {OVER}"),
            *rows(self.home, "SELECT 'message', id, status FROM messages WHERE status = 'running'"),
            *rows(self.home, f"SELECT 'call', id, status FROM tool_calls WHERE status NOT IN {OVER}"),
            *rows(self.home, "SELECT 'part', n, message_id FROM parts"),
        ]

    def _endings(self) -> list[str]:
        ended: dict[str, list[str]] = {}
        for turn, status in rows(self.home, "SELECT turn, status FROM endings"):
            ended.setdefault(turn, []).append(status)
        return [f"turn {turn} ended as {ended.get(turn)}" for turn in self.turns if len(ended.get(turn, [])) != 1]

    def _sayings(self) -> list[str]:
        """Stories that are not whole though done, or no beginning of the story though interrupted."""
        found = []
        told = rows(
            self.home,
            "SELECT t.input, t.status, t.attempt, group_concat(m.content, '') FROM turns t"
            " LEFT JOIN messages m ON m.turn_id = t.id AND m.role = 'assistant' WHERE t.input LIKE 'say %' GROUP BY t.id",
        )
        for request, status, attempt, content in told:
            whole = story(request.removeprefix("say "))
            if status == "done" and content != whole:
                found.append(f"{request} is done, but says {content!r}")
            elif status == "interrupted" and not whole.startswith(content or ""):
                found.append(f"{request} was interrupted at {content!r}")
            elif status == "interrupted" and not content and attempt < MOST_ATTEMPTS:
                found.append(f"{request} was given up though nothing had been said")
            elif status not in ("done", "interrupted"):
                found.append(f"{request} is {status}")
        return found

    def _doings(self) -> list[str]:
        """Things remembered twice, or not at all though done."""
        found = []
        counts = Counter(text for (text,) in rows(self.home, "SELECT value FROM memory"))
        for turn, text in self.turns.items():
            if text.startswith(("note ", "remember ")):
                status = rows(self.home, "SELECT status FROM turns WHERE id = ?", turn)[0][0]
                times = counts[text.removeprefix("remember ")]
                if times > 1 or (status == "done" and times != 1) or status not in ("done", "interrupted"):
                    found.append(f"{text!r} is {status}, and was done {times} times")
        return found

    def totals(self) -> dict[str, Any]:
        """The figures of this round."""
        ways = rows(self.home, "SELECT status || coalesce(' ' || reason, ''), count(*) FROM turns GROUP BY 1")
        return {
            "kills": self.kills,
            "turns": len(self.turns),
            **dict(ways),
            "claimed again": rows(self.home, "SELECT count(*) FROM turns WHERE attempt > 1")[0][0],
            "memories": len(self.memories),
            "next process after (s)": f"median {statistics.median(self.took):.2f}, most {max(self.took):.2f}",
        }


async def run(home: Home, seed: int, kills: int) -> Round:
    """One round, to its end; no process is left."""
    round_ = Round(home, seed)
    try:
        await round_.run(kills)
    finally:
        await asyncio.to_thread(end_background, home)
    return round_


def main() -> int:
    """Print the totals and what is wrong; 1 where anything is."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kill", description="Kill the background process.")
    parser.add_argument("--rounds", type=int, default=200, help="how many kills")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        round_ = asyncio.run(run(Home(Path(folder) / "home").prepare(), given.seed, given.rounds))
        problems, totals = round_.problems(), round_.totals()
    for name, value in {"seed": given.seed, **totals, "seconds": round(time.monotonic() - began)}.items():
        print(f"{name:<24} {value}")
    print(f"{'wrong':<24} {len(problems)}")
    print(*problems, sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
