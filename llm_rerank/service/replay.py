"""A ranking scored again from its receipt: whether this service would still say what it said."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from llm_rerank.deadline import Deadline
from llm_rerank.reranker import Query
from llm_rerank.service.errors import ApiError
from llm_rerank.service.receipts import made_with
from llm_rerank.service.service import Service
from llm_rerank.terms import Terms
from llm_rerank.wire.rankings import ReplayedItemOut, ReplayOut
from retrieval.records import Interaction, UserHistory
from retrieval.store.rankings import KeptRanking

_SAME: Final = 1e-3  # log-odds; batches and engines round differently
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)  # prompts tell no times


def replay(service: Service, tenant: str, kept: KeptRanking, deadline: Deadline) -> ReplayOut:
    """Scores what the LLM scored, for the history that was read. Items that are sold no more are named.

    Raises ApiError for a method whose scores depend on the candidates that were not shown, EngineError where the model
    does not answer in time.
    """
    reranker, catalogue = service.recommender.reranker, service.recommender.shop.catalogue
    if reranker.method != "packed":
        raise ApiError(409, f"scores by {reranker.method} depend on more than was shown", code="not_replayable")
    asked, shown = kept.document["request"], kept.document["answer"]["items"]
    then = {item["item_id"]: item["llm_score"] for item in shown if item["llm_score"] is not None}
    items = tuple(catalogue[item_id] for item_id in then if item_id in catalogue)
    salt = service.salts.of(tenant, kept.user_id)
    terms = Terms(instruction=asked.get("instruction"), salt=salt, cancel=deadline)
    (scores,) = reranker.score([Query(history=_history(kept.user_id, asked["read"]), items=items)], terms)
    again = [
        ReplayedItemOut(item_id=item.item_id, then=then[item.item_id], now=float(now))
        for item, now in zip(items, scores, strict=True)
    ]
    largest = max((abs(item.now - item.then) for item in again), default=0.0)
    return ReplayOut(
        ranking_id=kept.ranking_id,
        same=largest <= _SAME,
        largest_difference=largest,
        items=again,
        not_sold=[item_id for item_id in then if item_id not in catalogue],
        changed=_changed(kept.document["made_with"], made_with(service)),
    )


def _history(user_id: str, read: list[str]) -> UserHistory:
    done = [
        Interaction(user_id=user_id, item_id=item_id, timestamp=_LONG_AGO + timedelta(seconds=place))
        for place, item_id in enumerate(read)
    ]
    return UserHistory.of(user_id, done)


def _changed(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
