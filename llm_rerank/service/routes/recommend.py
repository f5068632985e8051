"""/v1/recommend: a user or a history in, a ranking out."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from fastapi import APIRouter, Request

from llm_rerank.deadline import Deadline
from llm_rerank.ranking import Ranking
from llm_rerank.request import RankingRequest
from llm_rerank.service.answering import answered
from llm_rerank.service.auth import Reader
from llm_rerank.service.config import LimitsConfig
from llm_rerank.service.conversion import interaction_of, ranking_request, recommend_out
from llm_rerank.service.errors import ApiError
from llm_rerank.service.service import Opened, Service
from llm_rerank.wire.interactions import InteractionIn
from llm_rerank.wire.rankings import RecommendIn, RecommendOut
from retrieval.records import UserHistory
from retrieval.store.errors import StoreError
from retrieval.store.keys import ApiKey

router = APIRouter(tags=["rankings"])
_NOBODY: Final = "anonymous"


@router.post("/v1/recommend")
async def recommend(asked: RecommendIn, request: Request, service: Opened, caller: Reader) -> RecommendOut:
    """The best items for a user, the first few with reasons."""
    _require_limits(asked, service.config.limits)

    def work(deadline: Deadline) -> RecommendOut:
        history, missing = _history(service, asked, caller)
        ranking = service.recommender.recommend(ranking_request(asked, history), cancel=deadline)
        both = "; ".join(filter(None, (missing, ranking.degraded)))
        return _kept(service, asked, caller, replace(ranking, degraded=both), history)

    return await answered(request, service, asked.deadline_ms, work)


async def warm_up(service: Service) -> None:
    """One answer for nobody, so that the first caller waits no longer than the second."""
    nobody = RankingRequest(history=UserHistory(user_id=_NOBODY), top_n=1)
    await asyncio.to_thread(service.recommender.recommend, nobody)
    service.ready = True


def _history(service: Service, asked: RecommendIn, caller: ApiKey) -> tuple[UserHistory, str]:
    """Whose request it is; and what is missing of it, where the database does not answer."""
    if asked.history is not None:
        return _given(asked.history), ""
    assert asked.user_id is not None
    try:
        return service.histories.of(caller.tenant, asked.user_id), ""
    except StoreError as err:
        built = service.histories.built(caller.tenant, asked.user_id)
        return built, f"the history ends where the shop was built: {err.problem}"


def _kept(service: Service, asked: RecommendIn, caller: ApiKey, ranking: Ranking, history: UserHistory) -> RecommendOut:
    """The answer, which is kept as it is; where it cannot be, it has no id by which it would be asked for."""
    reranker = service.recommender.reranker
    answer = recommend_out(ranking, uuid4().hex)
    read = [one.item_id for one in history.interactions]
    document = {
        "request": asked.model_dump(mode="json", exclude_none=True) | {"read": read},
        "answer": answer.model_dump(mode="json"),
        "made_with": {
            "model": ranking.model,
            "adapter": reranker.adapter,
            "prompt": reranker.prompt.config.fingerprint,
            "method": reranker.method,
            "engine": ranking.engine,
        },
    }
    try:
        service.rankings.keep(caller.tenant, str(answer.ranking_id), ranking.user_id, document)
    except StoreError:
        return answer.model_copy(update={"ranking_id": None})
    return answer


def _given(history: list[InteractionIn]) -> UserHistory:
    """Those without a time are in the order given, and older than now."""
    now = datetime.now(UTC)
    times = [now - timedelta(milliseconds=len(history) - place) for place in range(len(history))]
    done = [interaction_of(one, _NOBODY, at) for one, at in zip(history, times, strict=True)]
    return UserHistory.of(_NOBODY, done)


def _require_limits(asked: RecommendIn, limits: LimitsConfig) -> None:
    for name, count, most in (
        ("item_ids", len(asked.item_ids or ()), limits.items),
        ("top_n", asked.top_n, limits.items),
        ("explained", asked.explained, limits.explained),
        ("history", len(asked.history or ()), limits.history),
    ):
        if count > most:
            raise ApiError(422, f"{name}: {count} is more than {most}", param=name, code="too_many")
