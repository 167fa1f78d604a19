"""What a person does to memories in their pane: to the one under the cursor, or to all that are marked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

from textual import work

from zotui.errors import NotFound, UsageError, ZotuiError
from zotui.memory.ends import end_ms
from zotui.memory.handling import MOST, Told
from zotui.text import one_line
from zotui.tui.panes.listing import ListingPane

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.memory import Memory
    from zotui.tui.desk import Desk
    from zotui.tui.panes.memory_rows import MemoryRows

LARGE = 500  # memories beyond which a person is asked first, and told how far it is
FORGOTTEN = 100  # at once
DONE = {"delete": "deletion", "edit": "edit", "merge": "merging", "pin": "pinning", "unpin": "unpinning"}
DONE |= {"tag": "tagging", "expire": "end"}


# Does something to memories and tells how far it is; how many they were.
Doing = Callable[[list[str], Told], Awaitable[int]]


class Handled(ListingPane):
    """A list of memories, some of which are marked."""

    _source: MemoryRows | None

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.marked: dict[str, None] = {}  # ids, in the order of marking

    def known(self, id: str) -> Memory | None:
        """A memory that was listed."""
        return self._source.known.get(id) if self._source else None

    @property
    def current(self) -> Memory | None:
        """The memory under the cursor."""
        row = self.rows.current
        return self.known(row.id) if row else None

    def chosen(self) -> list[str]:
        """The ids of what is marked, else of what is under the cursor."""
        return list(self.marked) or ([self.rows.current.id] if self.rows.current else [])

    def unmark(self) -> None:
        """Mark nothing."""
        self.marked.clear()
        self.rows.reload()

    @property
    def _open(self) -> Computer:
        if self.computer is None:
            raise UsageError("the file is not open yet")
        return self.computer

    def action_mark_row(self) -> None:
        """Mark the memory under the cursor, or unmark it, and go on to the next."""
        row = self.rows.current
        if row is not None:
            if row.id in self.marked:
                del self.marked[row.id]
            else:
                self.marked[row.id] = None
            self.rows.action_move(1)
            self.rows.reload()

    @work
    async def action_mark_rows(self) -> None:
        """Mark all that are found; where all are, none."""
        if self._source is None:
            return
        found = await self._source.ids(MOST)
        if self.marked and set(found) <= self.marked.keys():
            self.marked.clear()
        else:
            self.marked.update(dict.fromkeys(found))
            if len(found) == MOST:
                self.app.notify(f"The first {MOST:,} are marked.", markup=False)
        self.rows.reload()

    # What is written

    @work
    async def action_add_row(self) -> None:
        """Ask for a new memory."""
        memories = self._open.memory
        await self._write("Remember", "", lambda text: memories.memorize(text, {"source": "me"}))

    @work
    async def action_edit_row(self) -> None:
        """Edit the memory under the cursor."""
        row = self.rows.current
        if row is not None:
            memories = self._open.memory
            memory = await memories.find(row.id)
            await self._write(memory.key or "Memory", memory.content, lambda text: memories.edit(memory.id, text))

    @work
    async def action_merge_rows(self) -> None:
        """Make one memory of the marked ones, of a text that the person writes."""
        memories, ids = self._open.memory, list(self.marked)
        if len(ids) < 2:
            raise UsageError("space marks the memories to merge", "two or more")
        if len(ids) > FORGOTTEN:
            raise UsageError(f"{FORGOTTEN} are merged at most, {len(ids):,} are marked")
        texts = [(await memories.find(id_)).content for id_ in ids]
        text = "\n".join(dict.fromkeys(texts))

        async def merge(text: str) -> None:
            await memories.merge(ids, text)
            self._say(f"{len(ids)} memories are one")

        await self._write(f"One memory of {len(ids)}", text, merge, as_it_is=True)

    async def _write(
        self, title: str, text: str, keep: Callable[[str], Awaitable[object]], *, as_it_is: bool = False
    ) -> None:
        """Have a text written and keep it; one that cannot be kept comes back to the editor."""
        from zotui.tui.dialogs import Editor

        while True:
            written = await self.app.push_screen_wait(Editor(title, text))
            if not written or not written.strip() or (written == text and not as_it_is):
                return
            try:
                await keep(written)
                return
            except ZotuiError as error:
                self.app.notify(str(error), severity="warning", markup=False)
                text = written

    # What is done to one, or to all that are marked

    @work
    async def action_pin_row(self) -> None:
        """Pin, or where all are pinned take the pins off."""
        memories, ids = self._open.memory, self.chosen()
        known = [self.known(id_) for id_ in ids]
        pinned = not all(one is not None and one.pinned_at for one in known)
        await self._do("pin" if pinned else "unpin", ids, lambda ids, told: memories.pin_all(ids, pinned, told))

    @work
    async def action_tag_row(self) -> None:
        """Ask for tags: all of one memory, or those that several get and lose."""
        from zotui.tui.dialogs import Prompt

        memories, ids = self._open.memory, self.chosen()
        if not ids:
            return
        had = list((await memories.find(ids[0])).tags) if len(ids) == 1 else []
        title = "Tags, with commas between" if len(ids) == 1 else f"Tags for {len(ids):,}: new, -old"
        said = await self.app.push_screen_wait(Prompt(title, ", ".join(had)))
        if said is None:
            return
        names = [name.strip().removeprefix("#") for name in said.split(",") if name.strip()]
        add = [name for name in names if not name.startswith("-") and name not in had]
        remove = [name[1:].strip() for name in names if name.startswith("-")] + [n for n in had if n not in names]
        if add or remove:
            await self._do("tag", ids, lambda ids, told: memories.tag_all(ids, add, remove, told))

    @work
    async def action_end_row(self) -> None:
        """Ask when it shall end."""
        from zotui.tui.dialogs import Prompt

        memories, ids = self._open.memory, self.chosen()
        if not ids:
            return
        said = await self.app.push_screen_wait(Prompt("Ends: 12h, 30d, 4w, 2030-01-31 or never", ""))
        if said and said.strip():
            at = end_ms(said.strip())
            await self._do("expire", ids, lambda ids, told: memories.expire_all(ids, at, told))

    @work
    async def action_delete_row(self) -> None:
        """Delete; it can be undone."""
        memories, ids = self._open.memory, self.chosen()
        await self._do("delete", ids, memories.delete)

    @work
    async def action_save_rows(self) -> None:
        """Save as lines of JSON: what is marked, else what is found."""
        from zotui.tui.dialogs import Prompt

        computer = self._open
        ids = list(self.marked) or (await self._source.ids(MOST) if self._source else [])
        if not ids:
            raise UsageError("there is nothing to save")
        title = f"Save {len(ids):,} {'memory' if len(ids) == 1 else 'memories'} to"
        path = await self.app.push_screen_wait(Prompt(title, f"{computer.home.workspace}/memories.jsonl"))
        if path and path.strip():
            target, count = await computer.memory.export(ids, path.strip())
            self.app.notify(f"{count:,} memories are in {target}", markup=False)

    async def _do(self, what: str, ids: list[str], doing: Doing) -> None:
        """Do something to memories, many only when the person is sure, and say how it can be undone."""
        from zotui.tui.dialogs import Confirm

        if not ids:
            return
        many = len(ids) > LARGE
        question = f"{what.capitalize()} {len(ids):,} memories?"
        if many and not await self.app.push_screen_wait(Confirm(question, what.capitalize())):
            return
        done = await doing(ids, lambda so_far: self.note(f"{so_far:,} of {len(ids):,} …") if many else None)
        words = f"{done:,} memories" if done != 1 else f"“{self._words(ids[0])}”"
        self._say(f"{DONE[what].capitalize()} of {words}" if what != "expire" else f"{words} has another end")
        if what == "delete" or self.marked:
            self.unmark()

    def _words(self, id: str) -> str:
        memory = self.known(id)
        return one_line(memory.content, 40) if memory else "a memory"

    def _say(self, words: str) -> None:
        """Say what was done."""
        self.app.notify(f"{words}; u undoes it", markup=False)

    @work
    async def action_undo_row(self) -> None:
        """Undo what was done last."""
        undone = await self._open.memory.undo()
        if undone is None:
            raise UsageError("nothing was done that could be undone")
        left = f"; {undone.left:,} were changed since and stay" if undone.left else ""
        count = "1 memory" if undone.memories == 1 else f"{undone.memories:,} memories"
        self.app.notify(f"Undone: {DONE.get(undone.what, undone.what)} of {count}{left}", markup=False)

    # What opens something

    @work
    async def action_row_history(self) -> None:
        """Every value that the memory under the cursor is known to have had."""
        from zotui.tui.history_dialog import HistoryDialog

        memory = self.current
        if memory is not None:
            self.app.push_screen(HistoryDialog(self._open, memory))

    @work
    async def action_row_source(self) -> None:
        """Go to the conversation that the memory is from, at the message."""
        from zotui.tui.places import go

        memory = self.current
        if memory is None:
            return
        parts = [memory.meta, *(memory.meta.get("merged") or [])]
        said = next((part for part in parts if isinstance(part, dict) and part.get("conversation")), None)
        if said is None:
            raise NotFound("it is from no conversation")
        chat = await self._open.chats.find(str(said["conversation"]))
        await go(cast("Desk", self.screen), f"chat:{chat.id}/{said.get('message') or ''}")

    @work
    async def action_forget_row(self) -> None:
        """Forget for good, when the person has seen what it has left and is sure."""
        from zotui.tui.forget_dialog import ForgetDialog

        computer, ids = self._open, self.chosen()
        if len(ids) > FORGOTTEN:
            raise UsageError(f"{FORGOTTEN} are forgotten at once at most, {len(ids):,} are marked")
        traces = [await computer.forgetting.traces(id_) for id_ in ids]
        if not traces:
            return
        how = await self.app.push_screen_wait(ForgetDialog(traces))
        if how is None:
            return
        left = ""
        for one in traces:
            left = await computer.forgetting.forget(one, redact=how.redact, backups=how.backups)
        self.unmark()
        words = f"Forgot {len(traces)} memories" if len(traces) > 1 else "Forgotten"
        self.app.notify(f"{words}, for good{f'; but {left}' if left else ''}", markup=False)
