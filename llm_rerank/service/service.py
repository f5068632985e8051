"""All that routes need, opened once and closed once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from llm_rerank.recommender import Recommender
from llm_rerank.service.admission import Admission
from llm_rerank.service.auth import Door
from llm_rerank.service.config import ServeConfig
from llm_rerank.service.histories import Histories
from llm_rerank.service.items import Items
from llm_rerank.service.salts import Salts
from retrieval.folder import load_folder
from retrieval.live.shop import LiveShop
from retrieval.store.database import Database
from retrieval.store.interactions import InteractionStore
from retrieval.store.items import ItemStore
from retrieval.store.keys import KeyStore
from retrieval.store.rankings import RankingStore


@dataclass(kw_only=True, slots=True)
class Service:
    """One shop's."""

    config: ServeConfig
    recommender: Recommender
    database: Database
    items: Items
    interactions: InteractionStore
    rankings: RankingStore
    histories: Histories
    door: Door
    admission: Admission
    salts: Salts
    ready: bool = False
    """Whether it has answered a request of its own."""

    @classmethod
    def open(cls, config: ServeConfig, *, say: Callable[[str], None]) -> "Service":
        """The database first: nobody should wait for a model to hear that it is not there."""
        database = Database.open(config.database)
        share = config.new_items if config.recommend.fusion is None else 0.0
        shop = LiveShop.of(load_folder(config.recommend.shop), new_items=share)
        return cls.of(config, shop, Recommender.for_shop(shop, config.recommend, say=say), database)

    @classmethod
    def of(cls, config: ServeConfig, shop: LiveShop, recommender: Recommender, database: Database) -> "Service":
        """Of what is open already: a recommender of this shop."""
        items, interactions = Items(shop, config.tenant, ItemStore(database)), InteractionStore(database)
        return cls(
            config=config,
            recommender=recommender,
            database=database,
            items=items,
            interactions=interactions,
            rankings=RankingStore(database),
            histories=Histories(shop.log, config.tenant, interactions, config.limits),
            door=Door(KeyStore(database)),
            admission=Admission(at_once=config.limits.at_once, waiting=config.limits.waiting),
            salts=Salts(config.cache_secret),
        )

    def close(self) -> None:
        """Lets go of the model and the database."""
        self.recommender.close()
        self.database.close()


def _of_app(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Opened = Annotated[Service, Depends(_of_app)]
"""What a route needs of what is open."""
