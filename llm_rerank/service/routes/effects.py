"""/v1/effects: why an item stands where it does, or does not."""

from fastapi import APIRouter, Request

from llm_rerank.deadline import Deadline
from llm_rerank.service.answering import answered
from llm_rerank.service.auth import Reader
from llm_rerank.service.conversion import effects_out
from llm_rerank.service.documented import refusals
from llm_rerank.service.notes import notes_of
from llm_rerank.service.requests import read_for, require_limits
from llm_rerank.service.service import Opened
from llm_rerank.terms import Terms
from llm_rerank.wire.effects import EffectsIn, EffectsOut

router = APIRouter(tags=["rankings"], responses=refusals(404))


@router.post("/v1/effects")
async def effects(asked: EffectsIn, request: Request, service: Opened, caller: Reader) -> EffectsOut:
    """For any item of the catalogue: what each purchase did to the LLM's score, and what the final score is made of.

    Nothing of it is kept.
    """
    require_limits(asked, service.config.limits)

    def work(deadline: Deadline) -> EffectsOut:
        read = read_for(service, asked, caller)
        terms = Terms(instruction=asked.instruction, salt=read.salt, cancel=deadline)
        found = service.effects.find(read.history, asked.item_id, terms, hidden=read.hidden)
        reasons = notes_of(request.scope).missing(found.degraded, stale=bool(read.missing))
        return effects_out(found, read.missing, reasons, service.origins.after(read.history))

    return await answered(request, service, asked.deadline_ms, work)
