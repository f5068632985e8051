"""/v1/interactions: what users did, in batches; it counts in the next answer."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Header

from llm_rerank.service.auth import Writer
from llm_rerank.service.conversion import keyed_interaction
from llm_rerank.service.documented import refusals
from llm_rerank.service.errors import ApiError
from llm_rerank.service.service import Opened
from llm_rerank.wire.base import Id
from llm_rerank.wire.interactions import InteractionsIn, InteractionsOut

router = APIRouter(tags=["interactions"], responses=refusals())


@router.post("/v1/interactions")
def add(
    batch: InteractionsIn,
    service: Opened,
    caller: Writer,
    idempotency_key: Annotated[Id | None, Header()] = None,
) -> InteractionsOut:
    """Keeps all of them or none; sent again under the same keys they count once.

    Without keys of their own and without an Idempotency-Key of the batch, whatever is sent counts. What has no
    timestamp was done when it was sent first.
    """
    most = service.config.limits.interactions
    if len(batch.interactions) > most:
        raise ApiError(422, f"a batch has {most:,} interactions at most", param="interactions", code="too_many")
    whole, now = idempotency_key or uuid4().hex, datetime.now(UTC)
    keyed = [keyed_interaction(one, whole, place, now) for place, one in enumerate(batch.interactions)]
    new = service.interactions.add(caller.tenant, keyed)
    catalogue = service.recommender.shop.catalogue
    unknown = sum(one.item_id not in catalogue for one in batch.interactions)
    return InteractionsOut(accepted=len(keyed), known=len(keyed) - new, unknown_items=unknown)
