"""Whether a provider works: its key, its address, the model that would be asked; each fault in a sentence of its own."""

import asyncio

import msgspec

from zotui.errors import ZotuiError
from zotui.models.directory import Models
from zotui.models.provider import ProviderError
from zotui.models.registry import OFFLINE

TRIAL_S = 20.0


class Trial(msgspec.Struct, frozen=True):
    """What came of it. ``kind`` is "ok", or that of the fault ("auth", "timeout", …); ``models`` how many there are."""

    provider: str
    ok: bool
    kind: str
    said: str
    hint: str = ""
    models: int | None = None


async def tried(models: Models, model: str, *, private: bool = False) -> Trial:
    """Ask a provider for its models, with its key, and look whether the one that would be asked is among them.

    Nothing is spent. ``private``: nobody is asked who is not on this machine. Raises UsageError for an unknown one.
    """
    name, named = models.split(model)
    if name == OFFLINE:
        return Trial(name, True, "ok", "offline needs no key and no network")
    try:
        async with asyncio.timeout(TRIAL_S):
            provider = await models.provider(name, private=private)
            check = getattr(provider, "check", None)
            if check is not None and models.rows[name].check:
                await check(models.rows[name].check)
            offered = await provider.models()
    except TimeoutError:
        return Trial(name, False, "timeout", f"{name} gave no answer within {TRIAL_S:g} s", "try again later")
    except ProviderError as error:
        return Trial(name, False, error.kind, error.message, error.hint)
    except ZotuiError as error:
        return Trial(name, False, "config", error.message, error.hint)
    row = models.rows[name]
    if row.dialect == "command":
        return Trial(name, True, "ok", f"{name} is on this machine; the first request shows whether it is logged in")
    wanted = named or row.usual
    if wanted and offered and wanted not in {info.id for info in offered} and wanted != "default":
        said = f"{name} answers, but does not list {wanted}, which would be asked"
        return Trial(name, False, "model_not_found", said, f"choose another: zotui models list {name}", len(offered))
    count = "1 model" if len(offered) == 1 else f"{len(offered)} models"
    return Trial(name, True, "ok", f"{name} answers, with {count}", "", len(offered))
