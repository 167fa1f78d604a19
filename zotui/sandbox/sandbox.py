"""One way to start any child that is not ours."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path

from msgspec import structs

from zotui.errors import SandboxError
from zotui.sandbox.child import Child, spawn
from zotui.sandbox.command import LONGEST_WORDS, Command, Outcome
from zotui.sandbox.egress import Egress, handed_out
from zotui.sandbox.hosts import parse
from zotui.sandbox.landlock import Landlock
from zotui.sandbox.namespaces import Namespaces
from zotui.sandbox.output import Output, forget_old, free_name
from zotui.sandbox.plain import Plain
from zotui.sandbox.seatbelt import Seatbelt
from zotui.sandbox.terminal import Line, Terminal, on_terminal
from zotui.sandbox.wall import Builder, Profile, Start, Wall
from zotui.secret import Secret

Spawning = Callable[[Start], Awaitable[asyncio.subprocess.Process]]


class Sandbox:
    """Runs commands behind the best wall that stands here. It is raised when it is first needed.

    Without a wall every command is refused, until the person allows that for as long as this process lives.
    """

    def __init__(self, profile: Callable[[], Profile], outputs: Path) -> None:
        self._profile = profile
        self._outputs = outputs
        self._builder: Builder | None = None
        self._wall: Wall | None = None
        self._raised = Profile(Path())
        self._raising = asyncio.Lock()
        self._starting = asyncio.Lock()  # one after the other, as one looks what is there before it runs
        self._still: Callable[[], Awaitable[bool]] | None = None
        self.is_unwanted = False
        self.stood: Wall | None = None
        self.when_raised: Callable[[], None] = lambda: None
        self._children: set[Child] = set()

    @property
    def has_network(self) -> bool:
        """Whether what a command reaches is not seen: nothing stands around it, or nothing keeps it to hosts."""
        kind = self.stood.kind if self.stood is not None else "none"
        return self.is_open or (self._profile().network and kind == "landlock")

    @property
    def is_open(self) -> bool:
        """Whether a command may run without any wall: no one should begin then that nobody was asked about."""
        return self.is_unwanted and (self.stood is None or self.stood.kind == "none")

    def allow_no_wall(self, allowed: bool = True, still: Callable[[], Awaitable[bool]] | None = None) -> None:
        """The person takes commands as they are, in this session, where no wall can stand; or no more. ``still`` says
        before each command whether that holds."""
        self.is_unwanted, self._still = allowed, still
        self._wall = None

    async def wall(self) -> Wall:
        """What stands, or why nothing does."""
        async with self._raising:
            profile = self._profile()
            if self._wall is None or profile != self._raised:
                await self._raise(profile)
            assert self._wall is not None
            return self._wall

    async def look(self) -> Wall:
        """What would stand. Nothing is kept for commands that may never come."""
        async with self._starting:
            wall = await self.wall()
            if not self._children and self._builder is not None:
                await self._builder.tear_down()
                self._builder = self._wall = None
            return wall

    async def _raise(self, profile: Profile) -> None:
        if self._builder is not None:
            await self._builder.tear_down()
        self._builder, self._raised = None, profile
        await asyncio.to_thread(forget_old, self._outputs)
        refused: list[SandboxError] = []
        for builder in (Namespaces(self._outputs), Landlock(self._outputs), Seatbelt(self._outputs)):
            try:
                wall = await builder.raise_(profile)
                await self._try(builder, profile)
            except SandboxError as error:
                await builder.tear_down()
                refused.append(error)
                continue
            except BaseException:  # it was cancelled: nobody would know of what was built by then
                await builder.tear_down()
                raise
            mend = "; ".join(filter(None, (refused[0].message, refused[0].hint))) if refused else ""
            self._builder, self._wall = builder, structs.replace(wall, mend=mend)
            break
        else:
            await self._go_without(profile, refused)
        self.stood = self._wall
        self.when_raised()

    async def _go_without(self, profile: Profile, refused: list[SandboxError]) -> None:
        if self.is_unwanted:
            self._builder = Plain()
            self._wall = await self._builder.raise_(profile)
        else:
            why = "; ".join(dict.fromkeys(error.message for error in refused))
            self._wall = Wall("none", "no sandbox: commands are refused", why, refused[0].hint)

    async def _try(self, builder: Builder, profile: Profile) -> None:
        """Run nothing behind it. Raises SandboxError that says what went wrong."""
        try:
            start = await asyncio.to_thread(builder.start, Command(("/bin/true",)), profile, True)
        except OSError as error:
            raise SandboxError(f"{builder.name} does not start: {error.strerror}") from None
        try:
            process = await spawn(start, one_stream=True, fed=False)
            async with _ended(process), asyncio.timeout(10):
                said, _ = await process.communicate()
        except (OSError, TimeoutError) as error:
            raise SandboxError(f"{builder.name} does not start: {error}") from None
        finally:
            _close(start.descriptors)
            await asyncio.to_thread(start.finish)
        if process.returncode != 0:
            words = said.decode("utf-8", "replace").strip() or f"exit code {process.returncode}"
            raise SandboxError(f"{builder.name} does not work here: {words}", mend_for(words))

    async def start(self, command: Command, out: Output, err: Output, *, fed: bool = False) -> Child:
        """Start a command; what it puts out goes to ``out`` and ``err``, which may be one. ``fed``: it has an input.

        Raises SandboxError where no wall stands or the command cannot be started.
        """
        return await self._start(command, out, err, lambda start: spawn(start, one_stream=out is err, fed=fed))

    async def open(self, command: Command, rows: int, columns: int) -> Terminal:
        """Start a command on a terminal of its own, of this size. Raises SandboxError as :meth:`start` does."""
        try:
            line = Line(rows, columns)
        except OSError as error:
            raise SandboxError(f"there is no terminal for it: {error.strerror}") from None
        complaints = self.output()
        try:
            child = await self._start(on_terminal(command), complaints, complaints, line.spawn)
        except BaseException:
            line.close()
            raise
        return Terminal(child, line, complaints)

    async def _start(self, command: Command, out: Output, err: Output, spawning: Spawning) -> Child:
        _check(command)
        async with self._starting:
            if self.is_unwanted and self._still is not None and not await self._still():
                self.allow_no_wall(False)
            wall = await self.wall()
            if self._builder is None:
                raise SandboxError(f"no sandbox, no commands: {wall.gaps}", wall.mend or "zotui doctor says more")
            profile = self._raised
            command = with_hosts(command, profile)
            try:
                start = await asyncio.to_thread(self._builder.start, command, profile, not self._children)
            except OSError as error:  # the disk is full
                raise SandboxError(f"the command does not start: {error.strerror}") from None
            try:
                process = await spawning(start)
            except OSError as error:
                await asyncio.to_thread(start.finish)
                raise SandboxError(f"the command does not start: {error.strerror}") from None
            finally:
                _close(start.descriptors)
            try:
                way_out = await _open(start, command, profile)
            except BaseException:
                async with _ended(process):  # nobody would know of it
                    raise
            child = Child(process, command, wall.name, profile, start.finish, way_out)
            child.follow(out, err)
            self._children.add(child)
            child.when_ended(self._children.discard)
            return child

    async def run(self, command: Command, out: Output, err: Output, given: bytes | None = None) -> Outcome:
        """Run a command to its end, with this as its input. Where this is cancelled, so is the command. Raises SandboxError."""
        child = await self.start(command, out, err, fed=given is not None)
        feeding = asyncio.create_task(child.feed(given or b""))
        try:
            return await child.wait()
        finally:
            feeding.cancel()
            child.stop()
            with contextlib.suppress(asyncio.CancelledError):
                await child.wait()
            out.close()
            err.close()

    def output(self, listener: Callable[[bytes], None] | None = None, hidden: Iterable[Secret] = ()) -> Output:
        """A place for what a command puts out, in which these secrets are hidden."""
        return Output(free_name(self._outputs), self._profile().limits.output_mb * 1_000_000, listener, hidden)

    async def stop_all(self) -> int:
        """End everything that runs; how much that was."""
        async with self._starting:  # what is being started, too
            running = set(self._children)
        for child in running:
            child.stop()
        await asyncio.gather(*(child.wait() for child in running), return_exceptions=True)
        return len(running)

    async def close(self) -> None:
        """End everything, the wall too."""
        await self.stop_all()
        if self._builder is not None:
            await self._builder.tear_down()
            self._builder = self._wall = None


@contextlib.asynccontextmanager
async def _ended(process: asyncio.subprocess.Process) -> AsyncIterator[None]:
    """Where what is within does not see its end, a process ends with it, and all that it started."""
    try:
        yield
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.communicate()


def _check(command: Command) -> None:
    """Raises SandboxError for words that no program can be given."""
    if not command.words or not command.words[0]:
        raise SandboxError("there is no command")
    for word in (*command.words, *command.environment, *command.environment.values()):
        if "\0" in word:
            raise SandboxError("a command cannot hold a NUL character")
        if len(word.encode("utf-8", "surrogateescape")) > LONGEST_WORDS:
            raise SandboxError("the command is too long", "put it into a file and run that")
    if os.path.isabs(command.folder) or ".." in Path(command.folder).parts:
        raise SandboxError("the folder of a command is one of the workspace", "name it by its path there")


def with_hosts(command: Command, profile: Profile) -> Command:
    """The command with the hosts that it may reach: its own, or those that any may. Raises SandboxError for what is no
    host."""
    hosts = command.hosts if command.hosts is not None else profile.hosts if profile.network else ()
    try:
        for host in hosts:
            parse(host)
    except ValueError as error:
        raise SandboxError(str(error)) from None
    return structs.replace(command, hosts=tuple(hosts))


async def _open(start: Start, command: Command, profile: Profile) -> Egress | None:
    """The way out of a command that has begun, where it has one."""
    listener = start.listener
    if start.door is not None:
        listener = await asyncio.to_thread(handed_out, start.door)
    if listener is None:
        return None
    egress = Egress(command.hosts or (), profile.denied)
    await egress.serve(listener)
    return egress


def mend_for(words: str) -> str:
    """What mends bubblewrap that failed with these words."""
    if "uid map" in words or "RTM_NEWADDR" in words:
        return "Ubuntu keeps namespaces from programs without an AppArmor profile: see “AppArmor” in SECURITY.md"
    if "No space left" in words or "namespace" in words.lower():
        return "sysctl -w user.max_user_namespaces=10000; in Docker: --security-opt seccomp=unconfined"
    return "zotui doctor says more"


def _close(descriptors: object) -> None:
    assert isinstance(descriptors, list | tuple)
    for descriptor in descriptors:
        os.close(descriptor)
