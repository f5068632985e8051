"""/healthz: the process answers. /readyz: it has ranked, and its database answers."""

from fastapi import APIRouter, Response

from llm_rerank.service.errors import database_away
from llm_rerank.service.service import Opened, Service
from llm_rerank.wire.health import HealthOut, ReadyOut
from retrieval.store.errors import StoreError

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> HealthOut:
    """Whether the process answers."""
    return HealthOut(status="ok")


@router.get("/readyz", responses={503: {"model": ReadyOut, "description": "Not yet, or not now."}})
def readyz(service: Opened, response: Response) -> ReadyOut:
    """Whether requests should come here; 503 where not, and why."""
    wrong = [] if service.ready else [_missing(service)]
    if service.stopping:
        wrong.append("the service stops")
    try:
        service.database.check()
    except StoreError as err:
        wrong.append(database_away(err))
    if wrong:
        response.status_code = 503
    return ReadyOut(ready=not wrong, wrong=wrong)


def _missing(service: Service) -> str:
    return "the model has not answered yet" if service.items.caught_up else "what is sold now is not known yet"
