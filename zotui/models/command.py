"""Coding agents that a person has installed and logged in to, run as command lines: the subscription they have.

Such an agent has tools, a memory and sessions of its own: ours are not offered to it. It is given what was said, on
its standard input (others can read its arguments): all of it at first, then, as long as its last answer stands before
the new words, the new words in its session.

The rows were tried with Claude Code 2.1.332 and Codex 0.169.0, against a model server of our own.
"""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from zotui.models.provider import ModelInfo, ProviderError, Stream

if TYPE_CHECKING:
    from zotui.models.child import Child


class CommandRow(msgspec.Struct, frozen=True, kw_only=True):
    """One agent. ``{}`` in ``model`` and ``resume`` is the model's name and the session's.

    ``answer`` reads what it prints; ``login`` is what a person runs to log in; ``environment`` are variables that say
    where its login is; ``sources`` where all this is documented, or was seen.
    """

    title: str
    program: str
    arguments: tuple[str, ...]
    model: str
    resume: tuple[str, ...]
    prompt: tuple[str, ...] = ()
    models: tuple[str, ...]
    answer: str
    login: str
    environment: tuple[str, ...]
    sources: tuple[str, ...]

    def words(self, program: str, model: str, session: str = "") -> list[str]:
        """The command line. The model "default" is the agent's own choice."""
        named = [self.model.format(model)] if model not in ("", "default") else []
        again = [word.format(session) for word in self.resume] if session else []
        return [program, *self.arguments, *named, *again, *self.prompt]


COMMANDS: Mapping[str, CommandRow] = {
    "claude-code": CommandRow(
        title="Claude Code",
        program="claude",
        # Without a terminal it asks nobody whether a folder is to be trusted, and runs the hooks and MCP servers that
        # lie in it; but in the workspace models write. So only the person's own settings count.
        arguments=(
            "-p",
            "--output-format=stream-json",
            "--verbose",
            "--include-partial-messages",
            "--setting-sources=user",
        ),
        model="--model={}",
        resume=("--resume={}",),
        models=("default", "sonnet", "opus", "haiku"),
        answer="zotui.models.claude_code:Answer",
        login="claude",
        environment=("CLAUDE_CONFIG_DIR",),
        sources=(
            "https://code.claude.com/docs/en/headless",
            "https://code.claude.com/docs/en/cli-reference",
            "https://code.claude.com/docs/en/env-vars",
            "https://code.claude.com/docs/en/agent-sdk/cost-tracking",
            "https://github.com/anthropics/claude-agent-sdk-python/blob/main/src/claude_agent_sdk/_internal/message_parser.py",
        ),
    ),
    "codex": CommandRow(
        title="Codex",
        program="codex",
        arguments=("exec", "--json", "--skip-git-repo-check"),
        model="--model={}",
        resume=("resume", "{}"),
        prompt=("-",),
        models=("default",),
        answer="zotui.models.codex:Answer",
        login="codex login",
        environment=("CODEX_HOME",),
        sources=(
            "https://developers.openai.com/codex/noninteractive",
            "https://github.com/openai/codex/blob/main/codex-rs/exec/src/cli.rs",
            "https://github.com/openai/codex/blob/main/codex-rs/exec/src/exec_events.rs",
            "https://github.com/openai/codex/blob/main/codex-rs/exec/src/event_processor_with_jsonl_output.rs",
        ),
    ),
}
"""The agents we know how to run, by the name of their provider."""


def installed(name: str, path: str | None = None) -> bool:
    """Whether an agent is there to be run: on ``path``, or on the PATH of this process."""
    row = COMMANDS.get(name)
    return row is not None and shutil.which(row.program, path=path) is not None


def open_command(name: str, cwd: Path, **options: Any) -> "CommandLine":
    """The provider of that name; nothing is run yet. Raises ProviderError ("unsupported") for one we do not know."""
    if name not in COMMANDS:
        raise ProviderError("unsupported", f"no agent {name!r}", hint=f"there is: {', '.join(COMMANDS)}")
    return CommandLine(COMMANDS[name], cwd, **options)


class CommandLine:
    """An agent at work in the folder ``cwd``: one process for each turn. Never asked again by itself: it may have acted."""

    def __init__(
        self, row: CommandRow, cwd: Path, *, first_event_timeout_s: float = 120, idle_timeout_s: float = 300
    ) -> None:
        self.row = row
        self.cwd = cwd
        self.first_event_timeout_s = first_event_timeout_s
        self.idle_timeout_s = idle_timeout_s
        self.running: set[Child] = set()
        """The processes of turns that are not over."""

    def __repr__(self) -> str:
        return f"<CommandLine {self.row.program}>"

    def stream(
        self,
        *,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] = (),
        schema: Mapping[str, Any] | None = None,
    ) -> Stream:
        """One turn; ``tools`` are not offered. Closing the iterator kills what runs. Raises ProviderError."""
        from zotui.models.errand import errand

        return errand(self, model, messages, schema)

    async def models(self) -> list[ModelInfo]:
        """The names it takes; nobody is asked."""
        return [ModelInfo(id=name, tools=False, vision=False) for name in self.row.models]

    async def close(self) -> None:
        """End what runs."""
        await asyncio.gather(*(child.end() for child in self.running))
