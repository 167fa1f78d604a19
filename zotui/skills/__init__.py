"""Skills: folders with a ``SKILL.md``. Looking at them runs nothing of theirs."""

from zotui.skills.shelf import Shelf, load_skills
from zotui.skills.skill import Skill, load_skill

__all__ = ["Shelf", "Skill", "load_skill", "load_skills"]
