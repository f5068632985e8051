"""The fusion that was learnt, as it is kept and served."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import lightgbm
import numpy as np
from pydantic import ValidationError

from llm_rerank.fusion import Scores, fuse
from llm_rerank.learned_fusion.features import FusionFeatures
from llm_rerank.learned_fusion.fitting import Fitted, blinded, hidden, importance, predict
from llm_rerank.learned_fusion.record import FusionRecord, LearntWith
from retrieval.errors import BuildError
from retrieval.files import checksum, read_json, unreadable, write_json, write_whole
from retrieval.records import Candidate, UserHistory

RECORD: Final = "fusion.json"
TREES: Final = "trees.txt"


class LearnedFusion:
    """What was learnt of how the LLM, retrieval and its sources are to be believed; see Fusion."""

    def __init__(self, features: FusionFeatures, record: FusionRecord, trees: lightgbm.Booster | None) -> None:
        """Raises BuildError for trees that were learnt on other features."""
        if trees is not None and trees.feature_name() != list(features.names):
            raise BuildError(
                "the fusion was learnt on other features than this version's",
                field="fusion",
                value=trees.feature_name()[:3],
                remedy="Learn it anew: python -m finetune.fit_fusion.",
            )
        self.record = record
        self._features, self._trees = features, trees
        self._hidden = hidden(record.variant, features.of_llm)

    @classmethod
    def read(cls, folder: Path, features: FusionFeatures) -> "LearnedFusion":
        """What write_fusion wrote; raises BuildError where it is absent, unfinished or damaged."""
        record = read_record(folder)
        return cls(features, record, _trees(folder / TREES, record.trees) if record.trees else None)

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
        scores: Scores = slope * self._raw(history, candidates, llm) + shift
        return scores

    def _raw(self, history: UserHistory, candidates: Sequence[Candidate], llm: Scores) -> Scores:
        if self.record.variant == "one weight":
            retrieval = np.array([candidate.score for candidate in candidates], dtype=np.float64)
            return fuse(llm, retrieval, self.record.weight)
        return predict(self._trees, blinded(self._features.of(history, candidates, llm), self._hidden))


def write_fusion(
    folder: Path, fitted: Fitted, learnt_with: LearntWith, features: FusionFeatures, about: Mapping[str, Any]
) -> FusionRecord:
    """Writes what was learnt, its record last: a folder without one is unfinished."""
    trees = fitted.trees
    if trees is not None:
        text = trees.model_to_string()
        write_whole(folder / TREES, lambda part: part.write_text(text, encoding="ascii"))
    shares = importance(trees, features.names)
    record = FusionRecord(
        learnt_with=learnt_with,
        variant=fitted.variant,
        weight=fitted.weight,
        llm_weight=fitted.weight or sum(shares.get(features.names[place], 0.0) for place in features.of_llm),
        calibration=fitted.calibration,
        checks={variant: float(values.mean()) if len(values) else 0.0 for variant, values in fitted.checks.items()},
        importance=shares,
        trees=checksum(folder / TREES) if trees is not None else "",
        **about,
    )
    write_json(folder / RECORD, record.model_dump(mode="json"))
    return record


def read_record(folder: Path) -> FusionRecord:
    """What a learned fusion says of itself; raises BuildError where it is absent or of another version."""
    try:
        return FusionRecord.model_validate(read_json(folder / RECORD))
    except ValidationError as err:
        raise unreadable(folder / RECORD) from err


def _trees(path: Path, written: str) -> lightgbm.Booster:
    try:
        if checksum(path) != written:
            raise unreadable(path)
        return lightgbm.Booster(model_str=path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError, lightgbm.basic.LightGBMError) as err:
        raise unreadable(path) from err
