"""The plan: its rules, and that a rejected one changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zotui.conversations import Chats
from zotui.conversations.plans import FOLLOWS, MOST_STEPS, Plans, Step, check
from zotui.errors import UsageError
from zotui.store import Store

A, B = "look for it", "mend it"


async def test_steps_go_from_pending_by_in_progress_to_completed(store: Store, chats: Chats) -> None:
    plans, conversation = Plans(store), await chats.create("t")
    assert await plans.plan(conversation) is None
    await plans.write(conversation, "t1", [Step(A), Step(B)])
    await plans.write(conversation, "t2", [Step(A, "in_progress"), Step(B)])
    await plans.write(conversation, "t3", [Step(A, "completed"), Step(B, "in_progress")])
    plan = await plans.plan(conversation)
    assert plan is not None
    assert (plan.turn_id, plan.steps) == ("t3", [Step(A, "completed"), Step(B, "in_progress")])


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ([Step(A, "completed"), Step(B)], "cannot go from pending to completed"),
        ([Step(A, "in_progress"), Step(B, "in_progress")], "2 steps are in_progress"),
        ([Step(A), Step("new", "completed")], "cannot go from nothing to completed"),
        ([Step(A), Step(A)], "text of its own"),
        ([Step("  ")], "text of its own"),
        ([Step(f"step {number}") for number in range(MOST_STEPS + 1)], "too many"),
    ],
    ids=["skips", "two at once", "done before it began", "twice", "empty", "many"],
)
async def test_what_breaks_a_rule_changes_nothing(store: Store, chats: Chats, after: list[Step], said: str) -> None:
    plans, conversation = Plans(store), await chats.create("t")
    before = await plans.write(conversation, "t1", [Step(A), Step(B)])
    with pytest.raises(UsageError, match=said):
        await plans.write(conversation, "t2", after)
    assert await plans.plan(conversation) == before


STATUSES = st.sampled_from(["pending", "in_progress", "completed", "cancelled"])


@given(STATUSES, STATUSES)
def test_what_may_follow_is_what_the_table_says(old: str, new: str) -> None:
    before, after = [Step(A, old)], [Step(A, new)]  # type: ignore[arg-type]
    if new in FOLLOWS[old]:  # type: ignore[index]
        check(before, after)
    else:
        with pytest.raises(UsageError):
            check(before, after)
