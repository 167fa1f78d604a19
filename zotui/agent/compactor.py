"""A summary that is wanted, written: claimed as a turn is, and proposed to the person, or made a new conversation."""

import msgspec

from zotui.agent.agent import Agent
from zotui.agent.compaction import Summariser, Turn, turns_of
from zotui.agent.context import SUMMARY_SHARE, estimate, fitted, told
from zotui.agent.knowledge import telling, unknowing
from zotui.conversations import Message, TurnOptions, reads
from zotui.conversations.branches import keep_persona
from zotui.conversations.summaries import Summary, SummaryLine, applied, found
from zotui.errors import ZotuiError
from zotui.store import Reader, Transaction, new_id, now_ms
from zotui.store.work import check, finish
from zotui.text import one_line


class Compactor:
    """Writes one summary under its fence. Raises Fenced where it is somebody else's by now, StoreError."""

    def __init__(self, agent: Agent, summary: str, fence: int) -> None:
        self._agent = agent
        self._store = agent.store
        self._summary = summary
        self._fence = fence

    async def run(self) -> None:
        """From the claim to a proposal, a sequel, or what went wrong."""
        try:
            summary, turns, model, private = await self._store.read(self._read)
            summariser = Summariser(self._agent.router, self._store)
            budget = await self._agent.budget(model)
            lines, wrote = await summariser.lines(turns, model, summary.conv_id, budget=budget, private=private)
            lines = fitted(lines, int(budget * SUMMARY_SHARE))
        except ZotuiError as error:
            why = one_line(str(error), 400)
            await self._store.write(
                lambda db: finish(db, "summaries", self._summary, self._fence, "failed", "error", error=why)
            )
            return
        tokens = sum(estimate(message.content) for turn in turns for message in turn.messages)
        await self._store.write(lambda db: self._end(db, summary, lines, wrote, tokens))

    def _read(self, db: Reader) -> tuple[Summary, list[Turn], str, bool]:
        """The summary, the turns that it stands for, the conversation's model, and whether they are private."""
        summary = found(db, self._summary)
        messages: list[Message] = []
        before = summary.last_position + 1
        while page := reads.messages(db, summary.conv_id, before=before):
            messages[:0] = [message for message in page if message.position >= summary.first_position]
            before = page[0].position
            if before <= summary.first_position:
                break
        chat = reads.conversation(db, summary.conv_id)
        last = reads.turns(db, summary.conv_id)[-1:]
        private = any(msgspec.json.decode(turn.options, type=TurnOptions).private for turn in last)
        if not reads.remembers(db, summary.conv_id):
            messages = unknowing(messages, telling(db, summary.conv_id))
        return summary, turns_of(messages), chat.model if chat else "", private

    def _end(self, db: Transaction, summary: Summary, lines: list[SummaryLine], model: str, tokens: int) -> None:
        check(db, "summaries", summary.id, self._fence)
        values = {
            "lines": msgspec.json.encode(lines).decode(),
            "model": model,
            "tokens_before": tokens,
            "tokens_after": estimate(told(lines)),
        }
        if summary.purpose == "sequel":
            made = begin_sequel(db, summary, lines)
            finish(db, "summaries", summary.id, self._fence, "done", None, sequel_id=made, **values)
            self._agent.notify(db, "summary", "the new conversation is there", f"chat:{made}")
        elif self._agent.limits().compaction == "auto" and not _overlaps(db, summary):
            finish(db, "summaries", summary.id, self._fence, "done", "auto", **values)
        else:
            finish(db, "summaries", summary.id, self._fence, "waiting", "proposed", **values)
            place = f"chat:{summary.conv_id}"
            self._agent.notify(db, "summary", "a summary of older turns is proposed: /compact shows it", place)


def _overlaps(db: Reader, summary: Summary) -> bool:
    return any(one.last_position >= summary.first_position for one in applied(db, summary.conv_id))


def begin_sequel(db: Transaction, summary: Summary, lines: list[SummaryLine]) -> str:
    """Write the conversation that goes on from another: its first message is the summary, which names the other."""
    source = reads.conversation(db, summary.conv_id)
    title = source.title if source else ""
    made, now = new_id(), now_ms()
    db.execute(
        "INSERT INTO conversations(id, title, model, created_at, updated_at, kind, parent_id)"
        " VALUES (?, ?, ?, ?, ?, 'sequel', ?)",
        (made, one_line(f"{title} (continued)", 200), source.model if source else "", now, now, summary.conv_id),
    )
    keep_persona(db, summary.conv_id, made)
    text = f"This goes on from “{one_line(title, 100)}” (conversation {summary.conv_id}).\n\n{told(lines)}"
    db.execute(
        "INSERT INTO messages(id, conv_id, position, role, content, created_at, finished_at)"
        " VALUES (?, ?, 1, 'system', ?, ?, ?)",
        (new_id(), made, text, now, now),
    )
    return made
