"""Where an item comes from, in a word for who is shown it: what the source is that placed it best."""

from collections.abc import Sequence

from llm_rerank.wire.rankings import Origin
from retrieval.config import RetrievalConfig
from retrieval.live.fresh import FreshRetriever
from retrieval.records import SourceScore
from retrieval.retrievers import RetrieverConfig
from retrieval.retrievers.buy_again import BuyAgainConfig
from retrieval.retrievers.popularity import PopularityConfig
from retrieval.retrievers.text import TextConfig


class Origins:
    """Of one shop's sources, by what they are and not by what they are called."""

    def __init__(self, config: RetrievalConfig) -> None:
        self._sources = {source.name: source for source in config.retrievers}

    def of(self, said: Sequence[SourceScore]) -> Origin | None:
        """None where no source proposed it. Of equal ranks the source counts that is configured first."""
        best = min(said, key=lambda one: one.rank, default=None)
        if best is None:
            return None
        if best.source == FreshRetriever.name:
            return "new"
        return _origin(self._sources[best.source], best)


def _origin(source: RetrieverConfig, said: SourceScore) -> Origin:
    match source:
        case BuyAgainConfig():
            return "own"
        case TextConfig():
            return "new"
        case PopularityConfig():  # which proposes what nobody has touched, too, with that score
            return "popular" if said.score > source.new_item_score else "new"
        case _:
            return "others"
