"""/v1/users/{user_id}/feedback: what a user said of items and is obeyed, and taking it back."""

from typing import Final

from fastapi import APIRouter

from llm_rerank.service.auth import Reader, Writer
from llm_rerank.service.conversion import opinion_out
from llm_rerank.service.documented import refusals
from llm_rerank.service.errors import ApiError
from llm_rerank.service.routes.ids import ANY_ID
from llm_rerank.service.service import Opened
from llm_rerank.wire.base import Id
from llm_rerank.wire.feedback import OpinionOut, OpinionsOut

router = APIRouter(tags=["users"], responses=refusals(404))
_FEEDBACK: Final = f"/v1/users/{{user_id:{ANY_ID}}}/feedback"


@router.get(_FEEDBACK)
def feedback(user_id: Id, service: Opened, caller: Reader) -> OpinionsOut:
    """What they said last of each item, the newest first; a user of whom nothing is known said nothing."""
    said = service.opinions.of(caller.tenant, user_id, service.config.limits.feedback)
    return OpinionsOut(feedback=[opinion_out(one, service.recommender.shop.catalogue) for one in said])


@router.delete(f"{_FEEDBACK}/{{item_id:{ANY_ID}}}")
def take_back(user_id: Id, item_id: Id, service: Opened, caller: Writer) -> OpinionOut:
    """What was said of this item is not obeyed any more; receipts still tell it."""
    said = service.opinions.take_back(caller.tenant, user_id, item_id)
    if said is None:
        raise ApiError(404, "this user said nothing of this item", param="item_id", code="no_such_feedback")
    return opinion_out(said, service.recommender.shop.catalogue)
