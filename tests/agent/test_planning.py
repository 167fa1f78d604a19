"""The plan tool, called by a scripted model."""

from tests.agent.lab import Lab, agent
from tests.openai_server import calls, says
from zotui.agent import Worker
from zotui.agent.planning import tools
from zotui.conversations.plans import Plans, Step


async def test_a_step_cannot_be_completed_before_it_was_begun(lab: Lab) -> None:
    plans = Plans(lab.store)
    worker = Worker(agent(lab.store, lab.server.url, tools(plans), lab.home), own_only=False)
    worker.start()
    lab._workers.append(worker)
    first = [{"text": "find the leak", "status": "in_progress"}, {"text": "mend it", "status": "pending"}]
    skipped = [{"text": "find the leak", "status": "completed"}, {"text": "mend it", "status": "completed"}]
    right = [{"text": "find the leak", "status": "completed"}, {"text": "mend it", "status": "in_progress"}]
    lab.server.script(
        calls(("plan", {"steps": first})), calls(("plan", {"steps": skipped})), calls(("plan", {"steps": right})), says("on it"),
    )  # fmt: skip
    view = await lab.ask("mend the leak")
    assert [call.status for call in view.tool_calls] == ["done", "failed", "done"]
    assert "cannot go from pending to completed" in lab.server.exchanges[2].results[0]
    assert view.tool_calls[2].summary == "1 of 2 done"
    plan = await plans.plan(view.turn.conv_id)
    assert plan is not None
    assert plan.steps == [Step("find the leak", "completed"), Step("mend it", "in_progress")]
    assert plan.turn_id == view.turn.id
