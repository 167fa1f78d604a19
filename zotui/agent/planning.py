"""The tool by which the agent keeps its plan, for itself and for the person who watches."""

from typing import Annotated

from msgspec import Meta, Struct

from zotui.conversations.plans import Plans, Step
from zotui.errors import UsageError
from zotui.toolbox import Result, Tool, ToolContext, ToolError

GLYPHS = {"pending": "[ ]", "in_progress": "[>]", "completed": "[x]", "cancelled": "[-]"}


class WritePlan(Struct, forbid_unknown_fields=True):
    steps: Annotated[list[Step], Meta(max_length=30)]


def tools(plans: Plans) -> list[Tool]:
    """The plan tool."""

    async def write(arguments: WritePlan, context: ToolContext) -> Result:
        try:
            plan = await plans.write(context.conversation, context.turn, arguments.steps)
        except UsageError as error:
            raise ToolError(error.message, error.hint) from None
        done = sum(step.status == "completed" for step in plan.steps)
        listed = "\n".join(f"{GLYPHS[step.status]} {step.text}" for step in plan.steps)
        return Result(listed or "The plan is empty.", f"{done} of {len(plan.steps)} done")

    words = "Write your whole plan for work of several steps: one in_progress at a time, each before it is completed."
    return [Tool("plan", words, WritePlan, "write", write)]
