"""What has to go well once before requests should come: knowing what is sold now, and an answer of the LLM."""

import asyncio
from logging import getLogger
from typing import Final

from llm_rerank.deadline import Deadline
from llm_rerank.request import RankingRequest
from llm_rerank.service.service import Service
from retrieval.errors import LlmRerankError
from retrieval.records import UserHistory

_PAUSE_SECONDS: Final = 5.0  # between attempts
_NOBODY: Final = RankingRequest(history=UserHistory(user_id="nobody"), top_n=1)
_LOG: Final = getLogger(__name__)


async def attain(service: Service) -> None:
    """Tries until it is ready."""
    while not service.ready:
        await asyncio.sleep(_PAUSE_SECONDS)
        try:
            await attempt(service)
        except Exception:  # were one let through, nobody would try again
            _LOG.exception("not ready yet")


async def attempt(service: Service) -> bool:
    """Whether it is ready now; the log says why not."""
    why = await asyncio.to_thread(_missing, service)
    service.ready = not why
    if why:
        _LOG.warning("not ready yet: %s", why)
    return service.ready


def _missing(service: Service) -> str:
    """What is missing, if anything is. One answer for nobody, so that the first caller waits no longer than others."""
    try:
        if not service.items.caught_up:  # first: nobody is to be offered what has been withdrawn
            service.items.catch_up()
        return service.recommender.recommend(_NOBODY, cancel=Deadline(service.config.limits.deadline_ms)).degraded
    except LlmRerankError as err:
        return str(err)
