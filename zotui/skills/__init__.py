"""Skills: folders with a ``SKILL.md``. Looking at them runs nothing of theirs."""

from zotui.skills.reading import load_skill
from zotui.skills.routing import Routed, Router, route
from zotui.skills.shelf import Shelf, load_skills
from zotui.skills.skill import Parameter, Script, Skill

__all__ = ["Parameter", "Routed", "Router", "Script", "Shelf", "Skill", "load_skill", "load_skills", "route"]
