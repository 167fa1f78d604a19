"""The models on offer, as the providers listed them last: kept in the file, so that they can be chosen from offline."""

from collections.abc import Iterator

import msgspec

from zotui.models import prices
from zotui.models.directory import Models
from zotui.models.provider import ModelInfo
from zotui.models.registry import OFFLINE, ProviderRow
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
        row = self._models.rows[provider]
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
        return [self._offer(provider, row, info, now) for info in found]

    async def known(self, provider: str | None = None) -> list[Offer]:
        """What is known without asking anybody: listed before, named in the configuration, or in our table."""
        return await self._store.read(lambda db: [*self._known(db, provider)])

    def _known(self, db: Reader, wanted: str | None) -> Iterator[Offer]:
        """The same, provider by provider. Blocks: it looks for programs, and reads our table."""
        for name, row in self._models.rows.items():
            if wanted not in (None, name) or not self._models.is_there(name):
                continue
            listed = db.execute(
                "SELECT info, listed_at FROM models WHERE provider = ? ORDER BY position", (name,)
            ).fetchall()
            told = [(msgspec.json.decode(info, type=ModelInfo), at) for info, at in listed]
            named = dict.fromkeys([*row.models, *([row.default] if row.default else []), *prices.names(name)])
            rest = [ModelInfo(id=id_) for id_ in named if id_ not in {info.id for info, _ in told}]
            yield from (self._offer(name, row, info, at) for info, at in [*told, *((info, None) for info in rest)])

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

    def _offer(self, provider: str, row: ProviderRow, info: ModelInfo, listed_at: int | None) -> Offer:
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
