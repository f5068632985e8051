"""What a final score is made of, by the fusion that made it: parts and base that add up to it."""

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from llm_rerank.effects.effects import Composition, Part
from llm_rerank.fusion import Fusion, Scores, WeightedFusion, standardise
from llm_rerank.learned_fusion.features import LLM, RETRIEVAL
from llm_rerank.reranker import CandidateList

if TYPE_CHECKING:
    from llm_rerank.learned_fusion.model import LearnedFusion  # brings LightGBM

REST: Final = "the rest"
_SHOWN: Final = 12


def composition_of(fusion: Fusion, asked: CandidateList, llm: Scores | None, place: int) -> Composition:
    """Of the score of the candidate in this place, from 0, as `Reranker.fuse` gives it; `llm` as there."""
    if isinstance(fusion, WeightedFusion):
        return _weighted(fusion.llm_weight, asked, llm, place)
    from llm_rerank.learned_fusion.model import LearnedFusion

    assert isinstance(fusion, LearnedFusion)
    return _learned(fusion, asked, llm, place)


def _weighted(
    weight: float, asked: CandidateList, llm: Scores | None, place: int, slope: float = 1.0, base: float | None = None
) -> Composition:
    """As fusion.fuse adds them up; without the LLM retrieval is all."""
    retrieval = np.array([candidate.score for candidate in asked.candidates], dtype=np.float64)
    of_llm = 0.0 if llm is None else weight
    parts = [_share(RETRIEVAL, retrieval, slope * (1 - of_llm), place)]
    if llm is not None:
        parts.append(_share(LLM, llm, slope * of_llm, place))
    return Composition(kind="weights", parts=_largest_first(parts), base=base)


def _share(name: str, scores: Scores, weight: float, place: int) -> Part:
    return Part(name=name, value=float(scores[place]), effect=float(weight * standardise(scores)[place]))


def _learned(fusion: "LearnedFusion", asked: CandidateList, llm: Scores | None, place: int) -> Composition:
    """As LearnedFusion.scores and without_llm calibrate what was learnt, whose insides are its own elsewhere."""
    order = fusion._order
    if llm is None:
        return _by_place(fusion.record.without_llm, place)
    slope, shift = fusion.record.calibration
    if order.variant == "one weight":
        return _weighted(order.weight, asked, llm, place, slope, shift)
    if order.trees is None:
        return _by_place((slope, shift), place)
    return _trees(fusion, asked, llm, place)


def _by_place(calibration: tuple[float, float], place: int) -> Composition:
    from llm_rerank.learned_fusion.order import by_place

    slope, shift = calibration
    part = Part(name=RETRIEVAL, value=float(place + 1), effect=float(slope * by_place(place + 1)[place]))
    return Composition(kind="weights", parts=(part,), base=shift)


def _trees(fusion: "LearnedFusion", asked: CandidateList, llm: Scores, place: int) -> Composition:
    """LightGBM's own SHAP values (Lundberg et al. 2020), on the scale of the calibrated score."""
    from llm_rerank.learned_fusion.order import blinded

    features, order = fusion._features, fusion._order
    assert order.trees is not None
    seen = blinded(features.of(asked.history, asked.candidates, llm), order.hidden)[place]
    slope, shift = fusion.record.calibration
    *effects, expected = slope * np.asarray(order.trees.predict(seen[None], pred_contrib=True, num_threads=1))[0]
    parts = [
        Part(name=name, value=None if math.isnan(value) else float(value), effect=float(effect))
        for name, value, effect in zip(features._features.names, seen, effects, strict=True)
    ]
    return Composition(kind="trees", parts=_shown(parts), base=float(expected + shift))


def _shown(parts: list[Part]) -> tuple[Part, ...]:
    """The largest, and the others as one."""
    first, others = _largest_first(parts)[:_SHOWN], _largest_first(parts)[_SHOWN:]
    rest = sum(part.effect for part in others)
    return (*first, Part(name=REST, value=None, effect=rest)) if others else first


def _largest_first(parts: list[Part]) -> tuple[Part, ...]:
    return tuple(sorted(parts, key=lambda part: -abs(part.effect)))
