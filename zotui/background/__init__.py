"""The one background process of a home: who is it, is it there, start it, stop it.

A process that holds ``run/serve.lock`` is it. It listens on ``run/serve.sock``, and every open door keeps a
connection there: so each side notices at once when the other is gone. No work passes through the socket; that
is what the file is for.
"""

from zotui.background.link import Background, Identity, lock_is_held
from zotui.background.post import Post

__all__ = ["Background", "Identity", "Post", "lock_is_held"]
