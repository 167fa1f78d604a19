"""One item of a server's list of models, in any of the shapes they have."""

from decimal import Decimal, InvalidOperation

from zotui.models.document import at, count, string
from zotui.models.provider import ModelInfo
from zotui.models.quirks import WINDOW_PATHS


def info_of(item: object, prefix: str) -> ModelInfo | None:
    """One item of a list of models, in any of the shapes they have."""
    if isinstance(item, str):
        item = {"id": item}
    id_ = next((text for key in ("id", "name", "model") if (text := string(at(item, (key,))))), "")
    if not id_:
        return None
    return ModelInfo(
        id=id_.removeprefix(prefix),
        context_window=count(item, *WINDOW_PATHS),
        input_price=_price(item, "prompt", "input"),
        output_price=_price(item, "completion", "output"),
    )


def _price(item: object, per_token: str, per_million: str) -> float | None:
    """US dollars per million tokens: OpenRouter states them per token, as text, Together per million."""
    for name, factor in ((per_token, 1_000_000), (per_million, 1)):
        try:
            price = Decimal(str(at(item, ("pricing", name)))) * factor
        except InvalidOperation:
            continue
        if price.is_finite() and price >= 0:
            return float(price)
    return None
