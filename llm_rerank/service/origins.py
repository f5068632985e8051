"""Where an item comes from, in a word for who is shown it: what the source is that placed it best."""

from collections.abc import Sequence

from llm_rerank.wire.rankings import Origin
from retrieval.config import RetrievalConfig
from retrieval.live.fresh import FreshRetriever
from retrieval.records import SourceScore, UserHistory
from retrieval.retrievers import RetrieverConfig
from retrieval.retrievers.buy_again import BuyAgainConfig
from retrieval.retrievers.popularity import PopularityConfig
from retrieval.retrievers.text import TextConfig


class Origins:
    """Of one shop's sources, by what they are and not by what they are called."""

    def __init__(self, config: RetrievalConfig, touched: frozenset[str] = frozenset()) -> None:
        """`touched` are the items that who is answered has bought, viewed, rated or liked."""
        self._config, self._touched = config, touched
        self._sources = {source.name: source for source in config.retrievers}

    def after(self, history: UserHistory) -> "Origins":
        """Those for whoever did this."""
        return Origins(self._config, frozenset(one.item_id for one in history.interactions))

    def of(self, item_id: str, said: Sequence[SourceScore]) -> Origin | None:
        """None where no source proposed it. Of equal ranks the source counts that is configured first.

        What they have touched is not new to them, whatever found it.
        """
        if not said:
            return None
        found = [self._origin(one) for one in sorted(said, key=lambda one: one.rank)]
        if item_id in self._touched:
            return next((origin for origin in found if origin != "new"), "own")
        return found[0]

    def _origin(self, said: SourceScore) -> Origin:
        return "new" if said.source == FreshRetriever.name else _origin(self._sources[said.source], said)


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
