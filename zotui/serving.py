"""Being the background process of a home."""

import asyncio
from typing import TYPE_CHECKING

from zotui.background import Post

if TYPE_CHECKING:
    from zotui.computer import Computer

LINGER_S = 3.0  # how long an unneeded background process stays, for the next command of a script


async def serve(computer: "Computer", post: Post) -> None:
    """Be the background process until told to leave, or, when detached, until nobody needs it."""
    await post.listen()
    if not post.detached:
        await post.leaving.wait()
        return
    while not post.leaving.is_set():
        idle = asyncio.create_task(post.until_idle(LINGER_S))
        leaving = asyncio.create_task(post.leaving.wait())
        await asyncio.wait({idle, leaving}, return_when=asyncio.FIRST_COMPLETED)
        idle.cancel()
        leaving.cancel()
        gone = not await asyncio.to_thread(computer.home.database.exists)
        if post.leaving.is_set() or gone or not any((await computer.work()).values()):
            return
        await asyncio.sleep(1)
