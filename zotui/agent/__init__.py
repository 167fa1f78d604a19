"""The agent: the loop, its context, its worker."""

from zotui.agent.agent import Agent, Limits
from zotui.agent.context import Context, Part
from zotui.agent.worker import Worker

__all__ = ["Agent", "Context", "Limits", "Part", "Worker"]
