"""Whether a call may run now: by the policy, by what the person allowed, or once they are asked."""

from msgspec import structs

from zotui.agent.agent import Agent
from zotui.agent.journal import Journal
from zotui.agent.leave import leave, words
from zotui.conversations import ToolCallRecord, TurnOptions
from zotui.conversations.grants import ALWAYS, IN_CHAT, holding
from zotui.conversations.turns import ALLOWING, DENYING, EDITED, INSTEAD, viewed
from zotui.policy import GUARDED, Case, offered
from zotui.policy.patterns import command_of, from_root
from zotui.store import now_ms
from zotui.toolbox import Ask, Tool, ToolError

FIND_SKILL = "find_skill"  # the tool that reads one; its summary is the skill's name
APPROVED_MS = 600_000  # how long an approval is good for; a call that could not begin by then is asked about again


class Permit:
    """Decides over the calls of one turn, and asks the person."""

    def __init__(self, agent: Agent, journal: Journal) -> None:
        self._agent = agent
        self._journal = journal

    async def may_run(self, tool: Tool, call: ToolCallRecord, options: TurnOptions, tainted: str) -> bool:
        """Whether a call runs now; False where the person is asked first. ``tainted``: whose words are in the conversation.

        Raises ToolError for no.
        """
        given = from_root(call.given or {}, self._agent.workspace)
        if why := await self._agent.bounded(await self._followed(), tool, given):
            raise ToolError(why, "do without it, or tell the person what the skill keeps you from")
        case = Case(bool(tainted), await self._remembered(), options.grants)
        decision = self._agent.decide(tool, given, case)
        if decision == "deny":
            raise ToolError(
                f"the policy forbids this call of {tool.name}", "do without it, or say what you would have done"
            )
        if decision == "allow" or await self._is_allowed(call.id):
            return True
        if not options.attended:
            refused = f"{tool.name} needed your leave, and nobody was there; [policy] in config.toml can give it"
            await self._journal.refuse_unattended(call.id, f"{refused}\n{words(call)}")
            raise ToolError(f"{tool.name} needs the person's leave, and nobody is there", "do without it")
        await self._ask(tool, call, case, tainted)
        return False

    async def _ask(self, tool: Tool, call: ToolCallRecord, case: Case, tainted: str) -> None:
        given = from_root(call.given or {}, self._agent.workspace)
        grants = offered(tool, given)
        for_good = structs.replace(case, remembered=[*case.remembered, *grants])
        if not grants or self._agent.decide(tool, given, for_good) != "allow":
            grants = []  # it would be asked about all the same
        question = await leave(tool, call, tainted if tool.effect in GUARDED else "", grants)
        edit = [EDITED] * (command_of(tool, given) is not None and "command" in given)
        for_more = [] if not grants else [ALWAYS] if tool.effect in GUARDED else [IN_CHAT, ALWAYS]
        choices = [ALLOWING[0], DENYING[0], *edit, *for_more]  # the first two are the same ones each time
        await self._journal.ask(call.id, Ask(question, choices), "approval", grants)

    async def with_the_persons_words(self, call: str, result: str) -> str:
        """A call's result, for a model that may think that it ran its own command where the person wrote another."""
        answer = await self._agent.store.read(
            lambda db: db.execute("SELECT answer FROM approvals WHERE tool_call_id = ? ORDER BY id DESC", (call,)).get
        )
        if not str(answer or "").startswith(INSTEAD):
            return result
        return f"[the person had this run instead: {str(answer).removeprefix(INSTEAD)}]\n{result}"

    async def _followed(self) -> list[str]:
        """The skills that the model has read in this turn, and follows."""
        view = await self._agent.store.read(lambda db: viewed(db, self._journal.turn))
        read = (call.summary for call in view.tool_calls if call.name == FIND_SKILL and call.status == "done")
        return list(dict.fromkeys(read))

    async def _remembered(self) -> list[str]:
        """The patterns that the person allowed, here or everywhere."""
        return await self._agent.store.read(lambda db: holding(db, viewed(db, self._journal.turn).turn.conv_id))

    async def _is_allowed(self, call: str) -> bool:
        """Whether the person has allowed this very call, no longer ago than an approval is good for."""
        return await self._agent.store.read(
            lambda db: bool(
                db.execute(
                    "SELECT 1 FROM approvals WHERE tool_call_id = ? AND kind = 'approval' AND status = 'done'"
                    " AND finished_at > ?",
                    (call, now_ms() - APPROVED_MS),
                ).get
            )
        )
