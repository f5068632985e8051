"""The receipt of a ranking: what was read, what was answered, and with what, kept under the answer's id."""

from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final
from uuid import uuid4

from llm_rerank.ranking import AnsweredBy, Ranking
from llm_rerank.request import RankingRequest
from llm_rerank.reranker import Query
from llm_rerank.service.conversion import recommend_out
from llm_rerank.service.errors import database_away
from llm_rerank.service.notes import Notes
from llm_rerank.service.requests import Reading
from llm_rerank.service.service import Service
from llm_rerank.wire.rankings import ObeyedOut, RecommendIn, RecommendOut
from retrieval.store.errors import StoreError
from retrieval.store.keys import ApiKey

_BY_HISTORY: Final[frozenset[AnsweredBy]] = frozenset({"llm", "retrieval"})
"""Whose order a like changes: what is popular, and what a request named, have the same whatever somebody likes."""


@dataclass(kw_only=True, slots=True)
class Receipt:
    """Of one request, from its first answer on: a later one, with reasons, takes the place of an earlier one."""

    service: Service
    caller: ApiKey
    asked: RecommendIn
    request: RankingRequest
    read: Reading
    """Of whoever it is about."""
    notes: Notes
    ranking_id: str = field(default_factory=lambda: uuid4().hex)
    kept: bool = False
    _measured: set[str] = field(default_factory=set)

    def keep(self, ranking: Ranking) -> RecommendOut:
        """The answer, which is kept as it is; where it cannot be, it has no id by which it would be asked for."""
        new = {stage: spent for stage, spent in ranking.timings_ms.items() if stage not in self._measured}
        self._measured |= new.keys()
        self.service.stages.took(new)
        with self.service.stages.timed("keep"):
            answer = self._kept(ranking)
        self.notes.answer(ranking.answered_by, answer.scored, len(answer.items))
        self.notes.ranking_id, self.notes.ranking_lost = answer.ranking_id or "", answer.ranking_id is None
        return answer

    def _kept(self, ranking: Ranking) -> RecommendOut:
        degraded = "; ".join(filter(None, (self.read.missing, ranking.degraded)))
        user_id = self.asked.user_id or ranking.user_id  # the recommender may know them by another name
        reasons = self.notes.missing(ranking.degraded, stale=bool(self.read.missing))
        whole, history = replace(ranking, degraded=degraded, user_id=user_id), self.request.history
        origins = self.service.origins.after(history)
        answer = recommend_out(whole, self.ranking_id, reasons, origins, self._obeyed(ranking))
        read = [one.item_id for one in history.interactions]
        scored = Query(history=history, items=tuple(one.item for one in ranking.items if one.llm_score is not None))
        document = {
            "request": self.asked.model_dump(mode="json", exclude_none=True) | {"read": read},
            "answer": answer.model_dump(mode="json"),
            "made_with": made_with(self.service, scored, self.request.instruction),
        }
        try:
            self._put(answer.user_id, document)
        except StoreError as err:
            database_away(err)
            return answer.model_copy(update={"ranking_id": None})
        return answer if self.kept else answer.model_copy(update={"ranking_id": None})

    def _obeyed(self, ranking: Ranking) -> ObeyedOut:
        liked = self.read.liked if ranking.answered_by in _BY_HISTORY else ()
        sold = self.service.recommender.shop.catalogue  # nothing reads what is not in it
        return ObeyedOut(hidden=list(ranking.left_out), liked=[item_id for item_id in liked if item_id in sold])

    def _put(self, user_id: str, document: dict[str, Any]) -> None:
        """Nothing comes back of a user who was forgotten since the request came."""
        rankings, tenant = self.service.rankings, self.caller.tenant
        if self.kept:
            rankings.change(tenant, self.ranking_id, document)
        else:
            self.kept = rankings.keep(tenant, self.ranking_id, user_id, document, began=self.notes.began)


def made_with(service: Service, scored: Query, instruction: str | None) -> dict[str, Any]:
    """All that scores depend on, by name or fingerprint; the history and the items as the model reads them."""
    reranker = service.recommender.reranker
    read = reranker.prompt.yes_no(scored.history, scored.items, reranker.catalogue, instruction=instruction)
    return {
        "model": reranker.model,
        "adapter": reranker.adapter,
        "prompt": reranker.prompt.config.fingerprint,
        "method": reranker.method,
        "engine": reranker.engine.name,
        "history": _digest(read.prefix),
        "items": _digest(read.continuations),
    }


def _digest(tokens: object) -> str:
    return sha256(repr(tokens).encode()).hexdigest()[:16]
