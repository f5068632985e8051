"""/v1/quality: how good the rankings were measured to be."""

from fastapi import APIRouter

from llm_rerank.service.auth import Reader
from llm_rerank.service.documented import refusals
from llm_rerank.service.quality import quality
from llm_rerank.service.service import Opened
from llm_rerank.wire.quality import QualityOut

router = APIRouter(tags=["quality"], responses=refusals())


@router.get("/v1/quality")
def measured(service: Opened, caller: Reader) -> QualityOut:
    """The runs of `llm-rerank eval` that the service was given, the newest first: each with its rules, every system's
    figure and interval, and the users whose list a system changed most for the better and for the worse. Another tenant
    than the shop's has none.
    """
    folder = service.config.quality
    if folder is None or caller.tenant != service.config.tenant:
        return QualityOut(runs=[], unreadable=[])
    return quality(folder)
