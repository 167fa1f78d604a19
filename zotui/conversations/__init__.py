"""Conversations: chats, their messages, and the turns that a person puts."""

from zotui.conversations.chats import Chats
from zotui.conversations.records import (
    Conversation,
    Message,
    Question,
    Spent,
    Status,
    ToolCallRecord,
    Turn,
    TurnOptions,
)
from zotui.conversations.reel import Reel
from zotui.conversations.turns import LONGEST_INPUT, Turns, TurnView

__all__ = [
    "LONGEST_INPUT",
    "Chats",
    "Conversation",
    "Message",
    "Question",
    "Reel",
    "Spent",
    "Status",
    "ToolCallRecord",
    "Turn",
    "TurnOptions",
    "TurnView",
    "Turns",
]
