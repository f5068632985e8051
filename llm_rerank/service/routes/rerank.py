"""/rerank, /v1/rerank and /v2/rerank: texts for a text, as others' clients ask it."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import numpy as np
from fastapi import APIRouter, Request

from llm_rerank.deadline import Deadline
from llm_rerank.ranking import AnsweredBy
from llm_rerank.service.answering import answered
from llm_rerank.service.auth import Reader
from llm_rerank.service.conversion import degraded_out
from llm_rerank.service.documented import refusals
from llm_rerank.service.errors import ApiError
from llm_rerank.service.notes import notes_of
from llm_rerank.service.service import Opened, Service
from llm_rerank.service.texts import RankedTexts, rank_texts
from llm_rerank.terms import Terms
from llm_rerank.wire.rerank import AboutOut, RerankIn, RerankOut, RerankOutV2, ResultOut, UsageOut
from retrieval.store.keys import ApiKey

router = APIRouter(tags=["rerank"], responses=refusals())


@router.post("/rerank", response_model_exclude_none=True)
@router.post("/v1/rerank", response_model_exclude_none=True)
async def rerank(asked: RerankIn, request: Request, service: Opened, caller: Reader) -> RerankOut:
    """The documents, best first: Jina's and vLLM's form, and Cohere's first."""
    ranked = await _ranked(asked, request, service, caller)
    return RerankOut(
        id=uuid4().hex,
        model=service.config.recommend.model,
        results=_results(asked, ranked),
        usage=UsageOut(prompt_tokens=ranked.tokens, total_tokens=ranked.tokens),
        meta=_meta("1", ranked),
        llm_rerank=_about(ranked, request),
    )


@router.post("/v2/rerank", response_model_exclude_none=True)
async def rerank_v2(asked: RerankIn, request: Request, service: Opened, caller: Reader) -> RerankOutV2:
    """The documents, best first: Cohere's second form."""
    ranked = await _ranked(asked, request, service, caller)
    results = [one.model_copy(update={"document": None}) for one in _results(asked, ranked)]
    return RerankOutV2(id=uuid4().hex, results=results, meta=_meta("2", ranked), llm_rerank=_about(ranked, request))


async def _ranked(asked: RerankIn, request: Request, service: Service, caller: ApiKey) -> RankedTexts:
    most = service.config.limits.items
    if len(asked.documents) > most:
        raise ApiError(422, f"documents: at most {most}", param="documents", code="too_many")
    reranker, texts = service.recommender.reranker, asked.texts()
    salt = service.salts.of(caller.tenant, None, [asked.query])
    terms = Terms(instruction=asked.instruction, salt=salt, priority=asked.priority)

    def work(deadline: Deadline) -> RankedTexts:
        with service.stages.timed("score"):
            ranked = rank_texts(reranker, asked.query, texts, replace(terms, cancel=deadline))
        count, because, notes = len(ranked.scores), ranked.degraded, notes_of(request.scope)
        by: AnsweredBy = "request" if because else "llm"
        notes.answer(by, 0 if because else count, count)
        notes.missing(because)
        return ranked

    return await answered(request, service, asked.deadline_ms, work)


def _results(asked: RerankIn, ranked: RankedTexts) -> list[ResultOut]:
    order = np.argsort(-ranked.scores, kind="stable")[: asked.top_n or None].tolist()
    texts = asked.texts() if asked.return_documents else None
    return [
        ResultOut(
            index=place,
            relevance_score=float(ranked.scores[place]),
            document=None if texts is None else {"text": texts[place]},
        )
        for place in order
    ]


def _meta(version: str, ranked: RankedTexts) -> dict[str, Any]:
    meta = {"api_version": {"version": version}, "billed_units": {"search_units": 1}}
    warnings = {"warnings": [f"not reranked: {ranked.degraded}"]} if ranked.degraded else {}
    return meta | {"tokens": {"input_tokens": ranked.tokens, "output_tokens": 0}} | warnings


def _about(ranked: RankedTexts, request: Request) -> AboutOut:
    missing = degraded_out("request", ranked.degraded, notes_of(request.scope).degraded)
    return AboutOut(scored=0 if ranked.degraded else len(ranked.scores), degraded=missing)
