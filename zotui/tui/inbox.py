"""The inbox: questions that wait for the person, then notices; one is answered here, or gone to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from zotui.errors import ZotuiError
from zotui.text import ago, one_line
from zotui.tui.dialogs import Dialog
from zotui.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from zotui.computer import Computer
    from zotui.conversations import Question
    from zotui.notices import Notice

LEVELS = {"info": ("·", ""), "warning": ("!", "warn"), "error": ("✗", "error")}
MOST = 500  # notices that are listed
QUESTION = "question:"


class Waiting:
    """Questions and notices as rows."""

    def __init__(self, computer: Computer) -> None:
        self._computer = computer
        self.questions: dict[str, Question] = {}
        self.notices: dict[str, Notice] = {}
        self._rows: list[Row] = []

    async def count(self) -> int:
        """Read all, and return how many there are."""
        from zotui.store import now_ms

        now = now_ms()
        self.questions = {one.id: one for one in await self._computer.turns.questions()}
        self.notices = {one.id: one for one in await self._computer.notices.list(limit=MOST)}
        self._rows = [
            Row(f"{QUESTION}{one.id}", one_line(one.text, 300), ago(one.created_at, now), "?", "warn")
            for one in self.questions.values()
        ]
        for one in self.notices.values():
            mark, style = LEVELS[one.level]
            read = one.read_at is not None
            words = one_line(one.text, 300)
            row = Row(one.id, words, ago(one.created_at, now), " " if read else mark, "dim" if read else style)
            self._rows.append(row)
        return len(self._rows)

    async def page(self, offset: int, limit: int) -> list[Row]:
        """Return the rows from ``offset``, at most ``limit``."""
        return self._rows[offset : offset + limit]


class Inbox(Dialog):
    """Dismissed with the place to go to, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "read_all", "Mark all as read", show=False),
        Binding("d", "deny", "Decline to answer", show=False),
        Binding("g", "go", "Go to the conversation", show=False),
    ]
    DEFAULT_CSS = """
    Inbox { & > .box.tall { width: 90%; max-width: 110; } & Rows { height: 1fr; } }
    """

    def __init__(self, computer: Computer) -> None:
        super().__init__()
        self._computer = computer
        self._waiting = Waiting(computer)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall") as box:
            box.border_title = "Inbox"
            yield Rows(self._waiting, empty="Nothing waits for you.")
            yield Static(
                "enter: answer, or go there · g: go there · d: decline · r: all read · esc: back",
                classes="hint",
                markup=False,
            )

    def on_mount(self) -> None:
        self.query_one(Rows).focus()
        self._follow()

    @work(exclusive=True, group="follow")
    async def _follow(self) -> None:
        """Show what comes while one looks."""
        async with self._computer.store.watch("approvals", "notices", "turns") as watch:
            while True:
                await watch.wait()
                self.query_one(Rows).reload()

    @on(Rows.Chosen)
    @work
    async def _chosen(self, event: Rows.Chosen) -> None:
        from zotui.tui.question_dialog import QuestionDialog

        if self.app.screen is not self:
            return  # the first enter has opened it
        question = self._question(event.row)
        if question is None:
            await self._go_to(event.row)
            return
        answer = await self.app.push_screen_wait(QuestionDialog(question))
        if answer is not None:
            await self._answer(question, answer)

    async def _answer(self, question: Question, answer: str | None) -> None:
        try:
            await self._computer.turns.answer(question.id, answer)
            self._computer.background.want()
        except ZotuiError as error:  # it was answered elsewhere meanwhile
            self.app.notify(str(error), severity="warning", markup=False)

    def _question(self, row: Row) -> Question | None:
        return self._waiting.questions.get(row.id.removeprefix(QUESTION)) if row.id.startswith(QUESTION) else None

    @work
    async def action_deny(self) -> None:
        """Decline to answer the question under the cursor; its turn goes on."""
        row = self.query_one(Rows).current
        if row is not None and (question := self._question(row)) is not None:
            await self._answer(question, None)

    @work
    async def action_read_all(self) -> None:
        """Nothing is unread any more."""
        await self._computer.notices.read(None)

    @work
    async def action_go(self) -> None:
        """Go to where the row under the cursor comes from."""
        if (row := self.query_one(Rows).current) is not None:
            await self._go_to(row)

    async def _go_to(self, row: Row) -> None:
        if (question := self._question(row)) is not None:
            self.dismiss(f"chat:{question.conv_id}")
        elif (notice := self._waiting.notices.get(row.id)) is not None:
            await self._computer.notices.read([notice.id])
            if notice.place:
                self.dismiss(notice.place)
