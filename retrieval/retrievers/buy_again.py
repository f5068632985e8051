"""What this user keeps buying."""

from collections.abc import Collection
from typing import Literal

from retrieval.catalogue import Catalogue
from retrieval.records import Candidate, InteractionKind, UserHistory
from retrieval.retrievers.base import SourceConfig, TasteConfig
from retrieval.retrievers.candidates import best_candidates
from retrieval.retrievers.taste import weigh


class BuyAgainConfig(SourceConfig):
    """Frequency times recency, from the history alone."""

    kind: Literal["buy-again"] = "buy-again"

    kinds: tuple[InteractionKind, ...] = ("purchase",)
    """What counts as buying."""

    taste: TasteConfig = TasteConfig(half_life_days=180.0, power=1.0)
    """How frequency and recency count."""

    @property
    def name(self) -> str:
        """The source's name."""
        return self.kind


class BuyAgainRetriever:
    """Knows nothing but the history it is given, so that it needs no fitting and is never out of date."""

    def __init__(self, config: BuyAgainConfig, catalogue: Catalogue) -> None:
        self._config = config
        self._catalogue = catalogue
        self.name = config.name

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        """The items bought most often and most lately."""
        bought = [i for i in history.interactions if i.kind in self._config.kinds]
        taste = weigh(bought, self._catalogue, self._config.taste)
        return best_candidates(self._catalogue, self.name, taste.weights, top_n, exclude, positions=taste.positions)
