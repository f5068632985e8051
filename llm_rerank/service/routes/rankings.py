"""/v1/rankings/{ranking_id}: what was shown and why, and whether it still holds. /v1/feedback: what was said of it."""

import asyncio
from uuid import uuid4

from fastapi import APIRouter, Request

from llm_rerank.service.answering import answered
from llm_rerank.service.auth import Reader, Writer
from llm_rerank.service.conversion import ranking_out
from llm_rerank.service.documented import refusals
from llm_rerank.service.errors import ApiError
from llm_rerank.service.replay import replay
from llm_rerank.service.service import Opened, Service
from llm_rerank.wire.base import Id
from llm_rerank.wire.feedback import FeedbackIn, FeedbackOut
from llm_rerank.wire.rankings import RankingOut, ReplayOut
from retrieval.store.rankings import KeptRanking

router = APIRouter(tags=["rankings"], responses=refusals(404))


@router.get("/v1/rankings/{ranking_id}")
def ranking(ranking_id: Id, service: Opened, caller: Reader) -> RankingOut:
    """The answer as it was given, what it was made with, and what was said of it."""
    return ranking_out(_kept(service, caller.tenant, ranking_id))


@router.post("/v1/rankings/{ranking_id}/replay", responses=refusals(409))
async def replayed(ranking_id: Id, request: Request, service: Opened, caller: Reader) -> ReplayOut:
    """Scores its items again, for the history that was read then."""
    kept = await asyncio.to_thread(_kept, service, caller.tenant, ranking_id)
    return await answered(request, service, None, lambda deadline: replay(service, caller.tenant, kept, deadline))


@router.post("/v1/feedback")
def feedback(said: FeedbackIn, service: Opened, caller: Writer) -> FeedbackOut:
    """Keeps what a user did with an item that was shown, or said of it; under one key it counts once."""
    document = _kept(service, caller.tenant, said.ranking_id).document
    if said.item_id not in {item["item_id"] for item in document["answer"]["items"]}:
        raise ApiError(400, "the ranking does not have this item", param="item_id", code="not_shown")
    counts = "history" not in document["request"]
    key = said.key or uuid4().hex
    new = service.rankings.say(caller.tenant, said.ranking_id, key, said.item_id, said.kind, counts=counts)
    if new is None:  # forgotten meanwhile
        raise _unknown()
    return FeedbackOut(known=not new)


def _kept(service: Service, tenant: str, ranking_id: str) -> KeptRanking:
    kept = service.rankings.get(tenant, ranking_id)
    if kept is None:
        raise _unknown()
    return kept


def _unknown() -> ApiError:
    return ApiError(404, "there is no such ranking", param="ranking_id", code="no_such_ranking")
