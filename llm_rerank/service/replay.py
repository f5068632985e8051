"""A ranking scored again from its receipt: whether this service would still say what it said."""

from typing import Any, Final

from llm_rerank.deadline import Deadline
from llm_rerank.reranker import Query
from llm_rerank.service.conversion import history_of
from llm_rerank.service.errors import ApiError
from llm_rerank.service.receipts import made_with
from llm_rerank.service.service import Service
from llm_rerank.terms import Terms
from llm_rerank.wire.rankings import ReplayedItemOut, ReplayOut
from retrieval.store.rankings import KeptRanking

_SAME: Final = 1e-3  # log-odds; batches and engines round differently


def replay(service: Service, tenant: str, kept: KeptRanking, deadline: Deadline) -> ReplayOut:
    """Scores what the LLM scored, for the history that was read. Items that are sold no more are named.

    Raises ApiError for a method whose scores depend on the candidates that were not shown, and where nothing was
    scored; EngineError where the model does not answer in time.
    """
    asked, then = kept.document["request"], _scored_then(service, kept)
    reranker, catalogue = service.recommender.reranker, service.recommender.shop.catalogue
    items = tuple(catalogue[item_id] for item_id in then if item_id in catalogue)
    query = Query(history=history_of(kept.user_id, asked["read"]), items=items)
    instruction = asked.get("instruction")
    terms = Terms(
        instruction=instruction, salt=service.salts.of(tenant, asked.get("user_id"), asked["read"]), cancel=deadline
    )
    (scores,) = reranker.score([query], terms)
    again = [
        ReplayedItemOut(item_id=item.item_id, then=then[item.item_id], now=float(now))
        for item, now in zip(items, scores, strict=True)
    ]
    largest = max((abs(item.now - item.then) for item in again), default=0.0)
    return ReplayOut(
        ranking_id=kept.ranking_id,
        same=len(again) == len(then) and largest <= _SAME,
        largest_difference=largest,
        items=again,
        not_sold=[item_id for item_id in then if item_id not in catalogue],
        changed=_changed(kept.document["made_with"], made_with(service, query, instruction)),
    )


def _scored_then(service: Service, kept: KeptRanking) -> dict[str, float]:
    """What the LLM said of each item."""
    if (method := service.recommender.reranker.method) != "packed":
        raise ApiError(409, f"scores by {method} depend on more than was shown", code="not_replayable")
    shown = kept.document["answer"]["items"]
    then = {item["item_id"]: item["llm_score"] for item in shown if item["llm_score"] is not None}
    if not then:
        raise ApiError(409, "the model scored nothing of this ranking", code="not_replayable")
    return then


def _changed(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Of what the receipt tells. Older ones tell of the model its name alone, and nothing of what was read."""
    told = then.keys() if "history" in then else then.keys() - {"model"}
    return sorted(name for name in told if then[name] != now.get(name))
