"""The recommender: a user in, a ranking with reasons out. Joins retrieval, reranker and explainer, and fails open."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from threading import Event
from time import perf_counter
from typing import Final

from llm_rerank.config import RecommendConfig
from llm_rerank.deadline import has_passed, why_missing
from llm_rerank.explanations.events import Explained, ReasonEvent, with_reason
from llm_rerank.explanations.evidence import EvidenceFinder
from llm_rerank.explanations.explainer import Explainer
from llm_rerank.explanations.writer import Writer
from llm_rerank.fusion import Fusion
from llm_rerank.one_thread import OnOneThread
from llm_rerank.opening import open_for_shop
from llm_rerank.ranking import AnsweredBy, RankedItem, Ranking
from llm_rerank.request import RankingRequest
from llm_rerank.reranker import ALONE, CandidateList, Reranker
from llm_rerank.terms import PLAIN, Terms
from retrieval.errors import ConfigError, EngineError
from retrieval.folder import BuiltShop, load_folder
from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.base import Retriever

_SPARE: Final = 200
"""More of what is popular than the LLM would score: some of it may be withdrawn by then, or hidden from who asks."""
_ORDER: Final[Mapping[AnsweredBy, str]] = {
    "retrieval": "retrieval order",
    "request": "the order of the request",
    "popular": "what is popular",
}


class Recommender:
    """Answers for one shop with one model."""

    def __init__(
        self,
        shop: BuiltShop,
        reranker: Reranker,
        explainer: Explainer | None,
        *,
        model: str,
        candidates: int,
    ) -> None:
        """`explainer` is None where the scoring method cannot be explained; `candidates` is how many the LLM scores.

        `model` is what a ranking calls it.
        """
        self.shop = shop
        self.reranker = reranker
        self._explainer = explainer
        self._model = model
        self.candidates = candidates
        self.retriever: Retriever = OnOneThread(shop.retriever)
        # What a user gets of whom nothing is known; kept, since there is no time for it when it is wanted.
        self._popular = self.retriever.retrieve(UserHistory(user_id="nobody"), candidates + _SPARE)

    @classmethod
    def open(cls, config: RecommendConfig, *, say: Callable[[str], None] = lambda _: None) -> "Recommender":
        """Loads the build folder and the model; `say` hears of slow steps."""
        return cls.for_shop(load_folder(config.shop), config, say=say)

    @classmethod
    def for_shop(
        cls, shop: BuiltShop, config: RecommendConfig, *, say: Callable[[str], None] = lambda _: None
    ) -> "Recommender":
        """Loads the model for a shop that is open already."""
        reranker = open_for_shop(config, shop, say=say)
        explainer = None
        if config.method == "packed":
            finder = EvidenceFinder(reranker, shop.text_vectors, config.evidence)
            writer = Writer(reranker.engine, reranker.prompt, trained=config.writer_adapter is not None)
            explainer = Explainer(finder, writer, shop.catalogue)
        return cls(shop, reranker, explainer, model=config.model, candidates=config.candidates)

    def recommend(self, request: RankingRequest, *, cancel: Event | None = None) -> Ranking:
        """The best of the request's items, or of what retrieval proposes, the first few with reasons: the last that
        `stream` has to say. Raises what it raises.
        """
        return [event for event in self.stream(request, cancel=cancel) if isinstance(event, Ranking)][-1]

    def stream(self, request: RankingRequest, *, cancel: Event | None = None) -> Iterator[Ranking | ReasonEvent]:
        """The ranking without reasons as soon as it is there; what is found and written of its first items, as it
        comes; and where reasons were asked for the ranking again, with them.

        A user without a history gets what is popular, ordered by the LLM like any other list. Where the engine fails,
        or `cancel` is a Deadline that passes, the answer is what there is without: the LLM's order without reasons,
        retrieval's, or what is popular, and `degraded` says so. Raises UnknownItemError, ConfigError where reasons are
        asked of a method that has none, and CancelledError where the caller has gone.
        """
        self._require_reasons(request)
        terms = Terms(instruction=request.instruction, salt=request.salt, priority=request.priority, cancel=cancel)
        ranking = self._rank(request, terms)
        yield ranking
        if request.explained and self._explainer is not None and ranking.answered_by == "llm":
            yield from self._explain(request, ranking, self._explainer, terms)

    def recommend_all(self, requests: Sequence[RankingRequest], terms: Terms = PLAIN) -> tuple[Ranking, ...]:
        """Many users' rankings on one caller's terms: their lists share the model's time. For jobs.

        A job rather asks again than has another order: raises EngineError where the model does not answer, and what
        `stream` raises.
        """
        for request in requests:
            self._require_reasons(request)
        asked = [self._list_of(request, self._propose(request, None)) for request in requests]
        scores = self.reranker.score([one.query for one in asked], terms)
        ranked = [self.reranker.fuse(one, llm) for one, llm in zip(asked, scores, strict=True)]
        return tuple(
            self._with_reasons(request, self._ranking(request, items, "llm"), terms)
            for request, items in zip(requests, ranked, strict=True)
        )

    def close(self) -> None:
        """Lets go of the model."""
        self.reranker.close()

    def _require_reasons(self, request: RankingRequest) -> None:
        if request.explained and self._explainer is None:
            raise ConfigError(
                "scores of this method depend on the rest of the list and cannot be explained",
                field="method",
                value=self.reranker.method,
                remedy="Use method: packed, or ask for no reasons",
            )

    def _propose(self, request: RankingRequest, cancel: Event | None) -> "_Proposed":
        """What is ranked; what is left out of it is left out of what is popular where that is the answer."""
        if request.item_ids is not None:
            items = [self.shop.catalogue[item_id] for item_id in dict.fromkeys(request.item_ids)]
            ranked = enumerate(items, start=1)
            named = tuple(Candidate(item=i, score=-float(at), source="request", rank=at) for at, i in ranked)
            return _Proposed(candidates=named, answered_by="request")
        late = has_passed(cancel)
        candidates = self._candidates(request, request.hidden, late=late)
        otherwise = self._candidates(request, frozenset(), late=late) if request.hidden else ()
        left_out = tuple(one.item.item_id for one in otherwise if one.item.item_id in request.hidden)
        return _Proposed(candidates=candidates, answered_by="popular" if late else "retrieval", left_out=left_out)

    def _candidates(self, request: RankingRequest, hidden: Collection[str], *, late: bool) -> tuple[Candidate, ...]:
        """`late` is whether there is time for what is popular alone."""
        if not late:
            return self.retriever.retrieve(request.history, self.candidates, exclude=hidden)
        now = (replace(one, item=self.shop.catalogue[one.item.item_id]) for one in self._popular)
        there = (one for one in now if one.item.available and one.item.item_id not in hidden)
        return tuple(islice(there, self.candidates))

    def _list_of(self, request: RankingRequest, proposed: "_Proposed") -> CandidateList:
        return CandidateList.of(request.history, proposed.candidates, self._fusion(request))

    def _rank(self, request: RankingRequest, terms: Terms) -> Ranking:
        timings: dict[str, float] = {}
        with _timed(timings, "retrieve"):
            proposed = self._propose(request, terms.cancel)
            asked = self._list_of(request, proposed)
        llm, degraded, answered_by = None, "", proposed.answered_by
        try:
            with _timed(timings, "score"):
                (llm,) = self.reranker.score([asked.query], terms)
            answered_by = "llm"
        except EngineError as err:
            reasons = ", no reasons" if request.explained else ""
            degraded = f"{_ORDER[answered_by]}{reasons}: {why_missing(err, terms.cancel)}"
        with _timed(timings, "fuse"):
            ranked = self.reranker.fuse(asked, llm)
        answer = self._ranking(request, ranked, answered_by)
        return replace(answer, left_out=proposed.left_out, degraded=degraded, timings_ms=timings)

    def _ranking(self, request: RankingRequest, ranked: Sequence[RankedItem], answered_by: AnsweredBy) -> Ranking:
        return Ranking(
            user_id=request.history.user_id,
            items=tuple(ranked[: request.top_n]),
            engine=self.reranker.engine.name,
            model=self._model,
            adapter=self.reranker.adapter,
            llm_weight=self._fusion(request).llm_weight,
            answered_by=answered_by,
        )

    def _fusion(self, request: RankingRequest) -> Fusion:
        """Items that the caller chose carry no opinion of retrieval's: the LLM alone orders them."""
        return self.reranker.fusion if request.item_ids is None else ALONE

    def _with_reasons(self, request: RankingRequest, ranking: Ranking, terms: Terms) -> Ranking:
        """Raises EngineError where one is missing."""
        if not request.explained or self._explainer is None:
            return ranking
        for event in self._explain(request, ranking, self._explainer, terms):
            if isinstance(event, Ranking):
                ranking = event
        if ranking.degraded:
            raise EngineError(ranking.degraded, field="engine", value=ranking.engine, remedy="Ask again")
        return ranking

    def _explain(
        self, request: RankingRequest, ranking: Ranking, explainer: Explainer, terms: Terms
    ) -> Iterator[Ranking | ReasonEvent]:
        """What is found and said, and the ranking with it: a reason that fails costs nobody the ranking."""
        timings = dict(ranking.timings_ms)
        first = ranking.items[: request.explained]
        terms = replace(terms, priority=terms.priority + 1)  # the next one's order before this one's reasons
        try:
            with _timed(timings, "explain"):
                for event in explainer.stream(request.history, first, language=request.language, terms=terms):
                    if isinstance(event, Explained):
                        ranking = with_reason(ranking, event)
                    yield event
        except EngineError as err:
            there = sum(item.explanation is not None for item in ranking.items)
            why = f"{f'{there} of {len(first)}' if there else 'no'} reasons: {why_missing(err, terms.cancel)}"
            ranking = replace(ranking, degraded=why)
        yield replace(ranking, timings_ms=timings)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Proposed:
    """What is ranked."""

    candidates: tuple[Candidate, ...]
    answered_by: AnsweredBy
    """Whose order they have."""
    left_out: tuple[str, ...] = ()
    """See Ranking."""


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    started = perf_counter()
    try:
        yield
    finally:
        timings[stage] = round(1000 * (perf_counter() - started), 1)
