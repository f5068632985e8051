"""Ablation: what one item of the history does to the score of another item.

    effect of h on item i = score(i | history) - score(i | history without h)

It is the ranker's own score, not a surrogate's.
"""

from collections.abc import Mapping, Sequence

from llm_rerank.ranking import Evidence, RankedItem
from llm_rerank.reranker import Query, Reranker
from llm_rerank.terms import PLAIN, Terms
from retrieval.errors import ConfigError
from retrieval.records import UserHistory


class Ablation:
    """With the reranker that made the ranking. Raises ConfigError where its scores depend on the rest of a list."""

    def __init__(self, reranker: Reranker) -> None:
        if reranker.method != "packed":
            raise ConfigError(
                "evidence needs scores that do not depend on the rest of the list",
                field="method",
                value=reranker.method,
                remedy="Explain with method: packed",
            )
        self._reranker = reranker

    def shown(self, history: UserHistory) -> tuple[str, ...]:
        """What of the history the model reads, oldest first: nothing else has an effect."""
        return self._reranker.prompt.shown_items(history, self._reranker.catalogue)

    def effects(
        self, history: UserHistory, trials: Mapping[str, Sequence[RankedItem]], terms: Terms = PLAIN
    ) -> dict[str, list[Evidence]]:
        """For each ranked item what the history items on which it is tried did, either way, in the order of `trials`.

        `trials` has, for each history item that is left out, the items whose scores without it are asked: one request.
        Those ranked items were scored by the LLM.
        """
        shown = set(self.shown(history))
        queries = [
            Query(
                # Only what the prompt shows: without this an older item would move up into the gap.
                history=history.only(shown - {item_id}),
                items=tuple(item.item for item in items),
            )
            for item_id, items in trials.items()
        ]
        without = self._reranker.score(queries, terms)
        found: dict[str, list[Evidence]] = {}
        for (tried, items), scores in zip(trials.items(), without, strict=True):
            title = self._reranker.catalogue[tried].title
            for item, score in zip(items, scores, strict=True):
                effect = (item.llm_score or 0.0) - float(score)
                found.setdefault(item.item.item_id, []).append(Evidence(item_id=tried, title=title, effect=effect))
        return found
