"""From what goes over the wire to the program's own nouns, and back."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from llm_rerank.effects.effects import Effects, Part
from llm_rerank.given import given_interaction
from llm_rerank.ranking import AnsweredBy, Evidence, Explanation, RankedItem, Ranking
from llm_rerank.request import RankingRequest
from llm_rerank.service.origins import Origins
from llm_rerank.wire.effects import EffectOut, EffectsOut, FusionOut, PartOut
from llm_rerank.wire.feedback import OpinionOut, SaidOut
from llm_rerank.wire.interactions import KeyedInteractionIn
from llm_rerank.wire.items import ItemIn, ItemOut
from llm_rerank.wire.rankings import (
    Cause,
    DegradedOut,
    EvidenceOut,
    ExplanationOut,
    ObeyedOut,
    RankedItemOut,
    RankingOut,
    RecommendIn,
    RecommendOut,
    SourceOut,
)
from llm_rerank.wire.users import HistoryOut, InteractionOut
from retrieval.catalogue import Catalogue
from retrieval.records import Interaction, Item, SourceScore, UserHistory
from retrieval.store.feedback import Opinion
from retrieval.store.interactions import KeyedInteraction
from retrieval.store.rankings import KeptRanking

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)  # prompts tell no times


def keyed_interaction(sent: KeyedInteractionIn, batch: str, place: int, now: datetime) -> KeyedInteraction:
    """Under its own key, or that of its batch and its place there."""
    return KeyedInteraction(
        key=sent.key or f"{batch}/{place}",
        interaction=given_interaction(sent, sent.user_id, now),
        timed=sent.timestamp is not None,
    )


def history_of(user_id: str, item_ids: Iterable[str]) -> UserHistory:
    """Of items alone, the oldest first, at whatever times."""
    done = [
        Interaction(user_id=user_id, item_id=item_id, timestamp=_LONG_AGO + timedelta(seconds=place))
        for place, item_id in enumerate(item_ids)
    ]
    return UserHistory.of(user_id, done)


def item_of(sent: ItemIn) -> Item:
    """What is sold."""
    return Item(
        item_id=sent.item_id,
        title=sent.title,
        category=sent.category,
        brand=sent.brand,
        price=sent.price,
        attributes=sent.attributes,
        available=sent.available,
    )


def item_out(item: Item) -> ItemOut:
    """Likewise, for who asks."""
    return ItemOut(
        item_id=item.item_id,
        title=item.title,
        category=item.category,
        brand=item.brand,
        price=item.price,
        attributes=dict(item.attributes),
        available=item.available,
    )


def ranking_request(sent: RecommendIn, history: UserHistory, *, salt: str, hidden: frozenset[str]) -> RankingRequest:
    """What is asked of the recommender, for this history."""
    return RankingRequest(
        history=history,
        item_ids=None if sent.item_ids is None else tuple(sent.item_ids),
        top_n=sent.top_n,
        explained=sent.explained,
        language=sent.language,
        instruction=sent.instruction,
        salt=salt,
        priority=sent.priority,
        hidden=hidden,
    )


def recommend_out(
    ranking: Ranking, ranking_id: str | None, reasons: Sequence[Cause], origins: Origins, obeyed: ObeyedOut
) -> RecommendOut:
    """The answer to a request; `reasons` are why something is missing, where it is."""
    return RecommendOut(
        ranking_id=ranking_id,
        user_id=ranking.user_id,
        items=[ranked_item_out(item, origins) for item in ranking.items],
        scored=sum(item.llm_score is not None for item in ranking.items),
        degraded=degraded_out(ranking.answered_by, ranking.degraded, reasons),
        model=ranking.model,
        adapter=ranking.adapter,
        llm_weight=ranking.llm_weight,
        timings_ms=ranking.timings_ms,
        obeyed=obeyed,
    )


def degraded_out(answered_by: AnsweredBy, because: str, reasons: Sequence[Cause]) -> DegradedOut | None:
    """None where nothing is missing."""
    return DegradedOut(answered_by=answered_by, because=because, reasons=list(reasons)) if because else None


def ranked_item_out(ranked: RankedItem, origins: Origins) -> RankedItemOut:
    """One place of it."""
    return RankedItemOut(
        item_id=ranked.item.item_id,
        title=ranked.item.title,
        rank=ranked.rank,
        score=ranked.score,
        retrieval_rank=ranked.retrieval_rank,
        scored=ranked.llm_score is not None,
        llm_score=ranked.llm_score,
        explanation=None if ranked.explanation is None else explanation_out(ranked.explanation),
        sources=sources_out(ranked.sources),
        origin=origins.of(ranked.item.item_id, ranked.sources),
    )


def sources_out(said: Sequence[SourceScore]) -> list[SourceOut]:
    """Who proposed it."""
    return [SourceOut(source=one.source, rank=one.rank, score=one.score) for one in said]


def effects_out(found: Effects, missing: str, reasons: Sequence[Cause], origins: Origins) -> EffectsOut:
    """Why it stands there; `missing` is what is missing of the history."""
    item, made_of = found.ranked.item, found.composition
    because = "; ".join(filter(None, (missing, found.degraded)))
    return EffectsOut(
        item_id=item.item_id,
        title=item.title,
        available=item.available,
        retrieved=found.retrieved,
        hidden=found.hidden,
        retrieval_rank=found.retrieval_rank,
        rank=found.ranked.rank,
        of=found.of,
        score=found.ranked.score,
        llm_score=found.ranked.llm_score,
        llm_rank=found.ranked.llm_rank,
        sources=sources_out(found.ranked.sources),
        origin=origins.of(item.item_id, found.ranked.sources),
        history=[EffectOut(item_id=one.item_id, title=one.title, effect=one.effect) for one in found.history],
        fusion=FusionOut(kind=made_of.kind, parts=[_part_out(part) for part in made_of.parts], base=made_of.base),
        degraded=degraded_out(found.answered_by, because, reasons),
    )


def _part_out(part: Part) -> PartOut:
    return PartOut(name=part.name, value=part.value, effect=part.effect)


def explanation_out(said: Explanation) -> ExplanationOut:
    """Why it stands there."""
    return ExplanationOut(
        text=said.text,
        language=said.language,
        source=said.source,
        evidence=evidence_out(said.evidence),
        against=evidence_out(said.against),
        rejected=said.rejected,
    )


def evidence_out(found: Sequence[Evidence]) -> list[EvidenceOut]:
    """What moved the score."""
    return [EvidenceOut(item_id=one.item_id, title=one.title, effect=one.effect) for one in found]


def ranking_out(kept: KeptRanking) -> RankingOut:
    """An answer's receipt."""
    said = [SaidOut(item_id=one.item_id, kind=one.kind, at=one.at) for one in kept.feedback]
    return RankingOut(ranking_id=kept.ranking_id, at=kept.at, feedback=said, **kept.document)


def opinion_out(said: Opinion, catalogue: Catalogue) -> OpinionOut:
    """What a user said last of an item."""
    return OpinionOut(item_id=said.item_id, title=_title(said.item_id, catalogue), kind=said.kind, at=said.at)


def _title(item_id: str, catalogue: Catalogue) -> str:
    """Empty for what is not sold any more."""
    return catalogue[item_id].title if item_id in catalogue else ""


def history_out(user_id: str, interactions: Sequence[Interaction], catalogue: Catalogue) -> HistoryOut:
    """What a user did, with the titles of what is sold."""
    done = [
        InteractionOut(
            item_id=one.item_id,
            title=_title(one.item_id, catalogue),
            timestamp=one.timestamp,
            kind=one.kind,
            rating=one.rating,
            text=one.text,
        )
        for one in interactions
    ]
    return HistoryOut(user_id=user_id, interactions=done)
