"""The schema, step by step. A step, once released, never changes; the next one is added at the end."""

from collections.abc import Callable

from zotui.store.schema.automations import automations
from zotui.store.schema.browsing import browsing
from zotui.store.schema.commands import commands
from zotui.store.schema.desk import desk
from zotui.store.schema.first import first
from zotui.store.schema.forgetting import forgetting
from zotui.store.schema.grants import grants
from zotui.store.schema.hands import hands
from zotui.store.schema.leaving import leaving
from zotui.store.schema.living import living
from zotui.store.schema.memories import memories
from zotui.store.schema.mirror import mirror
from zotui.store.schema.models import models
from zotui.store.schema.signs import signs
from zotui.store.schema.skill_keys import skill_keys
from zotui.store.schema.skill_runs import skill_runs
from zotui.store.schema.skills import skills
from zotui.store.schema.summarised import summarised
from zotui.store.schema.vectors import vectors
from zotui.store.sql import Database

STEPS: list[Callable[[Database], None]] = [
    first,
    models,
    desk,
    hands,
    grants,
    commands,
    memories,
    forgetting,
    living,
    browsing,
    skills,
    skill_runs,
    vectors,
    mirror,
    automations,
    skill_keys,
    signs,
    leaving,
    summarised,
]
VERSION = len(STEPS)
