"""/v1/rankings/{ranking_id}: what was shown, with its reasons. /v1/feedback: what was said of it."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Request

from llm_rerank.service.auth import Caller, scoped
from llm_rerank.service.errors import ApiError
from llm_rerank.service.service import Service
from llm_rerank.service.wire import FeedbackIn, FeedbackOut, Id, RankingOut
from retrieval.store.rankings import KeptRanking

router = APIRouter(tags=["rankings"])


@router.get("/v1/rankings/{ranking_id}")
def ranking(ranking_id: Id, request: Request, caller: Annotated[Caller, Depends(scoped("read"))]) -> RankingOut:
    """The answer as it was given, what it was made with, and what was said of it."""
    return RankingOut.of(_kept(request, caller, ranking_id))


@router.post("/v1/feedback")
def feedback(said: FeedbackIn, request: Request, caller: Annotated[Caller, Depends(scoped("write"))]) -> FeedbackOut:
    """Keeps what a user did with an item that was shown, or said of it; under one key it counts once."""
    service: Service = request.app.state.service
    shown = {item["item_id"] for item in _kept(request, caller, said.ranking_id).document["answer"]["items"]}
    if said.item_id not in shown:
        raise ApiError(400, "the ranking does not have this item", param="item_id", code="not_shown")
    new = service.rankings.say(caller.tenant, said.ranking_id, said.key or uuid4().hex, said.item_id, said.kind)
    return FeedbackOut(known=not new)


def _kept(request: Request, caller: Caller, ranking_id: str) -> KeptRanking:
    service: Service = request.app.state.service
    kept = service.rankings.get(caller.tenant, ranking_id)
    if kept is None:
        raise ApiError(404, "there is no such ranking", param="ranking_id", code="no_such_ranking")
    return kept
