"""One list asked for with reasons, and the score of what they cite tried: what is kept of it."""

from collections.abc import Callable, Iterator, Sequence
from os import getloadavg
from time import perf_counter, process_time
from typing import Final

import numpy as np

from eval.reasons.ablation import Trial, tried
from eval.reasons.records import Answer, Asked, Reason
from llm_rerank.explanations.events import Drafted, Explained, Found, ReasonEvent
from llm_rerank.ranking import Evidence, Explanation, RankedItem, Ranking
from llm_rerank.recommender import Recommender
from llm_rerank.request import RankingRequest
from retrieval.errors import EngineError
from retrieval.records import UserHistory

EXPLAINED: Final = 3
"""Of what retrieval proposes, the first so many; of a list with a held-out item, this one and the best other."""

_NAMES: Final[dict[type[Ranking | ReasonEvent], str]] = {
    Ranking: "ranking",
    Found: "evidence",
    Drafted: "draft",
    Explained: "text",
}


class _Stream:
    """What is said to one request, and when the first of each kind came."""

    def __init__(self, recommender: Recommender, request: RankingRequest) -> None:
        self.seconds: dict[str, float] = {}
        self.processor_seconds: dict[str, float] = {}
        self.drafts: dict[int, dict[int, str]] = {}  # by place, then by attempt
        started, worked = perf_counter(), process_time()
        for event in recommender.stream(request):
            name = _NAMES[type(event)]
            self.seconds.setdefault(name, round(perf_counter() - started, 3))
            self.processor_seconds.setdefault(name, round(process_time() - worked, 3))
            if isinstance(event, Ranking):
                self.ranking = event
            elif isinstance(event, Drafted):
                attempts = self.drafts.setdefault(event.place, {})
                attempts[event.attempt] = attempts.get(event.attempt, "") + event.text

    def refused(self, place: int) -> str:
        """The last text that was."""
        return list(self.drafts[place].values())[-1]


def answer(recommender: Recommender, asked: Asked) -> Answer:
    """Raises EngineError where a reason is missing."""
    rank, chosen = (None, None) if asked.item_ids is None else _chosen(recommender, asked.history, asked.item_ids)
    stream = _Stream(
        recommender,
        RankingRequest(
            history=asked.history, item_ids=chosen, top_n=EXPLAINED, explained=EXPLAINED, language=asked.language
        ),
    )
    if stream.ranking.degraded:
        raise EngineError(stream.ranking.degraded, field="engine", value=stream.ranking.engine, remedy="Ask again")
    return Answer(
        reasons=tuple(_reasons(recommender, asked, stream)),
        read=recommender.reranker.prompt.shown_items(asked.history, recommender.shop.catalogue),
        held_out_rank=rank,
        seconds=stream.seconds,
        processor_seconds=stream.processor_seconds,
        load=getloadavg()[0],
    )


def _chosen(recommender: Recommender, history: UserHistory, item_ids: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    """The rank of the first item, and what is explained."""
    ranking = recommender.recommend(RankingRequest(history=history, item_ids=item_ids, top_n=len(item_ids)))
    order = [ranked.item.item_id for ranked in ranking.items]
    held_out = item_ids[0]
    return order.index(held_out) + 1, (held_out, next(item_id for item_id in order if item_id != held_out))


def _reasons(recommender: Recommender, asked: Asked, stream: _Stream) -> Iterator[Reason]:
    items = stream.ranking.items
    cited = [_effects(ranked, lambda said: said.evidence) for ranked in items]
    against = [_effects(ranked, lambda said: said.against) for ranked in items]
    swaps = [_of_another(place, cited) for place in range(len(items))]
    trials = [
        Trial(item=ranked.item, cited=part if asked.tried else ())
        for ranked, own, swapped, contrary in zip(items, cited, swaps, against, strict=True)
        for part in (tuple(own), swapped, tuple(contrary))
    ]
    rng = np.random.default_rng(int(asked.key[:8], 16))
    found = iter(tried(recommender.reranker, asked.history, trials, rng))
    for place, ranked in enumerate(items):
        explanation = ranked.explanation
        assert explanation is not None
        assert ranked.llm_score is not None
        yield Reason(
            item_id=ranked.item.item_id,
            llm_score=ranked.llm_score,
            text=explanation.text,
            source=explanation.source,
            rejected=explanation.rejected,
            refused=stream.refused(place) if explanation.rejected else "",
            cited=cited[place],
            against=against[place],
            own=next(found),
            shuffled=next(found),
            opposed=next(found),
            swapped_in=swaps[place],
        )


def _effects(ranked: RankedItem, part: Callable[[Explanation], Sequence[Evidence]]) -> dict[str, float]:
    return {} if ranked.explanation is None else {one.item_id: one.effect for one in part(ranked.explanation)}


def _of_another(place: int, cited: Sequence[dict[str, float]]) -> tuple[str, ...]:
    """What the next item of the list that cites something else cites, without what this one does."""
    for other in (*cited[place + 1 :], *cited[:place]):
        if apart := tuple(item_id for item_id in other if item_id not in cited[place]):
            return apart
    return ()
