"""All that routes need, opened once and closed once."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Annotated

from fastapi import Depends, Request

from llm_rerank.deadline import Deadline
from llm_rerank.effects.finder import EffectsFinder
from llm_rerank.recommender import Recommender
from llm_rerank.service.admission import Admission
from llm_rerank.service.auth import Door
from llm_rerank.service.config import ServeConfig
from llm_rerank.service.histories import Histories
from llm_rerank.service.items import Items
from llm_rerank.service.metrics import Metrics
from llm_rerank.service.origins import Origins
from llm_rerank.service.salts import Salts
from llm_rerank.service.stages import Stages
from llm_rerank.service.titles import Titles
from llm_rerank.service.traces import NO_TRACES, Traces, open_traces
from retrieval.errors import ConfigError
from retrieval.folder import load_folder
from retrieval.live.shop import LiveShop
from retrieval.store.database import Database
from retrieval.store.interactions import InteractionStore
from retrieval.store.items import ItemStore
from retrieval.store.keys import KeyStore
from retrieval.store.opinions import OpinionStore
from retrieval.store.rankings import RankingStore


@dataclass(kw_only=True, slots=True)
class Service:
    """One shop's."""

    config: ServeConfig
    recommender: Recommender
    database: Database
    items: Items
    titles: Titles
    origins: Origins
    interactions: InteractionStore
    rankings: RankingStore
    opinions: OpinionStore
    histories: Histories
    door: Door
    admission: Admission
    salts: Salts
    traces: Traces
    effects: EffectsFinder
    ready: bool = False
    """Whether the LLM has answered a request of the service's own. It stays so: see routes/health.py."""
    stopping: bool = False
    """Whether it answers what comes, but nothing more should come."""
    over: bool = False
    """Whether what is under way is given up."""
    under_way: set[Deadline] = field(default_factory=set)
    """Of those who wait for an answer."""
    metrics: Metrics = field(init=False)
    stages: Stages = field(init=False)

    def __post_init__(self) -> None:
        reranker = self.recommender.reranker
        about = {
            "version": version("llm-rerank"),
            "model": self.config.recommend.model,
            "adapter": reranker.adapter or "",
            "prompt": reranker.prompt.config.fingerprint,
            "engine": reranker.engine.name,
        }
        now = {
            "running": lambda: float(self.admission.running),
            "waiting": lambda: float(self.admission.waiting),
            "ready": lambda: float(self.ready and not self.stopping),
        }
        self.metrics = Metrics(about, now, with_vllm=self.config.recommend.engine.kind == "vllm")
        self.stages = Stages(self.metrics, self.traces)

    @classmethod
    def open(cls, config: ServeConfig, *, say: Callable[[str], None], traces: Traces | None = None) -> "Service":
        """What is quick first: nobody should wait for a model to hear that there is no database.

        `traces` take the place of those that the environment asks for.
        """
        if config.quality is not None and not config.quality.is_dir():
            raise ConfigError(
                "there is no such folder",
                field="quality",
                value=str(config.quality),
                remedy="Name a folder of runs of `llm-rerank eval`, or leave it out.",
            )
        with ExitStack() as opened:
            traces = traces or open_traces()
            opened.callback(traces.close)
            database = Database.open(config.database)
            opened.callback(database.close)
            share = config.new_items if config.recommend.fusion is None else 0.0
            shop = LiveShop.of(load_folder(config.recommend.shop), new_items=share)
            recommender = Recommender.for_shop(shop, config.recommend, say=say)
            opened.callback(recommender.close)
            service = cls.of(config, shop, recommender, database, traces)
            opened.pop_all()  # from now on they are the service's
        return service

    @classmethod
    def of(
        cls,
        config: ServeConfig,
        shop: LiveShop,
        recommender: Recommender,
        database: Database,
        traces: Traces = NO_TRACES,
    ) -> "Service":
        """Of what is open already: a recommender of this shop."""
        items, interactions = Items(shop, config.tenant, ItemStore(database)), InteractionStore(database)
        return cls(
            config=config,
            recommender=recommender,
            database=database,
            items=items,
            titles=Titles(shop),
            origins=Origins(shop.config),
            interactions=interactions,
            rankings=RankingStore(database),
            opinions=OpinionStore(database),
            histories=Histories(shop.log, config.tenant, interactions, config.limits),
            door=Door(KeyStore(database)),
            admission=Admission(at_once=config.limits.at_once, waiting=config.limits.waiting),
            salts=Salts(config.cache_secret),
            traces=traces,
            effects=EffectsFinder.of(recommender),
        )

    def give_up(self) -> None:
        """Whoever still waits for an answer is told to ask elsewhere."""
        self.over = True
        for deadline in tuple(self.under_way):
            deadline.set()

    def close(self) -> None:
        """Lets go of the model and the database, and sends the last traces."""
        with ExitStack() as closing:  # each of them, whatever becomes of the others
            closing.callback(self.traces.close)
            closing.callback(self.database.close)
            closing.callback(self.recommender.close)


async def _of_app(request: Request) -> Service:  # else it would wait for a thread
    service: Service = request.app.state.service
    return service


Opened = Annotated[Service, Depends(_of_app)]
"""What a route needs of what is open."""
