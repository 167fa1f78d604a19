"""What waits for the person: questions, and notices that were not read yet; told without hiding what matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from zotui.errors import ZotuiError

if TYPE_CHECKING:
    from zotui.notices import Notice
    from zotui.tui.desk import Desk

MOST_TOASTS = 3  # at once; more are one line
LOOKED_AT = 50  # unread notices that are looked at


class Attention:
    """The counts of the status line, toasts, the bell. What is about the conversation in view is read at once."""

    tables: ClassVar[frozenset[str]] = frozenset({"notices", "approvals"})

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seen: str | None = None  # the newest notice that was told
        self.questions = 0
        self.unread = 0

    @property
    def words(self) -> str:
        """What waits, for the status line; empty where nothing does."""
        words = [f"? {self.questions}"] if self.questions else []
        words += [f"• {self.unread}"] if self.unread else []
        return " ".join(["inbox", *words]) if words else ""

    async def refresh_from_file(self) -> None:
        """Read what waits, and tell what is new."""
        computer = self._desk.computer
        if computer is None:
            return
        before = self.questions, self.unread
        try:
            waiting = await computer.turns.questions()
            await self._read_what_is_in_view()
            found = await computer.notices.list(unread=True, limit=LOOKED_AT)
            self.unread = await computer.notices.count()
        except ZotuiError as error:
            self._desk.tell(f"! notices: {error}")
            return
        self.questions = len(waiting)
        self._tell_new(found)
        if (self.questions, self.unread) != before:
            self._desk.attention_changed()

    async def _read_what_is_in_view(self) -> None:
        desk = self._desk
        open_ = desk.conversation.conversation
        if desk.computer is not None and open_ and desk.app.app_focus and desk.conversation.display:
            await desk.computer.notices.read_place(f"chat:{open_}")

    def _tell_new(self, unread: list[Notice]) -> None:
        """Toasts for what came since the last look; of what was there before the start, only the count."""
        newest = unread[0].id if unread else self._seen or ""
        if self._seen is not None:
            new = [notice for notice in unread if notice.id > (self._seen or "")]
            self._toast(new)
            self._ring(new)
        self._seen = max(newest, self._seen or "")

    def _toast(self, new: list[Notice]) -> None:
        app, computer = self._desk.app, self._desk.computer
        if computer is None or not computer.config.notices.toasts:
            return
        for notice in new[:MOST_TOASTS]:
            severity = {"warning": "warning", "error": "error"}.get(notice.level, "information")
            app.notify(notice.text, severity=severity, markup=False)  # type: ignore[arg-type]
        if len(new) > MOST_TOASTS:
            app.notify(f"{len(new) - MOST_TOASTS} more notices in the inbox", markup=False)

    def _ring(self, new: list[Notice]) -> None:
        """The bell and the desktop's notices, as the configuration chooses, unless the person is looking."""
        app, computer = self._desk.app, self._desk.computer
        if computer is None or not new or app.app_focus:
            return
        from zotui.tui import notifying

        chosen = computer.config.notices
        if chosen.bell == "all" or (chosen.bell == "questions" and any(n.kind == "question" for n in new)):
            notifying.ring(app)
        if chosen.desktop != "never":
            notifying.desktop(app, new[0].text, chosen.desktop)
