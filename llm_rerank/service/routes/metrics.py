"""/metrics: what is counted and measured, for Prometheus."""

from fastapi import APIRouter, Depends, Request, Response

from llm_rerank.service.auth import with_scope
from llm_rerank.service.metrics import CONTENT_TYPE
from llm_rerank.service.service import Opened

router = APIRouter(tags=["health"])


def _may_read(request: Request, service: Opened) -> None:
    if service.config.metrics == "admin":
        with_scope("admin")(request)


@router.get("/metrics", dependencies=[Depends(_may_read)])
def metrics(service: Opened) -> Response:
    """In Prometheus's text format."""
    return Response(service.metrics.text(), media_type=CONTENT_TYPE)
