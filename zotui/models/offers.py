"""The models on offer, as the providers listed them last: kept in the file, so that they can be chosen from offline."""

import msgspec

from zotui.models import prices
from zotui.models.directory import Models
from zotui.models.provider import ModelInfo, ProviderError
from zotui.models.registry import OFFLINE
from zotui.store import Reader, Store, Transaction, now_ms


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A model that could be chosen. ``listed_at`` (ms since 1970) None: nobody was asked, our table has it."""

    provider: str
    info: ModelInfo
    local: bool
    free: bool = False
    listed_at: int | None = None

    @property
    def name(self) -> str:
        """``PROVIDER/MODEL``."""
        return f"{self.provider}/{self.info.id}"


class Offers:
    """What can be chosen."""

    def __init__(self, store: Store, models: Models) -> None:
        self._store = store
        self._models = models

    async def fetch(self, provider: str, *, private: bool = False) -> list[Offer]:
        """Ask a provider for its models and keep the list. Raises what asking raises."""
        if provider == OFFLINE:
            return [Offer(provider=OFFLINE, info=ModelInfo(id=OFFLINE), local=True, free=True)]
        if not self._models.is_there(provider):
            raise ProviderError(
                "unsupported", f"{provider} is not on this machine", hint="install it, and log in there"
            )
        found = await (await self._models.provider(provider, private=private)).models()
        now = now_ms()

        def put(db: Transaction) -> None:
            db.execute("DELETE FROM models WHERE provider = ?", (provider,))
            for position, info in enumerate(found):
                db.execute(
                    "INSERT OR IGNORE INTO models(provider, id, position, info, listed_at) VALUES (?, ?, ?, ?, ?)",
                    (provider, info.id, position, msgspec.json.encode(info).decode(), now),
                )

        await self._store.write(put)
        return [self._offer(provider, info, now) for info in found]

    async def known(self, provider: str | None = None) -> list[Offer]:
        """What is known without asking anybody: listed before, named in the configuration, or in our table."""

        def look(db: Reader) -> list[tuple[str, str, int]]:
            return db.execute("SELECT provider, info, listed_at FROM models ORDER BY provider, position").fetchall()

        offers: dict[str, Offer] = {}
        for name, info, listed_at in await self._store.read(look):
            if name in self._models.rows and self._models.is_there(name):
                offer = self._offer(name, msgspec.json.decode(info, type=ModelInfo), listed_at)
                offers[offer.name] = offer
        for name, row in self._models.rows.items():
            if not self._models.is_there(name):
                continue
            ids = [*row.models, *([row.default] if row.default else []), *prices.names(name)]
            for id_ in ids:
                offers.setdefault(f"{name}/{id_}", self._offer(name, ModelInfo(id=id_), None))
        order = list(self._models.rows)
        chosen = [offer for offer in offers.values() if provider in (None, offer.provider)]
        return sorted(chosen, key=lambda offer: order.index(offer.provider))

    async def info(self, name: str) -> ModelInfo | None:
        """What is known of a model."""
        provider, _, id_ = name.partition("/")
        row = await self._store.read(
            lambda db: db.execute("SELECT info FROM models WHERE provider = ? AND id = ?", (provider, id_)).get
        )
        listed = msgspec.json.decode(row, type=ModelInfo) if row else ModelInfo(id=id_)
        return described(provider, listed)

    async def near(self, name: str, count: int = 3) -> list[str]:
        """Models of the same provider that are called alike."""
        from rapidfuzz import fuzz, process, utils

        provider, _, wanted = name.partition("/")
        ids = [offer.info.id for offer in await self.known(provider) if offer.name != name]
        found = process.extract(wanted, ids, scorer=fuzz.ratio, processor=utils.default_process, limit=count)
        return [f"{provider}/{near}" for near, score, _ in found if score >= 55]

    def _offer(self, provider: str, info: ModelInfo, listed_at: int | None) -> Offer:
        row = self._models.rows[provider]
        own = self._models.config.prices.get(f"{provider}/{info.id}")
        if own is not None:
            info = msgspec.structs.replace(info, input_price=own.input, output_price=own.output)
        return Offer(
            provider=provider,
            info=described(provider, info),
            local=row.local,
            free=row.free,
            listed_at=listed_at,
        )


def described(provider: str, info: ModelInfo) -> ModelInfo:
    """A model with what our table knows where its server said nothing."""
    found = prices.known(provider, info.id)
    if found is None:
        return info
    price = found.price or prices.Price()
    table = ModelInfo(
        id=info.id,
        context_window=found.context_window,
        max_output=found.max_output,
        input_price=price.input,
        output_price=price.output,
        vision=found.vision,
        tools=found.tools,
        reasoning=found.reasoning,
    )
    return ModelInfo(
        **{
            name: getattr(info, name) if getattr(info, name) is not None else getattr(table, name)
            for name in info.__struct_fields__
        }
    )
