"""When something shall happen, said in words."""

from zotui.automations.words.speaking import spoken
from zotui.automations.words.understanding import Ambiguous, When, understood
from zotui.automations.words.vocabulary import Vocabulary

__all__ = ["Ambiguous", "Vocabulary", "When", "spoken", "understood"]
