"""Conversations: chats, their messages, and the turns that a person puts."""

from zotui.conversations.chats import Chats
from zotui.conversations.comparisons import Comparison, Comparisons, Member
from zotui.conversations.records import (
    Attachment,
    Branch,
    Conversation,
    Given,
    Message,
    Question,
    Shelf,
    Spent,
    Status,
    ToolCallRecord,
    Touch,
    Turn,
    TurnOptions,
)
from zotui.conversations.reel import Reel
from zotui.conversations.requests import LONGEST_INPUT
from zotui.conversations.turns import Turns, TurnView

__all__ = [
    "LONGEST_INPUT",
    "Attachment",
    "Branch",
    "Chats",
    "Comparison",
    "Comparisons",
    "Conversation",
    "Given",
    "Member",
    "Message",
    "Question",
    "Reel",
    "Shelf",
    "Spent",
    "Status",
    "ToolCallRecord",
    "Touch",
    "Turn",
    "TurnOptions",
    "TurnView",
    "Turns",
]
