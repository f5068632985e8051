"""/healthz: the process answers. /readyz: it can rank, and its database answers."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from llm_rerank.service.service import Opened
from retrieval.store.errors import StoreError

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """Whether the process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(service: Opened) -> JSONResponse:
    """Whether requests should come here; 503 where not, and why."""
    wrong = [] if service.ready else ["the model has not answered yet"]
    try:
        service.database.check()
    except StoreError as err:
        wrong.append(err.problem)
    return JSONResponse({"ready": not wrong, "wrong": wrong}, status_code=503 if wrong else 200)
