"""A question to a model beside the conversation: asked once, its answer whole, its cost in the ledger."""

from zotui.models import ledger
from zotui.models.ledger import Bill
from zotui.models.provider import TextDelta, Usage
from zotui.models.router import Router, Wanted
from zotui.store import Store
from zotui.text import Cleaner


async def answer(router: Router, store: Store, model: str, wanted: Wanted, bill: Bill, *, private: bool) -> str:
    """What a model answers, clean. Raises as a router's stream does."""
    routed = router.stream(model, wanted, bill, private=private)
    cleaner, text = Cleaner(), ""
    usage: Usage | None = None
    status = "failed"
    try:
        async for event in routed:
            if isinstance(event, TextDelta):
                text += cleaner.feed(event.text)
            elif isinstance(event, Usage):
                usage = event
        status = "done"
    finally:
        await routed.aclose()
        if (row := routed.usage_id) is not None:
            await store.write(lambda db: ledger.end(db, row, status, None, usage, routed.cost))
    return text + cleaner.finish()
