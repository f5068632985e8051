"""The fusion that was learnt, as it is kept and served."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import lightgbm
import numpy as np

from llm_rerank.fusion import Scores
from llm_rerank.learned_fusion.features import FusionFeatures
from llm_rerank.learned_fusion.fitting import Fitted
from llm_rerank.learned_fusion.order import Order, by_place, hidden_from
from llm_rerank.learned_fusion.record import RECORD, FusionRecord, LearntWith, read_record
from retrieval.errors import BuildError
from retrieval.files import checksum, unreadable, write_json, write_whole
from retrieval.records import Candidate, UserHistory

TREES: Final = "trees.txt"


class LearnedFusion:
    """What was learnt of how the LLM, retrieval and its sources are to be believed; see Fusion."""

    def __init__(self, features: FusionFeatures, record: FusionRecord, order: Order) -> None:
        """Raises BuildError for trees that were learnt on other features."""
        trees = order.trees
        if trees is not None and trees.feature_name() != list(features.names):
            raise BuildError(
                "the fusion was learnt on other features than this version's",
                field="fusion",
                value=trees.feature_name()[:3],
                remedy="Learn it anew: python -m finetune.fit_fusion.",
            )
        self.record = record
        self._features, self._order = features, order

    @classmethod
    def read(cls, folder: Path, features: FusionFeatures) -> "LearnedFusion":
        """What write_fusion wrote; raises BuildError where it is absent, unfinished or damaged."""
        record = read_record(folder)
        order = Order(
            variant=record.variant,
            weight=record.weight,
            trees=_trees(folder / TREES, record.trees) if record.trees else None,
            hidden=hidden_from(record.variant, features.of_llm),
        )
        return cls(features, record, order)

    @property
    def llm_weight(self) -> float:
        """See Fusion.llm_weight."""
        return self.record.llm_weight

    def scores(self, history: UserHistory, candidates: Sequence[Candidate], llm: Scores) -> Scores:
        """See Fusion.scores: log-odds that the item is taken, as probable as it was among those who were learnt from.

        The candidates come as retrieval ranks them.
        """
        if not candidates:
            return np.empty(0)
        slope, shift = self.record.calibration
        retrieval = np.array([candidate.score for candidate in candidates], dtype=np.float64)
        scores: Scores = self._order.scores(self._features.of(history, candidates, llm), llm, retrieval)
        return slope * scores + shift

    def without_llm(self, candidates: Sequence[Candidate]) -> Scores:
        """See Fusion.without_llm: log-odds that what stands there is taken."""
        slope, shift = self.record.without_llm
        return slope * by_place(len(candidates)) + shift


def write_fusion(
    folder: Path, fitted: Fitted, learnt_with: LearntWith, features: FusionFeatures, about: Mapping[str, Any]
) -> FusionRecord:
    """Writes what was learnt, its record last: a folder without one is unfinished."""
    order, trees = fitted.order, fitted.order.trees
    if trees is not None:
        text = trees.model_to_string()
        write_whole(folder / TREES, lambda part: part.write_text(text, encoding="ascii"))
    shares = order.importance(features.names)
    record = FusionRecord(
        learnt_with=learnt_with,
        variant=order.variant,
        weight=order.weight,
        llm_weight=order.weight or sum(shares.get(features.names[place], 0.0) for place in features.of_llm),
        calibration=fitted.calibration,
        without_llm=fitted.without_llm,
        checks={variant: float(values.mean()) if len(values) else 0.0 for variant, values in fitted.checks.items()},
        importance=shares,
        trees=checksum(folder / TREES) if trees is not None else "",
        **about,
    )
    write_json(folder / RECORD, record.model_dump(mode="json"))
    return record


def _trees(path: Path, written: str) -> lightgbm.Booster:
    try:
        if checksum(path) != written:
            raise unreadable(path)
        return lightgbm.Booster(model_str=path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError, lightgbm.basic.LightGBMError) as err:
        raise unreadable(path) from err
