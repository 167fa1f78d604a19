"""A terminal in memory: what a program prints becomes cells. Of its bytes nothing else gets anywhere.

``reader`` tells text from sequences, ``screen`` does what they say on a ``grid`` of ``row``s written with a ``pen``;
``keys`` is the other way, from what a person does to what the program reads.
"""

from zotui.tui.vt.reader import Reader
from zotui.tui.vt.screen import Screen

__all__ = ["Reader", "Screen"]
