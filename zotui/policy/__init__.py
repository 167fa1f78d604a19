"""The policy: what the agent may do by itself, what it asks for, what it may not."""

from zotui.policy.decisions import USUAL, Decision, by_effect, decide

__all__ = ["USUAL", "Decision", "by_effect", "decide"]
