"""The sandbox: one way to start any child that is not ours, behind the best wall that stands on this machine."""

from zotui.limits import Limits
from zotui.sandbox.child import Child
from zotui.sandbox.command import Command, Outcome, shell
from zotui.sandbox.output import Output
from zotui.sandbox.sandbox import Sandbox
from zotui.sandbox.terminal import Terminal
from zotui.sandbox.wall import Profile, Wall

__all__ = ["Child", "Command", "Limits", "Outcome", "Output", "Profile", "Sandbox", "Terminal", "Wall", "shell"]
