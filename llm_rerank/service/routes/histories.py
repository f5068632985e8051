"""/v1/users/{user_id}/history: what is known of a user, and forgetting it."""

from typing import Annotated, Final

from fastapi import APIRouter, Query

from llm_rerank.service.auth import Admin, Reader
from llm_rerank.service.conversion import history_out
from llm_rerank.service.documented import refusals
from llm_rerank.service.routes.ids import ANY_ID
from llm_rerank.service.service import Opened
from llm_rerank.wire.base import Id
from llm_rerank.wire.users import ForgottenOut, HistoryOut

router = APIRouter(tags=["users"], responses=refusals(404))
_HISTORY: Final = f"/v1/users/{{user_id:{ANY_ID}}}/history"


@router.get(_HISTORY)
def history(
    user_id: Id,
    service: Opened,
    caller: Reader,
    newest: Annotated[int, Query(ge=1, le=10_000)] = 100,
) -> HistoryOut:
    """The newest interactions, oldest first; a user of whom nothing is known has none."""
    known = service.histories.of(caller.tenant, user_id, newest).interactions
    return history_out(user_id, known, service.recommender.shop.catalogue)


@router.delete(_HISTORY)
def forget(user_id: Id, service: Opened, caller: Admin) -> ForgottenOut:
    """Deletes what was sent of this user; what the shop was built from is deleted there, and by building again."""
    return ForgottenOut(
        deleted=service.interactions.forget(caller.tenant, user_id),
        rankings=service.rankings.forget(caller.tenant, user_id),
        built_from=service.histories.count_built(caller.tenant, user_id),
    )
