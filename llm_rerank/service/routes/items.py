"""/v1/items: what is sold, from now on."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import AfterValidator

from llm_rerank.service.auth import Reader, Writer
from llm_rerank.service.conversion import item_of, item_out
from llm_rerank.service.documented import refusals
from llm_rerank.service.errors import ApiError
from llm_rerank.service.routes.ids import ANY_ID
from llm_rerank.service.service import Opened, Service
from llm_rerank.wire.base import Id
from llm_rerank.wire.items import FoundItemsOut, ItemOut, ItemsIn, ItemsOut
from retrieval.store.keys import ApiKey

router = APIRouter(tags=["items"], responses=refusals(404))
_ITEM: Final = f"/v1/items/{{item_id:{ANY_ID}}}"


def _with_words(query: str) -> str:
    if not query.split():
        raise ValueError(f"{query!r} has no words: send at least one of a title, such as query=tea")
    return query


_Words = Annotated[str, AfterValidator(_with_words), Query(max_length=200, json_schema_extra={"pattern": r"\S"})]


@router.post("/v1/items")
async def put(batch: ItemsIn, service: Opened, caller: Writer) -> ItemsOut:
    """Adds items, or puts them in the place of what was known under their ids: found from the next answer on."""
    _require_owner(service, caller)
    most = service.config.limits.changed_items
    if len(batch.items) > most:
        raise ApiError(422, f"a batch has {most:,} items at most", param="items", code="too_many")
    added = await service.items.in_turn(lambda: service.items.put([item_of(sent) for sent in batch.items]))
    return ItemsOut(accepted=len(batch.items), added=added)


@router.get("/v1/items")
def find(
    query: _Words,
    service: Opened,
    caller: Reader,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> FoundItemsOut:
    """Items whose titles hold all words of the query, or words that hold these; capitals do not count."""
    _require_owner(service, caller)
    return FoundItemsOut(items=[item_out(item) for item in service.titles.find(query, limit)])


@router.get(_ITEM)
def get(item_id: Id, service: Opened, caller: Reader) -> ItemOut:
    """The item as it is now."""
    _require_owner(service, caller)
    return item_out(service.recommender.shop.catalogue[item_id])


@router.delete(_ITEM)
async def withdraw(item_id: Id, service: Opened, caller: Writer) -> ItemOut:
    """It is not recommended any more; histories that have it can still be read."""
    _require_owner(service, caller)
    return item_out(await service.items.in_turn(lambda: service.items.withdraw(item_id)))


def _require_owner(service: Service, caller: ApiKey) -> None:
    if caller.tenant != service.config.tenant:
        raise ApiError(403, "the catalogue is another tenant's", param="Authorization", code="not_yours")
