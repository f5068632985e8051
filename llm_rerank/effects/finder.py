"""What made the score of any item of the catalogue, whether retrieval proposes it or not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Self

from llm_rerank.deadline import why_missing
from llm_rerank.effects.composition import composition_of
from llm_rerank.effects.effects import Effects
from llm_rerank.explanations.ablation import Ablation
from llm_rerank.fusion import Scores
from llm_rerank.ranking import Evidence, RankedItem
from llm_rerank.recommender import Recommender
from llm_rerank.reranker import CandidateList, Reranker
from llm_rerank.terms import PLAIN, Terms
from retrieval.config import RetrievalConfig
from retrieval.errors import EngineError
from retrieval.live.fresh import FreshRetriever
from retrieval.records import Candidate, Item, UserHistory
from retrieval.retrievers.base import Retriever


class EffectsFinder:
    """For one recommender."""

    def __init__(self, retriever: Retriever, reranker: Reranker, *, candidates: int, depth: int) -> None:
        """`candidates` is how many the LLM scores, `depth` how far down retrieval's order is the same."""
        self._retriever, self._reranker = retriever, reranker
        self._candidates, self._depth = candidates, max(candidates, depth)

    @classmethod
    def of(cls, recommender: Recommender) -> Self:
        """Of what it has open."""
        depth = _depth(recommender.shop.config)
        return cls(recommender.retriever, recommender.reranker, candidates=recommender.candidates, depth=depth)

    def find(
        self, history: UserHistory, item_id: str, terms: Terms = PLAIN, *, hidden: Collection[str] = frozenset()
    ) -> Effects:
        """Why it stands where it does in this history's ranking, or would; `hidden` items are not proposed there.

        Where the engine fails, or a deadline passes, it says what there is without. Raises UnknownItemError,
        ConfigError for a method whose scores depend on the rest of the list, and CancelledError where the caller has
        gone.
        """
        ablation = Ablation(self._reranker)
        standing = self._standing(history, self._reranker.catalogue[item_id], hidden)
        terms = replace(terms, priority=terms.priority + 1)  # others' order comes before reasons
        llm, because = self._scores(standing.asked, terms)
        ranked = next(one for one in self._reranker.fuse(standing.asked, llm) if one.item.item_id == item_id)
        acts, missing = ((), because) if llm is None else _acts(ablation, history, ranked, terms)
        return Effects(
            ranked=ranked,
            of=len(standing.asked.candidates),
            retrieved=standing.retrieved,
            hidden=item_id in hidden,
            retrieval_rank=standing.rank,
            history=acts,
            composition=composition_of(self._reranker.fusion, standing.asked, llm, standing.place),
            answered_by="retrieval" if llm is None else "llm",
            degraded=missing,
        )

    def _standing(self, history: UserHistory, item: Item, hidden: Collection[str]) -> "_Standing":
        proposed = self._retriever.retrieve(history, self._candidates, exclude=hidden)
        if (place := _place(proposed, item)) is not None:
            return _Standing(asked=_listed(history, proposed), place=place, retrieved=True, rank=place + 1)
        one, rank = self._further(history, item, proposed, hidden)
        place = len(proposed) if rank is None else min(rank - 1, len(proposed))
        more = _listed(history, (*proposed[:place], one, *proposed[place:]))
        return _Standing(asked=more, place=place, retrieved=False, rank=rank)

    def _further(
        self, history: UserHistory, item: Item, proposed: Sequence[Candidate], hidden: Collection[str]
    ) -> tuple[Candidate, int | None]:
        """The item as retrieval has it, and where: behind what is proposed, or among it were it not hidden."""
        others = set(hidden) - {item.item_id}
        if item.item_id in hidden:
            proposed = self._retriever.retrieve(history, self._candidates, exclude=others)
            if (place := _place(proposed, item)) is not None:
                return proposed[place], place + 1
        further = self._retriever.retrieve(history, self._depth, exclude=others)
        behind = _behind(further, proposed)
        if (place := _place(behind, item)) is not None:
            return behind[place], len(proposed) + place + 1
        last = further[-1].score if further else 0.0  # it is no better to retrieval than the last that it has
        known = Candidate(item=item, score=last, source="asked", rank=0)
        return next((one for one in further if one.item.item_id == item.item_id), known), None

    def _scores(self, asked: CandidateList, terms: Terms) -> tuple[Scores | None, str]:
        """The LLM's, or why there are none."""
        try:
            return self._reranker.score([asked.query], terms)[0], ""
        except EngineError as err:
            return None, f"retrieval order, no effects of the history: {why_missing(err, terms.cancel)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Standing:
    """The list that an item stands in before the LLM speaks."""

    asked: CandidateList
    place: int
    """From 0."""
    retrieved: bool
    """Whether it would stand there anyway."""
    rank: int | None
    """Where retrieval has it, or would if it were not hidden; None: nowhere."""


def _place(candidates: Sequence[Candidate], item: Item) -> int | None:
    """From 0; None where it is not among them."""
    return next((at for at, one in enumerate(candidates) if one.item.item_id == item.item_id), None)


def _behind(further: Sequence[Candidate], proposed: Sequence[Candidate]) -> list[Candidate]:
    """What comes next, in its order. What is new in the catalogue comes in a share of the places alone, and so never
    behind them: where it stands among more is by how many those are.
    """
    there = {one.item.item_id for one in proposed}
    return [one for one in further if one.item.item_id not in there and not _is_new(one)]


def _is_new(candidate: Candidate) -> bool:
    return [said.source for said in candidate.sources] == [FreshRetriever.name]


def _listed(history: UserHistory, candidates: Sequence[Candidate]) -> CandidateList:
    ranked = tuple(replace(one, rank=rank) for rank, one in enumerate(candidates, start=1))
    return CandidateList(history=history, candidates=ranked)


def _acts(
    ablation: Ablation, history: UserHistory, ranked: RankedItem, terms: Terms
) -> tuple[tuple[Evidence, ...], str]:
    """What each item of the history that was read did to the LLM's score, or why nobody knows."""
    try:
        effects = ablation.effects(history, dict.fromkeys(ablation.shown(history), (ranked,)), terms)
    except EngineError as err:
        return (), f"no effects of the history: {why_missing(err, terms.cancel)}"
    return tuple(sorted(effects.get(ranked.item.item_id, ()), key=lambda one: -abs(one.effect))), ""


def _depth(config: RetrievalConfig) -> int:
    """As far as every source is asked anyway: their order is the same, however many of these retrieval is asked for."""
    return config.hybrid.depth if config.blend is None else config.blend.depth
