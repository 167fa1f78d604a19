"""The workers of a computer, put together: only the process that does the work imports this."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import structs

from zotui import notices
from zotui.agent import Agent, Limits, Worker
from zotui.agent.agent import options_of
from zotui.agent.guidance import Guidance
from zotui.agent.knowledge import Knowledge
from zotui.agent.learning import Learning
from zotui.agent.planning import tools as plan_tools
from zotui.agent.scope import scope_in
from zotui.agent.tools import tools as agent_tools
from zotui.automations.tools import AUTOMATED
from zotui.automations.tools import tools as automation_tools
from zotui.background import lock_is_held
from zotui.conversations import TurnView, taint
from zotui.documents import document_text
from zotui.memory.knowing import Known
from zotui.memory.learning import Learner
from zotui.memory.tools import tools as memory_tools
from zotui.models.gate import Gate
from zotui.models.router import Router
from zotui.policy import USUAL, Case, Decision, decide, stricter
from zotui.policy.conditions import Scope
from zotui.policy.patterns import command_of
from zotui.policy.patterns import parse as parse_rule
from zotui.skills.allowing import permits
from zotui.skills.drafting import draft_tools
from zotui.skills.run_tool import run_tools
from zotui.skills.tools import tools as skill_tools
from zotui.toolbox import Tool, Toolbox
from zotui.workspace import Instructions
from zotui.workspace.commands import BACKGROUND, Runner
from zotui.workspace.commands import tools as command_tools
from zotui.workspace.online import tools as online_tools
from zotui.workspace.tools import moving_tools
from zotui.workspace.tools import tools as workspace_tools

if TYPE_CHECKING:
    from zotui.computer import Computer


def toolbox(computer: "Computer") -> Toolbox:
    """All tools of a computer."""
    runner = Runner(computer.crew.keeper, computer.commands, lambda: computer.models.config.agent.tool_timeout_s)
    return Toolbox(
        [
            *memory_tools(computer.memory),
            *workspace_tools(computer.workspace, document_text),
            *moving_tools(computer.bin),
            *command_tools(runner),
            *online_tools(runner),
            *agent_tools(computer.store, computer.chats),
            *plan_tools(computer.plans),
            *automation_tools(computer.automations),
            *skill_tools(computer.skills, computer.skill_runs),
            *draft_tools(computer.drafting),
            *(run_tools(computer.skills.running) if computer.skills.running else ()),
        ]
    )


def covered(pattern: str, tool: Tool, given: Mapping[str, Any]) -> bool:
    """Whether a call is all within a pattern."""
    return decide({pattern: "allow", tool.name: "ask"}, tool, given) == "allow"


def knowledge_of(found: Known) -> Knowledge:
    """What is known as a turn is told it."""
    profile = "".join(one.text for one in found.told if one.reason == "profile")
    rest = [one for one in found.told if one.reason != "profile"]
    return Knowledge(profile, [one.text for one in rest], [f"{one.name} {one.why}" for one in rest], found.left_out)


def unknown_tools(computer: "Computer", rules: Iterable[str]) -> list[str]:
    """Those rules of a policy that are a name, but of no tool and no effect that there is: mistyped, most likely."""
    known = {tool.name for tool in toolbox(computer).tools} | set(USUAL)
    return [rule for rule in rules if parse_rule(rule) is None and rule.strip() not in known]


def agent(computer: "Computer") -> Agent:
    """The agent with this computer's models and tools."""

    async def recall(view: TurnView, room: int) -> Knowledge:
        conversation = view.turn.conv_id
        private = options_of(view).private
        found = await computer.memory.know(conversation, view.turn.input, room, private=private)
        if found.tainted:
            await computer.store.write(lambda db: taint.mark(db, conversation, "a memory"))
        await computer.memory.use([one.memory for one in found.told if one.reason != "profile"], view.turn.id)
        return knowledge_of(found)

    async def skills(request: str) -> str:
        return await asyncio.to_thread(computer.skills.index, request)

    async def at_hand(conversation: str) -> Sequence[str]:
        return [BACKGROUND] if await computer.commands.any_of(conversation) else []

    def limits() -> Limits:
        now = computer.models.config.agent
        return Limits(now.max_steps, now.tool_timeout_s, now.context_tokens, now.compaction)

    def judge(tool: Tool, arguments: Mapping[str, Any], case: Case) -> Decision:
        policy = computer.models.config.policy
        decision = decide(policy, tool, arguments, case)
        if tool.name == BACKGROUND and arguments.get("input"):  # as the same words would be for run_command
            decision = stricter(decision, decide(policy, structs.replace(tool, name="run_command"), arguments, case))
        if tool.name in AUTOMATED and arguments.get("run"):  # as the command would be now
            command = structs.replace(tool, name="run_command", effect="run")
            decision = stricter(decision, decide(policy, command, {"command": arguments["run"]}, case))
        unwalled = command_of(tool, arguments) is not None and computer.sandbox.is_open
        return "ask" if decision == "allow" and unwalled else decision

    async def bounded(names: Sequence[str], tool: Tool, given: Mapping[str, Any]) -> str:
        if not names:
            return ""
        known = {skill.name: skill for skill in await asyncio.to_thread(computer.skills.list)}
        for skill in filter(None, map(known.get, names)):
            if not permits(skill.allowed_tools, tool.name, lambda pattern: covered(pattern, tool, given)):
                return f"the skill {skill.name} allows only {', '.join(skill.allowed_tools)}"
        return ""

    folders = Instructions(computer.home.workspace)

    async def instructions(conversation: str, paths: Sequence[str], most: int) -> Sequence[str]:
        if not computer.models.config.agent.instructions:
            return ()
        found = await asyncio.to_thread(folders.of, paths, most)
        if foreign := next((one.repository for one in found if one.repository and one.text), ""):
            await computer.store.write(lambda db: taint.mark(db, conversation, f"AGENTS.md of {foreign}"))
        return [one.told for one in found]

    router = Router(computer.models, Gate(computer.store), computer.offers)
    workspace = str(computer.home.workspace)
    return Agent(
        store=computer.store,
        router=router,
        toolbox=toolbox(computer),
        recall=recall,
        skills=skills,
        workspace=workspace,
        limits=limits,
        notify=notices.tell,
        decide=judge,
        guard=computer.checkpoints,
        guidance=Guidance(computer.store, router, workspace, instructions),
        at_hand=at_hand,
        news=computer.commands.news,
        bounded=bounded,
        learn=Learning(Learner(), notices.tell, lambda: computer.models.config.memory.propose),
    )


def scope_of_request(computer: "Computer", text: str) -> Scope:
    """What a new request with this text would be about."""
    return scope_in(text, [], str(computer.home.workspace))


def agent_worker(computer: "Computer") -> Worker:
    """The agent's worker."""
    return Worker(agent(computer), own_only=computer.crew.owns_its_work, alone=lambda: not lock_is_held(computer.home))
