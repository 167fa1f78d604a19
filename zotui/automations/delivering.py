"""What is told outside the file is delivered from rows: once, and again where that failed.

A target is ``file:PATH`` of the workspace, to which it is added; ``command:LINE``, which reads it from its input, behind the wall;
``webhook:URL``, to which it is posted as JSON; or ``mail:ADDRESS``.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from zotui.automations.firing import Notify
from zotui.automations.telling import INBOX, kind_of, place_of
from zotui.errors import Fenced, StoreError, UsageError, ZotuiError
from zotui.store import Reader, Store, Transaction, now_ms
from zotui.store.work import claim, finish, lost
from zotui.text import clean, one_line

TRIES = 3
AGAIN_S = 30  # until the second one, twice as long until the third
LIMIT_S = 60.0
STOP_S = 10.0  # for which a process that goes waits for an answer
LOOK_S = 15.0
_FORMS = {
    "file": (re.compile(r"(?!/)(?!.*(^|/)\.\.(/|$))[^\0]{1,400}"), "file:PATH of the workspace"),
    "command": (re.compile(r"(?s).{1,2000}"), "command:LINE"),
    "webhook": (re.compile(r"https?://\S{1,2000}"), "webhook:https://…"),
    "mail": (re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>]{1,250}"), "mail:NAME@HOST"),
}

log = logging.getLogger(__name__)

Send = Callable[[str, str, str], Awaitable[None]]
"""Delivers to a place a text, which is of an automation's title. Raises ZotuiError, OSError."""


def check(target: str) -> str:
    """A target as it is kept. Raises UsageError."""
    kind, colon, place = target.strip().partition(":")
    kind, place = kind.lower(), clean(place).strip()
    form = _FORMS.get(kind)
    if not colon or form is None or not form[0].fullmatch(place):
        raise UsageError(
            f"{one_line(target, 60)!r} is nothing to deliver to",
            f"one of {', '.join(said for _, said in _FORMS.values())}",
        )
    return f"{kind}:{place}"


class Deliverer:
    """Delivers what waits in one file, one after the other, until it is cancelled. ``senders`` by the kinds of targets."""

    def __init__(self, store: Store, senders: Mapping[str, Send], notify: Notify) -> None:
        self._store = store
        self._senders = senders
        self._notify = notify
        self._held: set[str] = set()

    async def run(self) -> None:
        """Deliver what is due. A fault of the file is tried again."""
        async with self._store.watch("deliveries") as watch:
            while True:
                wait = LOOK_S
                try:
                    if await self._store.read(self._lost):
                        await self._store.write(self._settle_lost)
                    while await self._store.read(_is_due) and await self._whole():
                        pass
                    wait = await self._store.read(_wait)
                except StoreError as error:
                    log.warning("deliveries: %s", error)
                await watch.wait(wait)

    async def _whole(self) -> bool:
        """Deliver the next one; where this is cancelled, to its end first, if that comes soon."""
        sending = asyncio.create_task(self._next())
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            await asyncio.wait({sending}, timeout=STOP_S)
            sending.cancel()
            raise

    async def _next(self) -> bool:
        # On disk before anything leaves: what is sent and not marked would be sent twice.
        taken = await self._store.write(lambda db: claim(db, "deliveries", self._store.owner))
        if taken is None:
            return False
        id_, fence = taken
        self._held.add(id_)
        try:
            query = (
                "SELECT d.target, d.text, d.attempt, a.title FROM deliveries d JOIN runs r ON r.id = d.run_id"
                " JOIN automations a ON a.id = r.automation_id WHERE d.id = ?"
            )
            found = await self._store.read(lambda db: db.execute(query, (id_,)).get)
            if found is None:  # deleted this moment
                return True
            target, text, attempt, title = found
            error = await self._sent(target, text, title)
            await self._store.write(
                partial(self._end, id_=id_, fence=fence, target=target, text=text, error=error, last=attempt >= TRIES)
            )
        finally:
            self._held.discard(id_)
        return True

    async def _sent(self, target: str, text: str, title: str) -> str:
        """What went wrong; empty where nothing did."""
        kind, _, place = target.partition(":")
        if kind == INBOX:
            return ""
        try:
            async with asyncio.timeout(LIMIT_S):
                await self._senders[kind](place, text, title)
        except TimeoutError:
            return f"no answer within {LIMIT_S:.0f} s"
        except (ZotuiError, OSError) as error:
            return one_line(str(error), 300) or type(error).__name__
        except Exception as error:
            log.exception("delivery to %s", kind)
            return f"{type(error).__name__}: {error}"
        return ""

    def _end(self, db: Transaction, *, id_: str, fence: int, target: str, text: str, error: str, last: bool) -> None:
        run = str(db.execute("SELECT run_id FROM deliveries WHERE id = ?", (id_,)).get)
        if not error:
            if target == INBOX:
                failed = db.execute("SELECT status FROM runs WHERE id = ?", (run,)).get != "done"
                self._notify(db, kind_of(failed), text, place_of(db, run), "warning" if failed else "info")
            finish(db, "deliveries", id_, fence, "done")
        elif last:
            finish(db, "deliveries", id_, fence, "failed", "error", error=error)
            self._complain(db, run, target, error)
        else:
            attempt = int(db.execute("SELECT attempt FROM deliveries WHERE id = ?", (id_,)).get)
            at = now_ms() + AGAIN_S * 1_000 * 2 ** (attempt - 1)
            finish(db, "deliveries", id_, fence, "queued", "retry", error=error, not_before=at)

    def _complain(self, db: Transaction, run: str, target: str, error: str) -> None:
        kind, _, place = target.partition(":")
        where = kind if kind in ("webhook", "command") else f"{kind} {one_line(place, 60)}"  # those may hold a key
        self._notify(db, "failure", f"not delivered to {where}: {error}", place_of(db, run), "warning")

    def _lost(self, db: Reader) -> list[tuple[str, int]]:
        return list(lost(db, "deliveries", self._store.owner, self._held))

    def _settle_lost(self, db: Transaction) -> None:
        """Those whose process is gone may have been delivered, or not: that is said, and they are not sent again."""
        for id_, fence in self._lost(db):
            with contextlib.suppress(Fenced):
                target, run = db.execute("SELECT target, run_id FROM deliveries WHERE id = ?", (id_,)).get
                if target == INBOX:
                    finish(db, "deliveries", id_, fence, "queued", "lost")
                    continue
                error = "its process was gone meanwhile: whether it arrived is not known"
                finish(db, "deliveries", id_, fence, "interrupted", "lost", error=error)
                self._complain(db, run, target, error)


def _is_due(db: Reader) -> bool:
    query = "SELECT 1 FROM deliveries WHERE status = 'queued' AND not_before <= ? LIMIT 1"
    return db.execute(query, (now_ms(),)).get is not None


def _wait(db: Reader) -> float:
    at = db.execute("SELECT min(not_before) FROM deliveries WHERE status = 'queued'").get
    return LOOK_S if at is None else max(0.0, min((at - now_ms()) / 1_000, LOOK_S))
