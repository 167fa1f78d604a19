"""The policy: what the agent may do by itself, what it asks for, what it may not."""

from zotui.policy.decisions import ALLOW, DENY, USUAL, Decision, by_effect, decide

__all__ = ["ALLOW", "DENY", "USUAL", "Decision", "by_effect", "decide"]
