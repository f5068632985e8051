"""/v1/recommend: a user or a history in, a ranking out."""

from typing import Final

from fastapi import APIRouter, Request

from llm_rerank.deadline import Deadline
from llm_rerank.service.answering import answered
from llm_rerank.service.auth import Reader
from llm_rerank.service.documented import refusals
from llm_rerank.service.notes import notes_of
from llm_rerank.service.receipts import Receipt
from llm_rerank.service.requests import request_of, require_limits
from llm_rerank.service.service import Opened
from llm_rerank.wire.rankings import RecommendIn, RecommendOut

router = APIRouter(tags=["rankings"], responses=refusals(404))
_ITS_ID: Final = "$response.body#/ranking_id"
_ITS_FIRST: Final = {"ranking_id": _ITS_ID, "item_id": "$response.body#/items/0/item_id", "kind": "click"}
_LINKS: Final = {
    "receipt": {"operationRef": "#/paths/~1v1~1rankings~1{ranking_id}/get", "parameters": {"ranking_id": _ITS_ID}},
    "feedback": {"operationRef": "#/paths/~1v1~1feedback/post", "requestBody": _ITS_FIRST},
}


@router.post("/v1/recommend", responses={200: {"description": "The ranking.", "links": _LINKS}})
async def recommend(asked: RecommendIn, request: Request, service: Opened, caller: Reader) -> RecommendOut:
    """The best items for a user, the first few with reasons."""
    require_limits(asked, service.config.limits)
    notes = notes_of(request.scope)

    def work(deadline: Deadline) -> RecommendOut:
        wanted, read = request_of(service, asked, caller)
        receipt = Receipt(service=service, caller=caller, asked=asked, request=wanted, read=read, notes=notes)
        return receipt.keep(service.recommender.recommend(wanted, cancel=deadline))

    return await answered(request, service, asked.deadline_ms, work)
