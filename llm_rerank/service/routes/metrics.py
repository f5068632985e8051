"""/metrics: what is counted and measured, for Prometheus."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from llm_rerank.service.metrics import CONTENT_TYPE
from llm_rerank.service.service import Opened

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(service: Opened) -> PlainTextResponse:
    """In Prometheus's text format."""
    return PlainTextResponse(service.metrics.text(), media_type=CONTENT_TYPE)
