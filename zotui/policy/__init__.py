"""The policy: what the agent may do by itself, what it asks for, what it may not."""

from zotui.policy.decisions import GUARDED, USUAL, Case, Decision, by_effect, decide, stricter
from zotui.policy.offers import offered
from zotui.policy.personas import Persona, Personas, Wanted
from zotui.policy.rules import Rule, Rules
from zotui.policy.scopes import allowed

__all__ = [
    "GUARDED",
    "USUAL",
    "Case",
    "Decision",
    "Persona",
    "Personas",
    "Rule",
    "Rules",
    "Wanted",
    "allowed",
    "by_effect",
    "decide",
    "offered",
    "stricter",
]
